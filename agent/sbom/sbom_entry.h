/*
 * sbom_entry.h - what a list keeps of a component; for who compares lists.
 *
 * Entries are sorted by identity, version, detail. These are digests: equal or not is all
 * they say. text is the place in the scratch file of "name NUL identity NUL version NUL",
 * whose bytewise order is that of the three.
 */
#ifndef SBOM_SBOM_ENTRY_H
#define SBOM_SBOM_ENTRY_H

#include "sbom/sbom_identity.h"
#include "sbom/sbom_list.h"

enum { SBOM_ENTRY_TEXT_MAX = 3 * SBOM_SHOWN_SIZE, SBOM_ENTRY_SIZE_BITS = 12 };

struct sbom_entry {
    uint64_t identity[2];
    uint64_t version;
    uint64_t detail; /* of all that counts, so also of how identity and version were written */
    uint32_t text;
    uint32_t text_size : SBOM_ENTRY_SIZE_BITS;
    uint32_t version_at : SBOM_ENTRY_SIZE_BITS; /* in the text */
    uint32_t family : 2;
};

const struct sbom_entry *sbom_list_entries(const struct sbom_list *list);
enum sbom_kind sbom_list_kind(const struct sbom_list *list);

/* Compares identity, version and detail in this order, the first `depth` of them. */
enum sbom_depth { SBOM_BY_IDENTITY = 1, SBOM_BY_VERSION, SBOM_BY_DETAIL };
int sbom_entry_compare(const struct sbom_entry *a, const struct sbom_entry *b,
                       enum sbom_depth depth);

/* Reads size bytes of the entry's text from `at` on; there must be as many. ERR_IO. */
bool sbom_list_text(const struct sbom_list *list, const struct sbom_entry *entry, size_t at,
                    char *bytes, size_t size, struct err *err);

#endif
