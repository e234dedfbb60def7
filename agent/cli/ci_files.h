/*
 * ci_files.h - what a gate reads and writes on this side: the ignore file, reports.
 */
#ifndef CLI_CI_FILES_H
#define CLI_CI_FILES_H

#include <stdbool.h>

#include "base/err.h"
#include "ci/ignore_file.h"
#include "ci/judgement.h"
#include "ci/subject.h"
#include "cli/session.h"

/* NULL: *err (ERR_INPUT: it cannot be read, or is no file; ERR_CONFIG: it is wrong). */
struct ignore_file *ci_files_ignore(const char *path, struct err *err);

/*
 * May a report be put there? Its folder exists and may be written to, and nothing but a regular
 * file stands in its place: a report is written beside it and renamed. Links are followed.
 */
bool ci_files_may_write(const char *path, struct err *err);

/* All that there is to report; borrowed. */
struct ci_report {
    const struct subject *subject;
    const struct findings *findings;
    const struct judgement *judgement;
};

/* Whole or not at all, 0644. */
bool ci_files_write_junit(const char *path, const struct ci_report *report, struct err *err);

/* Where GITHUB_STEP_SUMMARY is set; trouble with it is a notice. */
void ci_files_summarise(const struct session *session, const char *text);

#endif
