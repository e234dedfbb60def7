/*
 * sbom_verify.c - sbom verify: every stored document, every exported file, SHA256SUMS.
 *
 * The rows go through a scratch file: the agent is not kept waiting while files are read, nor
 * is a ledger without an agent held.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/command.h"
#include "cli/row.h"
#include "cli/sbom_document.h"
#include "cli/sbom_folder.h"
#include "cli/scratch.h"
#include "cli/session.h"
#include "cli/state.h"
#include "control/answer_arguments.h"

struct verifying {
    struct session *session;
    struct findings findings;
    struct sbom_folder folder;
    int64_t documents;
    FILE *rows;
};

/* ---- the ledger's copies ---- */

static void on_document(void *owner, const char *sha256, const struct err *err)
{
    struct verifying *verifying = owner;
    const struct finding finding = {
        .kind = FINDING_DAMAGED, .expected = sha256, .problem = err ? err->message : NULL};

    verifying->documents++;
    if (err)
        finding_tell(&verifying->findings, &finding);
}

/* ---- the files ---- */

/* A line of JSON: what a name may hold, its line end too, is escaped there. */
static bool keep_row(void *owner, json_t *row, struct err *err)
{
    const struct verifying *verifying = owner;
    auto_free char *line = json_dumps(row, JSON_COMPACT);

    return fprintf(verifying->rows, "%s\n", line) > 0 ||
           err_sys(err, errno, "write a temporary file");
}

static int64_t time_of(const json_t *row, const char *key)
{
    const char *text = row_string(row, key);
    int64_t ms = 0;

    return text && arguments_parse_time(text, &ms) ? ms : 0;
}

/* What was accepted became current then, not when it was fetched. */
static int64_t since(const json_t *row)
{
    return time_of(row, row_string(row, "accepted_by") ? "accepted_at" : "fetched_at");
}

static void check_row(struct verifying *verifying, const json_t *row)
{
    auto_free char *path = arguments_path_new(row, "path");
    const struct sbom_expected expected = {
        .path = path,
        .sha256 = row_string(row, "sha256"),
        .firmware_id = row_string(row, "firmware_id"),
        .format = row_string(row, "format"),
        .since_ms = since(row),
        .is_unplaced = json_is_true(json_object_get(row, "unplaced")),
    };

    if (path && path[0] == '/' && expected.sha256)
        sbom_folder_check(&verifying->folder, &expected);
}

static bool check_rows(struct verifying *verifying, struct err *err)
{
    auto_free char *line = NULL;
    size_t room = 0;

    if (fflush(verifying->rows) != 0)
        return err_sys(err, errno, "write a temporary file");
    rewind(verifying->rows);
    while (getline(&line, &room, verifying->rows) > 0) {
        auto_json json_t *row = json_loads(line, 0, NULL);

        if (row)
            check_row(verifying, row);
    }
    return !ferror(verifying->rows) || err_sys(err, EIO, "read a temporary file");
}

static int check_folder(struct verifying *verifying, struct err *err)
{
    int exit_code = state_ask(verifying->session, "sbom-current", NULL, keep_row, verifying, err);

    if (exit_code != 0)
        return exit_code;
    if (!check_rows(verifying, err))
        return command_failed(err);
    sbom_folder_walk(&verifying->folder);
    sbom_folder_check_sums(&verifying->folder);
    return 0;
}

/* ---- the end ---- */

static void write_text(const struct verifying *verifying)
{
    struct out *out = &verifying->session->out;
    const struct findings *findings = &verifying->findings;
    int64_t total = finding_total(findings);

    out_print(out, "%jd document%s and %jd file%s were looked at: ", (intmax_t)verifying->documents,
              verifying->documents == 1 ? "" : "s", (intmax_t)verifying->folder.files,
              verifying->folder.files == 1 ? "" : "s");
    if (total == 0)
        out_print(out, "all as they should be");
    for (size_t i = 0, told = 0; i < FINDING_KIND_COUNT; i++) {
        if (findings->counts[i] > 0)
            out_print(out, "%s%jd %s", told++ > 0 ? ", " : "", (intmax_t)findings->counts[i],
                      finding_name((enum finding_kind)i));
    }
    out_print(out, "\n");
}

static void write_json(const struct verifying *verifying)
{
    struct out *out = &verifying->session->out;
    const struct findings *findings = &verifying->findings;

    out_json_end(out);
    out_print(out, ",\"documents\":%jd,\"files\":%jd,\"counts\":{", (intmax_t)verifying->documents,
              (intmax_t)verifying->folder.files);
    for (size_t i = 0; i < FINDING_KIND_COUNT; i++)
        out_print(out, "%s\"%s\":%jd", i > 0 ? "," : "", finding_name((enum finding_kind)i),
                  (intmax_t)findings->counts[i]);
    out_print(out, "},\"ok\":%s}\n", finding_total(findings) == 0 ? "true" : "false");
}

static bool note_run(void *owner, json_t *row, struct err *err)
{
    const char *phase = row_string(row, "phase");
    bool *runs = owner;

    (void)err;
    *runs |= phase && strcmp(phase, "idle") != 0;
    return true;
}

/* One that replaces files between two of our looks at them. */
static bool does_export_run(struct verifying *verifying)
{
    struct err ignored;
    bool runs = false;

    return state_ask(verifying->session, "exports", NULL, note_run, &runs, &ignored) == 0 && runs;
}

/* Only the first that holds: what it mends may mend the others. */
static const char *advice(struct verifying *verifying)
{
    const int64_t *counts = verifying->findings.counts;
    int64_t files = counts[FINDING_MISSING] + counts[FINDING_CHANGED] + counts[FINDING_UNPLACED] +
                    counts[FINDING_SUMS];

    if (counts[FINDING_DAMAGED] > 0)
        return "the ledger is damaged: look at the disk, and take it from a backup";
    if (files > 0 && does_export_run(verifying))
        return "an export runs at this moment: look again when it is over";
    if (counts[FINDING_CHANGED] > 0)
        return "take changed files away; onekey-agent sbom export then puts them back from the "
               "ledger, as it does with missing ones";
    if (files > 0)
        return "onekey-agent sbom export, or the next scheduled one, writes them from the ledger";
    if (counts[FINDING_EXTRA] > 0)
        return "extra files are nobody's: take them away, or leave them";
    return "let the agent's user read them";
}

static int judge(struct verifying *verifying, struct err *err)
{
    const struct findings *findings = &verifying->findings;
    int64_t total = finding_total(findings);

    if (total == 0)
        return 0;
    if (total == findings->counts[FINDING_UNREADABLE])
        *err = verifying->folder.trouble;
    else
        err_set(err, ERR_DATA, "sbom verify: %jd finding%s: %s", (intmax_t)total,
                total == 1 ? "" : "s", advice(verifying));
    return command_failed(err);
}

static int work(struct verifying *verifying, struct err *err)
{
    struct session *session = verifying->session;

    if (session->args.json)
        out_print(&session->out, "{\"findings\":");
    int exit_code = sbom_document_each(session, on_document, verifying, err);
    if (exit_code == 0)
        exit_code = check_folder(verifying, err);
    if (exit_code != 0)
        return exit_code;
    if (session->args.json)
        write_json(verifying);
    else
        write_text(verifying);
    return judge(verifying, err);
}

static bool open_all(struct verifying *verifying, struct err *err)
{
    struct session *session = verifying->session;

    if (!session_config(session, err) ||
        !sbom_folder_open(session->settings.config->sbom.directory, &verifying->findings,
                          &verifying->folder, err))
        return false;
    int fd = scratch_open(session->environment, err);
    if (fd < 0)
        return false;
    verifying->rows = fdopen(fd, "w+");
    if (verifying->rows)
        return true;
    close(fd);
    return err_sys(err, errno, "open a temporary file");
}

static int verify(struct session *session, struct err *err)
{
    struct verifying verifying = {
        .session = session,
        .findings = {.out = &session->out, .json = session->args.json},
        .folder = {.fd = -1},
    };
    int exit_code = open_all(&verifying, err) ? work(&verifying, err) : command_failed(err);

    if (verifying.rows)
        fclose(verifying.rows);
    sbom_folder_close(&verifying.folder);
    return exit_code;
}

const struct command command_sbom_verify = {
    .name = "sbom verify",
    .summary = "hold every stored and exported SBOM against its digest",
    .about = "A line for each finding: damaged (the ledger's copy), missing, changed or unplaced\n"
             "(a file of a current SBOM), extra (a file that nobody knows), sums (SHA256SUMS says\n"
             "something else), unreadable. Changes nothing. Run it as the agent's user. Exits 65\n"
             "when there is a finding; says what mends it.\n",
    .examples = "onekey-agent sbom verify\n"
                "onekey-agent sbom verify --json | jq '.findings[].path'\n",
    .run = verify,
};
