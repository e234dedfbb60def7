/*
 * sbom_source.h - a document that a person named: a file, or a revision of the ledger.
 *
 * ID@N is a revision, ID alone the latest one. Whatever there is a file of that name of, or has
 * a slash in it, is a file; a pipe is read into a scratch file.
 */
#ifndef CLI_SBOM_SOURCE_H
#define CLI_SBOM_SOURCE_H

#include <jansson.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "cli/session.h"
#include "sbom/sbom_facts.h"
#include "sbom/sbom_list.h"
#include "store/sbom.h"

struct sbom_source {
    char *label;       /* as it was typed; of a revision with its number */
    char *firmware_id; /* NULL: a file */
    char format[SBOM_TEXT_SIZE];
    int64_t revision;
    char sha256[DIGEST_HEX_SIZE]; /* of a revision */
    int fd;
    int scratch_fd; /* the list's */
    struct sbom_list *list;
    struct sbom_facts facts;
};

#define SBOM_SOURCE_NONE ((struct sbom_source){.fd = -1, .scratch_fd = -1})

/*
 * Opens and reads it. Returns the exit code: 66 there is none, 65 it is no SBOM, or one whose
 * components are not known here.
 */
int sbom_source_open(struct session *session, const char *typed, struct sbom_source *source,
                     struct err *err);

/* The revision that was typed, and the one before it. */
int sbom_source_open_pair(struct session *session, const char *typed, struct sbom_source *older,
                          struct sbom_source *newer, struct err *err);

/* {"label","firmware_id","format","revision","kind","spec_version","components"}; the caller's. */
json_t *sbom_source_json(const struct sbom_source *source);

void sbom_source_release(struct sbom_source *source);

#define auto_sbom_source __attribute__((cleanup(sbom_source_release)))

#endif
