#include "store/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

enum { PIECE_BYTES = 256 * 1024 };

static bool find(struct db *db, const char *sha256, int64_t *id, bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_DOCUMENT_BY_DIGEST);

    row_bind_text(row, sha256);
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        *id = row_int(row, 0);
        row_done(row);
    }
    return true;
}

static ssize_t read_piece(int fd, char *bytes, off_t at)
{
    size_t have = 0;

    while (have < PIECE_BYTES) {
        ssize_t got = pread(fd, bytes + have, PIECE_BYTES - have, at + (off_t)have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    return (ssize_t)have;
}

static bool add_pieces(struct db *db, int64_t id, int fd, struct err *err)
{
    auto_free char *bytes = xcalloc(1, PIECE_BYTES);
    int64_t position = 0;
    ssize_t got;

    while ((got = read_piece(fd, bytes, (off_t)position * PIECE_BYTES)) > 0) {
        struct row *row = db_query(db, QUERY_DOCUMENT_PIECE_INSERT);

        row_bind_int(row, id);
        row_bind_int(row, position++);
        row_bind_blob(row, bytes, (size_t)got);
        if (!row_exec_one(row, err))
            return false;
    }
    return got == 0 || err_sys(err, errno, "read the deflated document");
}

bool document_keep(struct db *db, const struct document *document, int64_t *id, struct err *err)
{
    bool found;

    if (!find(db, document->sha256, id, &found, err))
        return false;
    if (found)
        return true;
    struct row *row = db_query(db, QUERY_DOCUMENT_INSERT);
    row_bind_text(row, document->sha256);
    row_bind_int(row, document->size);
    row_bind_int(row, document->stored_size);
    if (!row_exec_one(row, err))
        return false;
    *id = db_last_id(db);
    return add_pieces(db, *id, document->deflated_fd, err);
}

static void copy_text(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text ? text : "");
}

/* The order of SBOM_LATEST and SBOM_CURRENT_ALL. */
static void read_sbom(struct row *row, struct sbom_row *sbom)
{
    sbom->revision = row_int(row, 0);
    copy_text(sbom->kind, sizeof sbom->kind, row_text(row, 1));
    copy_text(sbom->spec_version, sizeof sbom->spec_version, row_text(row, 2));
    sbom->components = row_is_null(row, 3) ? -1 : row_int(row, 3);
    copy_text(sbom->content_id, sizeof sbom->content_id, row_text(row, 4));
    copy_text(sbom->component_id, sizeof sbom->component_id, row_text(row, 5));
    copy_text(sbom->file, sizeof sbom->file, row_text(row, 6));
    sbom->fetched_at = row_int(row, 7);
    copy_text(sbom->format, sizeof sbom->format, row_text(row, 8));
    copy_text(sbom->sha256, sizeof sbom->sha256, row_text(row, 9));
    sbom->size = row_int(row, 10);
}

bool sbom_latest(struct db *db, const char *firmware_id, const char *format, struct sbom_row *sbom,
                 bool *found, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_LATEST);

    row_bind_text(row, firmware_id);
    row_bind_text(row, format);
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        read_sbom(row, sbom);
        row_done(row);
    }
    return true;
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
        read_sbom(row, sbom);
        each(owner, sbom);
    }
    return false;
}

bool sbom_add(struct db *db, const char *firmware_id, const struct sbom_row *sbom,
              int64_t document_id, struct err *err)
{
    struct row *row = db_query(db, QUERY_SBOM_INSERT);

    row_bind_text(row, firmware_id);
    row_bind_text(row, sbom->format);
    row_bind_int(row, sbom->revision);
    row_bind_text(row, sbom->kind);
    row_bind_text(row, sbom->spec_version[0] ? sbom->spec_version : NULL);
    if (sbom->components >= 0)
        row_bind_int(row, sbom->components);
    else
        row_bind_text(row, NULL);
    row_bind_text(row, sbom->content_id);
    row_bind_text(row, sbom->component_id);
    row_bind_int(row, document_id);
    row_bind_text(row, sbom->file);
    row_bind_int(row, sbom->fetched_at);
    return row_exec_one(row, err);
}

/* ---- from one ledger to another ---- */

static bool copy_pieces(struct db *from, int64_t from_id, struct db *to, int64_t to_id,
                        struct err *err)
{
    for (int64_t position = 0;; position++) {
        struct row *row = db_query(from, QUERY_DOCUMENT_PIECE);
        bool found;

        row_bind_int(row, from_id);
        row_bind_int(row, position);
        if (!row_next(row, &found, err))
            return false;
        if (!found)
            return true;
        struct row *copy = db_query(to, QUERY_DOCUMENT_PIECE_INSERT);
        size_t size;
        const void *bytes = row_blob(row, 0, &size);
        row_bind_int(copy, to_id);
        row_bind_int(copy, position);
        row_bind_blob(copy, bytes, size);
        bool ok = row_exec_one(copy, err);
        row_done(row);
        if (!ok)
            return false;
    }
}

static bool copy_bytes(struct db *from, struct db *to, const char *sha256, int64_t *id,
                       struct err *err)
{
    struct row *row = db_query(from, QUERY_DOCUMENT_SIZES);
    bool found;

    row_bind_text(row, sha256);
    if (!row_next(row, &found, err))
        return false;
    if (!found)
        return err_set(err, ERR_INTERNAL, "copy a document: it is not there");
    int64_t from_id = row_int(row, 0);
    struct row *copy = db_query(to, QUERY_DOCUMENT_INSERT);
    row_bind_text(copy, sha256);
    row_bind_int(copy, row_int(row, 1));
    row_bind_int(copy, row_int(row, 2));
    row_done(row);
    if (!row_exec_one(copy, err))
        return false;
    *id = db_last_id(to);
    return copy_pieces(from, from_id, to, *id, err);
}

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
    if (!find(copying->to, sbom->sha256, &id, &found, err) ||
        (!found && !copy_bytes(copying->from, copying->to, sbom->sha256, &id, err)))
        return false;
    return sbom_add(copying->to, copying->firmware_id, &next, id, err);
}

static void on_sbom(void *owner, const struct sbom_row *sbom)
{
    struct copying *copying = owner;

    if (copying->err.kind == ERR_OK)
        (void)copy_one(copying, sbom, &copying->err);
}

bool document_copy(struct db *from, struct db *to, const char *firmware_id, struct err *err)
{
    struct copying copying = {.from = from, .to = to, .firmware_id = firmware_id};

    if (!sbom_each(from, firmware_id, on_sbom, &copying, err))
        return false;
    if (copying.err.kind == ERR_OK)
        return true;
    *err = copying.err;
    return false;
}
