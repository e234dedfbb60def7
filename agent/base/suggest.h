/*
 * suggest.h - "did you mean": the known name nearest to a mistyped one.
 *
 * Near is an edit distance (a swap of neighbours is one edit) of at most a third of the
 * word's length, at least one. The first of equally near names wins.
 */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

/* Start with {.word = word}; offer every known name; best is then the answer or NULL. */
struct suggest {
    const char *word;
    const char *best; /* borrowed from the one who offered it */
    size_t distance;
};

void suggest_offer(struct suggest *suggest, const char *name);

const char *suggest_nearest(const char *word, const char *const *names, size_t count);

#endif
