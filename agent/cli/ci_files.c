/*
 * ci_files.c - paths are the caller's own, from the command line; what is printed of them is
 * printable all the same, as a pipeline may have made them of a branch's name.
 */
#include "cli/ci_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/publish.h"
#include "ci/junit.h"
#include "cli/job_summary.h"

enum { REPORT_MODE = 0644 };

/* A pipe has its words once only: the second look would see a file that ignores nothing. */
static bool can_be_read_again(int fd)
{
    struct stat facts;

    return fstat(fd, &facts) == 0 && (S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode));
}

/* O_NONBLOCK: nobody may ever write into a named pipe. */
struct ignore_file *ci_files_ignore(const char *path, struct err *err)
{
    auto_free char *shown = printable_new(path);
    auto_buf struct buf bytes = {.max = IGNORE_FILE_MAX_BYTES};
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        err_sys(err, errno, "open the ignore file %.200s", shown);
    } else if (!can_be_read_again(fd)) {
        err_set(err, ERR_INPUT,
                "read the ignore file %.200s: it is a pipe or a device, and is read more than "
                "once; write it into a file",
                shown);
    } else if (buf_read_fd(&bytes, fd, err)) {
        return ignore_file_parse(path, bytes.bytes ? bytes.bytes : "", bytes.size, err);
    } else {
        err_prefix(err, "read the ignore file %.200s", shown);
    }
    err->kind = err->kind == ERR_PROTOCOL ? ERR_CONFIG : ERR_INPUT; // longer than anybody writes
    return NULL;
}

/*
 * Where a link leads: the file there is replaced, not the link. /dev/stdout is one, and must not
 * become a file of that name. The caller frees it; NULL with *err.
 */
static char *find_place(const char *path, struct err *err)
{
    auto_free char *shown = printable_new(path);
    struct stat facts;

    if (lstat(path, &facts) != 0 && errno == ENOENT)
        return xstrdup(path);
    if (stat(path, &facts) != 0) {
        err_sys(err, errno, "write the report %.200s", shown);
        return NULL;
    }
    if (!S_ISREG(facts.st_mode)) {
        err_set(err, ERR_IO, "write the report %.200s: something else than a file is there", shown);
        return NULL;
    }
    char *place = realpath(path, NULL);
    if (!place)
        err_sys(err, errno, "write the report %.200s", shown);
    return place;
}

/* "" has no folder, "a" is in ".", "/a" in "/". The caller frees *folder; *name is within path. */
static bool split(const char *path, char **folder, const char **name)
{
    const char *slash = strrchr(path, '/');

    *name = slash ? slash + 1 : path;
    if (!slash)
        *folder = xstrdup(".");
    else
        *folder = slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
    return (*name)[0] != '\0' && strcmp(*name, ".") != 0 && strcmp(*name, "..") != 0;
}

bool ci_files_may_write(const char *path, struct err *err)
{
    auto_free char *asked_folder = NULL;
    auto_free char *folder = NULL;
    auto_free char *shown = printable_new(path);
    const char *name = NULL;

    if (!split(path, &asked_folder, &name))
        return err_set(err, ERR_IO, "write the report %.200s: it names a folder, not a file",
                       shown);
    auto_free char *place = find_place(path, err);
    if (!place)
        return false;
    (void)split(place, &folder, &name);
    if (access(folder, W_OK | X_OK) != 0)
        return err_sys(err, errno, "write the report %.200s: its folder", shown);
    return true;
}

static bool write_junit(int fd, const struct ci_report *report, struct err *err)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *stream = own < 0 ? NULL : fdopen(own, "w");

    if (!stream) {
        err_sys(err, errno, "open it");
        if (own >= 0)
            close(own);
        return false;
    }
    junit_write(stream, report->subject, report->findings, report->judgement);
    bool is_written = fflush(stream) == 0 && !ferror(stream);
    int number = errno; // as it is after the failure, if there was one
    bool is_closed = fclose(stream) == 0;
    if (is_written && is_closed)
        return true;
    return err_sys(err, is_written ? errno : number, "write it");
}

bool ci_files_write_junit(const char *path, const struct ci_report *report, struct err *err)
{
    auto_free char *folder = NULL;
    auto_free char *shown = printable_new(path);
    const char *name = NULL;
    struct publish file;

    auto_free char *place = ci_files_may_write(path, err) ? find_place(path, err) : NULL;
    if (!place)
        return false;
    (void)split(place, &folder, &name);
    if (!publish_open(folder, &file, err))
        return err_wrap(err, "write the report %.200s", shown);
    bool ok = write_junit(file.fd, report, err) && publish_commit(&file, name, REPORT_MODE, err);
    publish_discard(&file);
    return ok || err_wrap(err, "write the report %.200s", shown);
}

void ci_files_summarise(const struct session *session, const char *text)
{
    const char *path = session->environment("GITHUB_STEP_SUMMARY");
    struct err err;

    if (path && path[0] != '\0' && !job_summary_append(path, text, &err))
        session_notice(session, "the job summary is left out: %s", err.message);
}
