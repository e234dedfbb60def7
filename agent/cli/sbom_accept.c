/*
 * sbom_accept.c - sbom accept: a person lets a document out of the quarantine.
 *
 * The decision is the ledger's, committed before it is told. Its file is then put in place: by
 * the agent where one runs, else here.
 */
#include <stdint.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/author.h"
#include "cli/command.h"
#include "cli/row.h"
#include "cli/session.h"
#include "cli/state.h"
#include "control/answer.h"
#include "flow/place_flow.h"
#include "onekey/field.h"
#include "run/setup.h"
#include "store/ledger.h"

static void auto_ledger_fn(struct ledger **ledger)
{
    ledger_close(*ledger);
}

#define auto_ledger __attribute__((cleanup(auto_ledger_fn)))

static bool keep_row(void *owner, json_t *row, struct err *err)
{
    json_t **kept = owner;

    (void)err;
    json_decref(*kept);
    *kept = json_incref(row);
    return true;
}

static bool place_in(struct db *db, const struct config *config, const json_t *row, struct err *err)
{
    auto_free struct sbom_row *sbom = xcalloc(1, sizeof *sbom);
    struct flow_settings settings;
    struct setup_sboms sboms;
    const struct sbom_key key = {
        .firmware_id = row_string(row, "firmware_id"),
        .format = row_string(row, "format"),
        .revision = row_number(row, "revision"),
    };
    bool found;

    if (!sbom_find(db, &key, sbom, &found, err))
        return false;
    if (!found || !sbom->is_unplaced) /* an agent came in between */
        return true;
    if (!setup_flow(config, &settings, &sboms, err))
        return false;
    bool ok = place_now(db, &settings, sbom, err) && db_commit(db, err);
    setup_sboms_release(&sboms);
    return ok;
}

/* The decision is made: what fails now is told, and made up for by whoever comes next. */
static bool place(struct session *session, const json_t *row, struct err *err)
{
    const struct config *config = session->settings.config;
    auto_ledger struct ledger *ledger =
        ledger_open_brief(config->state_dir, session->args.lock_wait_ms, err);

    return (ledger && place_in(ledger_db(ledger), config, row, err)) ||
           err_wrap(err, "the document is accepted, but its file is not written yet (the next "
                         "export or agent does it)");
}

static void tell(struct session *session, json_t *row)
{
    const char *text = row_string(row, "text");

    if (session->args.json) {
        out_json(&session->out, row);
    } else if (text) {
        out_name(&session->out, text);
        out_print(&session->out, "\n");
    }
}

static int accept_work(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    auto_free char *author = args->by ? xstrdup(args->by) : author_new(session);
    auto_json json_t *arguments = json_object();
    auto_json json_t *row = NULL;

    answer_put_path(arguments, "firmware", args->operands[0]);
    answer_put_path(arguments, "reason", args->reason);
    answer_put_path(arguments, "by", author);
    if (args->format)
        answer_put_path(arguments, "format", args->format);
    int exit_code = state_ask(session, "sbom-accept", arguments, keep_row, &row, err);
    if (exit_code != 0 || !row)
        return exit_code;
    if (!json_is_true(json_object_get(row, "daemon"))) {
        if (!place(session, row, err))
            exit_code = command_failed(err);
        else
            json_object_set_new(row, "unplaced", json_false());
    }
    tell(session, row);
    return exit_code;
}

static bool check_accept(const struct args *args, struct err *err)
{
    if (!args->reason)
        return err_set(err, ERR_USAGE, "sbom accept needs --reason TEXT: an auditor will ask why");
    return firmware_id_is_sane(args->operands[0]) ||
           err_set(err, ERR_USAGE,
                   "sbom accept: that is no firmware ID; status and sbom history "
                   "show what is in quarantine");
}

static const struct args_option options[] = {
    ARGS_OPTION("--reason", 0, ARGS_TEXT, reason, "TEXT", "why; it stands in sbom history"),
    ARGS_OPTION("--by", 0, ARGS_TEXT, by, "NAME", "who decided it; else the caller's account"),
    ARGS_OPTION("--format", 0, ARGS_TEXT, format, "NAME",
                "which one, where several are in quarantine"),
    {.name = NULL},
};

const struct command command_sbom_accept = {
    .name = "sbom accept",
    .summary = "take a quarantined document as the current one",
    .operands = "FIRMWARE_ID",
    .least = 1,
    .most = 1,
    .options = options,
    .about = "A document that lost many of its components is kept apart until somebody says that\n"
             "it is right. It becomes the next revision, and its file is replaced. What is no\n"
             "SBOM at all cannot be accepted (65).\n",
    .examples = "onekey-agent sbom accept $ID --reason 'the kernel modules were taken out'\n",
    .check = check_accept,
    .run = accept_work,
};
