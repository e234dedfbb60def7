#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *xcalloc(size_t count, size_t size)
{
    void *made = calloc(count, size);

    if (!made)
        abort();
    return made;
}

void *xrealloc(void *old, size_t size)
{
    void *grown = realloc(old, size);

    if (!grown)
        abort();
    return grown;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t size)
{
    char *copy = strndup(text, size);

    if (!copy)
        abort();
    return copy;
}

char *xasprintf(const char *format, ...)
{
    char *text;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    return text;
}

void text_replace(char **slot, const char *text)
{
    char *copy = text ? xstrdup(text) : NULL;

    free(*slot);
    *slot = copy;
}
