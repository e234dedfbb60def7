/*
 * answer_export.h - how far each export is, for `exports` and for status.
 */
#ifndef CONTROL_ANSWER_EXPORT_H
#define CONTROL_ANSWER_EXPORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "control/answer.h"
#include "store/export_job.h"

struct answer_export_list {
    json_t *list;   /* an array that gets an object per export; borrowed */
    int64_t failed; /* of them, at the last attempt */
};

/* The configured ones in their order, then those that only the ledger knows; as status has them. */
bool answer_exports_put(const struct answer_context *context, struct answer_export_list *exports,
                        struct err *err);

/* A row of `exports` of one that ran in this process; the caller's. */
json_t *answer_export_row(const struct export_job *job);

#endif
