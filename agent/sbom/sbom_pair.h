/*
 * sbom_pair.h - an old component and the new one it became; sorts pairs by what they say.
 */
#ifndef SBOM_SBOM_PAIR_H
#define SBOM_SBOM_PAIR_H

#include "sbom/sbom_entry.h"

#define SBOM_PAIR_NONE UINT32_MAX

/* Places in the two lists; one of them may be SBOM_PAIR_NONE. */
struct sbom_pair {
    uint64_t key; /* the sorting's own */
    uint32_t old_at;
    uint32_t new_at;
};

struct sbom_pairs {
    struct sbom_pair *items;
    size_t count;
    size_t room;
};

struct sbom_sides {
    const struct sbom_list *old_list;
    const struct sbom_list *new_list;
};

void sbom_pairs_add(struct sbom_pairs *pairs, uint32_t old_at, uint32_t new_at);
void sbom_pairs_release(struct sbom_pairs *pairs);

/* What stands for the pair: the new component where there is one. */
const struct sbom_entry *sbom_pair_shown(const struct sbom_sides *sides,
                                         const struct sbom_pair *pair,
                                         const struct sbom_list **list);

/*
 * Sorts bytewise by the shown component's name, identity and version, or (only_version) by the
 * last alone; equal ones in the lists' order. Texts are read eight bytes at a time, only as far as
 * they are needed. ERR_IO.
 */
bool sbom_pairs_sort(struct sbom_pairs *pairs, const struct sbom_sides *sides, bool only_version,
                     struct err *err);

#endif
