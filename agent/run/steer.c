#include "run/steer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"
#include "flow/item_move.h"
#include "store/item.h"
#include "store/pause.h"

enum {
    STEER_PAGE = 64,      /* rows changed in one transaction */
    STEER_WATCHES = 64,   /* that may cover the same path */
    FIRMWARE_ID_MAX = 71, /* as store/remote.h keeps them */
};

/* Shared by all: what others wrote in this turn is not lost when our own change fails. */
static bool begin(struct db *db, struct err *err)
{
    return db_commit(db, err) && db_begin(db, err);
}

static bool finish(struct db *db, bool ok, struct err *err)
{
    if (ok && db_commit(db, err))
        return true;
    db_rollback(db);
    return false;
}

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

    return count == 0 ||
           (begin(db, err) && finish(db, change_each(change, ids, count, one, err), err));
}

static bool is_busy(const struct steer *steer, const struct item *item)
{
    return steer->live && steer->live->is_busy &&
           steer->live->is_busy(steer->live->owner, item->id);
}

static bool load(const struct steer *steer, int64_t id, struct item *item, struct err *err)
{
    bool found;

    if (!item_by_id(steer->db, id, item, &found, err))
        return false;
    return found || err_set(err, ERR_INTERNAL, "read item %jd: it is gone", (intmax_t)id);
}

/* ---- pauses ---- */

static bool check_text(const char *text, const char *what, size_t room, struct err *err)
{
    if (text[0] == '\0')
        return err_set(err, ERR_USAGE, "%s must not be empty", what);
    if (strlen(text) >= room)
        return err_set(err, ERR_USAGE, "%s is over %zu bytes", what, room - 1);
    if (!printable_is(text))
        return err_set(err, ERR_USAGE, "%s must be one line of printable UTF-8", what);
    return true;
}

static void tell_pause(const struct pause *old, const struct pause *pause,
                       struct steer_result *result)
{
    char since[CLOCK_TEXT_SIZE];

    if (!old->is_set) {
        snprintf(result->text, sizeof result->text, "paused: %s", pause->reason);
        return;
    }
    auto_free char *by = printable_new(old->by_whom);
    snprintf(result->text, sizeof result->text, "already paused since %s by %s; reason now: %s",
             clock_text(old->since, since), by, pause->reason);
}

bool steer_pause(const struct steer *steer, const char *reason, const char *by,
                 struct steer_result *result, struct err *err)
{
    struct pause pauses[PAUSE_KIND_COUNT];
    struct pause pause = {.is_set = true, .since = steer->now_ms};

    if (!check_text(reason, "the reason", sizeof pause.reason, err) ||
        !check_text(by, "the author", sizeof pause.by_whom, err))
        return false;
    snprintf(pause.reason, sizeof pause.reason, "%s", reason);
    snprintf(pause.by_whom, sizeof pause.by_whom, "%s", by);
    if (!pause_load(steer->db, pauses, err) || !begin(steer->db, err) ||
        !finish(steer->db, pause_set(steer->db, PAUSE_OPERATOR, &pause, err), err))
        return err_wrap(err, "pause");
    result->changed = !pauses[PAUSE_OPERATOR].is_set;
    tell_pause(&pauses[PAUSE_OPERATOR], &pause, result);
    return true;
}

bool steer_resume(const struct steer *steer, struct steer_result *result, struct err *err)
{
    struct pause pauses[PAUSE_KIND_COUNT];

    if (!pause_load(steer->db, pauses, err) || !begin(steer->db, err) ||
        !finish(steer->db, pause_clear(steer->db, PAUSE_OPERATOR, err), err))
        return err_wrap(err, "resume");
    const char *rest = "";
    if (pauses[PAUSE_AUTH].is_set)
        rest = steer->live ? "; the token's pause stays until it works, it is tried now"
                           : "; the token's pause stays until a token works";
    result->changed = pauses[PAUSE_OPERATOR].is_set;
    snprintf(result->text, sizeof result->text, "%s%s",
             result->changed ? "resumed" : "was not paused by an operator", rest);
    return true;
}

/* ---- retry ---- */

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
    return item_save(steer->db, item, err);
}

static bool take_firmware(const struct steer *steer, struct item *item, const char *firmware_id,
                          struct err *err)
{
    auto_item struct item holder = {0};
    bool held;

    if (!check_text(firmware_id, "the firmware ID", FIRMWARE_ID_MAX + 1, err) ||
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
    return item_save(steer->db, item, err);
}

static bool hasten(const struct steer *steer, struct item *item, struct err *err)
{
    /* It may wait only because its product group is blocked. */
    if (item->state == ITEM_PENDING && !group_unblock_all(steer->db, err))
        return false;
    item->due_at = steer->now_ms;
    return item_save(steer->db, item, err);
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
    result->changed += before != ITEM_DONE && before != ITEM_DUPLICATE;
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
    if (item.state != ITEM_FAILED || is_busy(steer, &item) || (!item.current && !item.firmware_id))
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

static bool forget_one(const struct change *change, int64_t id, struct err *err)
{
    const struct steer *steer = change->steer;
    struct steer_result *result = change->result;
    auto_item struct item item = {0};

    if (!load(steer, id, &item, err) || !check_sent(steer, &item, err))
        return false;
    item.forgotten = 1;
    item.current = 0;
    item.due_at = INT64_MAX; /* its state stays, to be read; no job takes it up */
    result->changed++;
    /* Copies of what will never be sent now stand for themselves. */
    if (!item.firmware_id && !item_free_aliases(steer->db, id, steer->now_ms, err))
        return false;
    return item_save(steer->db, &item, err);
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
