/*
 * sbom_fetch.h - one SBOM from the platform, now, to stdout or into a file.
 *
 * The document is recognised and checked before any byte of it is handed on: HTML, JSON of
 * another kind, a cut or an empty body is refused, and an existing file then stays as it is.
 * Memory does not depend on its size.
 */
#ifndef CLI_SBOM_FETCH_H
#define CLI_SBOM_FETCH_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "cli/out.h"
#include "cli/platform.h"
#include "config/config.h"
#include "sbom/sbom_facts.h"

struct sbom_fetch {
    const char *firmware_id;
    const char *format; /* a name of sbom.formats; NULL: the first one */
    const char *file;   /* written atomically, its folder must be there; NULL: to out */
};

struct sbom_fetched {
    const char *format; /* of the configuration */
    struct sbom_facts facts;
    char sha256[DIGEST_HEX_SIZE];
    int64_t size;
};

/*
 * ERR_CONFIG      an unknown format; the message has the valid names
 * ERR_NOT_YET     the analysis is not complete; ERR_ANALYSIS: it failed
 * ERR_REJECTED    no such firmware, or the token may not see it
 * ERR_PROTOCOL    what came was no SBOM, three times
 * ERR_IO, ERR_DISK_FULL   the file cannot be written; found out before anything is asked,
 *                 where that is possible
 *
 * and what platform.h promises. A failure to write to out is found by out_finish().
 */
bool sbom_fetch(struct platform *platform, const struct config *config,
                const struct sbom_fetch *want, struct out *out, struct sbom_fetched *fetched,
                struct err *err);

/* "CycloneDX JSON 1.6, 345 components"; caller frees. */
char *sbom_fetch_summary(const struct sbom_facts *facts);

#endif
