/*
 * quarantine.h - table quarantine: documents that were not let in the place of the last good one.
 *
 * At most one for each firmware and format, the last that came. One that is no SBOM has a reason
 * only; one that shrank has its bytes, so that a person can accept it.
 */
#ifndef STORE_QUARANTINE_H
#define STORE_QUARANTINE_H

#include "store/sbom.h"

enum { QUARANTINE_REASON_SIZE = 512 };

struct quarantine_row {
    struct sbom_row sbom; /* revision and file are not its own; document_id 0: no SBOM */
    char reason[QUARANTINE_REASON_SIZE];
    int64_t since; /* fetched first; sbom.fetched_at: last */
};

/* Takes the place of what was there; `since` of an equal content (content_id, reason) stays. */
bool quarantine_put(struct db *db, const struct quarantine_row *row, struct err *err);

bool quarantine_get(struct db *db, const char *firmware_id, const char *format,
                    struct quarantine_row *row, bool *found, struct err *err);

/* *dropped (may be NULL): there was one. Its document goes when nothing else needs it. */
bool quarantine_drop(struct db *db, const char *firmware_id, const char *format, bool *dropped,
                     struct err *err);

/* How many documents there are. */
bool quarantine_count(struct db *db, int64_t *count, struct err *err);

/* Is anything of that firmware in quarantine? */
bool quarantine_has(struct db *db, const char *firmware_id, bool *has, struct err *err);

/* In the order of firmware and format, a row a call; cursor zeroed at the beginning. */
bool quarantine_next(struct db *db, struct sbom_cursor *cursor, struct quarantine_row *row,
                     bool *found, struct err *err);

#endif
