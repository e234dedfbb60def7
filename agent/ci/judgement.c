/*
 * judgement.c - in doubt a finding counts: an entry that expired ignores nothing, an unknown
 * severity is never below the threshold.
 */
#include "ci/judgement.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ci/severity.h"

static enum judged_as judge(const struct finding *finding, const struct judgement_rules *rules,
                            const struct ignore_entry **entry)
{
    const struct ignore_entry *found = ignore_file_find(rules->ignore, finding->id);

    if (found && ignore_entry_holds(found, rules->now_ms)) {
        *entry = found;
        return JUDGED_IGNORED;
    }
    if (rules->min_severity &&
        severity_rank(finding->severity) < severity_rank(rules->min_severity))
        return JUDGED_BELOW;
    return JUDGED_COUNTS;
}

static void add(struct judgement *judgement, const struct finding_list *list,
                const struct judgement_rules *rules)
{
    for (size_t i = 0; i < list->count; i++) {
        struct judged *judged = &judgement->items[judgement->count++];

        judged->finding = &list->items[i];
        judged->as = judge(judged->finding, rules, &judged->entry);
        judgement->counting += judged->as == JUDGED_COUNTS;
        judgement->ignored += judged->as == JUDGED_IGNORED;
        judgement->below += judged->as == JUDGED_BELOW;
    }
}

/* Findings of a kind stand in one array, so their addresses are their order. */
static int compare(const void *left, const void *right)
{
    const struct judged *a = left;
    const struct judged *b = right;
    int by_weight = (b->as == JUDGED_COUNTS) - (a->as == JUDGED_COUNTS);
    int by_severity = severity_rank(b->finding->severity) - severity_rank(a->finding->severity);

    if (by_weight != 0)
        return by_weight;
    if (by_severity != 0)
        return by_severity;
    if (a->finding->kind != b->finding->kind)
        return a->finding->kind == FINDING_ISSUE ? -1 : 1;
    return (a->finding > b->finding) - (a->finding < b->finding);
}

void judgement_make(const struct findings *findings, const struct judgement_rules *rules,
                    struct judgement *judgement)
{
    size_t room = findings->new_issues.count + findings->new_cves.count + 1;

    *judgement = (struct judgement){.items = xcalloc(room, sizeof *judgement->items),
                                    .min_severity = rules->min_severity};
    add(judgement, &findings->new_issues, rules);
    judgement->issue_count = judgement->count;
    add(judgement, &findings->new_cves, rules);
}

void judgement_release(struct judgement *judgement)
{
    free(judgement->items);
    *judgement = (struct judgement){0};
}

struct judged *judgement_sorted(const struct judgement *judgement)
{
    struct judged *sorted = xcalloc(judgement->count + 1, sizeof *sorted);

    memcpy(sorted, judgement->items, judgement->count * sizeof *sorted);
    qsort(sorted, judgement->count, sizeof *sorted, compare);
    return sorted;
}

char *judgement_reason(const struct judgement *judgement, const struct judged *judged)
{
    switch (judged->as) {
    case JUDGED_COUNTS:
        return NULL;
    case JUDGED_IGNORED:
        return xasprintf("ignored until %s: %s", judged->entry->expires, judged->entry->reason);
    case JUDGED_BELOW:
        break;
    }
    return xasprintf("less grave than %s", severity_text(judgement->min_severity));
}
