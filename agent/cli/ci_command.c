/*
 * ci_command.c - ci-result: the verdict on a firmware for a build server.
 */
#include <ctype.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/ci_gate.h"
#include "cli/command.h"
#include "cli/session.h"

/* Any spelling of a UUID is taken; answers are compared with the usual one. */
static char *lower_case(const char *id)
{
    char *copy = xstrdup(id);

    for (char *at = copy; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return copy;
}

/* What is wrong on this side is told before the platform is asked. */
static int ci_result(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    struct ci_gate_options options;
    auto_ci_gate_result struct ci_gate_result result = {0};

    auto_free char *id = lower_case(args->firmware_id);
    ci_gate_options_init(&options, args);
    options.firmware_id = id;
    options.report = args->json ? CI_GATE_REPORT_NONE : CI_GATE_REPORT_STDOUT;
    if (!ci_gate_check(&options, err))
        return command_failed(err);
    auto_platform struct platform *platform =
        platform_open_until(session, options.deadline_ms, err);
    if (!platform)
        return command_failed(err);
    int exit_code = ci_gate(session, platform, &options, &result, err);
    if (args->json && result.document)
        out_json(&session->out, result.document);
    return exit_code;
}

static bool check(const struct args *args, struct err *err)
{
    if (!args->firmware_id)
        return err_set(err, ERR_USAGE,
                       "ci-result needs --firmware-id ID, as upload-firmware prints it");
    return ci_gate_check_args(args, err);
}

static const struct args_option ci_result_options[] = {
    ARGS_OPTION("--firmware-id", 0, ARGS_TEXT, firmware_id, "ID", "which firmware"),
    ARGS_OPTION("--exit-code-on-new-finding", 0, ARGS_EXIT, exit_code_on_new_finding, "N",
                "exit so when a new finding counts (1); 0: do not fail"),
    ARGS_OPTION("--min-severity", 0, ARGS_TEXT, min_severity, "LEVEL",
                "only this grave or graver ones count; unknown words always do"),
    ARGS_OPTION("--ignore-file", 0, ARGS_TEXT, ignore_file, "FILE",
                "findings that do not count, each with a reason and a last day"),
    ARGS_OPTION("--junit-path", 0, ARGS_TEXT, junit_path, "FILE", "write a JUnit report there"),
    ARGS_OPTION("--wait-timeout", 0, ARGS_SECONDS, wait_timeout_ms, "TIME",
                "wait so long in all, then exit 5 (50m); 0: without an end"),
    ARGS_OPTION("--check-interval", 0, ARGS_SECONDS, check_interval_ms, "TIME",
                "between two looks, at most (60s); the first are closer"),
    ARGS_OPTION("--retry-count", 0, ARGS_NUMBER, retry_count, "N",
                "how many failures in a row are waited out (10)"),
    ARGS_OPTION("--retry-wait", 0, ARGS_SECONDS, retry_wait_ms, "TIME",
                "after the first failure (60s); longer after each further one"),
    {.name = NULL},
};

const struct command command_ci_result = {
    .name = "ci-result",
    .summary = "wait for a firmware's analysis; fail on new findings",
    .options = ci_result_options,
    .about = "Compares with the firmware before it of the same product; all that the first one\n"
             "has is new. Exits 1 (or N) when a new finding counts, 2 when the analysis failed,\n"
             "5 at the timeout, 69 when the platform stays away, 77 for the token or a missing\n"
             "right. Where GITHUB_STEP_SUMMARY is set a summary goes there. An ignore file:\n"
             "  ignore: [{id: CVE-2024-1, reason: not reachable, expires: 2027-01-31}]\n",
    .examples = "onekey-agent ci-result --firmware-id \"$id\" --junit-path onekey.xml\n"
                "onekey-agent ci-result --firmware-id \"$id\" --min-severity HIGH --json\n",
    .check = check,
    .run = ci_result,
};
