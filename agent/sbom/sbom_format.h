/*
 * sbom_format.h - the readers of the three syntaxes, each in its own file.
 *
 * A reader walks the tree with what it meets; its finish says what kind the document is
 * (sbom_version_set). Errors are ERR_DATA, as sbom_reader.h promises them.
 */
#ifndef SBOM_SBOM_FORMAT_H
#define SBOM_SBOM_FORMAT_H

#include "sbom/sbom_facts.h"
#include "sbom/sbom_tree.h"

struct sbom_format {
    void *(*new)(struct sbom_tree *tree); /* borrows the tree */
    bool (*feed)(void *format, const char *bytes, size_t size, struct err *err);
    bool (*finish)(void *format, struct sbom_facts *facts, struct err *err);
    void (*free)(void *format);
};

extern const struct sbom_format sbom_json; /* CycloneDX, SPDX 2, SPDX 3 */
extern const struct sbom_format sbom_xml;  /* CycloneDX */
extern const struct sbom_format sbom_tag;  /* SPDX 2 tag-value */

#endif
