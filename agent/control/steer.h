/*
 * steer.h - what a person may change in the ledger: pauses, retries, forgetting.
 *
 * Works on the database alone, with or without a daemon. Each call is one transaction of
 * its own, committed before it returns; what others wrote in this turn of the loop is
 * committed first. Long work goes page by page: call again until *over.
 *
 * retry    failed, held, ignored, gone   -> settling; with a firmware ID -> analysing
 *          unconfirmed                   -> asked for now; --assume decides
 *          waiting in any other state    -> due now
 *          being sent, done, duplicate   -> nothing, and says so
 * forget   not listed or worked on any more (what was on its way becomes failed, so that no job
 *          takes it up); a digest with a firmware ID stays known
 *
 * Errors: ERR_USAGE (a decision that does not fit), ERR_INPUT (nothing is known of the
 * path), ERR_BUSY (it is being sent), ERR_STORE, ERR_DISK_FULL.
 */
#ifndef CONTROL_STEER_H
#define CONTROL_STEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "control/live.h"
#include "store/db.h"
#include "store/item_scan.h"

struct steer {
    struct db *db;
    const struct live *live; /* asked which rows a job holds; NULL: no daemon runs */
    int64_t now_ms;
};

struct steer_result {
    int64_t changed; /* rows; adds up over the pages */
    char text[1024]; /* what was done, for a person */
};

/* Pausing what is paused succeeds: the reason is replaced, the time stays. */
bool steer_pause(const struct steer *steer, const char *reason, const char *by,
                 struct steer_result *result, struct err *err);

/* Lifts the operator's pause only; the token's ends when a token works. */
bool steer_resume(const struct steer *steer, struct steer_result *result, struct err *err);

/* assume: NULL, "missing" or a firmware ID. */
bool steer_retry(const struct steer *steer, const char *path, const char *assume,
                 struct steer_result *result, struct err *err);

/* One page each: begin with a zeroed scan and result, call again until *over. */
bool steer_retry_failed(const struct steer *steer, struct item_scan *scan,
                        struct steer_result *result, bool *over, struct err *err);
bool steer_forget(const struct steer *steer, const char *path, struct item_scan *scan,
                  struct steer_result *result, bool *over, struct err *err);

#endif
