/*
 * sbom_pair.c - sorts by texts that are not in memory.
 *
 * All are sorted by the first eight bytes, each run of equal ones by the next eight, and so
 * on to the texts' end: every text is read once at most, not once per comparison. A heap
 * sort, as it needs no memory of its own and no order of names makes it slow: qsort() would
 * take as much again as the pairs, at the moment when most is taken.
 */
#include "sbom/sbom_pair.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ROOM_FIRST = 64, KEY_SIZE = 8 };

struct sort {
    const struct sbom_sides *sides;
    bool only_version;
};

static bool is_less(const struct sbom_pair *a, const struct sbom_pair *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    return a->old_at != b->old_at ? a->old_at < b->old_at : a->new_at < b->new_at;
}

static void swap(struct sbom_pair *a, struct sbom_pair *b)
{
    struct sbom_pair kept = *a;

    *a = *b;
    *b = kept;
}

/* Lets the pair sink until both below it are less; those at 2n + 1 and 2n + 2 are below n. */
static void sink(struct sbom_pair *pairs, size_t count, size_t at)
{
    for (size_t below = 2 * at + 1; below < count; below = 2 * at + 1) {
        if (below + 1 < count && is_less(&pairs[below], &pairs[below + 1]))
            below++;
        if (!is_less(&pairs[at], &pairs[below]))
            return;
        swap(&pairs[at], &pairs[below]);
        at = below;
    }
}

static void sort_by_keys(struct sbom_pair *pairs, size_t count)
{
    for (size_t at = count / 2; at-- > 0;)
        sink(pairs, count, at);
    for (size_t end = count; end-- > 1;) {
        swap(&pairs[0], &pairs[end]);
        sink(pairs, end, 0);
    }
}

/* Past the text's end the key is 0. *more: the text goes on after it. */
static bool load_key(const struct sort *sort, struct sbom_pair *pair, size_t from, bool *more,
                     struct err *err)
{
    const struct sbom_list *list;
    const struct sbom_entry *entry = sbom_pair_shown(sort->sides, pair, &list);
    size_t at = from + (sort->only_version ? entry->version_at : 0);
    size_t left = at < entry->text_size ? entry->text_size - at : 0;
    char bytes[KEY_SIZE] = {0};
    uint64_t key;

    if (!sbom_list_text(list, entry, left > 0 ? at : 0, bytes, left < KEY_SIZE ? left : KEY_SIZE,
                        err))
        return false;
    memcpy(&key, bytes, sizeof key);
    pair->key = be64toh(key);
    *more = *more || left > KEY_SIZE;
    return true;
}

/* The depth is that of a text's eights: two hundred at most. */
static bool sort_run(const struct sort *sort, struct sbom_pair *pairs, size_t count, size_t from,
                     struct err *err)
{
    bool more = false;

    for (size_t i = 0; i < count; i++) {
        if (!load_key(sort, &pairs[i], from, &more, err))
            return false;
    }
    sort_by_keys(pairs, count);
    for (size_t start = 0, end = 0; more && start < count; start = end) {
        while (end < count && pairs[end].key == pairs[start].key)
            end++;
        if (end - start > 1 && !sort_run(sort, pairs + start, end - start, from + KEY_SIZE, err))
            return false;
    }
    return true;
}

void sbom_pairs_add(struct sbom_pairs *pairs, uint32_t old_at, uint32_t new_at)
{
    if (pairs->count == pairs->room) {
        pairs->room = pairs->room ? 2 * pairs->room : ROOM_FIRST;
        pairs->items = xrealloc(pairs->items, pairs->room * sizeof *pairs->items);
    }
    pairs->items[pairs->count++] = (struct sbom_pair){0, old_at, new_at};
}

void sbom_pairs_release(struct sbom_pairs *pairs)
{
    free(pairs->items);
    *pairs = (struct sbom_pairs){0};
}

const struct sbom_entry *sbom_pair_shown(const struct sbom_sides *sides,
                                         const struct sbom_pair *pair,
                                         const struct sbom_list **list)
{
    bool is_new = pair->new_at != SBOM_PAIR_NONE;

    *list = is_new ? sides->new_list : sides->old_list;
    return &sbom_list_entries(*list)[is_new ? pair->new_at : pair->old_at];
}

bool sbom_pairs_sort(struct sbom_pairs *pairs, const struct sbom_sides *sides, bool only_version,
                     struct err *err)
{
    const struct sort sort = {sides, only_version};

    return pairs->count < 2 || sort_run(&sort, pairs->items, pairs->count, 0, err);
}
