#include "flow/intake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/held.h"
#include "flow/intake_row.h"
#include "flow/names.h"
#include "store/item_due.h"
#include "store/watch_row.h"
#include "watch/notify.h"
#include "watch/scan.h"

enum {
    LOOK_MAX = 128,  /* files of one look; each may bring its marker */
    POLL_MS = 60000, /* walks of a folder without events, at most this far apart */
    ROOT_RETRY_MS = 15000,
    DEBOUNCE_MS = 3, /* events of one burst become one look */
    STALLED_MS = 2000,
};

struct intake {
    struct flow *flow;
    struct source *source;
    const struct intake_hooks *hooks;
    void *owner;
    bool events; /* a long life: events and rescans */

    uint64_t root_dev, root_ino; /* of the folder that was walked last */
    struct notify *notify;
    bool notify_lost; /* it is blind: to be replaced before the next walk */
    uv_timer_t timer;

    struct op *walk;
    char *walk_below; /* what is being walked: a directory, or NULL for all */
    bool is_first;    /* the folder was never walked whole before */
    bool walk_due;
    int64_t next_walk_at; /* steady */
    struct names folders; /* to be walked */

    struct op *look;
    struct names names; /* to be looked at */
    struct held held;   /* seen while a job held their rows */
    char *marker;       /* the marker that the look saw last, NULL: it was not there */
    bool marker_hint;   /* one came: what settles is looked at, due or not */

    char *degraded;
    bool walked_once;
    bool closing;
    unsigned open_handles;
    void (*closed)(void *owner);
    void *closed_owner;
};

static void plan(struct intake *intake);
static void on_timer(uv_timer_t *timer);

/* ---- being degraded ---- */

static void set_degraded(struct intake *intake, const char *why)
{
    struct flow *flow = intake->flow;

    if (!why && !intake->degraded)
        return;
    if (why && intake->degraded && strcmp(why, intake->degraded) == 0)
        return;
    text_replace(&intake->degraded, why);
    if (!why) {
        log_info("watch_recovered", F_TEXT("watch", intake->source->name));
        flow->hooks->alert_over(flow->owner, "watch_degraded", intake->source->name);
        return;
    }
    log_warn("watch_degraded", F_TEXT("watch", intake->source->name), F_TEXT("reason", why));
    auto_free char *text = xasprintf("watch %s: %s", intake->source->name, why);
    flow->hooks->alert(flow->owner, "watch_degraded", intake->source->name, text,
                       "nothing is lost: the folder is walked every minute; mend the cause when "
                       "that is too slow");
}

static bool has_trouble(const struct err *err)
{
    if (err->kind == ERR_OK)
        return false;
    log_error("store_trouble", F_TEXT("reason", err->message));
    return true;
}

/* ---- hints ---- */

static void arm(struct intake *intake, int64_t in_ms)
{
    if (intake->closing)
        return;
    if (in_ms < 1) /* overdue: below zero it would look like the far future */
        in_ms = 1;
    if (uv_is_active((uv_handle_t *)&intake->timer) &&
        uv_timer_get_due_in(&intake->timer) <= (uint64_t)in_ms)
        return;
    uv_timer_start(&intake->timer, on_timer, (uint64_t)in_ms, 0);
}

static void walk_all(struct intake *intake)
{
    intake->walk_due = true;
    arm(intake, DEBOUNCE_MS);
}

static void on_name(void *owner, const char *directory, const char *name, bool is_directory)
{
    struct intake *intake = owner;
    auto_free char *relpath = directory[0] ? xasprintf("%s/%s", directory, name) : xstrdup(name);

    if (source_skips(intake->source->rules, relpath, is_directory)) {
        /* A marker is no firmware, but it is what its file waits for: that is due for a look. */
        intake->marker_hint = intake->source->settle.needs_marker;
        arm(intake, DEBOUNCE_MS);
        return;
    }
    if (!names_add(is_directory ? &intake->folders : &intake->names, relpath))
        intake->walk_due = true;
    arm(intake, DEBOUNCE_MS);
}

static void on_directory(void *owner, const char *directory)
{
    struct intake *intake = owner;

    if (!names_add(&intake->folders, directory))
        intake->walk_due = true;
    arm(intake, DEBOUNCE_MS);
}

static void on_directory_gone(void *owner, const char *directory)
{
    (void)directory; /* what vanished with it is seen when it is looked at or opened */
    arm(owner, DEBOUNCE_MS);
}

static void on_overflow(void *owner)
{
    struct intake *intake = owner;

    log_warn("watch_overflow", F_TEXT("watch", intake->source->name));
    walk_all(intake);
}

static void on_root_lost(void *owner)
{
    struct intake *intake = owner;

    intake->notify_lost = true;
    walk_all(intake);
}

static const struct notify_hooks notify_hooks = {
    .on_name = on_name,
    .on_directory = on_directory,
    .on_directory_gone = on_directory_gone,
    .on_overflow = on_overflow,
    .on_root_lost = on_root_lost,
};

/* ---- closing ---- */

static void drop_handle(struct intake *intake)
{
    if (--intake->open_handles > 0)
        return;
    void (*closed)(void *) = intake->closed;
    void *owner = intake->closed_owner;
    names_release(&intake->names);
    names_release(&intake->folders);
    held_release(&intake->held);
    free(intake->walk_below);
    free(intake->marker);
    free(intake->degraded);
    free(intake);
    closed(owner);
}

static void on_notify_closed(void *owner)
{
    drop_handle(owner);
}

static void on_timer_closed(uv_handle_t *handle)
{
    drop_handle(handle->data);
}

/* No scan may be running: it would watch directories for a notify that is gone. */
static void drop_notify(struct intake *intake)
{
    if (!intake->notify)
        return;
    intake->open_handles++;
    notify_free(intake->notify, on_notify_closed, intake);
    intake->notify = NULL;
}

static void close_when_idle(struct intake *intake)
{
    if (!intake->closing || intake->walk || intake->look)
        return;
    drop_notify(intake);
    uv_close((uv_handle_t *)&intake->timer, on_timer_closed);
}

/* ---- looks ---- */

static void note_marker(struct intake *intake, const struct scan_entry *entry)
{
    bool is_there = entry->kind == SCAN_FILE || entry->kind == SCAN_LINK;

    text_replace(&intake->marker, is_there ? entry->relpath : NULL);
}

static bool has_marker(struct intake *intake, const char *relpath)
{
    auto_free char *marker = rule_marker_path(intake->source->rules, relpath);

    return marker && intake->marker && strcmp(marker, intake->marker) == 0;
}

static void on_look_batch(void *owner, const struct scan_entry *entries, size_t count)
{
    struct intake *intake = owner;

    for (size_t i = 0; i < count; i++) {
        struct err err = {.kind = ERR_OK};
        const struct intake_sight sight = {
            .entry = &entries[i],
            .is_look = true,
            .has_marker = has_marker(intake, entries[i].relpath),
        };

        if (source_skips(intake->source->rules, entries[i].relpath, false)) {
            note_marker(intake, &entries[i]);
            (void)intake_row_skip(intake->flow, intake->source, entries[i].relpath, &err);
            continue;
        }
        if (!held_note(&intake->held, intake->flow, intake->source, entries[i].relpath))
            intake->walk_due = true;
        (void)intake_row_apply(intake->flow, intake->source, &sight, &err);
        if (has_trouble(&err))
            break;
    }
}

static void on_look_end(void *owner, const struct scan_report *report, const struct err *err)
{
    struct intake *intake = owner;

    (void)report;
    intake->look = NULL;
    if (err && err->kind != ERR_CANCELLED) {
        set_degraded(intake, err->message);
        arm(intake, ROOT_RETRY_MS);
    }
    close_when_idle(intake);
    if (intake->closing)
        return;
    intake->hooks->progressed(intake->owner);
    if (!err)
        plan(intake);
}

static const struct scan_hooks look_hooks = {on_look_batch, on_look_end};

struct look_list {
    struct intake *intake;
    char *paths[2 * LOOK_MAX];
    size_t count;
    char *stray; /* a row from when the watch had another folder */
};

static void add_look(struct look_list *list, const char *relpath)
{
    char *marker = rule_marker_path(list->intake->source->rules, relpath);

    assert(list->count + 2 <= sizeof list->paths / sizeof list->paths[0]);
    if (marker)
        list->paths[list->count++] = marker; /* before its file: the facts are younger than it */
    list->paths[list->count++] = xstrdup(relpath);
}

static void add_due(void *owner, const char *path)
{
    struct look_list *list = owner;
    const char *relpath = source_relpath(list->intake->source, path);

    if (relpath)
        add_look(list, relpath);
    else
        text_replace(&list->stray, path);
}

static void collect_looks(struct look_list *list)
{
    struct intake *intake = list->intake;
    struct err err = {.kind = ERR_OK};
    size_t taken = 0;
    char *name;

    while (taken < LOOK_MAX / 2 && (name = names_take(&intake->names))) {
        add_look(list, name);
        free(name);
        taken++;
    }
    const struct item_settling wanted = {
        .watch = intake->source->name,
        .until_ms = intake->marker_hint ? INT64_MAX : clock_wall_ms(),
        .max = LOOK_MAX - taken,
    };
    intake->marker_hint = false;
    (void)(item_settling_due(intake->flow->db, &wanted, add_due, list, &err) &&
           (!list->stray || intake_row_drop(intake->flow, intake->source, list->stray,
                                            "this watch has another folder now", &err)));
    (void)has_trouble(&err);
    free(list->stray);
}

static void start_look(struct intake *intake)
{
    struct look_list list = {.intake = intake};

    collect_looks(&list);
    if (list.count > 0) {
        const struct scan_options options = {
            .root = intake->source->path,
            .paths = (const char *const *)list.paths,
            .path_count = list.count,
            .links = intake->source->links,
            .open_each = intake->source->network,
        };

        text_replace(&intake->marker, NULL);
        intake->look = scan_start(intake->flow->loop, &options, &look_hooks, intake);
    }
    for (size_t i = 0; i < list.count; i++)
        free(list.paths[i]);
}

/* ---- walks ---- */

static void on_walk_batch(void *owner, const struct scan_entry *entries, size_t count)
{
    struct intake *intake = owner;
    struct err err = {.kind = ERR_OK};

    for (size_t i = 0; i < count && err.kind == ERR_OK; i++) {
        const struct intake_sight sight = {
            .entry = &entries[i],
            .is_backlog = intake->is_first,
            .is_old = intake->is_first && intake->source->existing == SOURCE_IGNORE,
        };

        if (!held_note(&intake->held, intake->flow, intake->source, entries[i].relpath))
            intake->walk_due = true;
        (void)intake_row_apply(intake->flow, intake->source, &sight, &err);
    }
    (void)has_trouble(&err);
    arm(intake, DEBOUNCE_MS);
}

/* A rename of a folder above the root raises no event: another folder stands there now. */
static void note_root(struct intake *intake, const struct scan_report *report)
{
    bool known = intake->root_ino != 0;
    bool same = intake->root_dev == report->root_dev && intake->root_ino == report->root_ino;

    intake->root_dev = report->root_dev;
    intake->root_ino = report->root_ino;
    if (known && !same && intake->notify)
        on_root_lost(intake);
}

static bool wants_events(const struct intake *intake)
{
    if (!intake->events || intake->source->mode == SOURCE_POLL)
        return false;
    return intake->source->mode == SOURCE_EVENTS || !intake->source->network;
}

static void note_report(struct intake *intake, const struct scan_report *report)
{
    struct err err = {.kind = ERR_OK};

    note_root(intake, report);
    (void)watch_row_scanned(intake->flow->db, intake->source->name, intake->source->path,
                            clock_wall_ms(), &err);
    (void)has_trouble(&err);
    intake->is_first = false;
    if (report->unwatched > 0)
        set_degraded(intake, report->unwatched_why.message);
    else if (intake->notify || !wants_events(intake)) /* else it was said when none could be made */
        set_degraded(intake, NULL);
    log_debug("watch_walked", F_TEXT("watch", intake->source->name), F_INT("files", report->files),
              F_INT("directories", report->directories));
}

static int64_t next_walk_in(const struct intake *intake)
{
    bool blind = !intake->notify || intake->degraded;

    return blind && intake->source->rescan_ms > POLL_MS ? POLL_MS : intake->source->rescan_ms;
}

static int64_t retry_in(const struct intake *intake)
{
    int64_t rescan_ms = intake->source->rescan_ms;

    return rescan_ms < ROOT_RETRY_MS ? rescan_ms : ROOT_RETRY_MS;
}

static void on_walk_end(void *owner, const struct scan_report *report, const struct err *err)
{
    struct intake *intake = owner;
    bool whole = !intake->walk_below;

    intake->walk = NULL;
    if (!err && whole)
        note_report(intake, report);
    else if (err && whole && err->kind != ERR_CANCELLED)
        set_degraded(intake, err->message);
    intake->walked_once = intake->walked_once || whole;
    if (whole)
        intake->next_walk_at = clock_steady_ms() + (err ? retry_in(intake) : next_walk_in(intake));
    close_when_idle(intake);
    if (intake->closing)
        return;
    intake->hooks->progressed(intake->owner);
    plan(intake);
}

static const struct scan_hooks walk_hooks = {on_walk_batch, on_walk_end};

static void renew_notify(struct intake *intake)
{
    struct err err = {.kind = ERR_OK};

    if (intake->notify_lost)
        drop_notify(intake);
    intake->notify_lost = false;
    if (intake->notify || !wants_events(intake))
        return;
    intake->notify = notify_new(intake->flow->loop, &notify_hooks, intake, &err);
    if (!intake->notify)
        set_degraded(intake, err.message);
}

static void start_walk(struct intake *intake)
{
    bool all = intake->walk_due;

    free(intake->walk_below);
    intake->walk_below = NULL;
    if (all)
        names_release(&intake->folders);
    else
        intake->walk_below = names_take(&intake->folders);
    intake->walk_due = false;
    if (all && !intake->look)
        renew_notify(intake);
    const struct scan_options options = {
        .root = intake->source->path,
        .below = intake->walk_below,
        .notify = intake->notify,
        .links = intake->source->links,
        .open_each = intake->source->network,
        .skip = source_skips,
        .rules = intake->source->rules,
    };
    intake->walk = scan_start(intake->flow->loop, &options, &walk_hooks, intake);
}

/* ---- what to do now, and when to look again ---- */

static void arm_for_next(struct intake *intake)
{
    struct err err = {.kind = ERR_OK};
    int64_t due_at = INT64_MAX;

    if (!intake->look &&
        item_settling_next(intake->flow->db, intake->source->name, &due_at, &err) &&
        due_at != INT64_MAX)
        arm(intake, due_at - clock_wall_ms());
    (void)has_trouble(&err);
    if (held_due_in(&intake->held) >= 0)
        arm(intake, held_due_in(&intake->held));
    if (!intake->walk && intake->events)
        arm(intake, intake->next_walk_at - clock_steady_ms());
}

static void plan(struct intake *intake)
{
    if (intake->closing)
        return;
    if (turn_is_stalled(intake->flow->turn)) {
        intake->walk_due = true; /* rows of this turn may be lost: the walk finds them again */
        arm(intake, STALLED_MS);
        return;
    }
    if (intake->events && clock_steady_ms() >= intake->next_walk_at)
        intake->walk_due = true;
    if (!intake->walk && (intake->walk_due || !names_is_empty(&intake->folders)))
        start_walk(intake);
    if (!held_hand_over(&intake->held, &intake->names))
        intake->walk_due = true;
    if (!intake->look)
        start_look(intake);
    arm_for_next(intake);
}

static void on_timer(uv_timer_t *timer)
{
    plan(timer->data);
}

static void load_history(struct intake *intake)
{
    struct err err = {.kind = ERR_OK};
    bool was_walked = false;

    (void)watch_row_is_scanned(intake->flow->db, intake->source->name, intake->source->path,
                               &was_walked, &err);
    (void)has_trouble(&err);
    intake->is_first = !was_walked;
}

struct intake *intake_new(struct flow *flow, struct source *source, bool events,
                          const struct intake_hooks *hooks, void *owner)
{
    struct intake *intake = xcalloc(1, sizeof *intake);

    intake->flow = flow;
    intake->source = source;
    intake->events = events;
    intake->hooks = hooks;
    intake->owner = owner;
    intake->walk_due = true;
    intake->next_walk_at = INT64_MAX;
    source->network = notify_fs_is_remote(source->path);
    load_history(intake);
    uv_timer_init(flow->loop, &intake->timer);
    intake->timer.data = intake;
    intake->open_handles = 1;
    arm(intake, 1);
    return intake;
}

void intake_free(struct intake *intake, void (*closed)(void *owner), void *owner)
{
    intake->closing = true;
    intake->closed = closed;
    intake->closed_owner = owner;
    uv_timer_stop(&intake->timer);
    if (intake->walk)
        intake->walk->cancel(intake->walk);
    if (intake->look)
        intake->look->cancel(intake->look);
    close_when_idle(intake);
}

void intake_rescan(struct intake *intake)
{
    walk_all(intake);
}

void intake_wake(struct intake *intake)
{
    arm(intake, 1);
}

bool intake_is_quiet(const struct intake *intake)
{
    return intake->walked_once && !intake->walk && !intake->look && !intake->walk_due &&
           names_is_empty(&intake->folders) && names_is_empty(&intake->names);
}

bool intake_uses_events(const struct intake *intake)
{
    return intake->notify != NULL;
}

int64_t intake_directories(const struct intake *intake)
{
    return intake->notify ? (int64_t)notify_count(intake->notify) : 0;
}

const char *intake_degraded(const struct intake *intake)
{
    return intake->degraded;
}
