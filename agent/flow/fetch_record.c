/*
 * fetch_record.c - what was decided about a document: told, counted, and written.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/printable.h"
#include "flow/fetch_parts.h"
#include "store/quarantine.h"

/* ---- told ---- */

static char *title_new(const struct fetch *fetch)
{
    const char *name = fetch->subject.name && *fetch->subject.name ? fetch->subject.name : NULL;
    auto_free char *shown = printable_new(name ? name : "without a name");

    return xasprintf("firmware %s (%s)", fetch->subject.firmware_id, shown);
}

static void tell_empty(struct fetch *fetch)
{
    struct flow *flow = fetch->flow;
    auto_free char *shown = printable_new(fetch->shown);
    auto_free char *text = xasprintf("the SBOM of %s (firmware %s) has no components", shown,
                                     fetch->subject.firmware_id);

    flow->hooks->alert(flow->owner, "sbom_empty", fetch->shown, text,
                       "encrypted and RTOS images have none; otherwise look at the analysis");
}

static void tell_changed(struct fetch *fetch)
{
    struct flow *flow = fetch->flow;
    auto_free char *title = title_new(fetch);
    auto_free char *text =
        xasprintf("the components of %s changed: %jd before, %jd now%s%s", title,
                  (intmax_t)fetch->latest.components, (intmax_t)fetch->result.facts.components,
                  fetch->changes[0] ? "; " : "", fetch->changes);
    auto_free char *action =
        xasprintf("onekey-agent sbom diff %s shows all of it", fetch->subject.firmware_id);

    flow->hooks->alert(flow->owner, "sbom_changed", fetch->subject.firmware_id, text, action);
}

static void tell_new(struct fetch *fetch)
{
    const struct sbom_facts *facts = &fetch->result.facts;
    struct flow *flow = fetch->flow;

    flow->hooks->sbom_stored(flow->owner);
    log_info("sbom_stored", F_TEXT("firmware_id", fetch->subject.firmware_id),
             F_TEXT("format", fetch_format(fetch)->name),
             F_TEXT("kind", sbom_kind_name(facts->kind)), F_INT("components", facts->components),
             F_INT("revision", fetch->row.revision), F_TEXT("file", fetch->relpath));
    if (facts->newer) {
        log_warn("sbom_newer", F_TEXT("firmware_id", fetch->subject.firmware_id),
                 F_TEXT("spec_version", facts->spec_version),
                 F_TEXT("reason", "this version is not known here: the document is kept, its "
                                  "components are not counted"));
    }
    if (facts->components == 0 && !fetch->has_latest)
        tell_empty(fetch);
    if (fetch->has_latest && strcmp(fetch->latest.component_id, facts->component_id) != 0)
        tell_changed(fetch);
}

static void tell_quarantined(struct fetch *fetch)
{
    struct flow *flow = fetch->flow;
    auto_free char *title = title_new(fetch);
    auto_free char *text = xasprintf(
        "the document that came as the SBOM of %s in format %s is kept out: %s; %s", title,
        fetch_format(fetch)->name, fetch->reason,
        fetch->has_latest ? "the last good one stays in its place" : "there was none before it");
    auto_free char *action =
        fetch->judgement == FETCH_SHRUNK
            ? xasprintf("look at the analysis on the platform; if it is right: onekey-agent sbom "
                        "accept %s --reason TEXT",
                        fetch->subject.firmware_id)
            : xstrdup("look at the platform and at what is between; it is asked for again");

    flow->hooks->alert(flow->owner, "sbom_quarantined", fetch->subject.firmware_id, text, action);
}

/* ---- decided ---- */

static void fill_row(const struct fetch *fetch, struct sbom_row *row)
{
    const struct sbom_facts *facts = &fetch->result.facts;

    *row = (struct sbom_row){0};
    snprintf(row->firmware_id, sizeof row->firmware_id, "%s", fetch->subject.firmware_id);
    snprintf(row->format, sizeof row->format, "%s", fetch_format(fetch)->name);
    row->fetched_at = row->checked_at = clock_wall_ms();
    if (fetch->judgement == FETCH_NO_SBOM)
        return;
    snprintf(row->kind, sizeof row->kind, "%s", sbom_kind_name(facts->kind));
    snprintf(row->spec_version, sizeof row->spec_version, "%s", facts->spec_version);
    snprintf(row->content_id, sizeof row->content_id, "%s", facts->content_id);
    snprintf(row->component_id, sizeof row->component_id, "%s", facts->component_id);
    snprintf(row->file, sizeof row->file, "%s/%s", fetch->flow->settings.sbom_directory,
             fetch->relpath);
    row->components = facts->components;
    row->revision = fetch->has_latest ? fetch->latest.revision + 1 : 1;
}

void fetch_decide(struct fetch *fetch)
{
    fill_row(fetch, &fetch->row);
    fetch->unwritten = fetch->judgement;
    switch (fetch->judgement) {
    case FETCH_NOTHING:
        break;
    case FETCH_SAME:
        fetch->tally.unchanged++;
        break;
    case FETCH_NEW:
        fetch->tally.written++;
        tell_new(fetch);
        break;
    case FETCH_SHRUNK:
    case FETCH_NO_SBOM:
        fetch->tally.quarantined++;
        tell_quarantined(fetch);
        break;
    }
}

/* ---- written ---- */

static bool keep_document(struct fetch *fetch, struct db *db, int64_t *id, struct err *err)
{
    const struct document document = {
        .sha256 = fetch->result.sha256,
        .size = fetch->result.size,
        .deflated_fd = fetch->scratch_fd,
        .stored_size = fetch->result.compressed_size,
    };

    return document_keep(db, &document, id, err);
}

static bool write_revision(struct fetch *fetch, struct db *db, struct err *err)
{
    const struct sbom_row *row = &fetch->row;
    auto_free struct sbom_row *known = xcalloc(1, sizeof *known);
    int64_t document_id;
    bool found;

    if (!sbom_latest(db, row->firmware_id, row->format, known, &found, err))
        return false;
    if (found && known->revision >= row->revision)
        return true; /* the save before this one wrote it */
    return keep_document(fetch, db, &document_id, err) &&
           sbom_add(db, row->firmware_id, row, document_id, err) &&
           sbom_prune(db, row->firmware_id, row->format, &fetch->flow->settings.keep,
                      row->fetched_at, err);
}

/* Somebody may have accepted another one meanwhile: that one is left alone. */
static bool write_checked(struct fetch *fetch, struct db *db, struct err *err)
{
    const struct sbom_row *latest = &fetch->latest;

    return sbom_checked(db, latest, latest->file, fetch->row.checked_at, err);
}

static bool write_quarantine(struct fetch *fetch, struct db *db, struct err *err)
{
    auto_free struct quarantine_row *row = xcalloc(1, sizeof *row);

    row->sbom = fetch->row;
    row->since = fetch->row.fetched_at;
    snprintf(row->reason, sizeof row->reason, "%s", fetch->reason);
    if (fetch->unwritten == FETCH_SHRUNK && !keep_document(fetch, db, &row->sbom.document_id, err))
        return false;
    return quarantine_put(db, row, err);
}

/* A good document has come: what was kept back before it is of no use any more. */
static bool drop_quarantine(struct fetch *fetch, struct db *db, struct err *err)
{
    struct flow *flow = fetch->flow;
    bool dropped = false;

    bool has = false;

    if (!quarantine_drop(db, fetch->row.firmware_id, fetch->row.format, &dropped, err) ||
        (dropped && !quarantine_has(db, fetch->row.firmware_id, &has, err)))
        return false;
    if (dropped && !has) /* of no other format either */
        flow->hooks->alert_over(flow->owner, "sbom_quarantined", fetch->row.firmware_id);
    return true;
}

bool fetch_write(struct fetch *fetch, struct db *db, struct err *err)
{
    switch (fetch->unwritten) {
    case FETCH_NOTHING:
        return true;
    case FETCH_SAME:
        return write_checked(fetch, db, err) && drop_quarantine(fetch, db, err);
    case FETCH_NEW:
        return write_revision(fetch, db, err) && drop_quarantine(fetch, db, err);
    case FETCH_SHRUNK:
    case FETCH_NO_SBOM:
        return write_quarantine(fetch, db, err);
    }
    return true;
}
