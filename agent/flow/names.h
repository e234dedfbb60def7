/*
 * names.h - a short list of distinct names, first in first out.
 *
 * Bounded: when it is full, names_add() says so and the caller does something that
 * covers them all.
 */
#ifndef FLOW_NAMES_H
#define FLOW_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { NAMES_MAX = 512 };

struct names { /* zeroed: empty */
    char **items;
    size_t first;
    size_t count;
};

bool names_add(struct names *names, const char *name); /* true also when it is there already */
char *names_take(struct names *names);                 /* the caller's; NULL when empty */
bool names_is_empty(const struct names *names);
void names_release(struct names *names); /* empties it */

#endif
