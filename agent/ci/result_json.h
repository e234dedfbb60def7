/* clang-format off */
/*
 * result_json.h - what `ci-result --json` prints. Fields are only ever added; absent is null.
 *
 *   firmware_id           text
 *   name, version         text or null
 *   previous_firmware_id  text, or null: nothing to compare with
 *   analysis              {"state", "result"}: the platform's words, or null
 *   issues                {"new": [...], "dropped": [...]}, or null: the analysis is not complete
 *     of each             "id", "type", "severity", "file"; all but the ID may be null
 *     of a new one too    "counts", "ignored" true or false, "reason" why it does not count, or null
 *   cves                  likewise, with "id", "severity", "description"
 *   counts                "new_issues", "dropped_issues", "new_cves", "dropped_cves", "ignored",
 *                         "below_severity", "gating": numbers; or null with issues
 *   links                 "firmware", "issues", "cves": URLs; "compare": one, or null
 *   exit                  the exit code
 */
/* clang-format on */
#ifndef CI_RESULT_JSON_H
#define CI_RESULT_JSON_H

#include <jansson.h>

#include "ci/judgement.h"
#include "ci/subject.h"

/* findings and judgement NULL: the analysis is not complete. The caller's reference. */
json_t *result_json(const struct subject *subject, const struct findings *findings,
                    const struct judgement *judgement, int exit_code);

#endif
