/*
 * metadata_field.h - the fields that the platform takes, and what may stand in them.
 */
#ifndef WATCH_METADATA_FIELD_H
#define WATCH_METADATA_FIELD_H

#include <stdbool.h>

/* X(FIELD, key in the configuration and the sidecar, required, default template or NULL) */
#define METADATA_FIELDS(X)                                                                         \
    X(VENDOR, "vendor", true, NULL)                                                                \
    X(PRODUCT, "product", true, NULL)                                                              \
    X(VERSION, "version", false, NULL)                                                             \
    X(NAME, "name", true, "{vendor}-{product}-{version}") /* {file} where there is no version */   \
    X(PRODUCT_CATEGORY, "product_category", false, NULL)                                           \
    X(PRODUCT_GROUP, "product_group", false, "Default")                                            \
    X(ANALYSIS_CONFIGURATION, "analysis_configuration", false, "Default")                          \
    X(MONITORING, "monitoring", false, "false")                                                    \
    X(RELEASE_DATE, "release_date", false, NULL)                                                   \
    X(NOTES, "notes", false, NULL)

enum metadata_field {
#define X(field, key, required, text) METADATA_##field,
    METADATA_FIELDS(X)
#undef X
};

#define METADATA_FIELD_COUNT (METADATA_NOTES + 1) /* NOTES is the last one */

enum { METADATA_VALUE_MAX_BYTES = 1024 };

const char *metadata_field_key(enum metadata_field field);

/* False when no field has that key. */
bool metadata_field_find(const char *key, enum metadata_field *field);

/* Why a field can not have this value ("is over 1024 bytes"), or NULL. Empty is fine: none. */
const char *metadata_field_fault(enum metadata_field field, const char *value);

#endif
