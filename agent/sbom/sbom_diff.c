/*
 * sbom_diff.c - a merge of the two lists, which are both in order of identity, version, detail.
 *
 * What only one of them has is put aside. When a version is over, what both sides have
 * of it aside is one component with other details; when the identity is over, what is still
 * aside are versions that came and went. Found differences are sorted for people at the end.
 */
#include "sbom/sbom_diff.h"

#include <string.h>

#include "sbom/sbom_pair.h"

struct diff {
    struct sbom_sides sides;
    struct sbom_pairs found;
    struct sbom_pairs olds; /* aside: in the old list only */
    struct sbom_pairs news;
    size_t olds_before; /* how many were aside when this version began */
    size_t news_before;
    bool tells_details;
};

struct shown {
    struct sbom_difference difference;
    char text[SBOM_ENTRY_TEXT_MAX];
    char old_text[SBOM_ENTRY_TEXT_MAX];
};

/* --- the merge -------------------------------------------------------------------------------- */

static void end_version(struct diff *diff)
{
    while (diff->olds.count > diff->olds_before && diff->news.count > diff->news_before) {
        uint32_t old_at = diff->olds.items[--diff->olds.count].old_at;
        uint32_t new_at = diff->news.items[--diff->news.count].new_at;

        if (diff->tells_details)
            sbom_pairs_add(&diff->found, old_at, new_at);
    }
    diff->olds_before = diff->olds.count;
    diff->news_before = diff->news.count;
}

/* Sorting is for several only, so mostly no text is read. */
static bool end_identity(struct diff *diff, struct err *err)
{
    size_t olds = diff->olds.count;
    size_t news = diff->news.count;

    if (olds > 0 && news > 0 &&
        (!sbom_pairs_sort(&diff->olds, &diff->sides, true, err) ||
         !sbom_pairs_sort(&diff->news, &diff->sides, true, err)))
        return false;
    for (size_t i = 0; i < olds || i < news; i++)
        sbom_pairs_add(&diff->found, i < olds ? diff->olds.items[i].old_at : SBOM_PAIR_NONE,
                       i < news ? diff->news.items[i].new_at : SBOM_PAIR_NONE);
    diff->olds.count = diff->olds_before = 0;
    diff->news.count = diff->news_before = 0;
    return true;
}

/* What ends where `next` comes after `last`. */
static bool go_on(struct diff *diff, const struct sbom_entry *last, const struct sbom_entry *next,
                  struct err *err)
{
    if (!last || sbom_entry_compare(last, next, SBOM_BY_VERSION) == 0)
        return true;
    end_version(diff);
    return sbom_entry_compare(last, next, SBOM_BY_IDENTITY) == 0 || end_identity(diff, err);
}

/* A list that is over counts as greater than all. */
static int compare_heads(const struct sbom_entry *old_entry, const struct sbom_entry *new_entry)
{
    if (!old_entry || !new_entry)
        return old_entry ? -1 : 1;
    return sbom_entry_compare(old_entry, new_entry, SBOM_BY_DETAIL);
}

static bool merge(struct diff *diff, struct err *err)
{
    const struct sbom_entry *olds = sbom_list_entries(diff->sides.old_list);
    const struct sbom_entry *news = sbom_list_entries(diff->sides.new_list);
    size_t old_count = (size_t)sbom_list_count(diff->sides.old_list);
    size_t new_count = (size_t)sbom_list_count(diff->sides.new_list);
    const struct sbom_entry *last = NULL;
    size_t i = 0;
    size_t j = 0;

    while (i < old_count || j < new_count) {
        int order = compare_heads(i < old_count ? &olds[i] : NULL, j < new_count ? &news[j] : NULL);
        const struct sbom_entry *next = order <= 0 ? &olds[i] : &news[j];

        if (!go_on(diff, last, next, err))
            return false;
        if (order < 0)
            sbom_pairs_add(&diff->olds, (uint32_t)i, SBOM_PAIR_NONE);
        else if (order > 0)
            sbom_pairs_add(&diff->news, SBOM_PAIR_NONE, (uint32_t)j);
        i += order <= 0;
        j += order >= 0;
        last = next;
    }
    end_version(diff);
    return end_identity(diff, err);
}

/* --- what is told ----------------------------------------------------------------------------- */

static enum sbom_change change_of(const struct diff *diff, const struct sbom_pair *pair)
{
    if (pair->old_at == SBOM_PAIR_NONE)
        return SBOM_ADDED;
    if (pair->new_at == SBOM_PAIR_NONE)
        return SBOM_REMOVED;
    return sbom_list_entries(diff->sides.old_list)[pair->old_at].version ==
                   sbom_list_entries(diff->sides.new_list)[pair->new_at].version
               ? SBOM_DETAIL
               : SBOM_VERSION;
}

static void count(enum sbom_change change, struct sbom_diff_counts *counts)
{
    switch (change) {
    case SBOM_ADDED:
        counts->added++;
        break;
    case SBOM_REMOVED:
        counts->removed++;
        break;
    case SBOM_VERSION:
        counts->version++;
        break;
    case SBOM_DETAIL:
        counts->detail++;
        break;
    }
}

static bool show(const struct diff *diff, const struct sbom_pair *pair, struct shown *shown,
                 struct err *err)
{
    struct sbom_difference *difference = &shown->difference;
    const struct sbom_list *list;
    const struct sbom_entry *entry = sbom_pair_shown(&diff->sides, pair, &list);
    const char *version = shown->text + entry->version_at;

    if (!sbom_list_text(list, entry, 0, shown->text, entry->text_size, err))
        return false;
    *difference = (struct sbom_difference){
        .change = change_of(diff, pair),
        .name = shown->text,
        .identity = shown->text + strlen(shown->text) + 1,
        .old_version = version,
        .new_version = version,
    };
    if (pair->old_at == SBOM_PAIR_NONE)
        difference->old_version = NULL;
    if (pair->new_at == SBOM_PAIR_NONE)
        difference->new_version = NULL;
    if (!difference->old_version || !difference->new_version)
        return true;
    entry = &sbom_list_entries(diff->sides.old_list)[pair->old_at];
    difference->old_version = shown->old_text;
    return sbom_list_text(diff->sides.old_list, entry, entry->version_at, shown->old_text,
                          entry->text_size - entry->version_at, err);
}

static bool run(struct diff *diff,
                bool (*each)(void *owner, const struct sbom_difference *difference,
                             struct err *err),
                void *owner, struct sbom_diff_counts *counts, struct err *err)
{
    struct shown shown;

    if (!merge(diff, err))
        return false;
    if (each && !sbom_pairs_sort(&diff->found, &diff->sides, false, err))
        return false;
    for (size_t i = 0; i < diff->found.count; i++) {
        const struct sbom_pair *pair = &diff->found.items[i];

        count(change_of(diff, pair), counts);
        if (each && (!show(diff, pair, &shown, err) || !each(owner, &shown.difference, err)))
            return false;
    }
    return true;
}

bool sbom_diff(struct sbom_list *old_list, struct sbom_list *new_list,
               bool (*each)(void *owner, const struct sbom_difference *difference, struct err *err),
               void *owner, struct sbom_diff_counts *counts, struct err *err)
{
    struct sbom_diff_counts found = {0};
    struct diff diff = {
        .sides = {old_list, new_list},
        .tells_details = sbom_list_kind(old_list) == sbom_list_kind(new_list),
    };
    bool good = run(&diff, each, owner, &found, err);

    sbom_pairs_release(&diff.olds);
    sbom_pairs_release(&diff.news);
    sbom_pairs_release(&diff.found);
    if (good)
        *counts = found;
    return good;
}
