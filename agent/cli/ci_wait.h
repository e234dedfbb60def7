/*
 * ci_wait.h - until the analysis of one firmware is over.
 *
 *   firmware null            not there yet; for CI_WAIT_NULL_MS: a missing right (ERR_RIGHTS)
 *   latestAnalysis null      not started
 *   state other than DONE    running
 *   DONE, COMPLETE           finished
 *   DONE, anything else      ERR_ANALYSIS, with the link to the page that says why
 *   the deadline             ERR_DEADLINE, with the state seen last and how to go on
 */
#ifndef CLI_CI_WAIT_H
#define CLI_CI_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "ci/subject.h"
#include "cli/ci_ask.h"
#include "onekey/analysis.h"

enum { CI_WAIT_NULL_MS = 30 * 60 * 1000, CI_WAIT_LEAST_MS = 100 };

/* Fills what is seen of the firmware into subject, also on failure. */
bool ci_wait(struct ci_ask *ask, struct subject *subject, int64_t check_interval_ms,
             struct err *err);

/* One look, whatever the state: for a firmware whose analysis was complete before. */
bool ci_wait_look(struct ci_ask *ask, struct subject *subject, struct err *err);

enum ci_wait_end { CI_WAIT_MORE, CI_WAIT_COMPLETE, CI_WAIT_FAILED };

/*
 * Pure: what a look means. *null_since_ms is when the firmware was null first (0: it was there at
 * the last look) and is kept up.
 */
enum ci_wait_end ci_wait_judge(const struct analysis *analysis, const struct subject *subject,
                               int64_t now_ms, int64_t *null_since_ms, struct err *err);

#endif
