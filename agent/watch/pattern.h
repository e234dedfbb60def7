/*
 * pattern.h - the regular expression of `match:` and its named groups.
 *
 * PCRE2 on bytes. Whoever may write into a watched folder chooses the subject, so
 * every run is bounded in steps, depth and memory; a pattern that runs into a bound
 * answers PATTERN_GAVE_UP, to be treated as "no match" and told to the operator. So
 * does one that does not begin with "^" on a path over 512 bytes.
 * `$` matches at the very end only. Not thread-safe: one run at a time.
 */
#ifndef WATCH_PATTERN_H
#define WATCH_PATTERN_H

#include <stddef.h>

#include "base/err.h"

struct pattern;

enum pattern_outcome { PATTERN_MATCHED, PATTERN_NO_MATCH, PATTERN_GAVE_UP };

/* The named groups of one match; a group that took no part has NULL. */
struct pattern_groups {
    const char *const *names; /* the pattern's memory, ends with NULL */
    char **values;            /* as many */
    size_t count;
};

/* ERR_CONFIG with the library's reason and the byte, counted from 1. */
struct pattern *pattern_new(const char *text, struct err *err);
void pattern_free(struct pattern *pattern); /* NULL is fine */

const char *pattern_text(const struct pattern *pattern);

/* Each name once; ends with NULL; the pattern's memory. */
const char *const *pattern_names(const struct pattern *pattern);

/*
 * out holds the groups after PATTERN_MATCHED and is empty otherwise; it is overwritten,
 * release it with pattern_groups_release().
 */
enum pattern_outcome pattern_run(struct pattern *pattern, const char *subject,
                                 struct pattern_groups *out);

/* NULL for a group that took no part, and for a name that is none. */
const char *pattern_groups_value(const struct pattern_groups *groups, const char *name);
void pattern_groups_release(struct pattern_groups *groups);

static inline void auto_pattern_fn(struct pattern **pattern)
{
    pattern_free(*pattern);
}

#define auto_pattern        __attribute__((cleanup(auto_pattern_fn)))
#define auto_pattern_groups __attribute__((cleanup(pattern_groups_release)))

#endif
