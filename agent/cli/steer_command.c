/*
 * steer_command.c - pause, resume, rescan, retry, forget: changes, told in one line.
 */
#include "base/auto.h"
#include "cli/author.h"
#include "cli/command.h"
#include "cli/row.h"
#include "cli/session.h"
#include "cli/state.h"
#include "control/answer.h"

static bool on_row(void *owner, json_t *row, struct err *err)
{
    struct session *session = owner;
    const char *text = row_string(row, "text");

    (void)err;
    if (session->args.json) {
        out_json(&session->out, row);
    } else if (text) {
        out_name(&session->out, text);
        out_print(&session->out, "\n");
    }
    return true;
}

static int pause_work(struct session *session, struct err *err)
{
    auto_json json_t *arguments = json_object();
    auto_free char *by = author_new(session); /* it stands in status */

    answer_put_path(arguments, "reason", session->args.reason);
    answer_put_path(arguments, "by", by);
    return state_change(session, "pause", arguments, on_row, session, err);
}

static int resume(struct session *session, struct err *err)
{
    return state_ask(session, "resume", NULL, on_row, session, err);
}

static int rescan(struct session *session, struct err *err)
{
    return state_ask(session, "rescan", NULL, on_row, session, err);
}

static int steer_path(struct session *session, const char *command, json_t *arguments,
                      struct err *err)
{
    if (session->args.operand_count > 0) {
        auto_free char *path = state_path(session->args.operands[0], err);

        if (!path)
            return command_failed(err);
        answer_put_path(arguments, "path", path);
    }
    return state_ask(session, command, arguments, on_row, session, err);
}

static int retry(struct session *session, struct err *err)
{
    auto_json json_t *arguments = json_object();

    if (session->args.failed)
        json_object_set_new(arguments, "failed", json_true());
    if (session->args.assume)
        answer_put_path(arguments, "assume", session->args.assume);
    return steer_path(session, "retry", arguments, err);
}

static int forget(struct session *session, struct err *err)
{
    auto_json json_t *arguments = json_object();

    return steer_path(session, "forget", arguments, err);
}

static bool check_pause(const struct args *args, struct err *err)
{
    return args->reason ||
           err_set(err, ERR_USAGE, "pause needs --reason TEXT: who finds it must know why");
}

static bool check_retry(const struct args *args, struct err *err)
{
    if (args->failed == (args->operand_count > 0))
        return err_set(err, ERR_USAGE, "retry needs either a PATH or --failed");
    return !args->assume || !args->failed ||
           err_set(err, ERR_USAGE, "--assume decides one PATH, not all that failed");
}

static const struct args_option pause_options[] = {
    ARGS_OPTION("--reason", 0, ARGS_TEXT, reason, "TEXT", "why; it stands in status"),
    {.name = NULL},
};

const struct command command_pause = {
    .name = "pause",
    .summary = "send nothing more until resume, also over restarts",
    .options = pause_options,
    .about = "Transfers under way may end; watching, settling and hashing go on.\n",
    .examples = "onekey-agent pause --reason 'line to the platform is being repaired'\n",
    .check = check_pause,
    .run = pause_work,
};

const struct command command_resume = {
    .name = "resume",
    .summary = "lift the operator's pause, and try the token at once",
    .about = "A pause because of the token ends by itself when a token works.\n",
    .examples = "onekey-agent resume\n",
    .run = resume,
};

const struct command command_rescan = {
    .name = "rescan",
    .summary = "let the daemon scan every watch now",
    .examples = "onekey-agent rescan\n",
    .run = rescan,
};

static const struct args_option retry_options[] = {
    ARGS_OPTION("--failed", 0, ARGS_FLAG, failed, NULL, "all that failed"),
    ARGS_OPTION("--assume", 0, ARGS_TEXT, assume, "missing|FIRMWARE_ID",
                "decide an unconfirmed upload: it is not there, or it is that one"),
    {.name = NULL},
};

const struct command command_retry = {
    .name = "retry",
    .summary = "begin anew with what failed, is held or waits",
    .operands = "PATH",
    .most = 1,
    .options = retry_options,
    .examples = "onekey-agent retry --failed\n"
                "onekey-agent retry /srv/builds/router.bin --assume missing\n",
    .check = check_retry,
    .run = retry,
};

const struct command command_forget = {
    .name = "forget",
    .summary = "take a file off the list",
    .operands = "PATH",
    .least = 1,
    .most = 1,
    .about = "What has a firmware ID stays known by its content: it is not sent again. A file\n"
             "that is still in a watched folder is found again; exclude it there.\n",
    .examples = "onekey-agent forget /srv/builds/broken.bin\n",
    .run = forget,
};
