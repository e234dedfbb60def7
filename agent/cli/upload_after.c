/*
 * upload_after.c - with --wait, once the analysis is complete: the SBOM, then the gate.
 *
 * An agent that did the upload needs no token of the caller; what is asked here does. Where
 * there is none and nothing was asked for by name, the gate is left out, with a notice.
 */
#include "cli/upload_after.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "cli/ci_files.h"
#include "cli/ci_gate.h"
#include "cli/command.h"
#include "cli/job_summary.h"
#include "cli/sbom_fetch.h"
#include "cli/token_source.h"
#include "control/answer_json.h"
#include "onekey/firmware.h"
#include "run/token.h"

/* Where the whole of it is gathered for --json. */
struct after {
    struct session *session;
    const struct upload_outcome *outcome;
    char *sbom_file;
    json_t *gate;
};

static void after_release(struct after *after)
{
    free(after->sbom_file);
    json_decref(after->gate);
}

#define auto_after __attribute__((cleanup(after_release)))

/* ---- before the upload ---- */

bool upload_after_prepare(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    struct ci_gate_options options;

    if (!args->wait)
        return true;
    ci_gate_options_init(&options, args);
    return ci_gate_check(&options, err) &&
           (!args->sbom_out || ci_files_may_write(args->sbom_out, err));
}

/* ---- behind it ---- */

static bool has_token(const struct session *session)
{
    const struct token_options source = token_source(session);
    char origin[TOKEN_ORIGIN_SIZE];
    struct secret *token = NULL;
    struct err err;
    bool has = token_read(&source, &token, origin, &err);

    secret_free(token);
    return has;
}

/* True when the platform is not to be asked from here. */
static bool is_left_out(const struct after *after)
{
    const struct args *args = &after->session->args;

    if (!after->outcome->handed_over || args->junit_path || args->sbom_out ||
        has_token(after->session))
        return false;
    session_notice(after->session, "there is no token here: whether there are new findings was not "
                                   "asked");
    return true;
}

static bool fetch_sbom(struct after *after, struct platform *platform, struct err *err)
{
    const char *file = after->session->args.sbom_out;
    const struct sbom_fetch want = {.firmware_id = after->outcome->firmware_id, .file = file};
    struct sbom_fetched fetched;

    if (!file)
        return true;
    if (!sbom_fetch(platform, after->session->settings.config, &want, &after->session->out,
                    &fetched, err))
        return err_wrap(err, "the SBOM");
    auto_free char *what = sbom_fetch_summary(&fetched.facts);
    session_notice(after->session, "%s: %s", file, what);
    after->sbom_file = xstrdup(file);
    return true;
}

/* These bytes were on the platform before: nobody has waited for their analysis yet. */
static bool is_analysed(const struct after *after)
{
    const json_t *item = after->outcome->item;
    const char *state = json_string_value(json_object_get(item, "state"));

    /* An agent that waits for no analysis is done with it before. */
    return (!after->outcome->other || after->outcome->handed_over) && state &&
           json_is_string(json_object_get(item, "analysed_at")) &&
           (strcmp(state, "done") == 0 || strcmp(state, "fetching") == 0);
}

static int ask_gate(struct after *after, struct platform *platform,
                    const struct ci_gate_options *wanted, struct err *err)
{
    struct ci_gate_options options = *wanted;
    auto_ci_gate_result struct ci_gate_result result = {0};

    options.firmware_id = after->outcome->firmware_id;
    options.analysed = is_analysed(after);
    options.report = CI_GATE_REPORT_STDERR;
    int exit_code = ci_gate(after->session, platform, &options, &result, err);
    after->gate = json_incref(result.document);
    return exit_code;
}

/* The verdict does not depend on the SBOM, but an SBOM that is wanted and missing is a failure. */
static int ask_platform(struct after *after, struct err *err)
{
    struct err no_sbom = {.kind = ERR_OK};
    struct ci_gate_options options;

    ci_gate_options_init(&options, &after->session->args);
    auto_platform struct platform *platform =
        platform_open_until(after->session, options.deadline_ms, err);
    if (!platform)
        return command_failed(err);
    int exit_code = ask_gate(after, platform, &options, err);
    if (exit_code != 0 && err->kind != ERR_GATE)
        return exit_code;
    if (fetch_sbom(after, platform, &no_sbom))
        return exit_code;
    *err = no_sbom;
    return command_failed(err);
}

/* ---- what is said ---- */

static void put(json_t *document, const struct after *after, const char *key)
{
    json_t *value = json_object_get(after->outcome->item, key);

    json_object_set_new(document, key, value ? json_incref(value) : json_null());
}

static void write_json(const struct after *after, int exit_code, const struct err *err)
{
    static const char *const keys[] = {"path",          "sha256",      "size",       "state",
                                       "name",          "vendor",      "product",    "version",
                                       "product_group", "uploaded_at", "analysed_at"};
    const struct upload_outcome *outcome = after->outcome;
    auto_json json_t *document = json_object();

    answer_json_put_text(document, "firmware_id", outcome->firmware_id);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        put(document, after, keys[i]);
    answer_json_put_text(document, "duplicate_of", outcome->other);
    answer_json_put(document, "handed_over", json_boolean(outcome->handed_over));
    answer_json_put_text(document, "sbom_file", after->sbom_file);
    answer_json_put(document, "gate", after->gate ? json_incref(after->gate) : json_null());
    answer_json_put_text(document, "error", exit_code == 0 ? NULL : err->message);
    answer_json_put(document, "exit", json_integer(exit_code));
    out_json(&after->session->out, document);
}

static void write_summary(const struct after *after, int exit_code, const struct err *err)
{
    const char *file = after->session->environment("GITHUB_STEP_SUMMARY");
    const struct upload_outcome *outcome = after->outcome;
    struct err trouble = {.kind = ERR_OK};

    if (!file || !*file || after->gate) /* the gate has written its own */
        return;
    auto_free char *link =
        outcome->firmware_id
            ? firmware_web_link(after->session->settings.config->api.url, outcome->firmware_id)
            : NULL;
    const struct job_summary_upload upload = {
        .name = json_string_value(json_object_get(outcome->item, "name")),
        .firmware_id = outcome->firmware_id,
        .link = link,
        .is_known = outcome->other != NULL,
        .failure = exit_code == 0 ? NULL : err->message,
    };
    auto_free char *text = job_summary_of_upload(&upload);
    if (!job_summary_append(file, text, &trouble))
        session_notice(after->session, "the job summary was not written: %s", trouble.message);
}

int upload_after(struct session *session, const struct upload_outcome *outcome, int exit_code,
                 struct err *err)
{
    auto_after struct after after = {.session = session, .outcome = outcome};

    if (exit_code == 0 && session->args.wait && outcome->firmware_id && !is_left_out(&after))
        exit_code = ask_platform(&after, err);
    write_summary(&after, exit_code, err);
    if (session->args.json)
        write_json(&after, exit_code, err);
    return exit_code;
}
