/*
 * sbom_diff.h - which components one document has and the other has not.
 *
 * Blocking (texts are read from the lists' scratch files). The two documents may be of
 * different kinds: a component with a package URL is the same in CycloneDX and SPDX.
 *
 * A component that is there several times is compared version by version: what both have is
 * no difference; of what is left, the old and new versions are paired in their (bytewise)
 * order, and those without a partner are added or removed.
 *
 * Of one kind: documents of the same component_id have no difference (but for a publisher,
 * and UUIDs in SPDX 3's names). Another component_id without a difference: licences that
 * the document keeps beside its components changed (the texts of SPDX 2's LicenseRefs, all
 * licences of SPDX 3), which are not seen here.
 */
#ifndef SBOM_SBOM_DIFF_H
#define SBOM_SBOM_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sbom/sbom_list.h"

enum sbom_change {
    SBOM_ADDED,
    SBOM_REMOVED,
    SBOM_VERSION, /* the same component, another version */
    SBOM_DETAIL,  /* the same version; other licences or hashes, or another spelling of its package
                     URL or CPE, with its qualifiers. Not told between kinds */
};

/*
 * Texts are as the document has them (print them through printable.h), "" where it has none; gone
 * when the callback returns; cut at 512 bytes, between two characters, or at a NUL. Name and
 * identity are the new document's where it has the component.
 */
struct sbom_difference {
    enum sbom_change change;
    const char *name;        /* group and name: "org.acme/router" */
    const char *identity;    /* purl, CPE or name: what it was recognised by, as written */
    const char *old_version; /* NULL: added */
    const char *new_version; /* NULL: removed */
};

struct sbom_diff_counts {
    int64_t added;
    int64_t removed;
    int64_t version;
    int64_t detail;
};

/*
 * Each difference once, sorted bytewise by name, then identity, then version (the new one where
 * there is one). each may be NULL: only the counts. False, and it stops, when each() returned false
 * (*err is what it set) or a text cannot be read (ERR_IO); *counts is set on success only.
 */
bool sbom_diff(struct sbom_list *old_list, struct sbom_list *new_list,
               bool (*each)(void *owner, const struct sbom_difference *difference, struct err *err),
               void *owner, struct sbom_diff_counts *counts, struct err *err);

#endif
