/*
 * metadata_sidecar.h - the file beside an image that says what its build knew.
 */
#ifndef WATCH_METADATA_SIDECAR_H
#define WATCH_METADATA_SIDECAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "watch/metadata_field.h"

enum { METADATA_SIDECAR_MAX_BYTES = 65536 };

struct metadata_sidecar {
    char *value[METADATA_FIELD_COUNT];
    char *place[METADATA_FIELD_COUNT]; /* file:line:column */
};

/*
 * Reads a sidecar: one flat YAML mapping of the fields' keys, values taken as they are
 * written, no templates. An empty file says nothing. ERR_INPUT begins with
 * "file:line:column". Release out in either case.
 */
bool metadata_sidecar_parse(const char *bytes, size_t size, const char *file,
                            struct metadata_sidecar *out, struct err *err);
void metadata_sidecar_release(struct metadata_sidecar *sidecar);

#define auto_metadata_sidecar __attribute__((cleanup(metadata_sidecar_release)))

#endif
