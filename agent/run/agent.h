/*
 * agent.h - the agent itself: `run` until it is stopped, `once` until nothing is left.
 *
 * Owns the loop, the ledger, the transfers and everything that hangs from them, from
 * the first line to the last handle. Blocks until it ends.
 *
 * Exit codes (SPEC 3): 0; 3 some items failed in this pass; 5 the deadline came; 69 the
 * platform is unreachable; 74, 75, 77, 78; 128+n after a signal of a single pass. `run`
 * never ends because of the token or the network.
 */
#ifndef RUN_AGENT_H
#define RUN_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"
#include "control/live.h"
#include "flow/handed.h"
#include "run/token.h"
#include "store/export_job.h"
#include "store/item.h"

enum { AGENT_TRANSFERS_SHOWN = 4 };

struct agent_totals {
    int64_t counts[ITEM_STATE_COUNT]; /* of the whole ledger */
    int64_t uploads;                  /* completed in this process */
    int64_t upload_bytes;             /* of these and of those under way, bytes sent */
    int64_t sboms;                    /* documents stored in this process */
    struct export_counts exports;     /* of the run under way, or zero */
    int64_t export_left;              /* firmwares of it that are still to be fetched */
    int64_t waiting_bytes;            /* of what is still to be sent; -1: not known */
    int64_t rate;                     /* bytes per second, all uploads */
    struct live_transfer transfers[AGENT_TRANSFERS_SHOWN];
    size_t transfer_count; /* shown */
};

struct agent_progress {
    void (*update)(void *owner, const struct agent_totals *totals); /* at most 5 times a second */
    void *owner;
};

/*
 * One file that a command hands over instead of watched folders: uploaded, and with wait
 * brought to its end. Everything else of the agent is as in a single pass; nothing alerts.
 */
struct agent_errand {
    struct handed_file file;
    bool wait;                  /* for the analysis, and its SBOMs where they have a folder */
    int64_t wait_timeout_ms;    /* from the end of the upload; 0: none */
    int64_t check_interval_ms;  /* between two looks at the analysis, at most */
    const char *state_dir;      /* whose ledger it shares; NULL: none */
    const char *sbom_directory; /* NULL: SBOMs are not fetched */

    /* Once, as soon as it is kept; other is the path of the same bytes that had it before. */
    void (*known)(void *owner, const char *firmware_id, const char *other);
    /* Once: another process is sending the same bytes, and this one waits for it. */
    void (*waits)(void *owner, const char *why);
    void *owner;

    struct item result;  /* at the end; the caller releases it */
    bool agent_appeared; /* nothing was sent: one answers for state_dir now */
};

/* `sbom export`: these runs and nothing else; no folder is looked at. */
struct agent_order {
    struct live_export_order what;
    /* At the end, each run of it. */
    void (*ran)(void *owner, const struct export_job *job);
    void *owner;
};

struct agent_options {
    const struct config *config;
    const char *(*environment)(const char *name);
    struct token_options token;
    int64_t lock_wait_ms;
    bool once;
    struct agent_errand *errand;           /* once: this only; or NULL */
    const struct agent_order *order;       /* once: this only; or NULL */
    bool no_wait;                          /* once: leave analyses and SBOMs to a later run */
    int64_t wait_timeout_ms;               /* once: then 5; 0: none */
    const struct agent_progress *progress; /* or NULL */
    struct agent_totals *totals;           /* filled at the end; or NULL */

    /* Or NULL: called at the end for each watch of the ledger. */
    void (*mirrored)(void *owner, const struct live_mirror *one);
    void *mirrored_owner;

    /* run, on SIGHUP: a new configuration, the caller's to free; NULL: not possible. */
    bool (*reload)(void *owner, struct config **config, struct err *err);
    void *reload_owner;

    /*
     * once, or NULL: nothing is sent and the ledger is left as it is; each item that would
     * be sent is told, and each that would fail (its state and error say so).
     */
    void (*would_send)(void *owner, const struct item *item);
    void *would_send_owner;
};

/* err is filled for every exit code but 0. */
int agent_run(const struct agent_options *options, struct err *err);

#endif
