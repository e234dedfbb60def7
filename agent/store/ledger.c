#include "store/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"

enum { LOCK_RETRY_MS = 50 };

struct ledger {
    int dir_fd;
    int lock_fd;
    struct db *db;
};

/* Magic numbers that linux/magic.h does not have. */
static const long network_file_systems[] = {
    NFS_SUPER_MAGIC,
    SMB_SUPER_MAGIC,
    0xff534d42L /* cifs */,
    0xfe534d42L /* smb2 */,
    CODA_SUPER_MAGIC,
    AFS_SUPER_MAGIC,
    V9FS_MAGIC,
    CEPH_SUPER_MAGIC,
    0x47504653L /* gpfs */,
    0x0bd00bd0L /* lustre */,
};

static bool make_folders(const char *path, struct err *err)
{
    auto_free char *part = xstrdup(path);

    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return err_sys(err, errno, "make %s", part);
        *slash = '/';
    }
    if (mkdir(part, 0700) != 0 && errno != EEXIST)
        return err_sys(err, errno, "make %s", part);
    return true;
}

static bool refuse_network(int fd, const char *path, struct err *err)
{
    struct statfs facts;

    if (fstatfs(fd, &facts) != 0)
        return err_sys(err, errno, "look at %s", path);
    for (size_t i = 0; i < sizeof network_file_systems / sizeof network_file_systems[0]; i++) {
        if ((facts.f_type & 0xffffffffL) == network_file_systems[i]) {
            return err_set(err, ERR_CONFIG,
                           "state directory %s is on a network file system, where locks and the "
                           "database's log cannot be trusted: set state_dir to a local disk",
                           path);
        }
    }
    return true;
}

static void name_holder(int fd, const char *path, struct err *err)
{
    char text[32] = "";

    if (pread(fd, text, sizeof text - 1, 0) < 0)
        text[0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    err_set(err, ERR_BUSY,
            "another onekey-agent (process %s) holds the state directory %s: use its status, or "
            "give this one another --state-dir",
            text[0] ? text : "unknown", path);
}

static void note_holder(int fd)
{
    char text[32];
    int size = snprintf(text, sizeof text, "%jd\n", (intmax_t)getpid());

    /* Only for the message above: a full disk must not keep the agent from starting. */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)size, 0) != size)
        return;
}

static bool take_lock(struct ledger *ledger, const char *path, int64_t wait_ms, struct err *err)
{
    const struct timespec pause = {.tv_nsec = LOCK_RETRY_MS * 1000000L};
    int64_t until = clock_steady_ms() + wait_ms;

    ledger->lock_fd =
        openat(ledger->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (ledger->lock_fd < 0)
        return err_sys(err, errno, "open %s/lock", path);
    while (flock(ledger->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_sys(err, errno, "lock %s/lock", path);
        if (clock_steady_ms() >= until) {
            name_holder(ledger->lock_fd, path, err);
            return false;
        }
        nanosleep(&pause, NULL);
    }
    note_holder(ledger->lock_fd);
    return true;
}

static bool open_all(struct ledger *ledger, const char *path, int64_t wait_ms, bool brief,
                     struct err *err)
{
    auto_free char *file = xasprintf("%s/ledger.db", path);

    if (!make_folders(path, err))
        return false;
    ledger->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ledger->dir_fd < 0)
        return err_sys(err, errno, "open state directory %s", path);
    if (!refuse_network(ledger->dir_fd, path, err) || !take_lock(ledger, path, wait_ms, err))
        return false;
    ledger->db = brief ? db_open_brief(file, migrations, migration_count, err)
                       : db_open(file, migrations, migration_count, err);
    return ledger->db != NULL;
}

static struct ledger *open_by(const char *state_dir, int64_t wait_ms, bool brief, struct err *err)
{
    struct ledger *ledger = xcalloc(1, sizeof *ledger);

    ledger->dir_fd = ledger->lock_fd = -1;
    if (open_all(ledger, state_dir, wait_ms, brief, err))
        return ledger;
    ledger_close(ledger);
    return NULL;
}

struct ledger *ledger_open(const char *state_dir, int64_t wait_ms, struct err *err)
{
    return open_by(state_dir, wait_ms, false, err);
}

struct ledger *ledger_open_brief(const char *state_dir, int64_t wait_ms, struct err *err)
{
    return open_by(state_dir, wait_ms, true, err);
}

bool ledger_make(const char *state_dir, struct err *err)
{
    if (!make_folders(state_dir, err))
        return false;
    auto_fd int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(err, errno, "open state directory %s", state_dir);
    return refuse_network(fd, state_dir, err);
}

struct ledger *ledger_open_scratch(struct err *err)
{
    struct ledger *ledger = xcalloc(1, sizeof *ledger);

    ledger->dir_fd = ledger->lock_fd = -1;
    ledger->db = db_open(":memory:", migrations, migration_count, err);
    if (ledger->db)
        return ledger;
    ledger_close(ledger);
    return NULL;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    db_close(ledger->db);
    if (ledger->lock_fd >= 0)
        close(ledger->lock_fd);
    if (ledger->dir_fd >= 0)
        close(ledger->dir_fd);
    free(ledger);
}

struct db *ledger_db(struct ledger *ledger)
{
    return ledger->db;
}

int ledger_dir_fd(const struct ledger *ledger)
{
    return ledger->dir_fd;
}

bool ledger_exists(const char *state_dir)
{
    auto_free char *file = xasprintf("%s/ledger.db", state_dir);

    return access(file, F_OK) == 0;
}

int64_t ledger_holder(const char *state_dir)
{
    auto_free char *path = xasprintf("%s/lock", state_dir);
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char text[32] = "";

    if (fd < 0 || pread(fd, text, sizeof text - 1, 0) < 0)
        return 0;
    return strtoll(text, NULL, 10);
}
