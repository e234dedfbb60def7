/*
 * export_follow.c - what was asked for is recognised by what changed: an export that runs, or that
 * was begun since it was asked for. So nothing depends on how the agent names its runs, and one
 * that is over before the first look is seen all the same.
 */
#include "cli/export_follow.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "cli/held_up.h"
#include "cli/row.h"
#include "control/answer.h"
#include "control/answer_json.h"
#include "control/control_client.h"

enum { LOOK_MS = 500 };

struct following {
    const struct export_follow *want;
    sigset_t signals;
    json_t *before; /* when each export was begun last, before it was asked for, by its name */
    json_t *rows;   /* of the last look: those that are followed */
    bool runs;      /* one of these */
    struct held_up held;
};

/* ---- signals ---- */

/*
 * They are taken while the command waits and not by a handler, so that it can say what becomes
 * of the export. What the caller wanted ignored stays ignored.
 */
static void hold_signals(struct following *following, sigset_t *old)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    sigemptyset(&following->signals);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action;

        if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&following->signals, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &following->signals, old);
}

/* The signal that came, or 0 when the time is over. */
static int wait_ms(const struct following *following, int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    int number = sigtimedwait(&following->signals, NULL, &time);

    return number > 0 ? number : 0;
}

/* ---- asking ---- */

static bool ignore_row(void *owner, json_t *row, struct err *err)
{
    (void)owner;
    (void)row;
    (void)err;
    return true;
}

static enum control_outcome ask(struct following *following, const char *command, json_t *arguments,
                                control_row_fn *on_row, struct err *err)
{
    const struct control_request request = {
        .command = command,
        .arguments = arguments,
        .state_dir = following->want->state_dir,
    };
    struct control_end end = {0};
    enum control_outcome outcome = control_client_ask(&request, on_row, following, &end, err);

    if (outcome == CONTROL_ANSWERED && end.exit != 0) {
        err_set(err, err_kind_of_exit(end.exit), "%s", end.error);
        return CONTROL_FAILED;
    }
    return outcome;
}

static const char *attempt_of(const json_t *row)
{
    const char *attempt = row_string(row, "last_attempt");

    return attempt ? attempt : "";
}

static bool note_before(void *owner, json_t *row, struct err *err)
{
    struct following *following = owner;
    const char *name = row_string(row, "name");

    (void)err;
    if (name)
        json_object_set_new(following->before, name, json_string(attempt_of(row)));
    return true;
}

static enum control_outcome begin(struct following *following, struct err *err)
{
    const struct live_export_order *what = &following->want->what;
    auto_json json_t *arguments = json_object();
    enum control_outcome outcome = ask(following, "exports", NULL, note_before, err);

    if (outcome != CONTROL_ANSWERED)
        return outcome;
    if (what->job)
        answer_put_path(arguments, "job", what->job);
    if (what->tenant)
        answer_json_put(arguments, "tenant", json_true());
    if (what->marks_all)
        answer_json_put(arguments, "marks_all", json_true());
    return ask(following, "export-run", arguments, ignore_row, err);
}

/* ---- how far they are ---- */

static bool is_running(const json_t *row)
{
    const char *phase = row_string(row, "phase");

    return phase && strcmp(phase, "idle") != 0;
}

/* The one that was named; else what runs, or was begun since: a short one may be over already. */
static bool is_followed(const struct following *following, const json_t *row)
{
    const char *job = following->want->what.job;
    const char *name = row_string(row, "name");
    const char *before = name ? row_string(following->before, name) : NULL;

    if (!name)
        return false;
    if (job)
        return strcmp(job, name) == 0;
    return is_running(row) || strcmp(attempt_of(row), before ? before : "") != 0;
}

static bool keep_row(void *owner, json_t *row, struct err *err)
{
    struct following *following = owner;

    (void)err;
    if (!is_followed(following, row))
        return true;
    following->runs |= is_running(row);
    json_array_append(following->rows, row);
    return true;
}

static void show_progress(const struct following *following)
{
    const struct agent_progress *progress = following->want->progress;
    struct agent_totals totals = {0};
    size_t index;
    json_t *row;

    if (!progress)
        return;
    json_array_foreach(following->rows, index, row)
    {
        totals.exports.listed += row_number(row, "listed");
        totals.exports.fetched += row_number(row, "fetched");
        totals.exports.written += row_number(row, "written");
        totals.exports.restored += row_number(row, "restored");
        totals.exports.unchanged += row_number(row, "unchanged");
        totals.exports.quarantined += row_number(row, "quarantined");
        totals.exports.failed += row_number(row, "failed");
        totals.export_left += row_number(row, "left");
    }
    progress->update(progress->owner, &totals);
}

static bool is_held_up(struct following *following, struct err *err)
{
    const json_t *row = json_array_get(following->rows, 0);

    return held_up_look(&following->held, row_string(row, "closed"),
                        (int)row_number(row, "closed_exit"),
                        "the agent goes on with the export when it can", err);
}

static enum export_followed follow(struct following *following, int *signal, struct err *err)
{
    for (;;) {
        json_array_clear(following->rows);
        following->runs = false;
        if (ask(following, "exports", NULL, keep_row, err) != CONTROL_ANSWERED) {
            if (err->kind == ERR_OK)
                err_set(err, ERR_IO, "the agent went away");
            err_wrap(err, "follow the export (it goes on when the agent runs again)");
            return EXPORT_ENDED;
        }
        show_progress(following);
        if (!following->runs || is_held_up(following, err))
            return EXPORT_ENDED;
        *signal = wait_ms(following, LOOK_MS);
        if (*signal != 0)
            return EXPORT_INTERRUPTED;
    }
}

enum export_followed export_follow(const struct export_follow *want, json_t **rows, int *signal,
                                   struct err *err)
{
    auto_json json_t *before = json_object();
    struct following following = {.want = want, .before = before, .rows = json_array()};
    enum export_followed outcome = EXPORT_ENDED;
    sigset_t old;

    *rows = following.rows;
    hold_signals(&following, &old);
    switch (begin(&following, err)) {
    case CONTROL_NO_DAEMON:
        outcome = EXPORT_NO_AGENT;
        break;
    case CONTROL_FAILED:
        break;
    case CONTROL_ANSWERED:
        outcome = follow(&following, signal, err);
        break;
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    return outcome;
}
