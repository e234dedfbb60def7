#include "store/quarantine.h"

#include <stdio.h>

static const char *optional(const char *text)
{
    return text[0] ? text : NULL;
}

/* 17 columns are sbom_read()'s. */
static bool read_one(struct row *row, struct quarantine_row *quarantined, bool *found,
                     struct err *err)
{
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        sbom_read(row, &quarantined->sbom);
        snprintf(quarantined->reason, sizeof quarantined->reason, "%s", row_text(row, 18));
        quarantined->since = row_int(row, 19);
        row_done(row);
    }
    return true;
}

/* Of the document that is there; 0: none, or one that is no SBOM. */
static bool document_of(struct db *db, const char *firmware_id, const char *format, int64_t *id,
                        struct err *err)
{
    struct row *row = db_query(db, QUERY_QUARANTINE_DOCUMENT);
    bool found;

    *id = 0;
    row_bind_text(row, firmware_id);
    row_bind_text(row, format);
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        *id = row_int(row, 0);
        row_done(row);
    }
    return true;
}

/* Times of an equal one: QUARANTINE_PUT keeps `since` where nothing but fetched_at differs. */
static bool write_row(struct db *db, const struct quarantine_row *quarantined, struct err *err)
{
    const struct sbom_row *sbom = &quarantined->sbom;
    struct row *row = db_query(db, QUERY_QUARANTINE_PUT);

    row_bind_text(row, sbom->firmware_id);
    row_bind_text(row, sbom->format);
    row_bind_text(row, quarantined->reason);
    row_bind_int(row, quarantined->since);
    row_bind_int(row, sbom->fetched_at);
    row_bind_text(row, optional(sbom->kind));
    row_bind_text(row, optional(sbom->spec_version));
    /* What is no SBOM has no count, and none is not the same as zero. */
    if (sbom->document_id != 0 && sbom->components >= 0)
        row_bind_int(row, sbom->components);
    else
        row_bind_text(row, NULL);
    row_bind_text(row, optional(sbom->content_id));
    row_bind_text(row, optional(sbom->component_id));
    if (sbom->document_id != 0)
        row_bind_int(row, sbom->document_id);
    else
        row_bind_text(row, NULL);
    return row_exec(row, err);
}

/*
 * The document that was there is dropped after the row has let go of it: the reference would
 * hold it. A platform that sends the same again has its document in both, and it stays.
 */
bool quarantine_put(struct db *db, const struct quarantine_row *row, struct err *err)
{
    const struct sbom_row *sbom = &row->sbom;
    int64_t before;

    return document_of(db, sbom->firmware_id, sbom->format, &before, err) &&
           write_row(db, row, err) &&
           (before == 0 || before == sbom->document_id || document_drop_unused(db, before, err));
}

bool quarantine_count(struct db *db, int64_t *count, struct err *err)
{
    struct row *row = db_query(db, QUERY_QUARANTINE_COUNT);
    bool found;

    *count = 0;
    if (!row_next(row, &found, err))
        return false;
    if (found) {
        *count = row_int(row, 0);
        row_done(row);
    }
    return true;
}

bool quarantine_get(struct db *db, const char *firmware_id, const char *format,
                    struct quarantine_row *row, bool *found, struct err *err)
{
    struct row *query = db_query(db, QUERY_QUARANTINE_GET);

    row_bind_text(query, firmware_id);
    row_bind_text(query, format);
    return read_one(query, row, found, err);
}

bool quarantine_drop(struct db *db, const char *firmware_id, const char *format, bool *dropped,
                     struct err *err)
{
    int64_t document_id;

    if (!document_of(db, firmware_id, format, &document_id, err))
        return false;
    struct row *row = db_query(db, QUERY_QUARANTINE_REMOVE);
    row_bind_text(row, firmware_id);
    row_bind_text(row, format);
    if (!row_exec(row, err))
        return false;
    if (dropped)
        *dropped = row_changed(db) > 0;
    return document_id == 0 || document_drop_unused(db, document_id, err);
}

bool quarantine_next(struct db *db, struct sbom_cursor *cursor, struct quarantine_row *row,
                     bool *found, struct err *err)
{
    struct row *query = db_query(db, QUERY_QUARANTINE_NEXT);

    row_bind_text(query, cursor->firmware_id);
    row_bind_text(query, cursor->format);
    if (!read_one(query, row, found, err))
        return false;
    if (*found) {
        snprintf(cursor->firmware_id, sizeof cursor->firmware_id, "%s", row->sbom.firmware_id);
        snprintf(cursor->format, sizeof cursor->format, "%s", row->sbom.format);
    }
    return true;
}

bool quarantine_has(struct db *db, const char *firmware_id, bool *has, struct err *err)
{
    struct row *row = db_query(db, QUERY_QUARANTINE_HAS);

    row_bind_text(row, firmware_id);
    if (!row_next(row, has, err))
        return false;
    if (*has)
        row_done(row);
    return true;
}
