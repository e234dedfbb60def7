/* fetch_parts.h - what the files of a fetch share; nobody else's. */
#ifndef FLOW_FETCH_PARTS_H
#define FLOW_FETCH_PARTS_H

#include "base/work.h"
#include "flow/fetch.h"

struct fetch *fetch_of(struct job *job);
const struct flow_format *fetch_format(const struct fetch *fetch);

/* A blocking function of the fetch on a worker; what it left in work_err ends the step. */
enum started fetch_work(struct fetch *fetch, work_run_fn *run);

/*
 * fetch_judge.c: the document that was inspected against the last good one. Fills judgement,
 * reason, latest and relpath.
 */
bool fetch_judge(struct fetch *fetch, struct err *err);

/* fetch_judge.c: why a document is too small to take the place of that one; false: it is not. */
bool fetch_is_shrunk(const struct sbom_row *last_good, const struct sbom_file_result *result,
                     int64_t least_permille, char *reason, size_t size);

/* fetch_record.c: alerts of what was decided, and its row for the next save. */
void fetch_decide(struct fetch *fetch);

#endif
