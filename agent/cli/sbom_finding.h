/*
 * sbom_finding.h - what sbom verify finds, as it is told: a line or a JSON object each.
 *
 * Written as they come; nothing of a finding is kept but that there was one.
 */
#ifndef CLI_SBOM_FINDING_H
#define CLI_SBOM_FINDING_H

#include <stddef.h>
#include <stdint.h>

#include "cli/out.h"

/* X(constant, name in JSON and in text) */
#define FINDINGS(X)                                                                                \
    X(DAMAGED, "damaged")       /* the ledger's copy is not the document */                        \
    X(MISSING, "missing")       /* a file that should be there */                                  \
    X(CHANGED, "changed")       /* a file with other bytes */                                      \
    X(UNPLACED, "unplaced")     /* the ledger has it, its file is still to be written */           \
    X(EXTRA, "extra")           /* a file that nobody knows */                                     \
    X(SUMS, "sums")             /* SHA256SUMS says something else than the ledger */               \
    X(UNREADABLE, "unreadable") /* a file that we may not, or cannot read */

enum finding_kind {
#define X(constant, name) FINDING_##constant,
    FINDINGS(X)
#undef X
};

#define FINDING_KIND_COUNT (FINDING_UNREADABLE + 1) /* UNREADABLE is the last one */

struct finding { /* borrowed; NULL: there is none */
    enum finding_kind kind;
    const char *path;
    const char *firmware_id;
    const char *format;
    const char *expected; /* SHA-256 */
    const char *found;
    const char *problem;
};

struct findings {
    struct out *out;
    bool json;
    int64_t counts[FINDING_KIND_COUNT];
};

void finding_tell(struct findings *findings, const struct finding *finding);

const char *finding_name(enum finding_kind kind);
int64_t finding_total(const struct findings *findings);

#endif
