/*
 * rule.h - is this path a firmware image, and if not, which rule says so?
 *
 * Judged in this order, the first that applies wins:
 *
 *   dotfiles and all below a dot-directory     never firmware
 *   *.part *.tmp *.partial                     still being written
 *   what a marker, sidecar or attachment of any image would be called
 *   exclude, then include (default: everything); an exclude that matches a folder
 *   also excludes all below it
 *
 * Companions are recognised by the shape of their template, since the image need not
 * exist (yet): {path} {relpath} stand for any path, {dir} for any folder, {file} {stem}
 * {ext} for any text without '/'. "{path}.done" is every *.done, "{dir}/{stem}.cdx.json"
 * every *.cdx.json, "{dir}/SHA256SUMS" every file of that name. A template takes no other
 * names, {path} {relpath} {dir} start a component, and it needs text of its own, or it
 * would be the image itself.
 *
 * All paths are relative to the watched folder, {path} too: companions lie below it.
 * Pure; thread-safe once made.
 */
#ifndef WATCH_RULE_H
#define WATCH_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct rule_set;

/* One watch's configuration; nothing of it is kept. */
struct rule_options {
    const char *const *include; // no entry: **/*
    size_t include_count;
    const char *const *exclude;
    size_t exclude_count;
    const char *marker; /* templates; NULL: none */
    const char *sidecar;
    const char *attachment; /* attach_sbom.path */
};

enum rule_kind { RULE_FILE, RULE_DIRECTORY };

enum rule_reason {
    RULE_INCLUDED, /* the only one that takes a file (or enters a directory) */
    RULE_DOTFILE,
    RULE_BELOW_DOT, /* in a folder, at any height, whose name begins with a dot */
    RULE_TEMPORARY, /* *.part and the like */
    RULE_MARKER,
    RULE_SIDECAR,
    RULE_ATTACHMENT,
    RULE_EXCLUDED, /* for a directory: everything below it is */
    RULE_NOT_INCLUDED,
};

enum rule_verdict { RULE_TAKE, RULE_IGNORE };

struct rule_judgement {
    enum rule_verdict verdict;
    enum rule_reason reason;
    const char *rule; /* the glob or template that decided, or NULL; the set's memory */
};

/* ERR_CONFIG begins with the key ("exclude[1]: parse glob ..."). */
struct rule_set *rule_set_new(const struct rule_options *options, struct err *err);
void rule_set_free(struct rule_set *set); /* NULL is fine */

/*
 * For a directory RULE_TAKE means "enter it". The path is relative, without leading or
 * trailing '/'; "" is the watched folder itself.
 */
struct rule_judgement rule_judge(const struct rule_set *set, const char *relpath,
                                 enum rule_kind kind);

// For people: "excluded by **/sdk/**". Caller frees.
char *rule_judgement_text(const struct rule_judgement *judgement);

/* Where an image's companion lies, relative; NULL when none is configured. Caller frees. */
char *rule_marker_path(const struct rule_set *set, const char *relpath);
char *rule_sidecar_path(const struct rule_set *set, const char *relpath);
char *rule_attachment_path(const struct rule_set *set, const char *relpath);

/*
 * Why the platform can not be told this file name ("is not valid UTF-8"), or NULL when
 * it can. The name goes into a quoted field of a multipart header.
 */
const char *rule_name_fault(const char *name);

static inline void auto_rule_set_fn(struct rule_set **set)
{
    rule_set_free(*set);
}

#define auto_rule_set __attribute__((cleanup(auto_rule_set_fn)))

#endif
