#include "config/config_schedule.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/calendar.h"
#include "base/mem.h"
#include "base/zone.h"
#include "config/config_measure.h"
#include "config/config_problems.h"

enum { PATH_SIZE = 64, DAY_MINUTES = 1440 };

struct looking {
    const struct config *config;
    struct config_problems *problems;
};

static void refuse(const struct looking *looking, const char *path, const char *what)
{
    auto_free char *where = config_origin(looking->config, path);

    config_problems_error(looking->problems, where, "%s: %s", path, what);
}

/* ---- the timetable ---- */

/* 00:00 to 24:00 is a day, not nothing: from and to are never equal here. */
static int64_t minutes_of(const struct config_window *window)
{
    int64_t minutes = window->to_minute - window->from_minute;

    return minutes > 0 ? minutes : minutes + DAY_MINUTES;
}

/* On the circle of a day, so that midnight is no special case. */
static bool begins_within(const struct config_window *window, const struct config_window *other)
{
    int64_t later = other->from_minute - window->from_minute;

    return (later >= 0 ? later : later + DAY_MINUTES) < minutes_of(window);
}

static char *window_text(const struct config_window *window)
{
    char from[UNITS_TEXT_SIZE];
    char until[UNITS_TEXT_SIZE];

    return xasprintf("%s to %s", config_measure_text(OPTION_CLOCK, window->from_minute, from),
                     config_measure_text(OPTION_CLOCK, window->to_minute, until));
}

/* Each window is told of one other at most: what is left shows when that is mended. */
static void check_window(const struct looking *looking, size_t index)
{
    const struct config_window *windows = looking->config->transfers.windows;
    const struct config_window *window = &windows[index];
    auto_free char *path = xasprintf("transfers.bandwidth[%zu]", index);
    auto_free char *own = window_text(window);

    if (window->from_minute == window->to_minute) {
        auto_free char *end = xasprintf("%s.to", path);
        refuse(looking, end, "the same as from; write a later time (all day: 00:00 to 24:00)");
        return;
    }
    for (size_t i = 0; i < index; i++) {
        auto_free char *theirs = window_text(&windows[i]);

        if (windows[i].from_minute == windows[i].to_minute ||
            (!begins_within(window, &windows[i]) && !begins_within(&windows[i], window)))
            continue;
        auto_free char *what = xasprintf("%s overlaps transfers.bandwidth[%zu], %s; let one end "
                                         "where the other begins",
                                         own, i, theirs);
        refuse(looking, path, what);
        return;
    }
}

/*
 * ---- schedules ----
 *
 * Schedule and zone are read here only to say what is wrong with them, at their place, before
 * anything starts. Who runs the jobs reads them again.
 */

static void check_zone(const struct looking *looking, const char *path, const char *name)
{
    struct err err;
    auto_zone struct zone *zone = zone_new(name, &err);

    if (!zone)
        refuse(looking, path, err.message);
}

static bool same_text(const char *one, const char *other)
{
    return one && other ? strcmp(one, other) == 0 : one == other;
}

/* By their text: whether two patterns fit the same names nobody can tell from here. */
static bool same_firmwares(const struct config_export *one, const struct config_export *other)
{
    const struct config_filter *mine = &one->filter;
    const struct config_filter *theirs = &other->filter;

    return one->scope == other->scope && same_text(mine->vendor, theirs->vendor) &&
           same_text(mine->product, theirs->product) &&
           same_text(mine->product_group, theirs->product_group) &&
           same_text(mine->name, theirs->name) && same_text(mine->version, theirs->version);
}

static void check_export(const struct looking *looking, size_t index)
{
    const struct config_export *job = &looking->config->exports[index];
    char path[PATH_SIZE];
    struct err err;

    snprintf(path, sizeof path, "export[%zu].name", index);
    for (size_t i = 0; job->name && i < index; i++) {
        if (same_text(job->name, looking->config->exports[i].name))
            refuse(looking, path, "another export has that name; choose a different one");
    }
    snprintf(path, sizeof path, "export[%zu].schedule", index);
    auto_calendar struct calendar *calendar =
        job->schedule ? calendar_new(job->schedule, &err) : NULL;
    if (job->schedule && !calendar)
        refuse(looking, path, err.message);
    snprintf(path, sizeof path, "export[%zu].timezone", index);
    check_zone(looking, path, job->timezone);
}

/* It may be meant (two hours of the day), but it is far more often a copied entry. */
static void warn_twice(const struct looking *looking, size_t index)
{
    const struct config_export *exports = looking->config->exports;
    auto_free char *path = xasprintf("export[%zu]", index);
    auto_free char *where = config_origin(looking->config, path);

    for (size_t i = 0; i < index; i++) {
        if (!same_firmwares(&exports[index], &exports[i]))
            continue;
        config_problems_warning(looking->problems, where,
                                "%s: it exports the same firmwares as export[%zu]; keep one of "
                                "them or give it another filter",
                                path, i);
        return;
    }
}

void config_schedule_check(const struct config *config, bool is_complete,
                           struct config_problems *problems)
{
    const struct looking looking = {config, problems};

    for (size_t i = 0; is_complete && i < config->transfers.window_count; i++)
        check_window(&looking, i);
    check_zone(&looking, "transfers.timezone", config->transfers.timezone);
    for (size_t i = 0; i < config->export_count; i++)
        check_export(&looking, i);
    for (size_t i = 0; is_complete && i < config->export_count; i++)
        warn_twice(&looking, i);
}
