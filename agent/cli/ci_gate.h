/*
 * ci_gate.h - what ci-result and `upload-firmware --wait` ask of a firmware: is its analysis over,
 * what is new in it, and may the build go on?
 *
 * The step waits (ci_wait.h), compares the firmware with the one before it of the same product (or
 * takes all that the first one has as new), judges (ci/judgement.h) and reports: text, JUnit,
 * JSON (ci/result_json.h), a job summary. Exit codes: err.h's, exit_code_on_new_finding where a
 * new finding counts, else 0.
 */
#ifndef CLI_CI_GATE_H
#define CLI_CI_GATE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/platform.h"
#include "cli/session.h"

enum ci_gate_report {
    CI_GATE_REPORT_STDOUT, /* the session's output */
    CI_GATE_REPORT_STDERR, /* left out with -q */
    CI_GATE_REPORT_NONE,   /* the caller prints result->document */
};

struct ci_gate_options {
    const char *firmware_id; /* sane (onekey/field.h) */
    int64_t deadline_ms;     /* clock_steady_ms(); 0: none */
    bool analysed;           /* its analysis was seen complete: no wait */
    int64_t check_interval_ms;
    int64_t retry_count;
    int64_t retry_wait_ms;
    int exit_code_on_new_finding;
    const char *min_severity; /* known to ci/severity.h; NULL: every severity counts */
    const char *ignore_file;  /* as ci/ignore_file.h has it; NULL: none */
    const char *junit_path;   /* NULL: none */
    enum ci_gate_report report;
};

/* Release it, whatever ci_gate() returned. */
struct ci_gate_result {
    json_t *document; /* ci/result_json.h; NULL when the firmware was never asked for */
    size_t new_issues;
    size_t dropped_issues;
    size_t new_cves;
    size_t dropped_cves;
    size_t ignored;
    size_t below_severity;
    size_t gating;
};

/* The options from the words of the session; all but firmware_id, analysed, report. */
void ci_gate_options_init(struct ci_gate_options *options, const struct args *args);

/*
 * What is wrong on this side, before anything is asked or sent: the ignore file (ERR_INPUT when
 * missing, ERR_CONFIG when wrong), where the JUnit report is to go (ERR_IO). ci_gate() looks too.
 */
bool ci_gate_check(const struct ci_gate_options *options, struct err *err);

/*
 * platform is one of platform_open(); log_set_before() is this call's while it lasts. Returns the
 * exit code; when it is not 0, *err says why in a line (ERR_GATE for new findings).
 */
int ci_gate(struct session *session, struct platform *platform,
            const struct ci_gate_options *options, struct ci_gate_result *result, struct err *err);

void ci_gate_result_release(struct ci_gate_result *result);

#define auto_ci_gate_result __attribute__((cleanup(ci_gate_result_release)))

/* Usage: --min-severity, --firmware-id where given. */
bool ci_gate_check_args(const struct args *args, struct err *err);

#endif
