/*
 * agent_command.c - run and once: the agent itself, with its output around it.
 */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/printable.h"
#include "cli/command.h"
#include "cli/mirror_text.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/show_progress.h"
#include "cli/summary.h"
#include "cli/text.h"
#include "cli/token_source.h"
#include "cli/verify.h"
#include "control/answer_json.h"
#include "run/agent.h"

enum { NOT_BEGUN = -1 }; /* as totals->uploads: there was no pass to sum up */

struct dry_run {
    struct session *session;
    int64_t files;
    int64_t bytes;
    int64_t failing;
};

/* The problems of a reload are the log's: nobody looks at a daemon's command line. */
static void log_problems(const struct config_problems *problems)
{
    for (size_t i = 0; i < problems->error_count; i++)
        log_error("config_problem", F_TEXT("text", problems->errors[i]));
    for (size_t i = 0; i < problems->warning_count; i++)
        log_warn("config_warning", F_TEXT("text", problems->warnings[i]));
}

static bool on_reload(void *owner, struct config **config, struct err *err)
{
    struct session *session = owner;
    struct config_problems problems = {0};
    bool ok = settings_read(&session->settings, config, &problems, err);

    log_problems(&problems);
    config_problems_release(&problems);
    return ok;
}

/* ---- the dry run ---- */

static void tell_as_text(struct out *out, const struct item *item, bool first)
{
    /* A name is settled last; a row that has none yet is told by its path. */
    auto_free char *name = printable_new(item->name ? item->name : "-");
    char size[TEXT_SIZE];

    if (first)
        out_print(out, "%-10s  %-28s  %s\n", "SIZE", "AS", "PATH");
    out_print(out, "%-10s  %-28s  ", text_bytes(item->size, size), name);
    out_name(out, item->path);
    out_print(out, "\n");
    if (item->state != ITEM_FAILED)
        return;
    out_print(out, "            would fail: ");
    out_name(out, item->error ? item->error : "no reason is known");
    out_print(out, "\n");
}

/* Every field that the platform would be told, beside those of list-firmwares. */
static void tell_as_json(struct out *out, const struct item *item)
{
    auto_json json_t *row = json_object();

    answer_json_put_path(row, item->path);
    answer_json_put_text(row, "watch", item->watch);
    answer_json_put(row, "size", json_integer(item->size));
    answer_json_put_text(row, "sha256", item->sha256);
    answer_json_put_text(row, "state", item_state_name(item->state));
    answer_json_put_text(row, "name", item->name);
    answer_json_put_text(row, "vendor", item->vendor);
    answer_json_put_text(row, "product", item->product);
    answer_json_put_text(row, "version", item->version);
    answer_json_put_text(row, "product_group", item->product_group);
    answer_json_put_text(row, "analysis_configuration", item->analysis_configuration);
    answer_json_put_text(row, "attached_sbom", item->sbom_path);
    answer_json_put_text(row, "error", item->error);
    out_json_row(out, row);
}

static void on_would_send(void *owner, const struct item *item)
{
    struct dry_run *dry_run = owner;
    struct session *session = dry_run->session;

    if (session->args.json)
        tell_as_json(&session->out, item);
    else
        tell_as_text(&session->out, item, dry_run->files + dry_run->failing == 0);
    if (item->state == ITEM_FAILED) {
        dry_run->failing++;
        return;
    }
    dry_run->files++;
    dry_run->bytes += item->size;
}

static void end_dry_run(const struct dry_run *dry_run)
{
    struct session *session = dry_run->session;
    char bytes[TEXT_SIZE];

    if (session->args.json)
        out_json_end(&session->out);
    session_notice(session,
                   "%jd file%s would be sent, %s, %jd would fail; nothing was sent or changed",
                   (intmax_t)dry_run->files, dry_run->files == 1 ? "" : "s",
                   text_bytes(dry_run->bytes, bytes), (intmax_t)dry_run->failing);
}

/* ---- both ---- */

/* Each glob, pattern and template, with its place in the file, as `config check` tells it. */
static bool are_watches_right(const struct config *config, struct err *err)
{
    struct verify_problems problems = {0};

    verify_watches(config, &problems);
    for (size_t i = 0; i < problems.count; i++)
        fprintf(stderr, "%s\n", problems.lines[i]);
    size_t count = problems.count;
    verify_release(&problems);
    return count == 0 ||
           err_set(err, ERR_CONFIG, "the configuration has %zu error%s; nothing was started", count,
                   count == 1 ? "" : "s");
}

/* The progress block ends before anything else is said. */
static int run_agent(struct session *session, struct agent_options *options, struct err *err)
{
    if (!are_watches_right(options->config, err))
        return command_failed(err);
    /* A daemon's log says it. */
    struct progress *progress = show_progress_start(session, !options->once);
    const struct agent_progress hooks = {.update = progress_update, .owner = progress};

    options->environment = session->environment;
    options->token = token_source(session);
    options->lock_wait_ms = session->args.lock_wait_ms;
    options->progress = progress ? &hooks : NULL;
    int exit_code = agent_run(options, err);
    show_progress_end(progress);
    return exit_code;
}

static void on_mirrored(void *owner, const struct live_mirror *one)
{
    json_array_append_new(owner, live_mirror_json(one));
}

static void tell_mirrors(const struct session *session, json_t *mirrors)
{
    size_t index;
    json_t *mirror;

    json_array_foreach(mirrors, index, mirror)
    {
        auto_free char *watch = printable_new(json_string_value(json_object_get(mirror, "watch")));
        char text[MIRROR_TEXT_SIZE];

        if (summary_tells(mirrors, mirror))
            session_notice(session, "watch %s: %s", watch, mirror_text(mirror, text));
    }
}

/* Also after a failure: what was done is done, and a log reader wants to know. */
static int finish_once(struct session *session, const struct agent_totals *totals, json_t *mirrors,
                       int64_t ms, int exit_code)
{
    char line[SUMMARY_SIZE];

    if (totals->uploads == NOT_BEGUN)
        return exit_code;
    summary_text(totals, ms, line);
    session_notice(session, "%s", line);
    tell_mirrors(session, mirrors);
    if (session->args.json) {
        auto_json json_t *document = summary_json(totals, mirrors, ms, exit_code);
        out_json(&session->out, document);
    }
    return exit_code;
}

static int once(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    int64_t start_ms = clock_steady_ms();
    struct dry_run dry_run = {.session = session};
    struct agent_totals totals = {.uploads = NOT_BEGUN};
    auto_json json_t *mirrors = json_array();
    struct agent_options options = {
        .config = session_config(session, err),
        .once = true,
        .no_wait = args->no_wait,
        .wait_timeout_ms =
            args->wait_timeout_ms == ARGS_NOT_SAID ? ARGS_WAIT_TIMEOUT_MS : args->wait_timeout_ms,
        .totals = &totals,
        .mirrored = on_mirrored,
        .mirrored_owner = mirrors,
        .would_send = args->dry_run ? on_would_send : NULL,
        .would_send_owner = &dry_run,
    };

    if (!options.config)
        return command_failed(err);
    int exit_code = run_agent(session, &options, err);
    if (args->dry_run) {
        /* A list that broke off must not look like a whole one. */
        if (exit_code == 0)
            end_dry_run(&dry_run);
        return exit_code;
    }
    return finish_once(session, &totals, mirrors, clock_steady_ms() - start_ms, exit_code);
}

static int run(struct session *session, struct err *err)
{
    struct agent_options options = {
        .config = session_config(session, err),
        .reload = on_reload,
        .reload_owner = session,
    };

    if (!options.config)
        return command_failed(err);
    /* By the environment: the option was refused already. A daemon outlives any test. */
    if (options.config->api.disable_tls_verify) {
        err_set(err, ERR_CONFIG,
                "run does not work without checking certificates: take "
                "ONEKEY_DISABLE_TLS_VERIFY away and name the certificate with api.ca_file");
        return command_failed(err);
    }
    return run_agent(session, &options, err);
}

static bool check_run(const struct args *args, struct err *err)
{
    return !args->disable_tls_verify ||
           err_set(err, ERR_USAGE,
                   "run refuses --disable-tls-verify: name the certificate with --ca-file");
}

static bool check_once(const struct args *args, struct err *err)
{
    return !args->dry_run || !args->no_wait ||
           err_set(err, ERR_USAGE, "--dry-run sends nothing: --no-wait has nothing to do");
}

const struct command command_run = {
    .name = "run",
    .summary = "watch, upload, poll and fetch until stopped: the daemon",
    .about = "TERM and INT end it after the transfers under way or shutdown_grace, a second\n"
             "one at once. HUP reads configuration and token again, USR1 scans every watch.\n"
             "It never ends because of the token or the network: see status.\n",
    .examples = "onekey-agent run\n"
                "onekey-agent -c ./agent.yaml --state-dir /tmp/state run\n",
    .no_json = true,
    .runs_agent = true,
    .check = check_run,
    .run = run,
};

static const struct args_option once_options[] = {
    ARGS_OPTION("--no-wait", 0, ARGS_FLAG, no_wait, NULL,
                "end when all is sent; analyses and SBOMs are for a later run"),
    ARGS_OPTION("--wait-timeout", 0, ARGS_DURATION, wait_timeout_ms, "TIME",
                "wait so long for analyses, then exit 5 (4h)"),
    ARGS_OPTION("--dry-run", 0, ARGS_FLAG, dry_run, NULL,
                "list what would be sent, as what and how large; change nothing"),
    {.name = NULL},
};

const struct command command_once = {
    .name = "once",
    .summary = "one pass over all watches, then exit",
    .options = once_options,
    .about = "Scans, settles, uploads, waits for analyses and fetches SBOMs. What still settles\n"
             "at the end is left to the next pass. Exits 3 when items failed, 5 at the timeout,\n"
             "75 while an operator's pause holds, 77 when the token is refused. Ends with a\n"
             "summary on stderr; --json prints it as a document.\n",
    .examples = "onekey-agent once\n"
                "onekey-agent once --dry-run --json\n"
                "onekey-agent once --wait-timeout 30m\n",
    .runs_agent = true,
    .check = check_once,
    .run = once,
};
