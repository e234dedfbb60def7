#include "ci/severity.h"

#include <stddef.h>
#include <strings.h>

/* The least grave first: a rank is a place in this list. */
static const char *const words[] = {"INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"};

enum { WORD_COUNT = sizeof words / sizeof words[0] };

int severity_rank(const char *word)
{
    int rank = 0;

    if (!word)
        return WORD_COUNT;
    // the platform's own word until 2023
    if (strcasecmp(word, "INFORMATION") == 0)
        return 0;
    while (rank < WORD_COUNT && strcasecmp(words[rank], word) != 0)
        rank++;
    return rank;
}

bool severity_is_known(const char *word)
{
    return severity_rank(word) < WORD_COUNT;
}

const char *severity_text(const char *word)
{
    int rank = severity_rank(word);

    if (rank < WORD_COUNT)
        return words[rank];
    return word ? word : "UNKNOWN";
}
