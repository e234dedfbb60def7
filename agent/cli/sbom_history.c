/*
 * sbom_history.c - sbom history: which SBOMs of a firmware were kept, when, and on whose word.
 */
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "cli/command.h"
#include "cli/row.h"
#include "cli/session.h"
#include "cli/state.h"
#include "cli/text.h"
#include "control/answer.h"
#include "onekey/field.h"

enum { DIGITS = 12 }; /* of a digest: as `show` takes it */

static void put(struct out *out, const char *before, const char *text)
{
    if (!text || !*text)
        return;
    out_print(out, "%s", before);
    out_name(out, text);
}

static void write_head(struct out *out, const json_t *row)
{
    put(out, "firmware ", row_string(row, "firmware_id"));
    put(out, "  ", row_string(row, "name"));
    put(out, "  ", row_string(row, "version"));
    out_print(out, "\n%8s  %-20s  %-12s  %-14s  %10s  %-12s  %s\n", "REVISION", "FETCHED", "FORMAT",
              "KIND", "COMPONENTS", "SHA-256", "STATE");
}

/* The columns that a revision and a quarantined document share. */
static void write_document(struct out *out, const json_t *row)
{
    const json_t *components = json_object_get(row, "components");
    const char *format = row_string(row, "format");
    const char *kind = row_string(row, "kind");
    const char *sha256 = row_string(row, "sha256");
    char when[TEXT_SIZE];

    out_print(out, "  %-20s  %-12s  %-14s  ", text_when(row_string(row, "fetched_at"), when),
              format ? format : "-", kind ? kind : "-");
    if (json_is_integer(components))
        out_print(out, "%10jd", (intmax_t)json_integer_value(components));
    else
        out_print(out, "%10s", "-");
    out_print(out, "  %-12.*s  ", DIGITS, sha256 ? sha256 : "-");
}

static void write_quarantined(struct out *out, const json_t *row)
{
    char when[TEXT_SIZE];

    out_print(out, "%8s", "-");
    write_document(out, row);
    out_print(out, "in quarantine since %s", text_when(row_string(row, "since"), when));
    put(out, ": ", row_string(row, "reason"));
    out_print(out, "\n");
}

static void write_revision(struct out *out, const json_t *row)
{
    bool is_current = json_is_true(json_object_get(row, "current"));

    out_print(out, "%8jd", (intmax_t)row_number(row, "revision"));
    write_document(out, row);
    out_print(out, "%s", is_current ? "current" : "kept");
    put(out, ", accepted by ", row_string(row, "accepted_by"));
    put(out, ": ", row_string(row, "accepted_why"));
    out_print(out, "\n");
    if (is_current)
        put(out, "          ", row_string(row, "file"));
    out_print(out, "%s", is_current ? "\n" : "");
}

/* A reader that went away ends the listing; out_finish() tells. */
static bool on_row(void *owner, json_t *row, struct err *err)
{
    struct session *session = owner;
    struct out *out = &session->out;

    if (session->args.json) {
        out_json_row(out, row);
    } else {
        if (out->rows++ == 0)
            write_head(out, row);
        if (json_is_true(json_object_get(row, "quarantined")))
            write_quarantined(out, row);
        else
            write_revision(out, row);
    }
    return !out_failed(out) || err_set(err, ERR_IO, "%s", "");
}

static int history(struct session *session, struct err *err)
{
    const struct args *args = &session->args;
    auto_json json_t *arguments = json_object();

    answer_put_path(arguments, "firmware", args->operands[0]);
    if (args->format)
        answer_put_path(arguments, "format", args->format);
    int exit_code = state_ask(session, "sbom-history", arguments, on_row, session, err);
    if (exit_code == 0 && args->json)
        out_json_end(&session->out);
    return exit_code;
}

static bool check_history(const struct args *args, struct err *err)
{
    return firmware_id_is_sane(args->operands[0]) ||
           err_set(err, ERR_USAGE,
                   "sbom history: that is no firmware ID; list-firmwares shows them");
}

static const struct args_option options[] = {
    ARGS_OPTION("--format", 0, ARGS_TEXT, format, "NAME", "only in this one of sbom.formats"),
    {.name = NULL},
};

const struct command command_sbom_history = {
    .name = "sbom history",
    .summary = "which SBOMs of a firmware were kept, and when",
    .operands = "FIRMWARE_ID",
    .least = 1,
    .most = 1,
    .options = options,
    .about = "A row for each revision, oldest first: a revision is a document whose content\n"
             "differs from the one before; serial numbers, times and order do not count. Then\n"
             "what is in quarantine, with the reason. sbom diff compares two of them.\n",
    .examples = "onekey-agent sbom history 5b8f0d9e-7c1a-4d2e-9f60-1b2c3d4e5f60\n"
                "onekey-agent sbom history $ID --json | jq '.[] | select(.current)'\n",
    .check = check_history,
    .run = history,
};
