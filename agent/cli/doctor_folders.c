/*
 * doctor_folders.c - the directories that the agent writes to, from outside: opening the
 * ledger would take its lock, and make what is not there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/doctor_parts.h"
#include "cli/text.h"

/* One SBOM of the largest size, and the ledger goes on for long. */
static const int64_t room_least = 512LL << 20;

/* ---- what they are on ---- */

/* What it means for a ledger. */
enum trait {
    TRAIT_NONE,
    TRAIT_NETWORK, /* its locks cannot be trusted */
    TRAIT_MEMORY,  /* it is gone at the next boot */
};

struct file_system {
    unsigned magic;
    enum trait trait;
    const char *name;
};

static const struct file_system file_systems[] = {
    {0x0000ef53U, TRAIT_NONE, "ext4"},      {0x58465342U, TRAIT_NONE, "xfs"},
    {0x9123683eU, TRAIT_NONE, "btrfs"},     {0x2fc12fc1U, TRAIT_NONE, "zfs"},
    {0xf2f52010U, TRAIT_NONE, "f2fs"},      {0x794c7630U, TRAIT_NONE, "overlay"},
    {0x65735546U, TRAIT_NONE, "fuse"},      {0x01021994U, TRAIT_MEMORY, "tmpfs"},
    {0x858458f6U, TRAIT_MEMORY, "ramfs"},   {0x00006969U, TRAIT_NETWORK, "nfs"},
    {0x0000517bU, TRAIT_NETWORK, "smb"},    {0xff534d42U, TRAIT_NETWORK, "cifs"},
    {0xfe534d42U, TRAIT_NETWORK, "smb2"},   {0x73757245U, TRAIT_NETWORK, "coda"},
    {0x5346414fU, TRAIT_NETWORK, "afs"},    {0x01021997U, TRAIT_NETWORK, "9p"},
    {0x00c36400U, TRAIT_NETWORK, "ceph"},   {0x47504653U, TRAIT_NETWORK, "gpfs"},
    {0x0bd00bd0U, TRAIT_NETWORK, "lustre"},
};

static const struct file_system *file_system_of(const char *path)
{
    static const struct file_system unknown = {.name = "another file system"};
    struct statfs facts;

    if (statfs(path, &facts) != 0)
        return &unknown;
    for (size_t i = 0; i < sizeof file_systems / sizeof file_systems[0]; i++) {
        if (file_systems[i].magic == (unsigned)facts.f_type)
            return &file_systems[i];
    }
    return &unknown;
}

/* What an ordinary user may still fill; -1: nobody knows. */
static int64_t room_of(const char *path)
{
    struct statvfs facts;

    if (statvfs(path, &facts) != 0)
        return -1;
    return (int64_t)(facts.f_bavail * facts.f_frsize);
}

/* The folder itself, or the nearest above it that is there. Caller frees. */
static char *existing_part(const char *path)
{
    char *part = xstrdup(path);
    char *slash;

    while (access(part, F_OK) != 0 && errno == ENOENT && (slash = strrchr(part, '/')) &&
           slash != part)
        *slash = '\0';
    if (access(part, F_OK) != 0 && errno == ENOENT)
        part[strrchr(part, '/') ? 1 : 0] = '\0';
    return part;
}

/* ---- who holds the ledger ---- */

/* Does this line of /proc/locks tell of a lock on that file? *pid is its holder. */
static bool is_lock_of(const char *line, const struct stat *file, intmax_t named, intmax_t *pid)
{
    unsigned major_number;
    unsigned minor_number;
    uintmax_t inode;
    const char *type = strstr(line, "FLOCK");

    /* "1: FLOCK  ADVISORY  WRITE 4711 08:01:131090 0 EOF"; "->": one that waits */
    if (!type || strstr(line, "->"))
        return false;
    // NOLINTNEXTLINE(cert-err34-c): the kernel writes it; what does not fit is no match
    if (sscanf(type, "FLOCK ADVISORY WRITE %jd %x:%x:%ju", pid, &major_number, &minor_number,
               &inode) != 4)
        return false;
    /* Some file systems have another device number here than stat() tells: then the process
     * that wrote itself into the file has to be the one. */
    bool same_device = major_number == major(file->st_dev) && minor_number == minor(file->st_dev);
    return inode == (uintmax_t)file->st_ino && (same_device || *pid == named);
}

/* What the holder wrote into the lock's file; it stays there when it is gone. */
static intmax_t named_holder(const char *path)
{
    char text[32] = "";
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

    return got > 0 ? strtoimax(text, NULL, 10) : -1;
}

/* -1: nobody holds it. The lock itself is not tried: that would stand in an agent's way. */
static intmax_t find_holder(const char *state_dir)
{
    auto_free char *path = xasprintf("%s/lock", state_dir);
    auto_free char *line = NULL;
    size_t room = 0;
    struct stat file;
    intmax_t pid = -1;
    bool found = false;
    FILE *locks = stat(path, &file) == 0 ? fopen("/proc/locks", "re") : NULL;

    if (!locks)
        return -1;
    intmax_t named = named_holder(path);
    while (!found && getline(&line, &room, locks) > 0)
        found = is_lock_of(line, &file, named, &pid);
    fclose(locks);
    return found ? pid : -1;
}

/* ---- the checks ---- */

/* A folder of the agent. */
struct folder {
    const char *name;
    const char *path;
};

static void fail(struct doctor *doctor, const struct folder *folder, const char *action,
                 const char *why)
{
    const struct doctor_trouble trouble = {folder->name, action, DOCTOR_STATE, ERR_IO};

    doctor_fail(doctor, &trouble, "%s: %s", folder->path, why);
}

/* For one that is not there: can it be made? */
static void check_absent(struct doctor *doctor, const struct folder *folder)
{
    auto_free char *part = existing_part(folder->path);

    if (access(part, W_OK | X_OK) == 0) {
        doctor_ok(doctor, folder->name, "%s: not there yet, made when it is first needed",
                  folder->path);
    } else {
        doctor_warn(doctor, folder->name,
                    "make it for the agent's user, or choose another one; one-shot commands do "
                    "without",
                    "%s: not there, and %s is not writable: %s", folder->path, part,
                    strerrordesc_np(errno));
    }
}

/* True when it is there and can be written to; everything else was told. */
static bool check_usable(struct doctor *doctor, const struct folder *folder, struct stat *facts)
{
    if (stat(folder->path, facts) != 0) {
        if (errno == ENOENT)
            check_absent(doctor, folder);
        else
            fail(doctor, folder, "run this as the agent's user", strerrordesc_np(errno));
        return false;
    }
    if (!S_ISDIR(facts->st_mode)) {
        fail(doctor, folder, "remove it, or choose another place", "that is no folder");
        return false;
    }
    if (access(folder->path, R_OK | W_OK | X_OK) == 0)
        return true;
    fail(doctor, folder, "run this as the agent's user, or give the folder to it",
         strerrordesc_np(errno));
    return false;
}

/* True when there is room; else that was told. */
static bool check_room(struct doctor *doctor, const struct folder *folder, char text[TEXT_SIZE])
{
    int64_t room = room_of(folder->path);

    text_bytes(room, text);
    if (room < 0)
        snprintf(text, TEXT_SIZE, "unknown room");
    if (room < 0 || room >= room_least)
        return true;
    doctor_warn(doctor, folder->name, "make room: work waits when the disk is full", "%s: %s free",
                folder->path, text);
    return false;
}

static void check_state(struct doctor *doctor, const char *path)
{
    const struct folder folder = {"state directory", path};
    const struct doctor_trouble network = {folder.name, "set state_dir to a local disk",
                                           DOCTOR_STATE, ERR_CONFIG};
    const struct file_system *on = file_system_of(path);
    intmax_t holder = find_holder(path);
    char room[TEXT_SIZE];
    struct stat facts;

    if (!check_usable(doctor, &folder, &facts))
        return;
    auto_free char *held =
        holder > 0 ? xasprintf("held by process %jd", holder) : xstrdup("held by nobody");
    auto_free char *text =
        xasprintf("%s, mode %04o, %s, %s", path, (unsigned)facts.st_mode & 07777U, on->name, held);
    bool has_room = check_room(doctor, &folder, room);
    if (on->trait == TRAIT_NETWORK) {
        doctor_fail(doctor, &network, "%s: locks cannot be trusted there", text);
    } else if (facts.st_mode & 077) {
        doctor_warn(doctor, folder.name, "chmod 0700: the ledger is the agent's alone", "%s", text);
    } else if (on->trait == TRAIT_MEMORY) {
        doctor_warn(doctor, folder.name, "set state_dir to a disk",
                    "%s: what was sent is forgotten at the next boot", text);
    } else {
        doctor_ok(doctor, folder.name, "%s%s%s", text, has_room ? ", free " : "",
                  has_room ? room : "");
    }
}

/* Others are to read what lies there: its mode is the operator's choice. */
static void check_sboms(struct doctor *doctor, const char *path)
{
    const struct folder folder = {"sbom directory", path};
    char room[TEXT_SIZE];
    struct stat facts;

    if (check_usable(doctor, &folder, &facts) && check_room(doctor, &folder, room))
        doctor_ok(doctor, folder.name, "%s, writable, free %s", path, room);
}

void doctor_folders(struct doctor *doctor, const struct config *config)
{
    check_state(doctor, config->state_dir);
    check_sboms(doctor, config->sbom.directory);
}
