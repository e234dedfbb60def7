/*
 * answer_steer.c - pause, resume, rescan, retry, forget: steer.c's changes, told as rows.
 *
 * The agent hears of a change only after it is committed, and so does the person: what
 * was told as done survives a power cut.
 */
#include "base/auto.h"
#include "base/mem.h"
#include "control/answer_json.h"
#include "control/answer_parts.h"

static struct steer steer_of(const struct answer *answer)
{
    return (struct steer){
        .db = answer->context.db,
        .live = answer->context.live,
        .now_ms = answer_now(answer),
    };
}

static void kick(const struct answer *answer, enum live_kick what)
{
    const struct live *live = answer->context.live;

    if (live)
        live->kick(live->owner, what);
}

static json_t *result_row(const struct steer_result *result)
{
    json_t *row = json_object();

    answer_json_put(row, "changed", json_integer(result->changed));
    answer_json_put_text(row, "text", result->text);
    return row;
}

static bool pause_start(struct answer *answer, struct err *err)
{
    return arguments_text(answer->arguments, "reason") ||
           err_set(err, ERR_USAGE, "a reason is missing: --reason TEXT");
}

static bool pause_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    const struct steer steer = steer_of(answer);
    const char *by = arguments_text(answer->arguments, "by");

    if (!steer_pause(&steer, arguments_text(answer->arguments, "reason"), by ? by : "unknown",
                     &answer->result, err))
        return false;
    kick(answer, LIVE_KICK_PAUSES);
    *row = result_row(&answer->result);
    *over = true;
    return true;
}

static bool resume_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    const struct steer steer = steer_of(answer);

    if (!steer_resume(&steer, &answer->result, err))
        return false;
    kick(answer, LIVE_KICK_PAUSES);
    *row = result_row(&answer->result);
    *over = true;
    return true;
}

static bool rescan_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    const struct steer_result result = {.text = "every watch is scanned now"};

    if (!answer->context.live)
        return err_set(err, ERR_NOT_YET,
                       "rescan: no daemon runs; it scans when it starts, and `once` scans too");
    kick(answer, LIVE_KICK_RESCAN);
    *row = result_row(&result);
    *over = true;
    return true;
}

static bool retry_start(struct answer *answer, struct err *err)
{
    bool failed = arguments_flag(answer->arguments, "failed");

    answer->path = arguments_path_new(answer->arguments, "path");
    if (failed == (answer->path != NULL))
        return err_set(err, ERR_USAGE, "either a path or --failed is needed");
    if (failed && arguments_text(answer->arguments, "assume"))
        return err_set(err, ERR_USAGE, "--assume decides one path, not all that failed");
    return true;
}

static bool retry_step(struct answer *answer, const struct steer *steer, bool *over,
                       struct err *err)
{
    if (!answer->path)
        return steer_retry_failed(steer, &answer->scan, &answer->result, over, err);
    *over = true;
    return steer_retry(steer, answer->path, arguments_text(answer->arguments, "assume"),
                       &answer->result, err);
}

static bool retry_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    const struct steer steer = steer_of(answer);
    int64_t before = answer->result.changed;

    if (!retry_step(answer, &steer, over, err))
        return false;
    if (answer->result.changed > before)
        kick(answer, LIVE_KICK_ITEMS);
    *row = *over ? result_row(&answer->result) : NULL;
    return true;
}

static bool forget_start(struct answer *answer, struct err *err)
{
    answer->path = arguments_path_new(answer->arguments, "path");
    return answer->path || err_set(err, ERR_USAGE, "a path is missing");
}

static bool forget_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    const struct steer steer = steer_of(answer);

    if (!steer_forget(&steer, answer->path, &answer->scan, &answer->result, over, err))
        return false;
    /* Copies of what was forgotten may have become due. */
    if (*over)
        kick(answer, LIVE_KICK_ITEMS);
    *row = *over ? result_row(&answer->result) : NULL;
    return true;
}

static const struct argument pause_arguments[] = {
    {"reason", ARGUMENT_TEXT},
    {"by", ARGUMENT_TEXT},
    {NULL, ARGUMENT_TEXT},
};
static const struct argument no_arguments[] = {{NULL, ARGUMENT_TEXT}};
static const struct argument retry_arguments[] = {
    {"path", ARGUMENT_PATH},
    {"failed", ARGUMENT_FLAG},
    {"assume", ARGUMENT_TEXT},
    {NULL, ARGUMENT_TEXT},
};
static const struct argument forget_arguments[] = {
    {"path", ARGUMENT_PATH},
    {NULL, ARGUMENT_TEXT},
};

const struct answer_kind answer_pause = {
    .command = "pause",
    .arguments = pause_arguments,
    .changes = true,
    .start = pause_start,
    .work = pause_work,
};
const struct answer_kind answer_resume = {
    .command = "resume",
    .arguments = no_arguments,
    .changes = true,
    .work = resume_work,
};
const struct answer_kind answer_rescan = {
    .command = "rescan",
    .arguments = no_arguments,
    .work = rescan_work,
};
const struct answer_kind answer_retry = {
    .command = "retry",
    .arguments = retry_arguments,
    .changes = true,
    .start = retry_start,
    .work = retry_work,
};
const struct answer_kind answer_forget = {
    .command = "forget",
    .arguments = forget_arguments,
    .changes = true,
    .start = forget_start,
    .work = forget_work,
};
