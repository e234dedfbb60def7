/*
 * export_flow.h - the SBOMs of one firmware of an export.
 *
 * The row of work goes, or is put off, in the commit that records what came of it. An
 * attempt that failed is made again after a while, six in all; then the firmware has failed
 * for this run, and the run goes on. Only a full disk is waited for without an end. When it was
 * the token or the platform, the gate closes before an attempt of many is made.
 */
#ifndef FLOW_EXPORT_FLOW_H
#define FLOW_EXPORT_FLOW_H

#include "flow/export_list.h"
#include "flow/fetch.h"
#include "store/export_job.h"

#define EXPORT_BATCH "export"

enum export_end {
    EXPORT_FETCHED,   /* every format was looked at, or is in quarantine */
    EXPORT_NOT_READY, /* the platform has no SBOM yet */
    EXPORT_SKIPPED,   /* not in scope after all */
    EXPORT_FAILED,
    EXPORT_AGAIN, /* nothing counts: it is tried again */
};

struct export_result {
    const char *firmware_id;
    enum export_end end;
    struct fetch_tally tally;
    bool is_disk_full; /* why AGAIN */
    const char *error; /* of FAILED; else NULL */
};

/* Called once, on the loop; the result is gone when it returns. */
typedef void export_done_fn(void *owner, const struct export_result *result);

/* Nobody else may work on that firmware: flow_has_firmware(). */
bool export_flow_start(struct flow *flow, const struct export_plan *plan,
                       const struct export_work *work, export_done_fn *done, void *owner,
                       struct err *err);

#endif
