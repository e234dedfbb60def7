/*
 * sbom_reader.h - recognises an SBOM by its content and takes its facts, in one pass.
 *
 * The caller pushes the document's bytes in pieces of any size. Memory is fixed (about
 * 1 MiB at most), whatever the document's size. Nothing is believed but the content: no file
 * name, no content type.
 *
 * Refused with ERR_DATA and words a person understands ("is an HTML page, not an SBOM",
 * "is JSON but no SBOM: ...", "ends in the middle ..."): what is empty, truncated,
 * malformed, of another kind, nested over 128 levels, or XML with a document type
 * declaration, a tag over 256 KiB or over 2,000 different names. The words follow the name of the
 * document, which the caller puts before them with err_wrap(). SPDX tag-value has no end mark: cut
 * exactly between two lines it cannot be told from a shorter document.
 *
 * A reader may live on any one thread.
 */
#ifndef SBOM_SBOM_READER_H
#define SBOM_SBOM_READER_H

#include <stddef.h>

#include "sbom/sbom_component.h"
#include "sbom/sbom_facts.h"

struct sbom_reader;

struct sbom_reader *sbom_reader_new(void);
void sbom_reader_free(struct sbom_reader *reader); /* NULL is fine */

/*
 * Before the first byte; at most once. component() is then called within feed and finish for
 * each component, also for those of families that the document turns out not to be of
 * (`family`; sbom_tree_family() names the one of a kind). Half a MiB more at most.
 */
void sbom_reader_observe(struct sbom_reader *reader, sbom_component_fn *component, void *owner);

/* Fails as soon as the document cannot be an SBOM any more; then every later call fails so. */
bool sbom_reader_feed(struct sbom_reader *reader, const void *bytes, size_t size, struct err *err);

/* After the last byte, once. On success all of *facts is set; else it is untouched. */
bool sbom_reader_finish(struct sbom_reader *reader, struct sbom_facts *facts, struct err *err);

static inline void auto_sbom_reader_fn(struct sbom_reader **reader)
{
    sbom_reader_free(*reader);
}

#define auto_sbom_reader __attribute__((cleanup(auto_sbom_reader_fn)))

#endif
