/*
 * sbom_value.h - what the few values say that are read, and not only counted.
 */
#ifndef SBOM_SBOM_VALUE_H
#define SBOM_SBOM_VALUE_H

#include "sbom/sbom_rules.h"
#include "sbom/sbom_tree.h"

enum sbom_ref { SBOM_REF_OTHER, SBOM_REF_PURL, SBOM_REF_CPE };

enum sbom_element { SBOM_ELEMENT_OTHER, SBOM_ELEMENT_PACKAGE, SBOM_ELEMENT_LICENCE };

/* Keeps what names the format and its version; other roles say nothing. */
void sbom_value_note(struct sbom_findings *findings, enum sbom_role role,
                     const struct sbom_leaf *leaf);

/* "purl", "cpe23Type"; SPDX 3 has other words for them. */
enum sbom_ref sbom_value_ref(const struct sbom_leaf *leaf);

/* "PACKAGE-MANAGER purl pkg:deb/debian/zlib1g@1.2.13": the type is the second word. */
enum sbom_ref sbom_value_ref_line(const struct sbom_leaf *leaf);

/* The third word of such a line; false without one. */
bool sbom_value_ref_locator(const struct sbom_leaf *leaf, struct sbom_leaf *locator);

/* What an element of an SPDX 3 graph is, and whether a relationship is a licence's. */
enum sbom_element sbom_value_element(const struct sbom_leaf *leaf);
bool sbom_value_links_licence(const struct sbom_leaf *leaf);

/* Every UUID becomes the nil UUID: all are equal. */
void sbom_value_mask_uuids(char *text, size_t size);

#endif
