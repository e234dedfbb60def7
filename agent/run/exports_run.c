/*
 * exports_run.c - one run: list, fetch, index; and its end.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/export_flow.h"
#include "flow/export_index_flow.h"
#include "flow/export_sweep.h"
#include "flow/room.h"
#include "run/exports_parts.h"

enum { PICK_MAX = 128, LIST_TRIES = 6, LOCAL_RETRY_MS = 5000 };

static struct flow *flow_of(const struct exports *exports)
{
    return exports->options.flow;
}

static bool has_trouble(const struct err *err)
{
    if (err->kind == ERR_OK)
        return false;
    log_error("store_trouble", F_TEXT("reason", err->message));
    return true;
}

static void enter(struct exports *exports, struct exports_one *one, enum export_phase phase)
{
    one->row.phase = phase;
    one->failures = 0;
    one->is_swept = false;
    one->retry_at_ms = 0;
    exports_mark_dirty(exports, one);
}

/* ---- the end ---- */

/*
 * Slots that came meanwhile are passed over: a job does not run after itself. What a person asked
 * for stands for them, too, when it went well.
 */
static void pass_over_slots(struct exports_one *one)
{
    bool counts = one->row.run_slot != 0 || one->row.error[0] == '\0';
    int64_t last = INT64_MIN;

    if (one->config && counts)
        last = calendar_last_ms(one->calendar, one->zone, clock_wall_ms());
    if (last != INT64_MIN && last > one->row.last_slot)
        one->row.last_slot = last;
}

static void tell_end(const struct exports *exports, const struct exports_one *one)
{
    const struct export_counts *counts = &one->row.counts;
    struct flow *flow = flow_of(exports);

    log_info("export_ended", F_TEXT("job", one->plan.name), F_INT("firmwares", counts->listed),
             F_INT("written", counts->written), F_INT("restored", counts->restored),
             F_INT("unchanged", counts->unchanged), F_INT("not_ready", counts->not_ready),
             F_INT("quarantined", counts->quarantined), F_INT("failed", counts->failed),
             F_INT("vanished", counts->vanished), F_TEXT("error", one->row.error));
    if (one->row.error[0] == '\0') {
        flow->hooks->alert_over(flow->owner, "export_failed", one->plan.name);
        return;
    }
    auto_free char *text = xasprintf("export %s: %s", one->plan.name, one->row.error);
    flow->hooks->alert(flow->owner, "export_failed", one->plan.name, text,
                       "what could be exported is; the next run tries the rest again, "
                       "onekey-agent sbom export does so now");
}

static void end_run(struct exports *exports, struct exports_one *one, enum err_kind kind,
                    const char *error)
{
    one->row.last_attempt_at = clock_wall_ms();
    snprintf(one->row.error, sizeof one->row.error, "%s", error);
    one->row.error_kind = error[0] ? kind : ERR_OK;
    if (error[0] == '\0')
        one->row.last_success_at = one->row.last_attempt_at;
    pass_over_slots(one);
    one->row.run_marks_all = false;
    one->has_run = true;
    enter(exports, one, EXPORT_IDLE);
    tell_end(exports, one);
    if (error[0] == '\0')
        room_settled(flow_of(exports));
}

/* What of a run did not go well; "": all of it did. */
static void finish(struct exports *exports, struct exports_one *one)
{
    const struct export_counts *counts = &one->row.counts;
    auto_free char *refused =
        xstrdup(one->row.error); /* what the list said; the row gets another */

    if (counts->failed == 0) {
        end_run(exports, one, ERR_PARTIAL, refused);
        return;
    }
    auto_free char *error =
        xasprintf("%jd of %jd firmwares failed%s%s%s%s", (intmax_t)counts->failed,
                  (intmax_t)counts->listed, one->first_error[0] ? "; the first: " : "",
                  one->first_error, refused[0] ? "; " : "", refused);
    end_run(exports, one, ERR_PARTIAL, error);
}

/* A full disk is told to a person, who makes room; everything else may be of this run alone. */
static void wait_for_room(struct exports *exports, struct exports_one *one, const struct err *err)
{
    one->retry_at_ms = clock_wall_ms() + LOCAL_RETRY_MS;
    exports_note_disk(exports, true);
    room_lacks(flow_of(exports), err);
}

/*
 * Trouble of the list or the index: again in a while, until it is the run's own. Whether a
 * refused token or the platform was the reason the gate finds out meanwhile: it is closed then.
 */
static void retry_phase(struct exports *exports, struct exports_one *one, const struct err *err)
{
    const struct flow_settings *settings = &flow_of(exports)->settings;
    enum err_action action = err_kind_action(err->kind);
    bool passes = action == ACTION_RETRY || action == ACTION_DOUBT || action == ACTION_PARK ||
                  action == ACTION_WAIT;

    if (action == ACTION_NONE) {
        one->retry_at_ms = 0;
        return;
    }
    if (err->kind == ERR_DISK_FULL) {
        wait_for_room(exports, one, err);
        return;
    }
    if (passes && ++one->failures < LIST_TRIES) {
        log_warn("export_waits", F_TEXT("job", one->plan.name), F_TEXT("reason", err->message));
        one->retry_at_ms =
            clock_wall_ms() + backoff_ms(&settings->retry, one->failures - 1, backoff_random(), -1);
        return;
    }
    end_run(exports, one, err->kind, err->message);
}

/* ---- list ---- */

static void on_listed(void *owner, const struct export_listing *listing, const struct err *err)
{
    struct exports *exports = owner;
    struct exports_one *one = exports->current;

    if (!one)
        return;
    if (err) {
        retry_phase(exports, one, err);
        return;
    }
    one->is_unsure = true;
    one->losses = listing->losses;
    one->row.counts.listed = listing->listed;
    one->row.counts.not_ready = listing->not_ready;
    one->row.counts.vanished = listing->vanished;
    snprintf(one->row.error, sizeof one->row.error, "%s", listing->refused);
    enter(exports, one, EXPORT_FETCH);
}

static void list(struct exports *exports, struct exports_one *one)
{
    if (flow_has_batch(flow_of(exports), EXPORT_LIST_BATCH))
        return;
    export_list_start(flow_of(exports), &one->plan, one->row.run_marks_all, on_listed, exports);
}

/* ---- fetch ---- */

/* What will be looked at again counts then; a revision is written once. */
static void add_tally(struct export_counts *counts, const struct export_result *result)
{
    counts->written += result->tally.written;
    if (result->end == EXPORT_AGAIN)
        return;
    counts->unchanged += result->tally.unchanged;
    counts->quarantined += result->tally.quarantined;
}

static void on_fetched(void *owner, const struct export_result *result)
{
    struct exports *exports = owner;
    struct exports_one *one = exports->current;

    if (!one)
        return;
    struct export_counts *counts = &one->row.counts;
    add_tally(counts, result);
    if (result->tally.written > 0)
        exports_note_disk(exports, false);
    switch (result->end) {
    case EXPORT_AGAIN:
        exports_note_disk(exports, result->is_disk_full);
        return;
    case EXPORT_FETCHED:
        counts->fetched++;
        break;
    case EXPORT_SKIPPED:
        counts->listed--;
        break;
    case EXPORT_NOT_READY:
        counts->fetched++;
        counts->not_ready++;
        break;
    case EXPORT_FAILED:
        counts->failed++;
        if (one->first_error[0] == '\0')
            snprintf(one->first_error, sizeof one->first_error, "%s", result->error);
        break;
    }
    exports_mark_dirty(exports, one);
}

/* Those that are worked on already are due as well: as many more are asked for. */
static void fetch_more(struct exports *exports, struct exports_one *one, int64_t slots,
                       struct err *err)
{
    struct flow *flow = flow_of(exports);
    struct export_work work[PICK_MAX];
    int64_t active = flow_count_batches(flow, EXPORT_BATCH);
    struct export_batch due = {.work = work, .max = (size_t)(slots + active)};

    if (slots <= 0)
        return;
    if (due.max > PICK_MAX)
        due.max = PICK_MAX;
    if (!export_work_due(flow->db, one->plan.name, clock_wall_ms(), &due, err))
        return;
    for (size_t i = 0; i < due.count && slots > 0; i++) {
        if (flow_has_firmware(flow, work[i].firmware_id))
            continue;
        if (!export_flow_start(flow, &one->plan, &work[i], on_fetched, exports, err))
            return;
        slots--;
    }
}

static void fetch(struct exports *exports, struct exports_one *one, int64_t slots)
{
    struct flow *flow = flow_of(exports);
    struct err err = {.kind = ERR_OK};
    int64_t next_due_at = INT64_MAX;
    int64_t left = 0;

    fetch_more(exports, one, slots, &err);
    if (has_trouble(&err) ||
        (!(export_work_left(flow->db, one->plan.name, &left, &err) &&
           export_work_next(flow->db, one->plan.name, clock_wall_ms(), &next_due_at, &err)) &&
         has_trouble(&err)))
        return;
    one->retry_at_ms = next_due_at == INT64_MAX ? 0 : next_due_at;
    if (left == 0 && !flow_has_batch(flow, EXPORT_BATCH))
        enter(exports, one, EXPORT_PLACE);
}

/* ---- place ---- */

static void on_swept(void *owner, int64_t missing, const struct err *err)
{
    struct exports *exports = owner;
    struct exports_one *one = exports->current;

    if (!one)
        return;
    if (err) {
        retry_phase(exports, one, err);
        return;
    }
    one->is_swept = true;
    one->row.counts.restored += missing;
    exports_mark_dirty(exports, one);
}

/* What is missing is in its place before the index says that it is. */
static void place(struct exports *exports, struct exports_one *one)
{
    struct flow *flow = flow_of(exports);

    if (flow_has_batch(flow, EXPORT_SWEEP_BATCH))
        return;
    if (!one->is_swept)
        export_sweep_start(flow, on_swept, exports);
    else if (!exports_are_placing(exports))
        enter(exports, one, EXPORT_INDEX);
}

/* ---- index ---- */

static void on_indexed(void *owner, const struct err *err)
{
    struct exports *exports = owner;
    struct exports_one *one = exports->current;

    if (!one)
        return;
    if (err)
        retry_phase(exports, one, err);
    else
        finish(exports, one);
}

static void write_index(struct exports *exports)
{
    if (!flow_has_batch(flow_of(exports), EXPORT_INDEX_BATCH))
        export_index_flow_start(flow_of(exports), on_indexed, exports);
}

void exports_list_again(struct exports *exports, struct exports_one *one)
{
    log_warn("export_lists_again", F_TEXT("job", one->plan.name),
             F_TEXT("reason", "the ledger could not be written when the list came"));
    enter(exports, one, EXPORT_LIST);
}

void exports_begin(struct exports *exports, struct exports_one *one, int64_t slot)
{
    one->row.counts = (struct export_counts){0};
    one->row.error[0] = '\0';
    one->first_error[0] = '\0';
    one->row.run_slot = slot;
    one->row.run_started_at = one->row.last_attempt_at = clock_wall_ms();
    if (slot != 0)
        one->row.last_slot = slot;
    enter(exports, one, EXPORT_LIST);
    log_info("export_began", F_TEXT("job", one->plan.name),
             F_TEXT("reason", slot == 0 ? "asked for" : "due"));
}

void exports_work(struct exports *exports, struct exports_one *one, int64_t slots)
{
    if (one->retry_at_ms > clock_wall_ms() && one->row.phase != EXPORT_FETCH)
        return;
    switch (one->row.phase) {
    case EXPORT_IDLE:
        return;
    case EXPORT_LIST:
        list(exports, one);
        return;
    case EXPORT_FETCH:
        fetch(exports, one, slots);
        return;
    case EXPORT_PLACE:
        place(exports, one);
        return;
    case EXPORT_INDEX:
        write_index(exports);
        return;
    }
}
