/*
 * steer.c - retry and forget: one row's decision each, and pages of them.
 *
 * States change through item_move() only, as a flow's do: what SPEC 5 does not allow to
 * a flow a person cannot do by accident either.
 */
#include "control/steer_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "flow/handed.h"
#include "flow/item_move.h"
#include "store/alert_row.h"
#include "store/item.h"
#include "store/pause.h"

enum {
    STEER_PAGE = 64,      /* rows changed in one transaction */
    STEER_WATCHES = 64,   /* that may cover the same path */
    FIRMWARE_ID_MAX = 71, /* as store/remote.h keeps them */
};

struct change { /* what one() below is given with each row */
    const struct steer *steer;
    const char *assume;
    struct steer_result *result;
};

typedef bool change_fn(const struct change *change, int64_t id, struct err *err);

static bool change_each(const struct change *change, const int64_t *ids, size_t count,
                        change_fn *one, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!one(change, ids[i], err))
            return false;
    }
    return true;
}

/* All of these rows or none. */
static bool change_rows(const struct change *change, const int64_t *ids, size_t count,
                        change_fn *one, struct err *err)
{
    struct db *db = change->steer->db;

    return count == 0 || (steer_begin(db, err) &&
                          steer_finish(db, change_each(change, ids, count, one, err), err));
}

static bool is_busy(const struct steer *steer, const struct item *item)
{
    return item->holder_pid != 0 || (steer->live && steer->live->is_busy &&
                                     steer->live->is_busy(steer->live->owner, item->id));
}

/* What lasts until somebody does something about this file: somebody did. */
static bool clear_alerts(const struct steer *steer, const char *path, struct err *err)
{
    static const char *const events[] = {"upload_unconfirmed", "analysis_overdue"};
    struct alert_row row;
    bool cleared;

    snprintf(row.subject, sizeof row.subject, "%s", path); /* cut as it was when it was raised */
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (!alert_row_clear(steer->db, events[i], row.subject, steer->now_ms, &cleared, err))
            return false;
    }
    return true;
}

static bool load(const struct steer *steer, int64_t id, struct item *item, struct err *err)
{
    bool found;

    if (!item_by_id(steer->db, id, item, &found, err))
        return false;
    return found || err_set(err, ERR_INTERNAL, "read item %jd: it is gone", (intmax_t)id);
}

/* ---- retry ---- */

/* A retry is a new life: the old count must not make it fail at once. */
static void forget_trouble(struct item *item)
{
    item_clear_error(item);
    text_replace(&item->first_error, NULL);
    item->attempts = item->trouble_ms = item->misses = 0;
}

/* The platform has it: nothing is sent again, its analysis is asked for anew. */
static void follow(struct item *item, int64_t now_ms)
{
    text_replace(&item->analysis_state, NULL);
    text_replace(&item->analysis_result, NULL);
    item->analysed_at = item->done_at = 0;
    item_move(item, ITEM_ANALYSING, now_ms);
}

static bool start_over(const struct steer *steer, struct item *item, struct err *err)
{
    /* A right that was missing may be there now: its whole group is tried again. */
    if (item->state == ITEM_HELD && !group_unblock_all(steer->db, err))
        return false;
    forget_trouble(item);
    if (item->firmware_id && item_may_move(item->state, ITEM_ANALYSING))
        follow(item, steer->now_ms);
    else
        item_restart(item, steer->now_ms);
    item->due_at = steer->now_ms;
    return clear_alerts(steer, item->path, err) && item_save(steer->db, item, err);
}

static bool take_firmware(const struct steer *steer, struct item *item, const char *firmware_id,
                          struct err *err)
{
    auto_item struct item holder = {0};
    bool held;

    if (!steer_check_text(firmware_id, "the firmware ID", FIRMWARE_ID_MAX + 1, err) ||
        !item_by_firmware(steer->db, firmware_id, &holder, &held, err))
        return false;
    if (held) {
        auto_free char *path = printable_new(holder.path);
        return err_set(err, ERR_USAGE, "firmware %s is recorded for %s already", firmware_id, path);
    }
    text_replace(&item->firmware_id, firmware_id);
    item->uploaded_at = steer->now_ms;
    follow(item, steer->now_ms);
    return true;
}

static bool decide(const struct steer *steer, struct item *item, const char *assume,
                   struct err *err)
{
    if (strcmp(assume, "missing") != 0) {
        if (!take_firmware(steer, item, assume, err))
            return false;
    } else {
        text_replace(&item->upload_id, NULL);
        item_move(item, ITEM_PENDING, steer->now_ms);
    }
    forget_trouble(item);
    item->due_at = steer->now_ms;
    return clear_alerts(steer, item->path, err) && item_save(steer->db, item, err);
}

static bool hasten(const struct steer *steer, struct item *item, struct err *err)
{
    /* It may wait only because its product group is blocked. */
    if (item->state == ITEM_PENDING && !group_unblock_all(steer->db, err))
        return false;
    if (item->misses == ITEM_NEEDS_PERSON)
        item->misses = 0; /* a person says: look again */
    item->due_at = steer->now_ms;
    return item_save(steer->db, item, err);
}

/* No folder is behind it: what was not sent can only be handed over again. */
static bool is_without_file(const struct item *item)
{
    return handed_is(item) && !item->firmware_id;
}

/* What a retry does, by the state; text says it with "PATH: " before. */
static bool retry_by_state(const struct steer *steer, struct item *item, const char **text,
                           struct err *err)
{
    switch (item->state) {
    case ITEM_FAILED:
    case ITEM_HELD:
    case ITEM_IGNORED:
    case ITEM_GONE:
        if (is_without_file(item)) {
            *text = "a command handed it over and has its file: run that again";
            return true;
        }
        if (!start_over(steer, item, err))
            return false;
        *text = item->state == ITEM_ANALYSING ? "its analysis is asked for again" : "starts over";
        return true;
    case ITEM_UNCONFIRMED:
        *text = "the platform is asked for it now; --assume decides by hand";
        return hasten(steer, item, err);
    case ITEM_FOUND:
    case ITEM_SETTLING:
    case ITEM_HASHING:
    case ITEM_PENDING:
    case ITEM_REGISTERING:
    case ITEM_UPLOADING:
    case ITEM_ANALYSING:
    case ITEM_FETCHING:
        *text = "waits no longer";
        return hasten(steer, item, err);
    case ITEM_DONE:
    case ITEM_DUPLICATE:
        break;
    }
    *text = item->state == ITEM_DONE ? "is done: nothing to retry"
                                     : "is a copy of another file: nothing to retry";
    return true;
}

static bool retry_one(const struct change *change, int64_t id, struct err *err)
{
    const struct steer *steer = change->steer;
    struct steer_result *result = change->result;
    const char *assume = change->assume;
    auto_item struct item item = {0};
    const char *text = assume ? "decided by hand" : NULL;

    if (!load(steer, id, &item, err))
        return false;
    auto_free char *path = printable_new(item.path);
    enum item_state before = item.state;
    if (is_busy(steer, &item)) {
        snprintf(result->text, sizeof result->text, "%s: is being worked on now", path);
        return !assume || err_set(err, ERR_BUSY, "%s is being worked on: try again", path);
    }
    if (assume && before != ITEM_UNCONFIRMED)
        return err_set(err, ERR_USAGE, "%s is %s: --assume decides an unconfirmed upload only",
                       path, item_state_name(before));
    if (assume ? !decide(steer, &item, assume, err) : !retry_by_state(steer, &item, &text, err))
        return false;
    result->changed += before != ITEM_DONE && before != ITEM_DUPLICATE &&
                       !(item.state == before && is_without_file(&item));
    snprintf(result->text, sizeof result->text, "%s: %s (%s -> %s)", path, text,
             item_state_name(before), item_state_name(item.state));
    return true;
}

static bool nothing_known(const char *path, struct err *err)
{
    auto_free char *text = printable_new(path);

    return err_set(err, ERR_INPUT,
                   "nothing is known of %s: list-firmwares shows what is, explain says why a file "
                   "is not taken",
                   text);
}

bool steer_retry(const struct steer *steer, const char *path, const char *assume,
                 struct steer_result *result, struct err *err)
{
    int64_t ids[STEER_WATCHES];
    size_t count;

    if (!item_scan_path(steer->db, path, ids, STEER_WATCHES, &count, err))
        return err_wrap(err, "retry");
    if (count == 0)
        return nothing_known(path, err);
    /* One firmware cannot stand for two rows. */
    if (assume && count > 1 && strcmp(assume, "missing") != 0)
        return err_set(err, ERR_USAGE, "several watches hold this path: --assume cannot decide");
    const struct change change = {steer, assume, result};
    return change_rows(&change, ids, count, retry_one, err) || err_wrap(err, "retry");
}

/* A file that has new content meanwhile is not what failed; its firmware still counts. */
static bool retry_if_useful(const struct change *change, int64_t id, struct err *err)
{
    const struct steer *steer = change->steer;
    struct steer_result *result = change->result;
    auto_item struct item item = {0};

    if (!load(steer, id, &item, err))
        return false;
    if (item.state != ITEM_FAILED || is_busy(steer, &item) || is_without_file(&item) ||
        (!item.current && !item.firmware_id))
        return true;
    result->changed++;
    return start_over(steer, &item, err);
}

bool steer_retry_failed(const struct steer *steer, struct item_scan *scan,
                        struct steer_result *result, bool *over, struct err *err)
{
    const struct change change = {steer, NULL, result};
    int64_t ids[STEER_PAGE];
    size_t count;

    scan->state = item_state_name(ITEM_FAILED);
    if (!item_scan_next(steer->db, scan, ids, STEER_PAGE, &count, err) ||
        !change_rows(&change, ids, count, retry_if_useful, err))
        return err_wrap(err, "retry");
    *over = scan->over;
    snprintf(result->text, sizeof result->text, "%jd failed item%s start%s over",
             (intmax_t)result->changed, result->changed == 1 ? "" : "s",
             result->changed == 1 ? "s" : "");
    return true;
}

/* ---- forget ---- */

static bool check_sent(const struct steer *steer, const struct item *item, struct err *err)
{
    if (!is_busy(steer, item) && item->state != ITEM_REGISTERING && item->state != ITEM_UPLOADING)
        return true;
    auto_free char *path = printable_new(item->path);
    return err_set(err, ERR_BUSY, "%s is being sent; try again when it is through", path);
}

/* No job may take it up any more, and it stands for no other file of the same content. */
static void let_go(struct item *item, int64_t now_ms)
{
    struct err why;

    if (item->state == ITEM_HELD) /* it waits for a right: back to the start, then out */
        item_move(item, ITEM_SETTLING, now_ms);
    if (!item_may_move(item->state, ITEM_FAILED))
        return;
    err_set(&why, ERR_CANCELLED, "forgotten by a person while it was %s",
            item_state_name(item->state));
    item_note_error(item, &why);
    item_move(item, ITEM_FAILED, now_ms);
}

static bool forget_one(const struct change *change, int64_t id, struct err *err)
{
    const struct steer *steer = change->steer;
    auto_item struct item item = {0};

    if (!load(steer, id, &item, err) || !check_sent(steer, &item, err))
        return false;
    let_go(&item, steer->now_ms);
    item.forgotten = 1;
    item.current = 0;
    change->result->changed++;
    /* Copies of what will never be sent now stand for themselves. */
    if (!item.firmware_id && !item_free_aliases(steer->db, id, steer->now_ms, err))
        return false;
    return clear_alerts(steer, item.path, err) && item_save(steer->db, &item, err);
}

/* Before anything is changed: the rows that can be in flight are the path's present ones. */
static bool check_present(const struct steer *steer, const char *path, struct err *err)
{
    int64_t ids[STEER_WATCHES];
    size_t count;

    if (!item_scan_path(steer->db, path, ids, STEER_WATCHES, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        auto_item struct item item = {0};

        if (!load(steer, ids[i], &item, err) || !check_sent(steer, &item, err))
            return false;
    }
    return true;
}

static void tell_forgotten(const char *path, struct steer_result *result)
{
    auto_free char *text = printable_new(path);

    snprintf(result->text, sizeof result->text,
             "%s: forgotten (%jd row%s); content with a firmware ID is not sent again, a file that "
             "is still there is found again",
             text, (intmax_t)result->changed, result->changed == 1 ? "" : "s");
}

bool steer_forget(const struct steer *steer, const char *path, struct item_scan *scan,
                  struct steer_result *result, bool *over, struct err *err)
{
    const struct change change = {steer, NULL, result};
    int64_t ids[STEER_PAGE];
    size_t count;

    if (!scan->started && !check_present(steer, path, err))
        return err_wrap(err, "forget");
    scan->path = path;
    scan->duplicates = true;
    if (!item_scan_next(steer->db, scan, ids, STEER_PAGE, &count, err) ||
        !change_rows(&change, ids, count, forget_one, err))
        return err_wrap(err, "forget");
    *over = scan->over;
    if (*over && result->changed == 0)
        return nothing_known(path, err);
    tell_forgotten(path, result);
    return true;
}
