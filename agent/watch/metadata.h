/*
 * metadata.h - what the platform is told about one image, and where each field comes from.
 *
 * A field is what the sidecar says, else its template filled for this file, else its
 * default. A {name} in a template is, in this order: what the sidecar says of the field of
 * that name, a named group of `match`, another field, a fact of the file (path relpath
 * dir file stem ext mtime size sha256 watch), env:VAR. A group hides the field and the
 * fact of its name, also where it took no part in the match.
 *
 * A name without value leaves an optional field out and fails the file where the field
 * is required (vendor, product, name). An empty value is no value.
 *
 * Pure: no file is read here.
 */
#ifndef WATCH_METADATA_H
#define WATCH_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "watch/metadata_field.h"
#include "watch/metadata_sidecar.h"
#include "watch/pattern.h"

enum metadata_origin {
    METADATA_UNSET,    /* detail: why its template gave nothing, or NULL */
    METADATA_DEFAULT,  /* nobody said anything */
    METADATA_TEMPLATE, /* detail: the template */
    METADATA_GROUP,    /* detail: the template; a group of `match` gave a part of it */
    METADATA_SIDECAR,  /* detail: file:line:column */
    METADATA_DERIVED,  /* the default name; detail: its template */
};

/* The result, all its own memory. */
struct metadata {
    char *value[METADATA_FIELD_COUNT]; /* NULL: not sent */
    char *detail[METADATA_FIELD_COUNT];
    enum metadata_origin origin[METADATA_FIELD_COUNT];
    bool monitoring;
};

/* One watch's configuration; nothing of it is kept. */
struct metadata_options {
    const char *watch;                            /* its name */
    const char *text[METADATA_FIELD_COUNT];       /* templates; NULL: not configured */
    const char *const *groups;                    /* pattern_names(), or NULL */
    bool has_sidecar;                             /* then vendor and product may come from it */
    const char *(*environment)(const char *name); /* getenv, but in tests; NULL: empty */
};

/* One file. */
struct metadata_facts {
    const char *path;                    /* absolute */
    const char *relpath;                 /* below the watched folder */
    const char *sha256;                  /* NULL: not known yet */
    const struct pattern_groups *groups; /* NULL: `match` did not match, or there is none */
    int64_t mtime_ms;
    uint64_t size;
};

struct metadata_rules;

/*
 * ERR_CONFIG, beginning with the key, for: an unknown name, fields that need each other,
 * a fixed value that no file could have, vendor or product neither configured nor
 * possible in a sidecar.
 */
struct metadata_rules *metadata_rules_new(const struct metadata_options *options, struct err *err);
void metadata_rules_free(struct metadata_rules *rules); /* NULL is fine */

/*
 * Fills out (release it in either case). ERR_INPUT: a required field has no value; a
 * value is over 1,024 bytes, not UTF-8 or has control characters; monitoring is neither
 * true nor false; release_date is neither YYYY-MM-DD nor RFC 3339. sidecar may be NULL.
 */
bool metadata_resolve(const struct metadata_rules *rules, const struct metadata_facts *facts,
                      const struct metadata_sidecar *sidecar, struct metadata *out,
                      struct err *err);
void metadata_release(struct metadata *metadata);

/* For `explain`: template "{product}", filled from match. Caller frees. */
char *metadata_origin_text(const struct metadata *metadata, enum metadata_field field);

static inline void auto_metadata_rules_fn(struct metadata_rules **rules)
{
    metadata_rules_free(*rules);
}

#define auto_metadata_rules __attribute__((cleanup(auto_metadata_rules_fn)))
#define auto_metadata       __attribute__((cleanup(metadata_release)))

#endif
