#include "config/config_words.h"

#include <assert.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

/* The word after this one; NULL behind the last. */
static const char *next(const char *words)
{
    const char *bar = strchr(words, '|');

    return bar ? bar + 1 : NULL;
}

bool config_words_index(const char *words, const char *word, size_t size, unsigned *index)
{
    *index = 0;
    for (const char *at = words; at; at = next(at)) {
        if (strcspn(at, "|") == size && memcmp(at, word, size) == 0)
            return true;
        ++*index;
    }
    return false;
}

char *config_words_at(const char *words, unsigned index)
{
    const char *at = words;

    while (at && index-- > 0)
        at = next(at);
    assert(at);
    return xstrndup(at, strcspn(at, "|"));
}

char *config_words_listed(const char *words)
{
    char *listed = xstrndup(words, strcspn(words, "|"));

    for (const char *at = next(words); at; at = next(at)) {
        auto_free char *before = listed;
        const char *joint = next(at) ? ", " : " or ";

        listed = xasprintf("%s%s%.*s", before, joint, (int)strcspn(at, "|"), at);
    }
    return listed;
}
