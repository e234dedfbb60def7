/*
 * sbom_export.c - sbom export: exports now, by the agent that runs or by this command itself.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cli/command.h"
#include "cli/export_follow.h"
#include "cli/progress.h"
#include "cli/row.h"
#include "cli/session.h"
#include "cli/show_progress.h"
#include "cli/token_source.h"
#include "control/answer_export.h"
#include "run/agent.h"

enum { EXIT_SIGNAL = 128 };

struct exporting {
    struct session *session;
    struct live_export_order what;
    json_t *rows; /* as "exports" tells of those that ran */
};

/* ---- what came of it ---- */

static void put_count(struct out *out, const json_t *row, const char *key, const char *text)
{
    int64_t count = row_number(row, key);

    if (count > 0)
        out_print(out, ", %jd %s", (intmax_t)count, text);
}

/* "nightly: 5000 firmwares, 12 written, 4988 unchanged, 0 failed" */
static void write_line(struct out *out, const json_t *row)
{
    const char *name = row_string(row, "name");
    const char *phase = row_string(row, "phase");
    int64_t listed = row_number(row, "listed");

    out_name(out, name ? name : "-");
    out_print(out, ": %jd firmware%s, %jd written", (intmax_t)listed, listed == 1 ? "" : "s",
              (intmax_t)row_number(row, "written"));
    put_count(out, row, "restored", "put back");
    out_print(out, ", %jd unchanged", (intmax_t)row_number(row, "unchanged"));
    put_count(out, row, "not_ready", "without an SBOM yet");
    put_count(out, row, "quarantined", "in quarantine");
    put_count(out, row, "vanished", "marked as vanished");
    out_print(out, ", %jd failed", (intmax_t)row_number(row, "failed"));
    if (phase && strcmp(phase, "idle") != 0)
        put_count(out, row, "left", "left");
    out_print(out, "\n");
}

static void tell(const struct exporting *exporting)
{
    struct out *out = &exporting->session->out;
    size_t index;
    json_t *row;

    if (exporting->session->args.json) {
        auto_json json_t *document = json_pack("{s:O}", "exports", exporting->rows);

        out_json(out, document);
        return;
    }
    json_array_foreach(exporting->rows, index, row)
    {
        write_line(out, row);
    }
}

/* Why a run did not go well is said on stderr: of several the first. */
static void note_errors(const struct exporting *exporting, struct err *err)
{
    int64_t failed = 0;
    int64_t quarantined = 0;
    size_t index;
    json_t *row;

    json_array_foreach(exporting->rows, index, row)
    {
        const char *error = row_string(row, "error");

        failed += row_number(row, "failed");
        quarantined += row_number(row, "quarantined");
        if (error && *error && err->kind == ERR_OK)
            err_set(err, ERR_PARTIAL, "export %s: %s", row_string(row, "name"), error);
    }
    if (err->kind == ERR_OK && failed + quarantined > 0) {
        err_set(err, ERR_PARTIAL,
                "%jd firmware%s failed, %jd document%s went into quarantine: onekey-agent status "
                "tells which",
                (intmax_t)failed, failed == 1 ? "" : "s", (intmax_t)quarantined,
                quarantined == 1 ? "" : "s");
    }
}

static int judge(const struct exporting *exporting, int exit_code, struct err *err)
{
    if (exit_code != 0)
        return exit_code;
    note_errors(exporting, err);
    return err->kind == ERR_OK ? 0 : command_failed(err);
}

/* ---- by an agent ---- */

static bool by_agent(struct exporting *exporting, int *exit_code, struct err *err)
{
    struct session *session = exporting->session;
    struct progress *progress = show_progress_start(session, false);
    const struct agent_progress hooks = {.update = progress_update, .owner = progress};
    const struct export_follow want = {
        .what = exporting->what,
        .state_dir = session->settings.config->state_dir,
        .progress = progress ? &hooks : NULL,
    };
    int signal = 0;
    enum export_followed outcome = export_follow(&want, &exporting->rows, &signal, err);

    show_progress_end(progress);
    switch (outcome) {
    case EXPORT_NO_AGENT:
        return false;
    case EXPORT_INTERRUPTED:
        session_notice(session, "the agent goes on with the export; onekey-agent status tells how "
                                "far it is");
        *exit_code = EXIT_SIGNAL + signal;
        break;
    case EXPORT_ENDED:
        *exit_code = err->kind == ERR_OK ? 0 : command_failed(err);
        break;
    }
    return true;
}

/* ---- by itself ---- */

static void on_ran(void *owner, const struct export_job *job)
{
    struct exporting *exporting = owner;

    json_array_append_new(exporting->rows, answer_export_row(job));
}

static bool has_job(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->export_count; i++) {
        if (strcmp(config->exports[i].name, name) == 0)
            return true;
    }
    return false;
}

/* As a daemon says it, which has a configuration of its own. */
static bool check_job(const struct exporting *exporting, struct err *err)
{
    const struct config *config = exporting->session->settings.config;
    const char *job = exporting->what.job;
    auto_free char *shown = printable_new(job ? job : "");

    if (exporting->what.tenant)
        return true;
    if (config->export_count == 0) {
        return err_set(err, ERR_CONFIG,
                       "no export is configured: write one under `export`, or use --all for every "
                       "firmware that the token sees");
    }
    if (!job || has_job(config, job))
        return true;
    return err_set(err, ERR_INPUT,
                   "no export is called %.100s: config show lists those that are configured",
                   shown);
}

static int by_itself(struct exporting *exporting, struct err *err)
{
    struct session *session = exporting->session;
    const struct agent_order order = {.what = exporting->what, .ran = on_ran, .owner = exporting};

    if (!check_job(exporting, err))
        return command_failed(err);
    struct progress *progress = show_progress_start(session, false);
    const struct agent_progress hooks = {.update = progress_update, .owner = progress};
    const struct agent_options options = {
        .config = session->settings.config,
        .environment = session->environment,
        .token = token_source(session),
        .lock_wait_ms = session->args.lock_wait_ms,
        .once = true,
        .order = &order,
        .progress = progress ? &hooks : NULL,
    };
    int exit_code = agent_run(&options, err);
    show_progress_end(progress);
    return exit_code;
}

/* ---- the command ---- */

static int export_work(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    struct exporting exporting = {
        .session = session,
        .what = {.job = args->job, .tenant = args->all, .marks_all = args->allow_vanished},
    };
    int exit_code = 0;

    if (!session_config(session, err))
        return command_failed(err);
    if (!by_agent(&exporting, &exit_code, err)) {
        *err = (struct err){.kind = ERR_OK};
        exit_code = by_itself(&exporting, err);
    }
    /* Also after a failure: what was done is done. */
    if (exit_code < EXIT_SIGNAL && (exit_code == 0 || json_array_size(exporting.rows) > 0))
        tell(&exporting);
    exit_code = judge(&exporting, exit_code, err);
    json_decref(exporting.rows);
    return exit_code;
}

static bool check_export(const struct args *args, struct err *err)
{
    return !args->job || !args->all ||
           err_set(err, ERR_USAGE,
                   "--all exports everything that the token sees: --job has "
                   "nothing to choose");
}

static const struct args_option options[] = {
    ARGS_OPTION("--job", 0, ARGS_TEXT, job, "NAME", "only this one; else every configured export"),
    ARGS_OPTION("--all", 0, ARGS_FLAG, all, NULL,
                "every firmware that the token sees, whatever is configured"),
    ARGS_OPTION("--allow-vanished", 0, ARGS_FLAG, allow_vanished, NULL,
                "mark also when more than a tenth of them vanished"),
    {.name = NULL},
};

const struct command command_sbom_export = {
    .name = "sbom export",
    .summary = "bring the folder of SBOMs up to date now",
    .options = options,
    .about =
        "Runs configured exports at once, whatever their schedule. A running agent does it and\n"
        "is followed; INT ends the command then, not the export. Without an agent the\n"
        "command does it itself, and what is left when it is stopped goes on at the next\n"
        "run. Exits 3 when firmwares failed or documents went into quarantine.\n",
    .examples = "onekey-agent sbom export --job nightly\n"
                "onekey-agent sbom export --all --json | jq '.exports[].written'\n",
    .check = check_export,
    .run = export_work,
};
