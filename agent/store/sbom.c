#include "store/sbom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "store/document.h"

static void copy_text(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

/* The row of a query for one SBOM. */
static bool read_one(struct row *row, struct sbom_row *sbom, bool *found, struct err *err)
{
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        sbom_read(row, sbom);
        row_done(row);
    }
    return true;
}

static void bind_place(struct row *row, const char *firmware_id, const char *format,
                       int64_t revision)
{
    row_bind_text(row, firmware_id);
    row_bind_text(row, format);
    row_bind_int(row, revision);
}

static void bind_optional(struct row *row, const char *text)
{
    row_bind_text(row, text[0] ? text : NULL);
}

/* The order of SBOM_COLUMNS. Everything is set: the caller's row may hold another one. */
void sbom_read(struct row *row, struct sbom_row *sbom)
{
    copy_text(sbom->firmware_id, sizeof sbom->firmware_id, row_text(row, 0));
    copy_text(sbom->format, sizeof sbom->format, row_text(row, 1));
    sbom->revision = row_int(row, 2);
    copy_text(sbom->kind, sizeof sbom->kind, row_text(row, 3));
    copy_text(sbom->spec_version, sizeof sbom->spec_version, row_text(row, 4));
    sbom->components = row_is_null(row, 5) ? -1 : row_int(row, 5);
    copy_text(sbom->content_id, sizeof sbom->content_id, row_text(row, 6));
    copy_text(sbom->component_id, sizeof sbom->component_id, row_text(row, 7));
    copy_text(sbom->file, sizeof sbom->file, row_text(row, 8));
    sbom->fetched_at = row_int(row, 9);
    sbom->checked_at = row_int(row, 10);
    sbom->is_unplaced = row_int(row, 11) != 0;
    copy_text(sbom->accepted_by, sizeof sbom->accepted_by, row_text(row, 12));
    copy_text(sbom->accepted_why, sizeof sbom->accepted_why, row_text(row, 13));
    sbom->document_id = row_int(row, 14);
    copy_text(sbom->sha256, sizeof sbom->sha256, row_text(row, 15));
    sbom->size = row_int(row, 16);
    sbom->accepted_at = row_int(row, 17);
}

bool sbom_latest(struct db *db, const char *firmware_id, const char *format, struct sbom_row *sbom,
                 bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_LATEST);

    row_bind_text(row, firmware_id);
    row_bind_text(row, format);
    return read_one(row, sbom, found, err);
}

bool sbom_find(struct db *db, const struct sbom_key *key, struct sbom_row *sbom, bool *found,
               struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_BY_REVISION);

    bind_place(row, key->firmware_id, key->format, key->revision);
    return read_one(row, sbom, found, err);
}

bool sbom_each(struct db *db, const char *firmware_id,
               void (*each)(void *owner, const struct sbom_row *sbom), void *owner, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_CURRENT_ALL);
    auto_free struct sbom_row *sbom = xcalloc(1, sizeof *sbom);
    bool found;

    row_bind_text(row, firmware_id);
    while (row_next(row, &found, err)) {
        if (!found)
            return true;
        sbom_read(row, sbom);
        each(owner, sbom);
    }
    return false;
}

bool sbom_add(struct db *db, const char *firmware_id, const struct sbom_row *sbom,
              int64_t document_id, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_INSERT);

    bind_place(row, firmware_id, sbom->format, sbom->revision);
    row_bind_text(row, sbom->kind);
    bind_optional(row, sbom->spec_version);
    if (sbom->components >= 0)
        row_bind_int(row, sbom->components);
    else
        row_bind_text(row, NULL);
    row_bind_text(row, sbom->content_id);
    row_bind_text(row, sbom->component_id);
    row_bind_int(row, document_id);
    row_bind_text(row, sbom->file);
    row_bind_int(row, sbom->fetched_at);
    row_bind_int(row, sbom->checked_at ? sbom->checked_at : sbom->fetched_at);
    row_bind_int(row, sbom->is_unplaced);
    bind_optional(row, sbom->accepted_by);
    bind_optional(row, sbom->accepted_why);
    row_bind_time(row, sbom->accepted_at);
    return row_exec_one(row, err);
}

/* Not row_exec_one(): between the look and this a newer one may have let it be forgotten. */
bool sbom_checked(struct db *db, const struct sbom_row *sbom, const char *file, int64_t now_ms,
                  struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_CHECKED);

    bind_place(row, sbom->firmware_id, sbom->format, sbom->revision);
    row_bind_int(row, now_ms);
    row_bind_text(row, file);
    return row_exec(row, err);
}

bool sbom_set_placed(struct db *db, const struct sbom_row *sbom, bool placed, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_SET_UNPLACED);

    bind_place(row, sbom->firmware_id, sbom->format, sbom->revision);
    row_bind_int(row, !placed);
    return row_exec(row, err);
}

/* ---- one after the other ---- */

static void move(struct sbom_cursor *cursor, const struct sbom_row *sbom)
{
    copy_text(cursor->firmware_id, sizeof cursor->firmware_id, sbom->firmware_id);
    copy_text(cursor->format, sizeof cursor->format, sbom->format);
    cursor->revision = sbom->revision;
}

bool sbom_next_unplaced(struct db *db, const struct sbom_cursor *cursor, struct sbom_row *sbom,
                        bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_NEXT_UNPLACED);

    bind_place(row, cursor->firmware_id, cursor->format, cursor->revision);
    return read_one(row, sbom, found, err);
}

bool sbom_next_current(struct db *db, struct sbom_cursor *cursor, struct sbom_row *sbom,
                       bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_NEXT_CURRENT);

    row_bind_text(row, cursor->firmware_id);
    row_bind_text(row, cursor->format);
    if (!read_one(row, sbom, found, err))
        return false;
    if (*found)
        move(cursor, sbom);
    return true;
}

bool sbom_next_revision(struct db *db, const char *firmware_id, struct sbom_cursor *cursor,
                        struct sbom_row *sbom, bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_NEXT_REVISION);

    bind_place(row, firmware_id, cursor->format, cursor->revision);
    if (!read_one(row, sbom, found, err))
        return false;
    if (*found)
        move(cursor, sbom);
    return true;
}

bool sbom_file_owner(struct db *db, const char *file, struct sbom_row *sbom, bool *found,
                     struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_OF_FILE);

    row_bind_text(row, file);
    return read_one(row, sbom, found, err);
}

/* ---- what is not kept ---- */

static bool next_prunable(struct row *row, int64_t *id, int64_t *document_id, bool *found,
                          struct err *err)
{
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        *id = row_int(row, 0);
        *document_id = row_int(row, 1);
        row_done(row);
    }
    return true;
}

static bool forget(struct db *db, int64_t id, int64_t document_id, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_REMOVE);

    row_bind_int(row, id);
    return row_exec_one(row, err) && document_drop_unused(db, document_id, err);
}

bool sbom_prune(struct db *db, const char *firmware_id, const char *format,
                const struct sbom_keep *keep, int64_t now_ms, struct err *err)
{
    int64_t id;
    int64_t document_id;
    bool found;

    if (keep->revisions == 0 && keep->ms == 0)
        return true;
    /* Oldest first: what is left decides by its own successor, not by one that has just gone. */
    for (;;) {
        struct row *row = db_query(db, QUERY_SBOM_PRUNABLE);

        bind_place(row, firmware_id, format, keep->revisions);
        row_bind_int(row, keep->ms > 0 ? now_ms - keep->ms : INT64_MIN);
        if (!next_prunable(row, &id, &document_id, &found, err))
            return false;
        if (!found)
            return true;
        if (!forget(db, id, document_id, err))
            return false;
    }
}

/* ---- from one ledger to another ---- */

struct copying {
    struct db *from, *to;
    const char *firmware_id;
    struct err err;
};

static bool copy_one(struct copying *copying, const struct sbom_row *sbom, struct err *err)
{
    auto_free struct sbom_row *known = xcalloc(1, sizeof *known);
    struct sbom_row next = *sbom;
    int64_t id;
    bool found;

    if (!sbom_latest(copying->to, copying->firmware_id, sbom->format, known, &found, err))
        return false;
    if (found && strcmp(known->content_id, sbom->content_id) == 0)
        return true;
    next.revision = found ? known->revision + 1 : 1;
    return document_copy(copying->from, copying->to, sbom->sha256, &id, err) &&
           sbom_add(copying->to, copying->firmware_id, &next, id, err);
}

static void on_sbom(void *owner, const struct sbom_row *sbom)
{
    struct copying *copying = owner;

    if (copying->err.kind == ERR_OK)
        (void)copy_one(copying, sbom, &copying->err);
}

bool sbom_copy(struct db *from, struct db *to, const char *firmware_id, struct err *err)
{
    struct copying copying = {.from = from, .to = to, .firmware_id = firmware_id};

    if (!sbom_each(from, firmware_id, on_sbom, &copying, err))
        return false;
    if (copying.err.kind == ERR_OK)
        return true;
    *err = copying.err;
    return false;
}
