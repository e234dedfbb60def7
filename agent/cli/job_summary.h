/*
 * job_summary.h - the findings as Markdown, on the page that GitHub Actions shows of a job.
 *
 * It is appended to the file that GITHUB_STEP_SUMMARY names. All punctuation of names that others
 * chose is written as character references, which Markdown takes for text: no name leaves its
 * table cell, adds HTML, a link or a mention.
 */
#ifndef CLI_JOB_SUMMARY_H
#define CLI_JOB_SUMMARY_H

#include <stdbool.h>

#include "base/err.h"
#include "ci/judgement.h"
#include "ci/subject.h"

enum { JOB_SUMMARY_ROWS_MAX = 50 };

/* Both: the caller frees the text. */
char *job_summary_text(const struct subject *subject, const struct findings *findings,
                       const struct judgement *judgement);

/* There are no findings to tell, for this reason. */
char *job_summary_failure(const struct subject *subject, const char *reason);

/* What an upload without a gate came to; NULL: not known. */
struct job_summary_upload {
    const char *name;
    const char *firmware_id;
    const char *link;    /* of the firmware's page */
    bool is_known;       /* its bytes were there before */
    const char *failure; /* why it did not end well */
};

char *job_summary_of_upload(const struct job_summary_upload *upload);

/* Whole, in one write; the file is made when it is missing. */
bool job_summary_append(const char *path, const char *text, struct err *err);

#endif
