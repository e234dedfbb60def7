/*
 * match.h - globs on paths below a watched folder.
 *
 *   *        any bytes of one component, also none     [abc] [a-z]  one byte of these
 *   ?        one byte, never '/'                       [!a-z]       one byte of no such
 *   **       as a whole component: any number of them  {bin,img}    either; may nest
 *            (also none, at the end at least one)      \x           x itself
 *
 * Promises: bytes, not locale; case counts; a leading dot is a byte like any other; the
 * whole path must match. A pattern matches in time proportional to its length times the
 * path's: there is no exponential case. Thread-safe once made.
 *
 * A pattern that could never match (absolute, "..", empty component, "a**") is an error.
 */
#ifndef WATCH_MATCH_H
#define WATCH_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { MATCH_MAX_BYTES = 1024, MATCH_MAX_ALTERNATIVES = 256 };

struct match;

/* ERR_CONFIG says what is wrong and at which byte, counted from 1. */
struct match *match_new(const char *pattern, struct err *err);
void match_free(struct match *match); /* NULL is fine */

const char *match_text(const struct match *match); /* as it was written */

bool match_path(const struct match *match, const char *relpath);

// True when the pattern matches every path below this directory (a/sdk for **/sdk/**).
bool match_below(const struct match *match, const char *relpath);

/* The first of the list that matches the path, or NULL. */
const struct match *match_any(struct match *const *list, size_t count, const char *relpath);

static inline void auto_match_fn(struct match **match)
{
    match_free(*match);
}

#define auto_match __attribute__((cleanup(auto_match_fn)))

#endif
