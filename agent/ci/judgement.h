/*
 * judgement.h - which of the new findings count against a build. Pure.
 *
 * A new finding counts unless an entry of the ignore file names it, or it is less grave than the
 * threshold. What was dropped never counts.
 */
#ifndef CI_JUDGEMENT_H
#define CI_JUDGEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "ci/ignore_file.h"
#include "onekey/findings.h"

struct judgement_rules {
    const char *min_severity;   /* NULL: every severity counts */
    struct ignore_file *ignore; /* NULL: nothing is ignored */
    int64_t now_ms;             /* wall clock */
};

enum judged_as { JUDGED_COUNTS, JUDGED_IGNORED, JUDGED_BELOW };

struct judged {
    const struct finding *finding; /* borrowed */
    enum judged_as as;
    const struct ignore_entry *entry; /* of JUDGED_IGNORED; borrowed */
};

struct judgement {
    struct judged *items; /* all new issues in the platform's order, then all new CVEs */
    size_t issue_count;
    size_t count;
    size_t counting;
    size_t ignored;
    size_t below;
    const char *min_severity; /* as the rules say */
};

/* The findings and the ignore file are borrowed for its life; release it. */
void judgement_make(const struct findings *findings, const struct judgement_rules *rules,
                    struct judgement *judgement);
void judgement_release(struct judgement *judgement);

/*
 * A copy of the items, the gravest first: those that count, then the others; in the platform's
 * order otherwise. Caller frees it.
 */
struct judged *judgement_sorted(const struct judgement *judgement);

/* Why it does not count: "ignored until 2027-01-31: reason", "less grave than HIGH"; NULL when it
 * counts. Not printable. Caller frees. */
char *judgement_reason(const struct judgement *judgement, const struct judged *judged);

#endif
