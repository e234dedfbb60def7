/*
 * flow.h - what every flow stands on, and how one ends.
 *
 * A flow brings rows of the ledger from one resting state to the next by jobs:
 *
 *   hash_flow       hashing   -> pending | duplicate       one item a job
 *   upload_flow     pending   -> analysing                 one item a job
 *   sbom_flow       fetching  -> done                      one item a job
 *   poll_flow       analysing -> fetching | held | failed  up to 50 items a job
 *   reconcile_flow  unconfirmed -> analysing | pending     up to 50 items a job
 *   survey_flow     who the token is, names to IDs, the inventory
 *   export_list     which firmwares an export is about
 *   export_flow     the SBOMs of one of them
 *   export_sweep    which files are missing
 *   place_flow      a document of the ledger back into its file
 *
 * run/ decides which job starts when; a flow never starts another. What went wrong
 * is decided in one place, item_job.c, by the kind of the error.
 */
#ifndef FLOW_FLOW_H
#define FLOW_FLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "base/template.h"
#include "job/backoff.h"
#include "net/http.h"
#include "onekey/identity.h"
#include "onekey/named.h"
#include "store/db.h"
#include "store/item.h"
#include "store/sbom.h"
#include "store/turn.h"

struct source;
struct handed;

struct flow_format {
    const char *name;
    const char *query; /* or NULL */
};

struct flow_settings { /* borrowed from the configuration */
    const char *api_url;
    const char *state_dir;
    struct backoff retry;
    int64_t give_up_after_ms;
    bool wait_analysis; /* false: an item ends at its upload */
    int64_t poll_interval_ms;
    int64_t eager_poll_ms; /* somebody waits: the first looks are this far apart; 0: as others */
    int64_t alert_after_ms;
    const char *sbom_directory;
    const struct template *sbom_path;
    unsigned file_mode;
    struct sbom_keep keep;
    int64_t min_components_permille; /* of the last good one's; fewer: quarantine */
    const struct flow_format *formats;
    size_t format_count;
};

/* What the platform said about itself and the token; renewed when it is old. */
struct survey {
    int64_t at;           /* when it began, wall time; 0: never */
    bool has_inventory;   /* the list of firmwares could be read */
    int64_t inventory_at; /* when that began */
    int64_t failures;     /* in a row; the next one starts at due_at (steady) */
    int64_t due_at;
    struct err why; /* the last of these failures */
    struct named_list groups;
    struct named_list configurations;
};

/* What run/ wants to hear. Called from the loop; each may start other jobs. */
struct flow_hooks {
    /* A job is over and its memory gone. */
    void (*ended)(void *owner);
    /* Any authenticated answer that made sense: the token and the platform work. */
    void (*answered)(void *owner);
    /* A condition to tell of: event as in SPEC 4, subject "" or a path or group. */
    void (*alert)(void *owner, const char *event, const char *subject, const char *text,
                  const char *action);
    void (*alert_over)(void *owner, const char *event, const char *subject);
    void (*uploaded)(void *owner, int64_t bytes);
    void (*sbom_stored)(void *owner);
    /* Whose trouble is it? The item waits in item_job's limbo until flow_decide(). */
    void (*doubt)(void *owner, const struct err *why);
    /* May what is under way make its next request? NULL: always. */
    bool (*may_request)(void *owner);
};

struct item_job;
struct batch_job;

struct flow {
    uv_loop_t *loop;
    struct db *db;
    struct turn *turn;
    struct http *http;
    struct flow_settings settings;
    struct source *const *sources;
    size_t source_count;
    struct survey survey;
    int64_t poll_failures; /* in a row */
    const struct flow_hooks *hooks;
    void *owner;
    struct handed *handed;     /* files that commands handed over: handed.h */
    struct item_job *jobs;     /* all item jobs that are alive */
    struct item_job *limbo;    /* ended in doubt, not decided yet */
    struct batch_job *batches; /* poll, reconcile and survey jobs that are alive */
    bool stopping;             /* nothing new starts */
    bool sboms_fit;            /* one was written since the start, and since the disk was full */
    int64_t sboms_full_ms;     /* steady: when one did not fit last; 0: never */
    int64_t sboms_written_ms;  /* steady: when one did; 0: never */
};

/* The source of that name; NULL when the configuration no longer has it. */
struct source *flow_source(const struct flow *flow, const char *name);

/* True while a job works on the row: others leave it alone. */
bool flow_is_active(const struct flow *flow, int64_t item_id);

/* True while a batch job of that name ("poll", "reconcile", "survey") is alive. */
bool flow_has_batch(const struct flow *flow, const char *name);

/* How many of that name are. */
int64_t flow_count_batches(const struct flow *flow, const char *name);

/* True while a job brings documents of that firmware: two would write the same revision. */
bool flow_has_firmware(const struct flow *flow, const char *firmware_id);

bool flow_is_idle(const struct flow *flow);

/* Ends every job: transfers are aborted, rows keep a state that a restart can use. */
void flow_cancel_all(struct flow *flow);

/* False (ERR_CANCELLED: nothing is counted) while the token or the platform does not work. */
bool flow_may_request(const struct flow *flow, struct err *err);

/* own: the trouble is each item's own, it counts; else they go back untouched. */
void flow_decide(struct flow *flow, bool own);

/* "{api.url}/graphql"; caller frees. */
char *flow_graphql_url(const struct flow *flow);

#endif
