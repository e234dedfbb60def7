/*
 * document.h - table document: the bytes of every accepted revision, once.
 *
 * A document is kept deflated (one zlib stream) in pieces of bounded size, so that neither
 * writing nor reading one takes memory by its size.
 */
#ifndef STORE_DOCUMENT_H
#define STORE_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/db.h"

enum { DOCUMENT_PIECE_MAX = 256 * 1024, DOCUMENT_SHA256_SIZE = 72 };

struct document {
    const char *sha256; /* of the original bytes */
    int64_t size;
    int deflated_fd; /* borrowed; read from its start */
    int64_t stored_size;
};

/* Finds it by digest or keeps it. */
bool document_keep(struct db *db, const struct document *document, int64_t *id, struct err *err);

/* The same for one that another ledger has. */
bool document_copy(struct db *from, struct db *to, const char *sha256, int64_t *id,
                   struct err *err);

struct document_facts {
    int64_t id;
    int64_t size;        /* of the original */
    int64_t stored_size; /* deflated */
    char sha256[DOCUMENT_SHA256_SIZE];
};

bool document_find(struct db *db, const char *sha256, struct document_facts *facts, bool *found,
                   struct err *err);

/* In the order of their ids, beginning behind after_id (0: with the first). */
bool document_next(struct db *db, int64_t after_id, struct document_facts *facts, bool *found,
                   struct err *err);

/*
 * The deflated bytes of one piece, positions from 0; *found is false behind the last one.
 * piece->max has to be DOCUMENT_PIECE_MAX at least.
 */
bool document_piece(struct db *db, int64_t id, int64_t position, struct buf *piece, bool *found,
                    struct err *err);

/* Removes it when no revision and no quarantined document needs it any more. */
bool document_drop_unused(struct db *db, int64_t id, struct err *err);

#endif
