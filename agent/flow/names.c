#include "flow/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static char **slot(const struct names *names, size_t index)
{
    return &names->items[(names->first + index) % NAMES_MAX];
}

/* Searched from the newest: a burst repeats its last name. */
static bool has(const struct names *names, const char *name)
{
    for (size_t i = names->count; i > 0; i--) {
        if (strcmp(*slot(names, i - 1), name) == 0)
            return true;
    }
    return false;
}

bool names_add(struct names *names, const char *name)
{
    if (has(names, name))
        return true;
    if (names->count == NAMES_MAX)
        return false;
    if (!names->items)
        names->items = xcalloc(NAMES_MAX, sizeof *names->items);
    *slot(names, names->count++) = xstrdup(name);
    return true;
}

char *names_take(struct names *names)
{
    if (names->count == 0)
        return NULL;
    char *name = *slot(names, 0);
    names->first = (names->first + 1) % NAMES_MAX;
    names->count--;
    return name;
}

bool names_is_empty(const struct names *names)
{
    return names->count == 0;
}

void names_release(struct names *names)
{
    char *name;

    while ((name = names_take(names)))
        free(name);
    free(names->items);
    *names = (struct names){0};
}
