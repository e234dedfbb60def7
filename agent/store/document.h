/*
 * document.h - tables document and sbom: every accepted revision's bytes, once.
 *
 * A document is kept deflated in pieces of at most 256 KiB, so that neither writing
 * nor reading one takes memory by its size.
 */
#ifndef STORE_DOCUMENT_H
#define STORE_DOCUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct document {
    const char *sha256; /* of the original bytes */
    int64_t size;
    int deflated_fd; /* borrowed; read from its start */
    int64_t stored_size;
};

/* Finds it by digest or keeps it. */
bool document_keep(struct db *db, const struct document *document, int64_t *id, struct err *err);

enum { SBOM_TEXT_SIZE = 128, SBOM_FILE_SIZE = 4096 };

struct sbom_row {
    char format[SBOM_TEXT_SIZE]; /* the configured format's name */
    int64_t revision;            /* from 1 */
    char kind[SBOM_TEXT_SIZE];
    char spec_version[SBOM_TEXT_SIZE];
    int64_t components; /* -1: unknown */
    char content_id[72];
    char component_id[72];
    char file[SBOM_FILE_SIZE]; /* absolute */
    int64_t fetched_at;
    char sha256[72]; /* of the document; filled when read */
    int64_t size;
};

bool sbom_latest(struct db *db, const char *firmware_id, const char *format, struct sbom_row *sbom,
                 bool *found, struct err *err);

/* Each format's latest revision. */
bool sbom_each(struct db *db, const char *firmware_id,
               void (*each)(void *owner, const struct sbom_row *sbom), void *owner,
               struct err *err);

bool sbom_add(struct db *db, const char *firmware_id, const struct sbom_row *sbom,
              int64_t document_id, struct err *err);

/* A firmware's documents that one ledger has and another has not. */
bool document_copy(struct db *from, struct db *to, const char *firmware_id, struct err *err);

#endif
