/*
 * source.h - one watched folder as the flows see it: its rules, compiled.
 *
 * Made once from plain values; a mistake in a glob, pattern or template is ERR_CONFIG
 * and begins with its key ("exclude[1]: ..."). Immutable afterwards, but for the
 * pattern's match state: loop thread only, except source_skips().
 */
#ifndef FLOW_SOURCE_H
#define FLOW_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/beneath.h"
#include "base/err.h"
#include "watch/metadata.h"
#include "watch/rule.h"
#include "watch/settle.h"

enum source_existing { SOURCE_SEND, SOURCE_IGNORE, SOURCE_ADOPT };
enum source_missing { SOURCE_MISSING_WAIT, SOURCE_MISSING_SKIP, SOURCE_MISSING_FAIL };
enum source_mode { SOURCE_AUTO, SOURCE_EVENTS, SOURCE_POLL };

struct source_options { /* texts are copied */
    const char *name;
    const char *path; /* absolute, without trailing slash */
    struct rule_options rules;
    const char *match; /* PCRE2, or NULL */
    const char *metadata[METADATA_FIELD_COUNT];
    int64_t settle_ms;
    int64_t rescan_ms;
    enum source_mode mode;
    bool follow_links;
    enum source_existing existing;
    bool per_version; /* the same content under another product or version is sent too */
    bool oldest_first;
    enum source_missing attach_missing;
    const char *move_to; /* or NULL: keep */
};

struct source {
    char *name;
    char *path;
    char *move_to;
    struct rule_set *rules;
    struct pattern *pattern; /* or NULL */
    struct metadata_rules *metadata;
    struct settle_rule settle;
    int64_t rescan_ms;
    enum source_mode mode;
    enum beneath_links links;
    enum source_existing existing;
    enum source_missing attach_missing;
    bool per_version;
    bool oldest_first;
    bool has_attachment;
    bool has_sidecar;
    bool network; /* on a network file system: told by who looked (intake.c) */
};

struct source *source_new(const struct source_options *options, struct err *err);
void source_free(struct source *source); /* NULL is fine */

/* scan.h's skip function; rules is a struct rule_set. Any thread. */
bool source_skips(const void *rules, const char *relpath, bool is_directory);

/*
 * The rules may have changed since a row was made: false with ERR_GONE and the rule that
 * leaves the file out now.
 */
bool source_takes(const struct source *source, const char *path, struct err *err);

/* "<path>/<relpath>"; caller frees. */
char *source_path(const struct source *source, const char *relpath);

/* The part below the folder, borrowed from path; NULL when it does not lie there. */
const char *source_relpath(const struct source *source, const char *path);

/*
 * The metadata of one file; sidecar may be NULL. out is released by the caller in
 * either case. A `match` that gave up is ERR_INPUT: it is told, not taken for "no match".
 */
bool source_metadata(const struct source *source, const struct metadata_facts *facts,
                     const struct metadata_sidecar *sidecar, struct metadata *out, struct err *err);

#endif
