/*
 * agent_once.c - when a single pass is over, and with which exit code.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "run/agent_parts.h"
#include "store/item_count.h"

enum {
    UNREACHABLE_PROBES = 8, /* so many in a row, with transfers.retry's backoff, end a pass */
    ALERT_LOOK_MS = 20,
};

int64_t agent_count_failed(struct agent *agent)
{
    int64_t counts[ITEM_STATE_COUNT];
    struct err err = {.kind = ERR_OK};

    if (!item_counts(agent->flow.db, counts, &err))
        return 0;
    return counts[ITEM_FAILED] + counts[ITEM_HELD] + counts[ITEM_UNCONFIRMED];
}

static bool intakes_are_quiet(const struct agent *agent)
{
    for (size_t i = 0; i < agent->flow.source_count; i++) {
        if (!intake_is_quiet(agent->intakes[i]))
            return false;
    }
    return true;
}

static bool is_work_left(struct agent *agent)
{
    /* Until the next day's budget only what is being sent of the backlog goes on. */
    const struct item_work work = {
        .analyses = !agent->options->no_wait,
        .backlog = !agent->hold.budget,
    };
    struct err err = {.kind = ERR_OK};
    bool left = true;

    if (!item_is_work_left(agent->flow.db, &work, &left, &err))
        log_error("store_trouble", F_TEXT("reason", err.message));
    return left;
}

/* The pass cannot go on: *err says why. */
bool agent_is_stuck(struct agent *agent)
{
    const struct gate *gate = agent->gate;

    if (!gate)
        return false;
    if (gate_has_operator_pause(gate))
        return !err_set(&agent->end, ERR_PAUSED,
                        "paused by the operator: onekey-agent resume lifts it");
    if (gate_state(gate) == GATE_AUTH) {
        agent->end = *gate_why(gate);
        if (agent->end.kind == ERR_AUTH) {
            err_wrap(&agent->end,
                     "the token is refused, it expired or was deleted: put a new one in "
                     "its place");
        }
        return true;
    }
    if (gate_state(gate) == GATE_UNREACHABLE && gate_failed_probes(gate) >= UNREACHABLE_PROBES) {
        agent->end = *gate_why(gate);
        if (err_kind_exit(agent->end.kind) != 76 && agent->end.kind != ERR_THROTTLED)
            agent->end.kind = ERR_NETWORK;
        err_wrap(&agent->end, agent->end.kind == ERR_THROTTLED ? "the platform wants fewer requests"
                                                               : "the platform is unreachable");
        return true;
    }
    if (agent->exports && exports_lack_room(agent->exports)) {
        return !err_set(&agent->end, ERR_DISK_FULL,
                        "the disk of %s is full; what is left goes on at the next run",
                        agent->config->sbom.directory);
    }
    if (agent->flow.survey.failures >= UNREACHABLE_PROBES) {
        agent->end = agent->flow.survey.why;
        return true;
    }
    return false;
}

static bool is_past_deadline(struct agent *agent)
{
    if (agent->deadline_ms == 0 || clock_steady_ms() < agent->deadline_ms)
        return false;
    err_set(&agent->end, ERR_DEADLINE,
            "the deadline came before everything was done; the rest goes on at the next run");
    return true;
}

/* What would be sent is known once nothing is hashed, or settles within a quiet time. */
static bool is_listed(struct agent *agent)
{
    struct err err = {.kind = ERR_OK};
    bool left = true;

    return item_is_listing_left(agent->flow.db, &left, &err) && !left;
}

static bool is_over(struct agent *agent)
{
    if (!intakes_are_quiet(agent) || !flow_is_idle(&agent->flow) || agent->stalled)
        return false;
    if (!agent->gate)
        return is_listed(agent);
    if (!gate_is_open(agent->gate) || !exports_are_idle(agent->exports))
        return false;
    return agent->options->order || !is_work_left(agent);
}

/* A pass over a folder that is not there must not look like one that found nothing. */
static void note_missing_folders(struct agent *agent)
{
    for (size_t i = 0; i < agent->flow.source_count; i++) {
        const char *why = intake_degraded(agent->intakes[i]);

        if (why && agent->end.kind == ERR_OK)
            err_set(&agent->end, ERR_INPUT, "watch %s: %s", agent->sources[i]->name, why);
    }
}

void agent_once_check(struct agent *agent)
{
    if (!agent->options->once || agent->ending)
        return;
    if (agent->options->errand) {
        agent_errand_check(agent);
        return;
    }
    bool stuck = agent_is_stuck(agent);
    if (!stuck && !is_over(agent)) {
        if (is_past_deadline(agent))
            agent_stop(agent, true);
        return;
    }
    /* What went wrong is told by this process: there may be no other for days. */
    if (alerts_are_busy(agent->alerts)) {
        agent->end = (struct err){.kind = ERR_OK};
        agent_wake_in(agent, ALERT_LOOK_MS);
        return;
    }
    if (!stuck)
        note_missing_folders(agent);
    agent_stop(agent, stuck);
}

static void note_export(void *owner, const struct export_job *job)
{
    struct agent *agent = owner;

    bool is_whole = job->counts.fetched == 0 && job->error_kind != ERR_OK; /* nothing was done */

    if (agent->end.kind == ERR_OK && (job->error[0] || job->counts.quarantined > 0))
        err_set(&agent->end, is_whole ? job->error_kind : ERR_PARTIAL, "export %s: %s", job->name,
                job->error[0] ? job->error : "some documents are in quarantine");
}

int agent_exit_code(struct agent *agent, struct err *err)
{
    if (agent->options->once && agent->signal != 0) {
        err_set(err, ERR_CANCELLED, "ended by signal %d", agent->signal);
        return 128 + agent->signal;
    }
    if (agent->end.kind == ERR_OK && agent->options->once && !agent->options->would_send &&
        !agent->options->errand && agent_count_failed(agent) > agent->failed_before)
        err_set(&agent->end, ERR_PARTIAL,
                "some items failed: onekey-agent list-firmwares --state failed shows why");
    if (agent->options->once && agent->exports)
        exports_each_ran(agent->exports, note_export, agent);
    if (agent->end.kind != ERR_OK)
        *err = agent->end;
    return err_kind_exit(agent->end.kind);
}
