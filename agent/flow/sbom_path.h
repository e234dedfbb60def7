/*
 * sbom_path.h - where a firmware's SBOM file lies below sbom.directory. Pure.
 */
#ifndef FLOW_SBOM_PATH_H
#define FLOW_SBOM_PATH_H

#include "base/err.h"
#include "base/template.h"

/* Whose documents they are: as it was uploaded, or as the platform names it. */
struct sbom_subject { /* borrowed; NULL: not known */
    const char *firmware_id;
    const char *name;
    const char *vendor;
    const char *product;
    const char *version;
    const char *product_group;
    const char *sha256; /* of the image */
    const char *watch;
};

struct sbom_place {
    const struct sbom_subject *subject;
    const char *format; /* the configured format's name */
    const char *ext;    /* without a leading dot */
};

/* The names that a path template (sbom.path) may use; ends with NULL. */
extern const char *const sbom_path_names[];

/*
 * Relative, each value made safe as a part of one component, and none in the place of the
 * folder's own files (index.json ...); caller frees. NULL with *err.
 */
char *sbom_path_new(const struct template *path, const struct sbom_place *place, struct err *err);

/* The same with the format's name before the extension: two formats of one kind. Caller frees. */
char *sbom_path_apart(const char *path, const struct sbom_place *place);

/*
 * The part of an absolute path below the directory, when it ends in ".ext" (NULL: in anything).
 * Borrowed from path; NULL otherwise.
 */
const char *sbom_path_below(const char *directory, const char *path, const char *ext);

#endif
