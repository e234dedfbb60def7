/*
 * sbom_component.h - what one component of a document says of itself: the texts by which
 * it is known.
 *
 * Taken while the document is walked, for who asked for it (sbom_reader_observe()). A text
 * is kept up to SBOM_FIELD_MAX bytes, cut between two characters, with a digest of all of
 * it. Where a component gives several of one field (CPEs, say) it is the bytewise least:
 * their order does not count.
 */
#ifndef SBOM_SBOM_COMPONENT_H
#define SBOM_SBOM_COMPONENT_H

#include <stdbool.h>
#include <stddef.h>

#include "sbom/sbom_sum.h"

enum { SBOM_FIELD_MAX = 512 };

/* A JSON document is walked as all of them at once, until it says which it is. */
enum sbom_family { SBOM_FAMILY_CYCLONEDX, SBOM_FAMILY_SPDX2, SBOM_FAMILY_SPDX3 };

#define SBOM_FAMILY_COUNT (SBOM_FAMILY_SPDX3 + 1)

enum sbom_field {
    SBOM_FIELD_PURL,
    SBOM_FIELD_CPE,
    SBOM_FIELD_NAME,
    SBOM_FIELD_GROUP,     /* CycloneDX */
    SBOM_FIELD_VERSION,   /* the field, not what stands in a package URL */
    SBOM_FIELD_SUPPLIER,  /* SPDX 2: with its "Organization: "; SPDX 3 only refers to it: none */
    SBOM_FIELD_PUBLISHER, /* CycloneDX */
};

#define SBOM_FIELD_COUNT (SBOM_FIELD_PUBLISHER + 1)

struct sbom_field_text {
    char bytes[SBOM_FIELD_MAX]; /* not terminated; may hold NUL */
    size_t size;                /* 0: the component does not say */
    bool is_cut;
    struct sbom_sum whole; /* with the key it had, so of one kind of document only */
};

struct sbom_component {
    enum sbom_family family;
    struct sbom_sum change; /* its part of the document's component_id */
    struct sbom_field_text fields[SBOM_FIELD_COUNT];
};

/* Called at the component's end, so after those that are nested in it. */
typedef void sbom_component_fn(void *owner, const struct sbom_component *component);

#endif
