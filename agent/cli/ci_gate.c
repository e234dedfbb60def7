/*
 * ci_gate.c - wait, compare, judge, report.
 *
 * Which firmware came before is looked for among the newest two first, as nearly always the one
 * that was just uploaded is the newest of its product; where another was uploaded meanwhile, the
 * timeline is read further back.
 */
#include "cli/ci_gate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "ci/report.h"
#include "ci/result_json.h"
#include "ci/severity.h"
#include "cli/ci_ask.h"
#include "cli/ci_files.h"
#include "cli/ci_wait.h"
#include "cli/command.h"
#include "cli/job_summary.h"
#include "onekey/findings.h"

enum { TIMELINE_NEAR = 2 };

struct gate_run {
    struct session *session;
    const struct ci_gate_options *options;
    struct ignore_file *ignore; /* NULL: none */
    struct ci_ask ask;
    struct subject subject;
    struct findings findings;
    struct judgement judgement;
    bool is_judged;
};

static void run_release(struct gate_run *run)
{
    log_set_before(NULL, NULL);
    waiting_line_clear(&run->ask.line);
    judgement_release(&run->judgement);
    findings_release(&run->findings);
    subject_release(&run->subject);
    ignore_file_free(run->ignore);
}

#define auto_run __attribute__((cleanup(run_release)))

static void notice(struct gate_run *run, const char *text)
{
    waiting_line_clear(&run->ask.line);
    session_notice(run->session, "%s", text);
}

/* ---- what came before, and what is new ---- */

/* One look at the newest firmwares of the product. */
struct timeline_look {
    size_t count;
    struct findings_timeline timeline;
};

static bool read_timeline(void *owner, const char *bytes, size_t size, struct err *err)
{
    struct timeline_look *look = owner;

    return findings_timeline_reply(bytes, size, look->count, &look->timeline, err);
}

static bool ask_timeline(struct gate_run *run, size_t count, enum subject_basis *basis,
                         char previous[FIRMWARE_ID_SIZE], struct err *err)
{
    const char *id = run->subject.firmware_id;
    auto_free char *request = findings_timeline_request(id, count);
    struct timeline_look look = {.count = count};
    const char *found = NULL;

    if (!ci_ask(&run->ask, request, read_timeline, &look, err))
        return err_wrap(err, "ask which firmware came before");
    switch (findings_place_of(&look.timeline, id, &found)) {
    case FINDINGS_AFTER:
        snprintf(previous, FIRMWARE_ID_SIZE, "%s", found);
        *basis = BASIS_PREVIOUS;
        break;
    case FINDINGS_FIRST:
        *basis = BASIS_FIRST;
        break;
    case FINDINGS_UNKNOWN:
        *basis = BASIS_UNKNOWN;
        break;
    }
    return true;
}

static bool find_previous(struct gate_run *run, struct err *err)
{
    char previous[FIRMWARE_ID_SIZE] = "";
    enum subject_basis basis = BASIS_UNKNOWN;

    if (!ask_timeline(run, TIMELINE_NEAR, &basis, previous, err))
        return false;
    if (basis == BASIS_UNKNOWN && !ask_timeline(run, FINDINGS_TIMELINE_MAX, &basis, previous, err))
        return false;
    if (basis == BASIS_UNKNOWN)
        notice(run, "this firmware is not among the newest of its product: which one came before "
                    "it is not known, so all its findings count as new");
    subject_compare(&run->subject, basis == BASIS_PREVIOUS ? previous : NULL, basis);
    return true;
}

static bool read_comparison(void *owner, const char *bytes, size_t size, struct err *err)
{
    return findings_compare_reply(bytes, size, owner, err);
}

static bool read_own(void *owner, const char *bytes, size_t size, struct err *err)
{
    return findings_own_reply(bytes, size, owner, err);
}

/* What cannot be read here can be looked at there. */
static bool ask_findings(struct gate_run *run, struct err *err)
{
    const struct subject *subject = &run->subject;
    bool compares = subject->previous_id != NULL;
    auto_free char *request =
        compares ? findings_compare_request(subject->previous_id, subject->firmware_id)
                 : findings_own_request(subject->firmware_id);

    if (ci_ask(&run->ask, request, compares ? read_comparison : read_own, &run->findings, err))
        return true;
    const struct err why = *err;
    return err_set(err, why.kind, "read the findings: %.300s; see them at %s", why.message,
                   compares ? subject->compare_link : subject->firmware_link);
}

static void judge(struct gate_run *run)
{
    const struct judgement_rules rules = {
        .min_severity = run->options->min_severity,
        .ignore = run->ignore,
        .now_ms = clock_wall_ms(),
    };

    judgement_make(&run->findings, &rules, &run->judgement);
    run->is_judged = true;
    if (!run->ignore)
        return;
    auto_free char *expired = ignore_file_expired(run->ignore, rules.now_ms);
    auto_free char *unused = ignore_file_unused(run->ignore, rules.now_ms);
    if (expired)
        notice(run, expired);
    if (unused)
        notice(run, unused);
}

/* ---- reports ---- */

/* In memory first: a stream of the session's output keeps its own errors (out.h). */
static void write_text(struct gate_run *run)
{
    enum ci_gate_report where = run->options->report;
    char *text = NULL;
    size_t size = 0;

    if (where == CI_GATE_REPORT_NONE ||
        (where == CI_GATE_REPORT_STDERR && run->session->args.quiet))
        return;
    FILE *stream = open_memstream(&text, &size);
    if (!stream)
        abort();
    report_write(stream, &run->subject, &run->findings, &run->judgement);
    if (fclose(stream) != 0)
        abort();
    waiting_line_clear(&run->ask.line);
    if (where == CI_GATE_REPORT_STDOUT)
        out_text(&run->session->out, text, size);
    else
        fwrite(text, 1, size, stderr);
    free(text);
}

static void summarise(struct gate_run *run, const struct err *failure)
{
    auto_free char *text = run->is_judged
                               ? job_summary_text(&run->subject, &run->findings, &run->judgement)
                               : job_summary_failure(&run->subject, failure->message);

    waiting_line_clear(&run->ask.line);
    ci_files_summarise(run->session, text);
}

static bool write_junit(const struct gate_run *run, struct err *err)
{
    const struct ci_report report = {&run->subject, &run->findings, &run->judgement};

    return !run->options->junit_path ||
           ci_files_write_junit(run->options->junit_path, &report, err);
}

/* ---- in order ---- */

/* Trouble of the platform is not the end of the matter: the analysis goes on without us. */
static void add_advice(const struct gate_run *run, struct err *err)
{
    static const enum err_kind passing[] = {ERR_NETWORK, ERR_SERVER, ERR_THROTTLED, ERR_PROTOCOL};
    const struct err why = *err;

    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++) {
        if (why.kind == passing[i])
            err_set(err, why.kind, "%.380s; go on with: onekey-agent ci-result --firmware-id %s",
                    why.message, run->subject.firmware_id);
    }
}

static bool find_out(struct gate_run *run, struct err *err)
{
    const struct ci_gate_options *options = run->options;
    bool is_complete = options->analysed
                           ? ci_wait_look(&run->ask, &run->subject, err)
                           : ci_wait(&run->ask, &run->subject, options->check_interval_ms, err);

    if (!is_complete || !find_previous(run, err) || !ask_findings(run, err)) {
        add_advice(run, err);
        return false;
    }
    judge(run);
    return true;
}

/* A report that could not be written outranks the verdict: the build server would show an old one.
 */
static int decide(struct gate_run *run, struct err *err)
{
    size_t counting = run->judgement.counting;

    write_text(run);
    summarise(run, NULL);
    if (!write_junit(run, err))
        return command_failed(err);
    if (counting == 0 || run->options->exit_code_on_new_finding == 0)
        return 0;
    auto_free char *verdict = report_verdict(&run->judgement);
    err_set(err, ERR_GATE, "%s: see %s", verdict,
            run->subject.compare_link ? run->subject.compare_link : run->subject.firmware_link);
    return run->options->exit_code_on_new_finding;
}

/* Also after a failure: what is known of the firmware by then is told. */
static void fill_result(const struct gate_run *run, int exit_code, struct ci_gate_result *result)
{
    const struct findings *findings = &run->findings;
    const struct judgement *judgement = &run->judgement;

    *result = (struct ci_gate_result){
        .document = result_json(&run->subject, run->is_judged ? findings : NULL,
                                run->is_judged ? judgement : NULL, exit_code),
        .new_issues = findings->new_issues.count,
        .dropped_issues = findings->dropped_issues.count,
        .new_cves = findings->new_cves.count,
        .dropped_cves = findings->dropped_cves.count,
        .ignored = judgement->ignored,
        .below_severity = judgement->below,
        .gating = judgement->counting,
    };
}

static void begin(struct gate_run *run, struct platform *platform)
{
    const struct ci_gate_options *options = run->options;
    int64_t now_ms = clock_steady_ms();

    subject_init(&run->subject, run->session->settings.config->api.url, options->firmware_id);
    run->ask = (struct ci_ask){
        .session = run->session,
        .platform = platform,
        .start_ms = now_ms,
        .deadline_ms = options->deadline_ms,
        .retry_count = options->retry_count,
        .retry_wait_ms = options->retry_wait_ms,
    };
    waiting_line_init(&run->ask.line, run->session, now_ms);
    log_set_before(waiting_line_clear, &run->ask.line);
}

static bool read_ignore_file(const struct ci_gate_options *options, struct ignore_file **ignore,
                             struct err *err)
{
    *ignore = options->ignore_file ? ci_files_ignore(options->ignore_file, err) : NULL;
    return *ignore || !options->ignore_file;
}

void ci_gate_options_init(struct ci_gate_options *options, const struct args *args)
{
    int64_t timeout_ms =
        args->wait_timeout_ms == ARGS_NOT_SAID ? ARGS_CI_WAIT_TIMEOUT_MS : args->wait_timeout_ms;
    int64_t deadline_ms = 0;

    if (timeout_ms > 0 && __builtin_add_overflow(clock_steady_ms(), timeout_ms, &deadline_ms))
        deadline_ms = 0; /* nobody lives to see it */
    *options = (struct ci_gate_options){
        .deadline_ms = deadline_ms,
        .check_interval_ms = args->check_interval_ms,
        .retry_count = args->retry_count,
        .retry_wait_ms = args->retry_wait_ms,
        .exit_code_on_new_finding = (int)args->exit_code_on_new_finding,
        .min_severity = args->min_severity,
        .ignore_file = args->ignore_file,
        .junit_path = args->junit_path,
    };
}

bool ci_gate_check(const struct ci_gate_options *options, struct err *err)
{
    auto_ignore_file struct ignore_file *ignore = NULL;

    return read_ignore_file(options, &ignore, err) &&
           (!options->junit_path || ci_files_may_write(options->junit_path, err));
}

int ci_gate(struct session *session, struct platform *platform,
            const struct ci_gate_options *options, struct ci_gate_result *result, struct err *err)
{
    auto_run struct gate_run run = {.session = session, .options = options};
    int exit_code = 0;

    *result = (struct ci_gate_result){0};
    if (!ci_gate_check(options, err) || !read_ignore_file(options, &run.ignore, err))
        return command_failed(err);
    begin(&run, platform);
    if (find_out(&run, err)) {
        exit_code = decide(&run, err);
    } else {
        exit_code = command_failed(err);
        summarise(&run, err);
    }
    fill_result(&run, exit_code, result);
    return exit_code;
}

void ci_gate_result_release(struct ci_gate_result *result)
{
    json_decref(result->document);
    *result = (struct ci_gate_result){0};
}

bool ci_gate_check_args(const struct args *args, struct err *err)
{
    if (args->min_severity && !severity_is_known(args->min_severity))
        return err_set(err, ERR_USAGE, "option --min-severity: write one of " SEVERITY_WORDS);
    return !args->firmware_id || firmware_id_is_uuid(args->firmware_id) ||
           err_set(err, ERR_USAGE,
                   "option --firmware-id: an ID is a UUID, as upload-firmware prints it");
}
