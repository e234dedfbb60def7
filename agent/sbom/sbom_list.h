/*
 * sbom_list.h - the components of one document, compact, in order of their identity.
 *
 * Made on a worker thread from an SBOM file; what sbom_diff.h compares. A component is
 * known by what it is without its version: its package URL without version, qualifiers and
 * subpath; without one its CPE without version and update; without one its supplier, group
 * and name (sbom_identity.h has the rules). What is kept is of fixed size per component
 * (SBOM_LIST_ENTRY_MAX bytes at most); the texts lie in an unnamed scratch file and are
 * read when they are shown. So a document of 100 MB takes a few tens of MiB, and there is
 * a limit to it: two lists of SBOM_LIST_MAX and their comparison stay under 64 MiB.
 *
 * The components are those of facts.components: CycloneDX's with those nested in them, each
 * on its own. In what order the document had them does not count.
 */
#ifndef SBOM_SBOM_LIST_H
#define SBOM_SBOM_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sbom/sbom_facts.h"

enum { SBOM_LIST_ENTRY_MAX = 64, SBOM_LIST_MAX = 400000 };

struct sbom_list;

/*
 * Reads the whole document at fd from offset 0 (blocking; on the loop a worker's task); the
 * descriptors' positions are left alone. scratch_fd: an empty file open for reading and
 * writing, borrowed until the list is freed; it gets 1.6 KB per component at most, and is
 * nobody else's meanwhile.
 *
 * facts (may be NULL) are those of sbom_reader.h, set as soon as the document proved to be an
 * SBOM, so also of a newer one. NULL: ERR_DATA, in words that follow the document's name (no
 * SBOM; a newer specification, whose components are not known; more than SBOM_LIST_MAX
 * components), ERR_IO, ERR_DISK_FULL.
 */
struct sbom_list *sbom_list_read(int fd, int scratch_fd, struct sbom_facts *facts, struct err *err);
void sbom_list_free(struct sbom_list *list); /* NULL is fine */

int64_t sbom_list_count(const struct sbom_list *list); /* that of the facts */

static inline void auto_sbom_list_fn(struct sbom_list **list)
{
    sbom_list_free(*list);
}

#define auto_sbom_list __attribute__((cleanup(auto_sbom_list_fn)))

#endif
