/*
 * sbom_document.h - documents of the ledger, made whole on this side and held against their rows.
 *
 * The agent only copies the deflated bytes that it keeps (control/answer_document.c): inflating
 * and digesting are this process's work. Memory does not depend on a document's size.
 */
#ifndef CLI_SBOM_DOCUMENT_H
#define CLI_SBOM_DOCUMENT_H

#include "base/err.h"
#include "cli/session.h"

/*
 * One into fd, an empty file. Returns the exit code: 66 there is none, 65 the ledger's copy is
 * damaged, and those of state.h.
 */
int sbom_document_read(struct session *session, const char *sha256, int fd, struct err *err);

/* err NULL: the ledger's copy is whole. */
typedef void sbom_document_fn(void *owner, const char *sha256, const struct err *err);

/* Every document of the ledger, none of them written anywhere; a damaged one is told, no more. */
int sbom_document_each(struct session *session, sbom_document_fn *each, void *owner,
                       struct err *err);

#endif
