/*
 * answer_sbom.c - the ledger of SBOMs: sbom-history, sbom-current, sbom-accept.
 *
 * sbom-history   firmware; format
 *                -> a row per revision, oldest first, then what is in quarantine
 * sbom-current   -> a row per firmware and format: what should lie in its file
 * sbom-accept    firmware, reason; by, format
 *                -> {"changed","text"} and the new revision
 *
 * A revision: {"firmware_id","name","product","version","format","revision","current","kind",
 * "spec_version","components","sha256","size","file","fetched_at","checked_at","accepted_by",
 * "accepted_why","accepted_at","unplaced"}; sbom-current leaves the three names out. In quarantine:
 * {"firmware_id","name","product","version","format","quarantined":true,"reason","since",
 * "fetched_at","acceptable","kind","spec_version","components","sha256","size"}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "control/answer_json.h"
#include "control/answer_parts.h"
#include "control/steer_parts.h"
#include "flow/sbom_accept.h"
#include "store/firmware_row.h"
#include "store/quarantine.h"

static const char *text(const struct answer *answer, const char *name)
{
    return arguments_text(answer->arguments, name);
}

/* ---- rows ---- */

static bool put_names(struct db *db, const char *firmware_id, json_t *row, struct err *err)
{
    auto_firmware_row struct firmware_row firmware = {0};
    bool found;

    answer_json_put_text(row, "firmware_id", firmware_id);
    if (!firmware_row_get(db, firmware_id, &firmware, &found, err))
        return false;
    answer_json_put_text(row, "name", firmware.name);
    answer_json_put_text(row, "product", firmware.product);
    answer_json_put_text(row, "version", firmware.version);
    return true;
}

/* What a document is; a quarantined one that is no SBOM is nothing. */
static void put_document(json_t *row, const struct sbom_row *sbom)
{
    bool is_known = sbom->components >= 0 && sbom->kind[0];

    answer_json_put_text(row, "kind", sbom->kind[0] ? sbom->kind : NULL);
    answer_json_put_text(row, "spec_version", sbom->spec_version[0] ? sbom->spec_version : NULL);
    answer_json_put(row, "components", is_known ? json_integer(sbom->components) : json_null());
    answer_json_put_text(row, "sha256", sbom->sha256[0] ? sbom->sha256 : NULL);
    answer_json_put(row, "size", sbom->sha256[0] ? json_integer(sbom->size) : json_null());
}

static void put_revision(json_t *row, const struct sbom_row *sbom, bool is_current)
{
    answer_json_put_text(row, "format", sbom->format);
    answer_json_put(row, "revision", json_integer(sbom->revision));
    answer_json_put(row, "current", json_boolean(is_current));
    put_document(row, sbom);
    answer_json_put_text(row, "file", sbom->file);
    answer_json_put_time(row, "fetched_at", sbom->fetched_at);
    answer_json_put_time(row, "checked_at", sbom->checked_at);
    answer_json_put_text(row, "accepted_by", sbom->accepted_by[0] ? sbom->accepted_by : NULL);
    answer_json_put_text(row, "accepted_why", sbom->accepted_why[0] ? sbom->accepted_why : NULL);
    answer_json_put_time(row, "accepted_at", sbom->accepted_at);
    answer_json_put(row, "unplaced", json_boolean(sbom->is_unplaced));
}

/* ---- history ---- */

static bool check_firmware(const struct answer *answer, struct err *err)
{
    const char *firmware = text(answer, "firmware");

    return (firmware && *firmware && strlen(firmware) < SBOM_FIRMWARE_SIZE) ||
           err_set(err, ERR_USAGE, "a firmware ID is missing");
}

static bool history_start(struct answer *answer, struct err *err)
{
    if (!check_firmware(answer, err))
        return false;
    /* Behind what sorts before this firmware: its own come first. */
    snprintf(answer->quarantine.firmware_id, sizeof answer->quarantine.firmware_id, "%s",
             text(answer, "firmware"));
    return true;
}

static bool is_wanted(const struct answer *answer, const struct sbom_row *sbom)
{
    const char *format = text(answer, "format");

    return !format || strcmp(format, sbom->format) == 0;
}

static bool tell_revision(struct answer *answer, json_t **row, struct err *err)
{
    struct db *db = answer->context.db;
    const char *firmware = text(answer, "firmware");
    auto_free struct sbom_row *sbom = xcalloc(2, sizeof *sbom);
    struct sbom_row *latest = sbom + 1;
    bool found;

    if (!sbom_next_revision(db, firmware, &answer->cursor, sbom, &found, err))
        return false;
    answer->scan.over = !found;
    if (!found || !is_wanted(answer, sbom))
        return true;
    if (!sbom_latest(db, firmware, sbom->format, latest, &found, err))
        return false;
    auto_json json_t *one = json_object();
    if (!put_names(db, firmware, one, err))
        return false;
    put_revision(one, sbom, found && latest->revision == sbom->revision);
    *row = auto_take(one);
    answer->told++;
    return true;
}

static bool history_end(const struct answer *answer, struct err *err)
{
    const char *format = text(answer, "format");
    auto_free char *shown = printable_new(format ? format : "");
    auto_free char *id = printable_new(text(answer, "firmware"));

    return answer->told > 0 ||
           err_set(err, ERR_INPUT,
                   "the ledger has no SBOM of firmware %s%s%.100s: onekey-agent sbom get %s "
                   "--output FILE fetches what the platform has",
                   id, format ? " in format " : "", format ? shown : "", id);
}

static bool tell_quarantined(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    struct db *db = answer->context.db;
    const char *firmware = text(answer, "firmware");
    auto_free struct quarantine_row *quarantine = xcalloc(1, sizeof *quarantine);
    const struct sbom_row *sbom = &quarantine->sbom;
    bool found;

    if (!quarantine_next(db, &answer->quarantine, quarantine, &found, err))
        return false;
    *over = !found || strcmp(sbom->firmware_id, firmware) != 0;
    if (*over)
        return history_end(answer, err);
    if (!is_wanted(answer, sbom))
        return true;
    auto_json json_t *one = json_object();
    if (!put_names(db, firmware, one, err))
        return false;
    answer_json_put_text(one, "format", sbom->format);
    answer_json_put(one, "quarantined", json_true());
    answer_json_put_text(one, "reason", quarantine->reason);
    answer_json_put_time(one, "since", quarantine->since);
    answer_json_put_time(one, "fetched_at", sbom->fetched_at);
    answer_json_put(one, "acceptable", json_boolean(sbom->document_id != 0));
    put_document(one, sbom);
    *row = auto_take(one);
    answer->told++;
    return true;
}

static bool history_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    bool ok;

    if (!answer->context.db)
        ok = history_end(answer, err);
    else if (!answer->scan.over)
        ok = tell_revision(answer, row, err);
    else
        ok = tell_quarantined(answer, row, over, err);
    /* Of what is not there others ask, too: it is told as it is. */
    return ok || (err->kind == ERR_INPUT ? false : err_wrap(err, "sbom history"));
}

/* ---- current ---- */

static bool current_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    auto_free struct sbom_row *sbom = xcalloc(1, sizeof *sbom);
    bool found = false;

    if (answer->context.db &&
        !sbom_next_current(answer->context.db, &answer->cursor, sbom, &found, err))
        return err_wrap(err, "list the current SBOMs");
    *over = !found;
    if (!found)
        return true;
    *row = json_object();
    answer_json_put_text(*row, "firmware_id", sbom->firmware_id);
    put_revision(*row, sbom, true);
    /* The file is opened by its bytes, not by how they are shown. */
    answer_json_put_path(*row, sbom->file);
    return true;
}

/* ---- accept ---- */

static bool accept_start(struct answer *answer, struct err *err)
{
    const char *reason = text(answer, "reason");
    const char *by = text(answer, "by");

    if (!check_firmware(answer, err))
        return false;
    if (!reason)
        return err_set(err, ERR_USAGE, "a reason is missing: --reason TEXT");
    return steer_check_text(reason, "the reason", SBOM_TEXT_SIZE, err) &&
           (!by || steer_check_text(by, "the author", SBOM_TEXT_SIZE, err));
}

static json_t *accepted_row(const struct answer *answer, const struct sbom_row *sbom)
{
    bool is_live = answer->context.live != NULL;
    json_t *row = json_object();
    auto_free char *file = printable_new(sbom->file);
    auto_free char *said = xasprintf("accepted as revision %jd of firmware %s, format %s: %s%s",
                                     (intmax_t)sbom->revision, sbom->firmware_id, sbom->format,
                                     file, is_live ? " (the agent puts it there now)" : "");

    answer_json_put(row, "changed", json_integer(1));
    answer_json_put_text(row, "text", said);
    answer_json_put_text(row, "firmware_id", sbom->firmware_id);
    put_revision(row, sbom, true);
    answer_json_put_path(row, sbom->file);
    answer_json_put(row, "daemon", json_boolean(is_live));
    return row;
}

static bool accept_work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    struct db *db = answer->context.db;
    const struct live *live = answer->context.live;
    const char *by = text(answer, "by");
    const struct sbom_acceptance want = {
        .firmware_id = text(answer, "firmware"),
        .format = text(answer, "format"),
        .by = by ? by : "unknown",
        .why = text(answer, "reason"),
        .now_ms = answer_now(answer),
    };
    auto_free struct sbom_row *accepted = xcalloc(1, sizeof *accepted);

    if (!steer_begin(db, err) || !steer_finish(db, sbom_accept(db, &want, accepted, err), err))
        return err_wrap(err, "sbom accept");
    if (live)
        live->kick(live->owner, LIVE_KICK_SBOMS);
    *row = accepted_row(answer, accepted);
    *over = true;
    return true;
}

static const struct argument history_arguments[] = {
    {"firmware", ARGUMENT_TEXT},
    {"format", ARGUMENT_TEXT},
    {NULL, ARGUMENT_TEXT},
};
static const struct argument no_arguments[] = {{NULL, ARGUMENT_TEXT}};
static const struct argument accept_arguments[] = {
    {"firmware", ARGUMENT_TEXT}, {"format", ARGUMENT_TEXT}, {"reason", ARGUMENT_TEXT},
    {"by", ARGUMENT_TEXT},       {NULL, ARGUMENT_TEXT},
};

const struct answer_kind answer_sbom_history = {
    .command = "sbom-history",
    .arguments = history_arguments,
    .start = history_start,
    .work = history_work,
};

const struct answer_kind answer_sbom_current = {
    .command = "sbom-current",
    .arguments = no_arguments,
    .work = current_work,
};

const struct answer_kind answer_sbom_accept = {
    .command = "sbom-accept",
    .arguments = accept_arguments,
    .changes = true,
    .start = accept_start,
    .work = accept_work,
};
