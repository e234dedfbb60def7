/* sbom_version.h - which specification versions are known, for each kind of SBOM. */
#ifndef SBOM_SBOM_VERSION_H
#define SBOM_SBOM_VERSION_H

#include <stdbool.h>

#include "sbom/sbom_facts.h"

/*
 * Sets kind, spec_version and newer. Refuses with ERR_DATA what is no version ("x", "1")
 * and what is older than the first of that kind.
 */
bool sbom_version_set(struct sbom_facts *facts, enum sbom_kind kind, const char *version,
                      struct err *err);

#endif
