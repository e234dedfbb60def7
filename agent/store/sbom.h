/*
 * sbom.h - table sbom: the revisions of each firmware's SBOM, by format.
 *
 * A revision is a document that was accepted: the first one, then each whose content differs
 * from the one before. The latest one is what lies (or should lie) at `file`.
 */
#ifndef STORE_SBOM_H
#define STORE_SBOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/document.h"

enum { SBOM_TEXT_SIZE = 128, SBOM_FILE_SIZE = 4096, SBOM_FIRMWARE_SIZE = 72 };

struct sbom_row {
    char firmware_id[SBOM_FIRMWARE_SIZE]; /* filled when read */
    char format[SBOM_TEXT_SIZE];          /* the configured format's name */
    int64_t revision;                     /* from 1 */
    char kind[SBOM_TEXT_SIZE];
    char spec_version[SBOM_TEXT_SIZE];
    int64_t components; /* -1: unknown */
    char content_id[72];
    char component_id[72];
    char file[SBOM_FILE_SIZE]; /* absolute */
    int64_t fetched_at;
    int64_t checked_at;               /* the platform still said the same; fetched_at at first */
    bool is_unplaced;                 /* its bytes are in the ledger, but not yet in its file */
    char accepted_by[SBOM_TEXT_SIZE]; /* who let it out of the quarantine; "": nobody had to */
    char accepted_why[SBOM_TEXT_SIZE];
    int64_t accepted_at;               /* 0: nobody had to */
    int64_t document_id;               /* filled when read, as are the next */
    char sha256[DOCUMENT_SHA256_SIZE]; /* of the document's bytes */
    int64_t size;
};

bool sbom_latest(struct db *db, const char *firmware_id, const char *format, struct sbom_row *sbom,
                 bool *found, struct err *err);

struct sbom_key { /* borrowed */
    const char *firmware_id;
    const char *format;
    int64_t revision;
};

bool sbom_find(struct db *db, const struct sbom_key *key, struct sbom_row *sbom, bool *found,
               struct err *err);

/* Each format's latest revision. */
bool sbom_each(struct db *db, const char *firmware_id,
               void (*each)(void *owner, const struct sbom_row *sbom), void *owner,
               struct err *err);

bool sbom_add(struct db *db, const char *firmware_id, const struct sbom_row *sbom,
              int64_t document_id, struct err *err);

/* The latest revision was looked at again, and its file lies there. Forgotten by now: nothing. */
bool sbom_checked(struct db *db, const struct sbom_row *sbom, const char *file, int64_t now_ms,
                  struct err *err);

/* That revision's bytes are, or are not, in its file. */
bool sbom_set_placed(struct db *db, const struct sbom_row *sbom, bool placed, struct err *err);

/*
 * Walks all rows of a kind in the order of firmware, format and revision, a row a call; zeroed
 * at the beginning. Rows that are added meanwhile behind the cursor are seen.
 */
struct sbom_cursor {
    char firmware_id[SBOM_FIRMWARE_SIZE];
    char format[SBOM_TEXT_SIZE];
    int64_t revision;
};

/* The next current SBOM whose file is not in its place; moving the cursor is the caller's. */
bool sbom_next_unplaced(struct db *db, const struct sbom_cursor *cursor, struct sbom_row *sbom,
                        bool *found, struct err *err);

/* The next latest revision (of another firmware or format). */
bool sbom_next_current(struct db *db, struct sbom_cursor *cursor, struct sbom_row *sbom,
                       bool *found, struct err *err);

/* The next revision of this firmware. */
bool sbom_next_revision(struct db *db, const char *firmware_id, struct sbom_cursor *cursor,
                        struct sbom_row *sbom, bool *found, struct err *err);

/* A current SBOM whose file is that one; the newest of several. */
bool sbom_file_owner(struct db *db, const char *file, struct sbom_row *sbom, bool *found,
                     struct err *err);

struct sbom_keep {
    int64_t revisions; /* so many of the newest; 0: any number */
    int64_t ms;        /* since another one took its place; 0: for ever */
};

/*
 * Forgets revisions that are beyond a limit that is set: never the first or the last. Their
 * documents go when nothing else needs them.
 */
bool sbom_prune(struct db *db, const char *firmware_id, const char *format,
                const struct sbom_keep *keep, int64_t now_ms, struct err *err);

/* A firmware's documents that one ledger has and another has not. */
bool sbom_copy(struct db *from, struct db *to, const char *firmware_id, struct err *err);

/* The columns that queries of SBOMs have first; store/ only. */
void sbom_read(struct row *row, struct sbom_row *sbom);

#endif
