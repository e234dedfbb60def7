/*
 * status_command.c - status: the agent, its pauses, its queue, what needs a person.
 */
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/row.h"
#include "cli/session.h"
#include "cli/state.h"
#include "cli/status_text.h"

static bool on_row(void *owner, json_t *row, struct err *err)
{
    struct session *session = owner;

    (void)err;
    if (session->args.json)
        out_json(&session->out, row);
    else
        status_text(&session->out, row);
    return true;
}

static int run(struct session *session, struct err *err)
{
    auto_json json_t *arguments = json_object();

    if (session->args.check)
        json_object_set_new(arguments, "check", json_true());
    return state_ask(session, "status", arguments, on_row, session, err);
}

static const struct args_option options[] = {
    ARGS_OPTION("--check", 0, ARGS_FLAG, check, NULL,
                "exit 69 (no daemon), 77 (token), 75 (paused), 3 (attention)"),
    {.name = NULL},
};

const struct command command_status = {
    .name = "status",
    .summary = "the agent, its pauses, its queue and what needs attention",
    .options = options,
    .about =
        "Works with and without a daemon. --check exits 0 when all is well, else with the first\n"
        "of these that holds: 69 no daemon runs, 77 the token is refused, 75 an operator\n"
        "paused it, 3 items failed, are held or overdue, a scheduled export failed, or an SBOM\n"
        "is in quarantine.\n",
    .examples = "onekey-agent status\n"
                "onekey-agent status --check || page-somebody\n"
                "onekey-agent status --json | jq .items\n",
    .run = run,
};
