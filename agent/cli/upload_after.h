/*
 * upload_after.h - what follows an upload: the gate, the platform's SBOM, what is said of it.
 *
 * --json is {"firmware_id","path","sha256","size","state","name","vendor","product","version",
 * "product_group","uploaded_at","analysed_at","duplicate_of","handed_over","sbom_file","gate",
 * "error","exit"}; gate is ci-result's document (ci/result_json.h); absent values are null.
 */
#ifndef CLI_UPLOAD_AFTER_H
#define CLI_UPLOAD_AFTER_H

#include "base/err.h"
#include "cli/session.h"
#include "cli/upload_run.h"

/* What would fail after an hour of waiting is found out before: files that cannot be written. */
bool upload_after_prepare(struct session *session, struct err *err);

/* exit_code and err as upload_run() left them; returns the command's. */
int upload_after(struct session *session, const struct upload_outcome *outcome, int exit_code,
                 struct err *err);

#endif
