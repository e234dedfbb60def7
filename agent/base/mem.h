/*
 * mem.h - memory, or the end of the process.
 *
 * Out of memory aborts: the service manager restarts the agent and the ledger
 * resumes. What others can make large is capped where it enters (struct buf, page
 * sizes), so these are called with sizes of our own choosing.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *text, size_t size) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* Frees *slot and puts a copy of text there; NULL clears it. */
void text_replace(char **slot, const char *text);

#endif
