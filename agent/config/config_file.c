#include "config/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "config/config.h"

static const char *variable(const struct config_search *search, const char *name)
{
    const char *value = search->environment(name);

    return value && *value ? value : NULL;
}

/* Of a file that somebody named: it has to be there. */
static bool take_named(const char *named, const char *how, char **path, struct err *err)
{
    // the way to say "no file at all", also not the system's
    if (strcmp(named, "/dev/null") == 0)
        return true;
    if (access(named, F_OK) < 0) {
        auto_free char *shown = printable_new(named);
        err_record_sys(err, errno, "find %s, named by %s", shown, how);
        err->kind = ERR_CONFIG;
        return false;
    }
    *path = xstrdup(named);
    return true;
}

/* XDG: a relative $XDG_CONFIG_HOME is as none. */
static char *user_path(const struct config_search *search)
{
    const char *config_home = variable(search, "XDG_CONFIG_HOME");
    const char *home = variable(search, "HOME");

    if (config_home && *config_home == '/')
        return xasprintf("%s/onekey-agent/config.yaml", config_home);
    return home && *home == '/' ? xasprintf("%s/.config/onekey-agent/config.yaml", home) : NULL;
}

/*
 * The mode of what was opened, not of the name: between a stat and an open somebody may
 * put another file there.
 */
static bool check_mode(const struct stat *stat, const char *shown, struct err *err)
{
    if (S_ISDIR(stat->st_mode))
        return err_set(err, ERR_CONFIG, "read %s: it is a folder; name a file", shown);
    // a pipe from a shell has no name that others could write to
    if (S_ISREG(stat->st_mode) && (stat->st_mode & 022) != 0) {
        return err_set(err, ERR_CONFIG,
                       "read %s: its group or everybody may write it, and it says what this "
                       "program runs; chmod go-w it",
                       shown);
    }
    return true;
}

static bool read_bytes(int fd, const char *shown, struct buf *bytes, struct err *err)
{
    bytes->max = CONFIG_FILE_MAX;
    if (buf_read_fd(bytes, fd, err))
        return true;
    err->kind = ERR_CONFIG;
    return err_wrap(err, "read %s", shown);
}

bool config_find_file(const struct config_search *search, char **path, struct err *err)
{
    const char *named = variable(search, "ONEKEY_AGENT_CONFIG");
    const char *system_path =
        search->system_path ? search->system_path : "/etc/onekey-agent/config.yaml";

    *path = NULL;
    if (search->option)
        return take_named(search->option, "--config", path, err);
    if (named)
        return take_named(named, "ONEKEY_AGENT_CONFIG", path, err);
    *path = user_path(search);
    if (*path && access(*path, F_OK) == 0)
        return true;
    free(*path);
    *path = access(system_path, F_OK) == 0 ? xstrdup(system_path) : NULL;
    return true;
}

bool config_read_file(const char *path, struct buf *bytes, unsigned *mode, struct err *err)
{
    auto_free char *shown = printable_new(path);
    // a FIFO without a writer must not hold the loop
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat stat;

    if (fd < 0 || fstat(fd, &stat) < 0) {
        err_record_sys(err, errno, "read %s", shown);
        err->kind = ERR_CONFIG;
        return false;
    }
    if (!check_mode(&stat, shown, err))
        return false;
    if (fcntl(fd, F_SETFL, 0) < 0) // a writer that is there may take its time
        return err_sys(err, errno, "read %s", shown);
    *mode = stat.st_mode & 07777;
    return read_bytes(fd, shown, bytes, err);
}
