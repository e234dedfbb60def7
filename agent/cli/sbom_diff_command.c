/*
 * sbom_diff_command.c - sbom diff: components that one document has and the other has not.
 *
 * Differences are written as they are found. JSON groups them, so the comparison is made once
 * for each group: it costs some time and no memory.
 */
#include <stdint.h>
#include <string.h>

#include "base/auto.h"
#include "base/printable.h"
#include "cli/command.h"
#include "cli/sbom_source.h"
#include "cli/session.h"
#include "control/answer_json.h"
#include "sbom/sbom_diff.h"

enum { EXIT_DIFFERENT = 1 };

struct comparison {
    struct session *session;
    struct sbom_source older;
    struct sbom_source newer;
    struct sbom_diff_counts counts;
    enum sbom_change change; /* of the group that is written */
};

/* A reader that went away ends it; out_finish() tells. */
static bool go_on(const struct out *out, struct err *err)
{
    return !out_failed(out) || err_set(err, ERR_IO, "%s", "");
}

/* ---- text ---- */

static void put(struct out *out, const char *before, const char *text)
{
    out_print(out, "%s", before);
    out_name(out, text && *text ? text : "-");
}

static bool write_line(void *owner, const struct sbom_difference *difference, struct err *err)
{
    struct comparison *comparison = owner;
    struct out *out = &comparison->session->out;
    const char *identity = difference->identity;

    switch (difference->change) {
    case SBOM_ADDED:
        put(out, "+ ", difference->name);
        put(out, " ", difference->new_version);
        break;
    case SBOM_REMOVED:
        put(out, "- ", difference->name);
        put(out, " ", difference->old_version);
        break;
    case SBOM_VERSION:
        put(out, "~ ", difference->name);
        put(out, " ", difference->old_version);
        put(out, " -> ", difference->new_version);
        break;
    case SBOM_DETAIL:
        put(out, "* ", difference->name);
        put(out, " ", difference->new_version);
        out_print(out, "  licences or hashes differ");
        break;
    }
    if (identity && *identity && strcmp(identity, difference->name) != 0) {
        put(out, "  (", identity);
        out_print(out, ")");
    }
    out_print(out, "\n");
    return go_on(out, err);
}

static bool write_text(struct comparison *comparison, struct err *err)
{
    struct out *out = &comparison->session->out;
    struct sbom_diff_counts *counts = &comparison->counts;

    put(out, "--- ", comparison->older.label);
    put(out, "\n+++ ", comparison->newer.label);
    out_print(out, "\n");
    if (!sbom_diff(comparison->older.list, comparison->newer.list, write_line, comparison, counts,
                   err))
        return false;
    if (counts->added + counts->removed + counts->version + counts->detail == 0) {
        out_print(out, "no difference in %jd components\n",
                  (intmax_t)sbom_list_count(comparison->newer.list));
    } else {
        out_print(out,
                  "%jd added, %jd removed, %jd changed in version, %jd in licences or hashes\n",
                  (intmax_t)counts->added, (intmax_t)counts->removed, (intmax_t)counts->version,
                  (intmax_t)counts->detail);
    }
    return true;
}

/* ---- JSON ---- */

static void write_value(struct out *out, const char *key, json_t *take_value)
{
    auto_json json_t *value = take_value;
    auto_free char *text = json_dumps(value, JSON_COMPACT);

    out_print(out, "\"%s\":%s,\n", key, text);
}

static bool write_element(void *owner, const struct sbom_difference *difference, struct err *err)
{
    struct comparison *comparison = owner;
    struct out *out = &comparison->session->out;

    if (difference->change != comparison->change)
        return true;
    auto_json json_t *row = json_object();
    answer_json_put_text(row, "name", difference->name);
    answer_json_put_text(row, "identity", difference->identity);
    answer_json_put_text(row, "old_version", difference->old_version);
    answer_json_put_text(row, "new_version", difference->new_version);
    out_json_row(out, row);
    return go_on(out, err);
}

/* One pass over both lists; out->rows begins anew, since each group is an array of its own. */
static bool write_group(struct comparison *comparison, const char *key, enum sbom_change change,
                        struct err *err)
{
    struct out *out = &comparison->session->out;

    comparison->change = change;
    out->rows = 0;
    out_print(out, "\"%s\":", key);
    if (!sbom_diff(comparison->older.list, comparison->newer.list, write_element, comparison,
                   &comparison->counts, err))
        return false;
    out_json_end(out);
    out_print(out, ",");
    return true;
}

static bool write_json(struct comparison *comparison, struct err *err)
{
    struct out *out = &comparison->session->out;
    const struct sbom_diff_counts *counts = &comparison->counts;

    out_print(out, "{");
    write_value(out, "a", sbom_source_json(&comparison->older));
    write_value(out, "b", sbom_source_json(&comparison->newer));
    if (!write_group(comparison, "added", SBOM_ADDED, err) ||
        !write_group(comparison, "removed", SBOM_REMOVED, err) ||
        !write_group(comparison, "changed", SBOM_VERSION, err) ||
        !write_group(comparison, "detail", SBOM_DETAIL, err))
        return false;
    out_print(out, "\"counts\":{\"added\":%jd,\"removed\":%jd,\"changed\":%jd,\"detail\":%jd}}\n",
              (intmax_t)counts->added, (intmax_t)counts->removed, (intmax_t)counts->version,
              (intmax_t)counts->detail);
    return true;
}

/* ---- the command ---- */

static int open_both(struct comparison *comparison, struct err *err)
{
    struct session *session = comparison->session;
    const char **operands = session->args.operands;

    if (session->args.operand_count == 1)
        return sbom_source_open_pair(session, operands[0], &comparison->older, &comparison->newer,
                                     err);
    int exit_code = sbom_source_open(session, operands[0], &comparison->older, err);
    return exit_code ? exit_code : sbom_source_open(session, operands[1], &comparison->newer, err);
}

static int compare(struct comparison *comparison, struct err *err)
{
    const struct sbom_diff_counts *counts = &comparison->counts;
    int exit_code = open_both(comparison, err);

    if (exit_code != 0)
        return exit_code;
    bool ok =
        comparison->session->args.json ? write_json(comparison, err) : write_text(comparison, err);
    if (!ok)
        return command_failed(err);
    return counts->added + counts->removed + counts->version + counts->detail ? EXIT_DIFFERENT : 0;
}

static int diff(struct session *session, struct err *err)
{
    struct comparison comparison = {
        .session = session, .older = SBOM_SOURCE_NONE, .newer = SBOM_SOURCE_NONE};
    int exit_code = compare(&comparison, err);

    sbom_source_release(&comparison.older);
    sbom_source_release(&comparison.newer);
    return exit_code;
}

static const struct args_option options[] = {
    ARGS_OPTION("--format", 0, ARGS_TEXT, format, "NAME",
                "of the ledger's documents; else the first of sbom.formats"),
    {.name = NULL},
};

const struct command command_sbom_diff = {
    .name = "sbom diff",
    .summary = "which components two SBOMs do not share",
    .operands = "A [B]",
    .least = 1,
    .most = 2,
    .options = options,
    .about = "A and B are files, firmware IDs (their latest revision) or ID@REVISION, of any\n"
             "kind that is known. One ID alone: its last two revisions. Lines begin with + for\n"
             "what only B has, - for what only A has, ~ for another version, * for other\n"
             "licences or hashes of the same version. Exits 1 when anything differs.\n",
    .examples = "onekey-agent sbom diff 5b8f0d9e-7c1a-4d2e-9f60-1b2c3d4e5f60\n"
                "onekey-agent sbom diff $ID@1 $ID@7 --json\n"
                "onekey-agent sbom diff old.cdx.json new.spdx.json\n",
    .run = diff,
};
