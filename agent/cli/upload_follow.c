#include "cli/upload_follow.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "cli/held_up.h"
#include "cli/row.h"
#include "control/answer.h"
#include "control/answer_json.h"
#include "control/control_client.h"
#include "store/item.h"

enum {
    LOOK_MS = 200,
    SLOW_LOOK_MS = 1000, /* once it only waits for the platform */
    EXIT_BUSY = 75,
};

struct following {
    const struct upload_follow *want;
    int64_t id;
    bool told;
    bool broke;          /* the agent went away while it was asked */
    bool sent;           /* deadline_ms is that of its analysis */
    int64_t deadline_ms; /* steady; 0: none yet */
    struct held_up held;
    json_t *row; /* the last answer */
};

static void sleep_ms(int64_t ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};

    nanosleep(&time, NULL);
}

static bool keep_row(void *owner, json_t *row, struct err *err)
{
    json_t **kept = owner;

    (void)err;
    json_decref(*kept);
    *kept = json_incref(row);
    return true;
}

/* ---- handing over ---- */

static void put(json_t *arguments, const char *key, const char *text)
{
    if (text)
        answer_json_put_text(arguments, key, text);
}

static json_t *arguments_of(const struct upload_follow *want)
{
    const struct handed_file *file = want->file;
    json_t *arguments = json_object();

    put(arguments, "tenant", want->tenant);
    put(arguments, "api_url", want->api_url);
    answer_put_path(arguments, "path", file->path);
    if (file->sbom_path)
        answer_put_path(arguments, "sbom", file->sbom_path);
    put(arguments, "vendor", file->vendor);
    put(arguments, "product", file->product);
    put(arguments, "name", file->name);
    put(arguments, "version", file->version);
    put(arguments, "category", file->category);
    put(arguments, "group", file->group);
    put(arguments, "configuration", file->configuration);
    put(arguments, "release_date", file->release_date);
    put(arguments, "notes", file->notes);
    answer_json_put(arguments, "monitoring", json_boolean(file->monitoring));
    answer_json_put(arguments, "force", json_boolean(file->force));
    answer_json_put(arguments, "sbom_only", json_boolean(file->sbom_only));
    return arguments;
}

struct asking {
    const char *command;
    json_t *arguments;
    const int *files;
    size_t file_count;
    struct control_end end;
};

static enum control_outcome ask(const struct following *following, struct asking *asking,
                                json_t **row, struct err *err)
{
    const struct control_request request = {
        .command = asking->command,
        .arguments = asking->arguments,
        .state_dir = following->want->state_dir,
        .files = asking->files,
        .file_count = asking->file_count,
    };

    return control_client_ask(&request, keep_row, row, &asking->end, err);
}

static enum control_outcome hand_over_once(struct following *following, int *exit, struct err *err)
{
    const struct handed_file *file = following->want->file;
    auto_json json_t *arguments = arguments_of(following->want);
    auto_json json_t *row = NULL;
    const int files[] = {file->fd, file->sbom_fd};
    struct asking asking = {.command = "upload",
                            .arguments = arguments,
                            .files = files,
                            .file_count = file->sbom_fd >= 0 ? 2 : 1};
    enum control_outcome outcome = ask(following, &asking, &row, err);

    following->broke = asking.end.broke;
    if (outcome != CONTROL_ANSWERED)
        return outcome;
    *exit = asking.end.exit;
    if (*exit != 0)
        err_set(err, err_kind_of_exit(*exit), "%s", asking.end.error);
    following->id = json_integer_value(json_object_get(row, "id"));
    return CONTROL_ANSWERED;
}

/* Its turn comes when others are through: that is a wait as for an analysis. */
static bool is_too_long(const struct upload_follow *want, int64_t waited_ms)
{
    return want->wait_timeout_ms > 0 && waited_ms >= want->wait_timeout_ms;
}

/* An agent with its hands full, or which ends just now, is asked again for a while. */
static enum upload_followed hand_over(struct following *following, struct err *err)
{
    int64_t began_ms = clock_steady_ms();
    int exit = 0;

    for (;;) {
        *err = (struct err){.kind = ERR_OK};
        switch (hand_over_once(following, &exit, err)) {
        case CONTROL_NO_DAEMON:
            return UPLOAD_NO_AGENT;
        case CONTROL_FAILED:
            /* Whether it took the file or not: the same bytes are known again. */
            sleep_ms(following->broke ? LOOK_MS : 0);
            return following->broke ? UPLOAD_AGAIN : UPLOAD_ENDED;
        case CONTROL_ANSWERED:
            break;
        }
        if (exit != EXIT_BUSY || is_too_long(following->want, clock_steady_ms() - began_ms))
            return UPLOAD_ENDED;
        sleep_ms(LOOK_MS);
    }
}

/* ---- how far it is ---- */

static const char *text(const struct following *following, const char *key)
{
    return row_string(following->row, key);
}

static int64_t number(const struct following *following, const char *key)
{
    return json_integer_value(json_object_get(following->row, key));
}

static enum item_state state_of(const struct following *following)
{
    enum item_state state = ITEM_PENDING;
    const char *name = text(following, "state");

    if (name)
        (void)item_state_of_name(name, &state);
    return state;
}

static void show_progress(const struct following *following)
{
    const struct agent_progress *progress = following->want->progress;
    int64_t done = number(following, "bytes_done");
    int64_t total = number(following, "bytes_total");
    struct agent_totals totals = {
        .uploads = following->told,
        .rate = number(following, "rate"),
        .upload_bytes = following->told ? number(following, "size") : done,
        .waiting_bytes = following->told ? 0 : number(following, "size") - done,
    };

    if (!progress)
        return;
    totals.counts[state_of(following)] = 1;
    if (total > 0) {
        totals.transfer_count = 1;
        totals.transfers[0] = (struct live_transfer){.path = following->want->file->path,
                                                     .direction = following->told ? "down" : "up",
                                                     .bytes_done = done,
                                                     .bytes_total = total,
                                                     .rate = totals.rate};
    }
    progress->update(progress->owner, &totals);
}

static void tell_known(struct following *following)
{
    const struct upload_follow *want = following->want;
    const char *firmware_id = text(following, "firmware_id");

    if (!firmware_id || following->told)
        return;
    following->told = true;
    want->known(want->owner, firmware_id, text(following, "other"));
}

/* Its reason gives the exit code, as it would here. */
static bool end_with_reason(const struct following *following, struct err *err)
{
    const char *reason = text(following, "error");

    return err_set(err, err_kind_of_exit((int)number(following, "exit")), "%s",
                   reason ? reason : "the agent gives no reason");
}

static bool is_held_up(struct following *following, struct err *err)
{
    return held_up_look(&following->held, text(following, "closed"),
                        (int)number(following, "closed_exit"),
                        "the agent keeps the file and sends it when it can", err);
}

/* As the command by itself: what waits is bounded, what moves is not. */
static int64_t left_ms(struct following *following)
{
    int64_t now_ms = clock_steady_ms();
    bool is_sent = text(following, "firmware_id") != NULL;

    if (following->deadline_ms == 0 || state_of(following) == ITEM_UPLOADING ||
        is_sent != following->sent) {
        following->sent = is_sent;
        if (__builtin_add_overflow(now_ms, following->want->wait_timeout_ms,
                                   &following->deadline_ms))
            following->deadline_ms = INT64_MAX; /* nobody lives to see it */
    }
    return following->deadline_ms - now_ms;
}

static bool is_late(struct following *following, struct err *err)
{
    const char *error = text(following, "error");

    if (following->want->wait_timeout_ms == 0 || left_ms(following) > 0)
        return false;
    if (following->sent) {
        return !err_set(err, ERR_DEADLINE,
                        "the deadline came before the analysis ended; the agent goes on with it: "
                        "onekey-agent ci-result --firmware-id %s",
                        text(following, "firmware_id"));
    }
    return !err_set(err, ERR_DEADLINE,
                    "the deadline came before the agent had sent it (%.300s); it keeps the file "
                    "and sends it when it can",
                    error ? error : text(following, "state"));
}

/* With its files, that is: one that changed meanwhile has another kind. */
static bool is_gone(const struct following *following)
{
    const char *kind = text(following, "error_kind");

    return kind && strcmp(kind, err_kind_name(ERR_GONE)) == 0;
}

/* True when there is no more to wait for. *outcome as upload_follow() returns it. */
static bool is_over(struct following *following, enum upload_followed *outcome, struct err *err)
{
    enum item_state state = state_of(following);

    *outcome = UPLOAD_ENDED;
    if (following->told && (!following->want->wait || state == ITEM_DONE))
        return true;
    if (state == ITEM_FAILED || state == ITEM_HELD ||
        json_is_true(json_object_get(following->row, "needs_person")))
        return !end_with_reason(following, err);
    if (state == ITEM_GONE) {
        /* Restarted, it has the row but no longer the file. */
        *outcome = is_gone(following) ? UPLOAD_AGAIN : UPLOAD_ENDED;
        return !end_with_reason(following, err);
    }
    return is_held_up(following, err) || is_late(following, err);
}

/* False: it cannot be asked any more, or does not know the item. */
static bool look(struct following *following, struct err *err)
{
    auto_json json_t *arguments = json_object();
    struct asking asking = {.command = "handed", .arguments = arguments};

    answer_json_put(arguments, "id", json_integer(following->id));
    return ask(following, &asking, &following->row, err) == CONTROL_ANSWERED &&
           asking.end.exit == 0;
}

static enum upload_followed follow(struct following *following, struct err *err)
{
    enum upload_followed outcome;

    for (;;) {
        *err = (struct err){.kind = ERR_OK};
        if (!look(following, err))
            return UPLOAD_AGAIN;
        tell_known(following);
        show_progress(following);
        if (is_over(following, &outcome, err))
            return outcome;
        sleep_ms(following->told ? SLOW_LOOK_MS : LOOK_MS);
    }
}

enum upload_followed upload_follow(const struct upload_follow *want, json_t **item, struct err *err)
{
    struct following following = {.want = want};
    enum upload_followed outcome = hand_over(&following, err);

    *item = NULL;
    if (outcome == UPLOAD_ENDED && err->kind == ERR_OK)
        outcome = follow(&following, err);
    if (following.row)
        *item = json_incref(json_object_get(following.row, "item"));
    json_decref(following.row);
    return outcome;
}
