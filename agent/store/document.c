#include "store/document.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"

enum { PIECE_BYTES = DOCUMENT_PIECE_MAX };

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

bool document_copy(struct db *from, struct db *to, const char *sha256, int64_t *id, struct err *err)
{
    bool found;

    return find(to, sha256, id, &found, err) && (found || copy_bytes(from, to, sha256, id, err));
}

bool document_find(struct db *db, const char *sha256, struct document_facts *facts, bool *found,
                   struct err *err)
{
    struct row *row = db_query(db, QUERY_DOCUMENT_SIZES);

    row_bind_text(row, sha256);
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        facts->id = row_int(row, 0);
        facts->size = row_int(row, 1);
        facts->stored_size = row_int(row, 2);
        snprintf(facts->sha256, sizeof facts->sha256, "%s", sha256);
        row_done(row);
    }
    return true;
}

bool document_next(struct db *db, int64_t after_id, struct document_facts *facts, bool *found,
                   struct err *err)
{
    struct row *row = db_query(db, QUERY_DOCUMENT_NEXT);

    row_bind_int(row, after_id);
    if (!row_next(row, found, err))
        return false;
    if (*found) {
        const char *sha256 = row_text(row, 3);

        facts->id = row_int(row, 0);
        facts->size = row_int(row, 1);
        facts->stored_size = row_int(row, 2);
        snprintf(facts->sha256, sizeof facts->sha256, "%s", sha256 ? sha256 : "");
        row_done(row);
    }
    return true;
}

bool document_piece(struct db *db, int64_t id, int64_t position, struct buf *piece, bool *found,
                    struct err *err)
{
    struct row *row = db_query(db, QUERY_DOCUMENT_PIECE);
    size_t size;

    buf_clear(piece);
    row_bind_int(row, id);
    row_bind_int(row, position);
    if (!row_next(row, found, err))
        return false;
    if (!*found)
        return true;
    const void *bytes = row_blob(row, 0, &size);
    bool ok = buf_add(piece, bytes, size, err);
    row_done(row);
    return ok;
}

bool document_drop_unused(struct db *db, int64_t id, struct err *err)
{
    struct row *row = db_query(db, QUERY_DOCUMENT_DROP_UNUSED);

    row_bind_int(row, id);
    return row_exec(row, err);
}
