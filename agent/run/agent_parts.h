/*
 * agent_parts.h - the agent's own struct, for the files that together are the agent.
 *
 *   agent.c        its life: what parts report, signals, the end
 *   agent_start.c  from a configuration to an agent at work
 *   agent_stop.c   its end
 *   agent_reload.c a new configuration
 *   schedule.c     which job starts next
 *   agent_live.c   what it tells others about itself
 *   agent_once.c   when a single pass is over, and with which exit code
 *   agent_errand.c the same for one file of a command
 */
#ifndef RUN_AGENT_PARTS_H
#define RUN_AGENT_PARTS_H

#include <signal.h>
#include <uv.h>

#include "control/control.h"
#include "control/live.h"
#include "flow/flow.h"
#include "flow/intake.h"
#include "run/agent.h"
#include "run/alert.h"
#include "run/book.h"
#include "run/exports.h"
#include "run/gate.h"
#include "run/metrics.h"
#include "run/pace.h"
#include "run/schedule.h"
#include "run/service.h"
#include "run/setup.h"
#include "store/hand.h"
#include "store/ledger.h"

enum { AGENT_SIGNALS = 4 };

struct agent {
    const struct agent_options *options;
    const struct config *config;
    uv_loop_t loop;
    struct ledger *ledger;
    struct turn *turn;
    struct http *http;
    struct secret *proxy_auth;
    struct setup_sboms sboms;
    struct flow flow;
    struct source **sources;
    struct intake **intakes; /* as many as sources */
    struct alerts *alerts;
    struct exports *exports; /* NULL: none are run */
    struct gate *gate;       /* NULL: nothing is to be sent (dry run) */
    struct control *control; /* or NULL */
    struct service *service;
    struct metrics *metrics; /* or NULL */
    struct live live;
    struct zone *zone; /* transfers.timezone */
    int64_t rate;      /* of uploads, as it was set last; -1: not yet */
    struct schedule_hold hold;
    struct pace *pace;
    int64_t mirror_log_due_ms; /* steady; 0: at the first look it is set */
    struct op *heartbeat;      /* under way */
    int64_t heartbeat_due_ms;  /* steady */
    int64_t metrics_due_ms;    /* steady */

    uv_timer_t plan_timer;
    uv_timer_t progress_timer;
    uv_timer_t grace_timer;
    uv_timer_t pulse_timer;
    uv_signal_t signals[AGENT_SIGNALS];
    uv_fs_t statfs;
    bool statfs_busy;

    /* stopping */
    bool ending;         /* no new work */
    struct config *next; /* what goes on after the end, on SIGHUP; else NULL */
    int signal;          /* that asked for it, 0: none */
    unsigned stage;
    unsigned closing; /* parts that have not closed yet */

    /* a single pass */
    int64_t deadline_ms; /* steady; 0: none */
    int64_t failed_before;
    bool deadline_passed;

    struct hand hand; /* fd -1: rows in hand are nobody's concern here */

    /* a command's file */
    int64_t errand_id;      /* of its row */
    struct book *book;      /* NULL: the ledger is shared with nobody */
    int64_t lock_holder;    /* who held it at the last look */
    int64_t lock_since_ms;  /* steady: another holds the ledger; 0: none does */
    int64_t other_since_ms; /* steady: another sends the same bytes; 0: none does */
    int64_t book_asked_ms;  /* whether an agent holds it */
    bool errand_told;
    bool errand_waits; /* it was told that it does */
    bool errand_sent;  /* deadline_ms is that of its analysis */

    /* what was done */
    int64_t uploads;
    int64_t upload_bytes;
    int64_t sboms_stored;
    bool disk_known; /* it was looked at */
    bool disk_low;
    int64_t clock_offset_ms; /* wall minus steady, at the last look */
    bool stalled;
    struct err end;
};

/* schedule.c */
void agent_wake(struct agent *agent); /* plans in this turn or the next */
void agent_wake_in(struct agent *agent, int64_t in_ms);
void agent_plan(struct agent *agent);

/* The upload rate of this minute; the plan is armed for its end. */
void agent_keep_rate(struct agent *agent);

/* agent.c */
void agent_alert(struct agent *agent, const char *event, const char *text, const char *action);

void agent_on_pulse(uv_timer_t *timer);
void agent_on_progress(uv_timer_t *timer);
extern const struct flow_hooks agent_flow_hooks;
extern const struct gate_hooks agent_gate_hooks;
extern const struct intake_hooks agent_intake_hooks;
extern const struct turn_hooks agent_turn_hooks;
void agent_init_handles(struct agent *agent);

/* agent_start.c */
bool agent_start(struct agent *agent, struct err *err);
void agent_settle_hands(struct agent *agent); /* rows of commands that died */

/* agent_errand.c */
bool agent_errand_start(struct agent *agent, struct err *err);
bool agent_errand_keep(struct agent *agent, struct err *err); /* before each commit */
void agent_errand_check(struct agent *agent);                 /* stops the agent when it is over */
void agent_errand_end(struct agent *agent);                   /* after the loop */

/* agent_stop.c */
void agent_stop(struct agent *agent, bool at_once);
void agent_close(struct agent *agent); /* the parts, in stages; nothing is under way any more */

/* agent_reload.c */
void agent_reload(struct agent *agent);
void agent_part_closed(void *owner); /* one of agent->closing */

/* agent_live.c */
void agent_live_init(struct agent *agent);
void agent_status_line(struct agent *agent);
void agent_tell_numbers(struct agent *agent); /* metrics and heartbeat, when they are due */
void agent_totals(struct agent *agent, struct agent_totals *totals);

/* agent_once.c */
void agent_once_check(struct agent *agent); /* stops the agent when the pass is over */
bool agent_is_stuck(struct agent *agent);   /* the pass cannot go on: agent->end says why */
int agent_exit_code(struct agent *agent, struct err *err);
int64_t agent_count_failed(struct agent *agent);

#endif
