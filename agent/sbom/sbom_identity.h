/*
 * sbom_identity.h - what makes two components the same, whatever their versions.
 *
 * By package URL: type, namespace and name, as the specification of package URLs compares
 * them (type in lower case, names too for the types that say so, PyPI's "_" is "-",
 * percent-encoding undone). By CPE: all but version and update, in 2.3 or 2.2's spelling,
 * without case. By name: supplier (CycloneDX: else the publisher), group and name. A text
 * in the place of a purl or CPE that is none is compared as it is, and so is what was cut
 * (SBOM_FIELD_MAX), by the digest of all of it.
 *
 * The version is the component's own field; without one that of the purl or CPE which
 * identifies it.
 */
#ifndef SBOM_SBOM_IDENTITY_H
#define SBOM_SBOM_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "sbom/sbom_component.h"

enum { SBOM_SHOWN_SIZE = SBOM_FIELD_MAX + 1 };

/* Texts for people: as written, up to the first NUL, "" for none. Keys equal: the same. */
struct sbom_identity {
    char name[SBOM_SHOWN_SIZE];     /* group and name: "org.acme/router" */
    char identity[SBOM_SHOWN_SIZE]; /* purl, CPE or the name */
    char version[SBOM_SHOWN_SIZE];
    uint64_t key[2];
    uint64_t version_key;
};

/* digest is borrowed, between two streams. */
void sbom_identity_take(const struct sbom_component *component, struct digest *digest,
                        struct sbom_identity *identity);

#endif
