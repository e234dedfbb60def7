#include "base/suggest.h"

#include <assert.h>
#include <string.h>

enum { WORD_MAX = 64 }; /* longer words are no typing mistakes */

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

/*
 * Optimal string alignment: insert, delete, replace, swap of neighbours. Three rows of
 * the usual table are enough; row i holds the distances of a's first i characters.
 */
static size_t edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][WORD_MAX + 1];

    assert(a_size <= WORD_MAX && b_size <= WORD_MAX);
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t replaced = above[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = smallest(above[j] + 1, row[j - 1] + 1, replaced);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = smallest(row[j], before[j - 2] + 1, row[j]);
        }
    }
    return rows[a_size % 3][b_size];
}

void suggest_offer(struct suggest *suggest, const char *name)
{
    size_t word_size = strnlen(suggest->word, WORD_MAX + 1);
    size_t name_size = strnlen(name, WORD_MAX + 1);

    if (word_size > WORD_MAX || name_size > WORD_MAX)
        return;
    size_t distance = edit_distance(suggest->word, word_size, name, name_size);
    size_t far = word_size < 3 ? 1 : word_size / 3;
    if (distance > far || (suggest->best && distance >= suggest->distance))
        return;
    suggest->best = name;
    suggest->distance = distance;
}

const char *suggest_nearest(const char *word, const char *const *names, size_t count)
{
    struct suggest suggest = {.word = word};

    for (size_t i = 0; i < count; i++)
        suggest_offer(&suggest, names[i]);
    return suggest.best;
}
