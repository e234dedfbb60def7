/*
 * sbom_place.h - which file below sbom.directory an SBOM gets.
 *
 * Where it lies already it stays, whatever the platform calls its product meanwhile; only another
 * folder or another kind of document moves it. Two SBOMs never share a file.
 */
#ifndef FLOW_SBOM_PLACE_H
#define FLOW_SBOM_PLACE_H

#include "flow/flow.h"
#include "flow/sbom_path.h"

/*
 * An absolute path for that SBOM: *file, or where another one's file is there the same with the
 * format's name. *file is the caller's before and after.
 */
bool sbom_place_apart(struct db *db, const struct sbom_place *place, char **file, struct err *err);

/* known_file: where it lies, absolute, or NULL. Relative to the directory; caller frees. */
char *sbom_place_choose(const struct flow *flow, const struct sbom_place *place,
                        const char *known_file, struct err *err);

#endif
