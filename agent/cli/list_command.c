/*
 * list_command.c - list-firmwares and show: rows of the ledger, streamed as they come.
 */
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/item_text.h"
#include "cli/remote_list.h"
#include "cli/session.h"
#include "cli/state.h"
#include "control/answer.h"
#include "control/answer_arguments.h"

struct listing {
    struct session *session;
    void (*as_text)(struct out *out, json_t *row);
};

/* A reader that went away ends the listing; out_finish() tells. */
static bool on_row(void *owner, json_t *row, struct err *err)
{
    const struct listing *listing = owner;
    struct session *session = listing->session;

    if (session->args.json)
        out_json_row(&session->out, row);
    else
        listing->as_text(&session->out, row);
    return !out_failed(&session->out) || err_set(err, ERR_IO, "%s", "");
}

static int end_listing(struct session *session, int exit_code)
{
    /* A list that broke off must not look like a whole one. */
    if (exit_code == 0 && session->args.json)
        out_json_end(&session->out);
    return exit_code;
}

static void put_text(json_t *arguments, const char *key, const char *text)
{
    if (text)
        answer_put_path(arguments, key, text);
}

/* A time, or how long ago: "7d". */
static bool read_since(const char *text, int64_t *ms)
{
    struct err ignored;

    if (arguments_parse_time(text, ms))
        return true;
    if (!units_parse_duration(text, ms, &ignored))
        return false;
    *ms = clock_wall_ms() - *ms;
    return true;
}

static int list(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    struct listing listing = {session, item_text_line};
    auto_json json_t *arguments = json_object();
    int64_t since_ms;

    if (args->remote)
        return remote_list(session, err);
    put_text(arguments, "state", args->state);
    put_text(arguments, "watch", args->watch);
    put_text(arguments, "product", args->product);
    if (args->since && read_since(args->since, &since_ms))
        json_object_set_new(arguments, "since", json_integer(since_ms));
    if (args->limit > 0)
        json_object_set_new(arguments, "limit", json_integer(args->limit));
    int exit_code = state_ask(session, "list-firmwares", arguments, on_row, &listing, err);
    if (exit_code == 0 && session->out.rows == 0)
        session_notice(session, "nothing is known that fits");
    return end_listing(session, exit_code);
}

static bool check_list(const struct args *args, struct err *err)
{
    int64_t ms;
    bool has_filter = args->state || args->watch || args->product || args->since || args->limit > 0;

    if (args->remote && has_filter) {
        return err_set(err, ERR_USAGE,
                       "option --remote lists all that the platform has: --state, --watch, "
                       "--product, --since and --limit choose from the ledger");
    }
    return !args->since || read_since(args->since, &ms) ||
           err_set(err, ERR_USAGE,
                   "option --since: write a day (2026-11-23), a time (2026-11-23T14:44:00Z) or "
                   "how long ago (7d)");
}

static int show(struct session *session, struct err *err)
{
    struct listing listing = {session, item_text_whole};
    const char *what = session->args.operands[0];
    auto_free char *path = state_path(what, err);
    auto_json json_t *arguments = json_object();

    answer_put_path(arguments, "what", what);
    if (path)
        answer_put_path(arguments, "path", path);
    int exit_code = state_ask(session, "show", arguments, on_row, &listing, err);
    return end_listing(session, exit_code);
}

static const struct args_option list_options[] = {
    ARGS_OPTION("--state", 0, ARGS_TEXT, state, "STATE", "only in this state: failed, done, ..."),
    ARGS_OPTION("--watch", 0, ARGS_TEXT, watch, "NAME", "only of this watch"),
    ARGS_OPTION("--product", 0, ARGS_TEXT, product, "NAME", "only of this product"),
    ARGS_OPTION("--since", 0, ARGS_TEXT, since, "TIME",
                "found since: 2026-11-23, 2026-11-23T14:44:00Z, or 7d ago"),
    ARGS_OPTION("--limit", 0, ARGS_COUNT, limit, "NUMBER", "no more than so many, newest first"),
    ARGS_OPTION("--remote", 0, ARGS_FLAG, remote, NULL,
                "ask the platform instead: every firmware that the token sees"),
    {.name = NULL},
};

const struct command command_list_firmwares = {
    .name = "list-firmwares",
    .summary = "what the ledger knows, newest first",
    .options = list_options,
    .about = "Copies are listed as aliases of what was sent; --state duplicate lists them.\n"
             "With --remote the lines are ID, version, name; --json: id, name, version.\n",
    .examples = "onekey-agent list-firmwares --state failed\n"
                "onekey-agent list-firmwares --since 7d --json | jq -r '.[].firmware_id'\n"
                "onekey-agent list-firmwares --remote\n",
    .check = check_list,
    .run = list,
};

const struct command command_show = {
    .name = "show",
    .summary = "all that is known of one file, firmware or content",
    .operands = "PATH|FIRMWARE_ID|SHA256",
    .least = 1,
    .most = 1,
    .about = "Of a SHA-256 the first 8 digits do. --json prints an array: a path has a row for\n"
             "each content that was found there.\n",
    .examples = "onekey-agent show /srv/builds/router/1.2/router.bin\n"
                "onekey-agent show 3f5a9c01 --json\n",
    .run = show,
};
