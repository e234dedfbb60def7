/* found.h - findings that a test wrote itself, and what a writer makes of them. */
#ifndef TESTS_CI_FOUND_H
#define TESTS_CI_FOUND_H

#include "test.h"

#include "ci/judgement.h"
#include "ci/subject.h"

enum { FOUND_MAX = 64 };

/* The texts are literals: nothing of this is released but the judgement. */
struct found {
    struct finding items[4][FOUND_MAX];
    struct findings findings;
    struct subject subject;
    struct judgement judgement;
};

static inline char *found_text(const char *text)
{
    char *copy = NULL;

    memcpy(&copy, &text, sizeof copy); // writers only read
    return copy;
}

static inline void found_add(struct found *found, struct finding_list *list, const char *id,
                             const char *severity, const char *text)
{
    bool is_issue = list == &found->findings.new_issues || list == &found->findings.dropped_issues;

    assert_true(list->count < FOUND_MAX);
    list->items[list->count++] = (struct finding){
        .kind = is_issue ? FINDING_ISSUE : FINDING_CVE,
        .id = found_text(id),
        .severity = found_text(severity),
        .type = is_issue ? found_text("Type") : NULL,
        .file = is_issue ? found_text(text) : NULL,
        .description = is_issue ? NULL : found_text(text),
    };
}

static inline void found_begin(struct found *found)
{
    memset(found, 0, sizeof *found);
    found->findings.new_issues.items = found->items[0];
    found->findings.dropped_issues.items = found->items[1];
    found->findings.new_cves.items = found->items[2];
    found->findings.dropped_cves.items = found->items[3];
    subject_init(&found->subject, "https://user:pw@one.example:8443/api", "fw-1");
}

static inline void found_judge(struct found *found, const char *min_severity,
                               struct ignore_file *ignore)
{
    const struct judgement_rules rules = {
        .min_severity = min_severity, .ignore = ignore, .now_ms = 1767225600000}; // 2026-01-01

    judgement_release(&found->judgement);
    judgement_make(&found->findings, &rules, &found->judgement);
}

static inline void found_end(struct found *found)
{
    judgement_release(&found->judgement);
    subject_release(&found->subject);
}

#define auto_found __attribute__((cleanup(found_end)))

static inline struct ignore_file *found_ignore(const char *text)
{
    struct err err;
    struct ignore_file *file = ignore_file_parse("ignore.yaml", text, strlen(text), &err);

    if (!file)
        fail_msg("%s", err.message);
    return file;
}

#endif
