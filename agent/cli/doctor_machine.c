/* doctor_machine.c - clock, core dumps, and the kernel's limits for watched folders. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/units.h"
#include "cli/doctor_parts.h"

enum {
    DEPTH_MAX = 64,
    ENTRIES_MAX = 500000,
    WALK_MAX_MS = 3000,
    YEAR_LEAST = 2025, /* this program was written in it */
    YEAR_MOST = 2099,
};

/* ---- clock, core dumps ---- */

/* Whether somebody (NTP, a hypervisor) told the kernel that the time is right. */
static bool is_disciplined(void)
{
    struct timex state = {0};

    return adjtimex(&state) >= 0 && !(state.status & STA_UNSYNC);
}

/*
 * The kernel cannot know whether it is right, only a platform's answer could tell how far
 * off it is; a year before this program was written is wrong for certain.
 */
static void check_clock(struct doctor *doctor)
{
    const struct doctor_trouble trouble = {
        .name = "clock",
        .action = "set it: certificates and schedules depend on it",
        .area = DOCTOR_CONFIGURATION,
        .kind = ERR_CONFIG,
    };
    char now[CLOCK_TEXT_SIZE];
    int year = 0;

    clock_text(clock_wall_ms(), now);
    for (size_t i = 0; i < 4 && now[i] >= '0' && now[i] <= '9'; i++)
        year = 10 * year + (now[i] - '0');
    if (year < YEAR_LEAST || year > YEAR_MOST)
        doctor_fail(doctor, &trouble, "%s cannot be", now);
    else
        doctor_ok(doctor, "clock", "%s%s", now,
                  is_disciplined() ? ", synchronised" : ", not known to be synchronised");
}

/* cli.c turned them off for this process; here is seen whether that worked. */
static void check_core_dumps(struct doctor *doctor)
{
    struct rlimit limit = {0};
    bool is_off =
        getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && prctl(PR_GET_DUMPABLE) == 0;

    if (is_off)
        doctor_ok(doctor, "core dumps", "off: none can hold the token");
    else
        doctor_warn(doctor, "core dumps", "set a core limit of 0 where this runs",
                    "not off in this build");
}

void doctor_machine(struct doctor *doctor)
{
    check_clock(doctor);
    check_core_dumps(doctor);
}

/* ---- inotify ---- */

/* A walk that ends early rather than late: its figures are then "at least". */
struct count {
    int64_t directories;
    int64_t entries;
    int64_t until_ms;
    bool is_cut;
};

static bool is_over(struct count *count)
{
    if (++count->entries > ENTRIES_MAX || clock_steady_ms() > count->until_ms)
        count->is_cut = true;
    return count->is_cut;
}

/* Some file systems do not tell the type with the name. Links are not followed, as scans do. */
static bool is_folder(int parent, const struct dirent *entry)
{
    struct stat facts;

    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
        return false;
    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(parent, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
           S_ISDIR(facts.st_mode);
}

/* As deep as a path can usefully be; a descriptor a level is held. */
static void count_below(int take_fd, struct count *count, int depth)
{
    DIR *dir = fdopendir(take_fd);
    struct dirent *entry;

    if (!dir) {
        close(take_fd);
        return;
    }
    count->directories++;
    while (!count->is_cut && (entry = readdir(dir)) && !is_over(count)) {
        if (!is_folder(take_fd, entry))
            continue;
        int below = depth < DEPTH_MAX ? openat(take_fd, entry->d_name,
                                               O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                                      : -1;
        if (below >= 0)
            count_below(below, count, depth + 1);
    }
    closedir(dir);
}

static void check_watch(struct doctor *doctor, const struct config_watch *watch,
                        struct count *count)
{
    int fd = open(watch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        doctor_warn(doctor, "watch", "make it readable for the agent, or correct the path",
                    "%s: %s: %s", watch->name, watch->path, strerrordesc_np(errno));
        return;
    }
    /* Polled folders need no watches. */
    if (watch->mode == CONFIG_MODE_POLL)
        close(fd);
    else
        count_below(fd, count, 0);
}

/* -1: the kernel does not tell. */
static int64_t read_limit(const char *name)
{
    auto_free char *path = xasprintf("/proc/sys/fs/inotify/%s", name);
    char text[32] = "";
    auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    struct err ignored;
    int64_t limit;

    text[got > 0 ? got : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return units_parse_count(text, &limit, &ignored) ? limit : -1;
}

void doctor_watches(struct doctor *doctor, const struct config *config)
{
    struct count count = {.until_ms = clock_steady_ms() + WALK_MAX_MS};
    int64_t watches = read_limit("max_user_watches");
    int64_t instances = read_limit("max_user_instances");
    int64_t events = read_limit("max_queued_events");

    for (size_t i = 0; i < config->watch_count; i++)
        check_watch(doctor, &config->watches[i], &count);
    auto_free char *need =
        xasprintf("the watches have %s%jd director%s", count.is_cut ? "at least " : "",
                  (intmax_t)count.directories, count.directories == 1 ? "y" : "ies");
    if (watches < 0) {
        doctor_warn(doctor, "inotify", "look at /proc/sys/fs/inotify",
                    "the kernel does not tell its limits; %s", need);
    } else if (count.directories > watches) {
        doctor_warn(doctor, "inotify",
                    "raise fs.inotify.max_user_watches; until then the folders are polled",
                    "max_user_watches is %jd, %s", (intmax_t)watches, need);
    } else {
        doctor_ok(doctor, "inotify",
                  "max_user_watches %jd, max_user_instances %jd, max_queued_events %jd; %s",
                  (intmax_t)watches, (intmax_t)instances, (intmax_t)events, need);
    }
}
