/*
 * sbom_path.h - where a firmware's SBOM file lies below sbom.directory. Pure.
 */
#ifndef FLOW_SBOM_PATH_H
#define FLOW_SBOM_PATH_H

#include "base/err.h"
#include "base/template.h"
#include "store/item.h"

struct sbom_place {
    const struct item *item;
    const char *format; /* the configured format's name */
    const char *ext;    /* without a leading dot */
};

/* Relative, each value made safe as a part of one component; caller frees. NULL with *err. */
char *sbom_path_new(const struct template *path, const struct sbom_place *place, struct err *err);

/* The same with the format's name before the extension: two formats of one kind. Caller frees. */
char *sbom_path_apart(const char *path, const struct sbom_place *place);

#endif
