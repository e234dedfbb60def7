/*
 * upload_command.c - upload-firmware: one image, its SBOM, or an SBOM alone, to the platform.
 *
 * stdout has the bare firmware ID, as soon as it is kept, and nothing else; with --json one
 * document at the end. What follows the upload (analysis, SBOM, gate) is in upload_after.c.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "cli/ci_gate.h"
#include "cli/command.h"
#include "cli/request_view.h"
#include "cli/session.h"
#include "cli/upload_after.h"
#include "cli/upload_files.h"
#include "cli/upload_run.h"

#define auto_upload_files __attribute__((cleanup(upload_files_release)))

static void say_firmware_id(struct session *session, const char *firmware_id)
{
    if (session->args.json)
        return;
    out_print(&session->out, "%s\n", firmware_id);
    fflush(session->out.stream);
}

static int show_request(struct session *session, const struct upload_files *files, struct err *err)
{
    const struct request_view view =
        upload_files_view(&session->args, files, session->settings.config->api.url);
    auto_json json_t *request = request_view_new(&view, err);

    if (!request)
        return command_failed(err);
    if (session->args.json)
        out_json(&session->out, request);
    else
        request_view_write(&session->out, request);
    session_notice(session, "nothing was sent");
    return 0;
}

static int upload(struct session *session, struct err *err)
{
    auto_upload_files struct upload_files files = {.fd = -1, .sbom_fd = -1};
    struct upload_outcome outcome;

    if (!session_config(session, err) || !upload_files_open(&session->args, &files, err))
        return command_failed(err);
    if (session->args.dry_run)
        return show_request(session, &files, err);
    if (!upload_after_prepare(session, err))
        return command_failed(err);
    int exit_code = upload_run(session, &files, say_firmware_id, &outcome, err);
    exit_code = upload_after(session, &outcome, exit_code, err);
    upload_outcome_release(&outcome);
    return exit_code;
}

static bool check(const struct args *args, struct err *err)
{
    if (!args->product || !args->vendor)
        return err_set(err, ERR_USAGE, "upload-firmware needs --product and --vendor");
    if (args->operand_count == 0 && !args->sbom)
        return err_set(err, ERR_USAGE, "upload-firmware needs FILE, --sbom FILE, or both");
    if (!args->wait && (args->sbom_out || args->junit_path))
        return err_set(err, ERR_USAGE, "%s is written when the analysis has ended: add --wait",
                       args->sbom_out ? "--sbom-out" : "--junit-path");
    return ci_gate_check_args(args, err);
}

static const struct args_option options[] = {
    ARGS_OPTION("--product", 0, ARGS_TEXT, product, "NAME", "the firmware's product (needed)"),
    ARGS_OPTION("--vendor", 0, ARGS_TEXT, vendor, "NAME", "its vendor (needed)"),
    ARGS_OPTION("--version", 0, ARGS_TEXT, firmware_version, "TEXT", "its version"),
    ARGS_OPTION("--name", 0, ARGS_TEXT, name, "TEXT", "its name (VENDOR-PRODUCT-VERSION)"),
    ARGS_OPTION("--sbom", 0, ARGS_TEXT, sbom, "FILE", "CycloneDX, with the image or alone"),
    ARGS_OPTION("--product-group", 0, ARGS_TEXT, product_group, "NAME", "(Default)"),
    ARGS_OPTION("--analysis-configuration", 0, ARGS_TEXT, analysis_configuration, "NAME",
                "(Default)"),
    ARGS_OPTION("--category", 0, ARGS_TEXT, category, "TEXT", "the product's category"),
    ARGS_OPTION("--release-date", 0, ARGS_TEXT, release_date, "DATE", "of this version"),
    ARGS_OPTION("--notes", 0, ARGS_TEXT, notes, "TEXT", "for people"),
    ARGS_OPTION("--monitoring", 0, ARGS_FLAG, monitoring, NULL, "let it be analysed daily"),
    ARGS_OPTION("--force", 0, ARGS_FLAG, force, NULL, "send it even when its bytes are known"),
    ARGS_OPTION("--dry-run", 0, ARGS_FLAG, dry_run, NULL, "show the requests, send nothing"),
    ARGS_OPTION("--wait", 0, ARGS_FLAG, wait, NULL, "for the analysis; then the gate"),
    ARGS_OPTION("--wait-timeout", 0, ARGS_DURATION, wait_timeout_ms, "TIME",
                "wait so long, then exit 5 (50m); 0s: for ever"),
    ARGS_OPTION("--check-interval", 0, ARGS_SECONDS, check_interval_ms, "TIME",
                "between two looks at it, at most (60s)"),
    ARGS_OPTION("--sbom-out", 0, ARGS_TEXT, sbom_out, "FILE", "the platform's SBOM"),
    ARGS_OPTION("--exit-code-on-new-finding", 0, ARGS_EXIT, exit_code_on_new_finding, "N", "(1)"),
    ARGS_OPTION("--junit-path", 0, ARGS_TEXT, junit_path, "FILE", "new findings as JUnit XML"),
    ARGS_OPTION("--min-severity", 0, ARGS_TEXT, min_severity, "LEVEL", "of findings that count"),
    ARGS_OPTION("--ignore-file", 0, ARGS_TEXT, ignore_file, "FILE", "findings that do not count"),
    {.name = NULL},
};

const struct command command_upload_firmware = {
    .name = "upload-firmware",
    .summary = "upload one image or SBOM; print its firmware ID",
    .operands = "FILE",
    .most = 1,
    .options = options,
    .about = "Needs no configuration. With --state-dir the same bytes are sent once, and an agent\n"
             "that runs there does the work.\n",
    .examples = "ID=$(onekey-agent upload-firmware --vendor Acme --product Router fw.bin)\n"
                "onekey-agent upload-firmware --vendor Acme --product Router --version 1.2 \\\n"
                "    --sbom fw.cdx.json --wait --junit-path onekey.xml fw.bin\n",
    .check = check,
    .run = upload,
};
