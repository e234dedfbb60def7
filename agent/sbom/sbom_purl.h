/*
 * sbom_purl.h - takes a package URL or CPE apart: what it names, and which version of it.
 */
#ifndef SBOM_SBOM_PURL_H
#define SBOM_SBOM_PURL_H

#include <stdbool.h>
#include <stddef.h>

#include "sbom/sbom_component.h"

/* Bytes, not terminated. Never longer than the text they were made of. */
struct sbom_purl {
    char key[SBOM_FIELD_MAX]; /* the same for the same thing, and for comparing only */
    size_t key_size;
    char version[SBOM_FIELD_MAX];
    size_t version_size; /* 0: it names none */
    bool has_end;        /* something follows what was read: the key is whole, come what may */
};

/* size: SBOM_FIELD_MAX at most. false, and nothing set: the text is none. */
bool sbom_purl_parse(const char *text, size_t size, struct sbom_purl *purl);
bool sbom_cpe_parse(const char *text, size_t size, struct sbom_purl *cpe);

#endif
