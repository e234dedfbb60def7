/*
 * sbom_accept.h - a quarantined document becomes the next revision, by a person's decision.
 *
 * Works on the ledger alone; its file is put in place later, by whoever has the time for it
 * (the row is unplaced). The caller's transaction: nothing holds before it is committed.
 */
#ifndef FLOW_SBOM_ACCEPT_H
#define FLOW_SBOM_ACCEPT_H

#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/sbom.h"

struct sbom_acceptance {
    const char *firmware_id;
    const char *format; /* NULL: the only one that is quarantined */
    const char *by;     /* both as the ledger keeps them: one line, fitting struct sbom_row */
    const char *why;
    int64_t now_ms;
};

/*
 * *accepted is the new revision. Its file is that of the one before; of a document of another
 * kind with that kind's extension. The firmware's alert ends with its last quarantined document.
 *
 * ERR_INPUT  nothing is quarantined
 * ERR_USAGE  several are, and no format was named
 * ERR_DATA   what is quarantined is no SBOM
 */
bool sbom_accept(struct db *db, const struct sbom_acceptance *want, struct sbom_row *accepted,
                 struct err *err);

#endif
