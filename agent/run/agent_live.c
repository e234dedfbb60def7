/*
 * agent_live.c - what a running agent tells about itself: to the control socket, to the
 * service manager, to the progress line.
 */
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/batch_job.h"
#include "flow/item_job.h"
#include "run/agent_mirror.h"
#include "run/agent_parts.h"
#include "store/item_count.h"

enum { METRICS_MS = 15000, HEARTBEAT_MS = 60000, HEARTBEAT_ANSWER_MAX = 64 * 1024 };

static const char *state(void *owner)
{
    const struct agent *agent = owner;

    if (agent->gate && gate_state(agent->gate) == GATE_AUTH)
        return "auth_paused";
    if (agent->gate && gate_has_operator_pause(agent->gate))
        return "paused";
    return "running";
}

static bool describe(const struct item_job *job, struct live_transfer *transfer)
{
    const struct op *op = item_job_transfer(job);
    int64_t ms = clock_steady_ms() - job->stage_began_ms;

    if (!op)
        return false;
    *transfer = (struct live_transfer){
        .path = job->item.path,
        .direction = job->item.state == ITEM_UPLOADING ? "up" : "down",
    };
    http_progress(op, &transfer->bytes_done, &transfer->bytes_total);
    transfer->rate = ms > 0 ? transfer->bytes_done * 1000 / ms : 0;
    return true;
}

static void each_transfer(void *owner, void (*each)(void *to, const struct live_transfer *one),
                          void *to)
{
    const struct agent *agent = owner;
    struct live_transfer transfer;

    for (const struct item_job *job = agent->flow.jobs; job; job = job->next) {
        if (describe(job, &transfer))
            each(to, &transfer);
    }
}

static void each_watch(void *owner, void (*each)(void *to, const struct live_watch *one), void *to)
{
    const struct agent *agent = owner;

    for (size_t i = 0; i < agent->flow.source_count; i++) {
        const struct intake *intake = agent->intakes[i];
        const struct live_watch watch = {
            .name = agent->sources[i]->name,
            .path = agent->sources[i]->path,
            .mode = intake_uses_events(intake) ? "events" : "poll",
            .directories = intake_directories(intake),
            .degraded = intake_degraded(intake),
        };

        each(to, &watch);
    }
}

static void token(void *owner, struct live_token *told)
{
    const struct agent *agent = owner;
    const struct gate_token known = gate_token(agent->gate);

    *told = (struct live_token){
        .tenant = known.tenant,
        .email = known.email,
        .fingerprint = known.fingerprint,
        .expires_ms = known.expires_ms,
    };
}

static void rescan_all(struct agent *agent)
{
    for (size_t i = 0; i < agent->flow.source_count; i++)
        intake_rescan(agent->intakes[i]);
}

static void kick(void *owner, enum live_kick what)
{
    struct agent *agent = owner;

    switch (what) {
    case LIVE_KICK_PAUSES:
        gate_reload_pauses(agent->gate);
        break;
    case LIVE_KICK_RESCAN:
        rescan_all(agent);
        break;
    case LIVE_KICK_ITEMS:
        for (size_t i = 0; i < agent->flow.source_count; i++)
            intake_wake(agent->intakes[i]);
        break;
    case LIVE_KICK_TOKEN:
        gate_reload_token(agent->gate);
        break;
    case LIVE_KICK_SBOMS: /* agent_plan() looks for what is to be placed */
        break;
    }
    agent_wake(agent);
}

static bool hand_over(void *owner, const struct handed_file *file, int64_t *item_id,
                      struct err *err)
{
    struct agent *agent = owner;

    if (agent->ending)
        return err_set(err, ERR_BUSY, "the agent is stopping");
    if (!handed_add(&agent->flow, file, item_id, err))
        return false;
    if (db_commit(agent->flow.db, err))
        return true;
    handed_drop(&agent->flow, *item_id);
    return false;
}

static void each_export(void *owner, void (*each)(void *to, const struct live_export *one),
                        void *to)
{
    const struct agent *agent = owner;

    if (agent->exports)
        exports_each(agent->exports, each, to);
}

static bool export_now(void *owner, const struct live_export_order *order, struct err *err)
{
    struct agent *agent = owner;

    if (agent->ending || !agent->exports)
        return err_set(err, ERR_BUSY, "the agent is stopping");
    if (!exports_start_now(agent->exports, order, err))
        return false;
    agent_wake(agent);
    return true;
}

static struct err closed(void *owner)
{
    const struct agent *agent = owner;
    struct err why = {.kind = ERR_OK};

    if (!agent->gate || gate_is_open(agent->gate))
        return why;
    if (gate_has_operator_pause(agent->gate))
        err_set(&why, ERR_PAUSED, "paused by the operator: onekey-agent resume lifts it");
    else
        why = *gate_why(agent->gate);
    if (why.kind == ERR_AUTH)
        err_wrap(&why, "the agent's token is refused");
    return why;
}

static bool is_busy(void *owner, int64_t item_id)
{
    const struct agent *agent = owner;

    return flow_is_active(&agent->flow, item_id);
}

void agent_live_init(struct agent *agent)
{
    agent->live = (struct live){
        .owner = agent,
        .api_url = agent->config->api.url,
        .state = state,
        .each_transfer = each_transfer,
        .each_watch = each_watch,
        .each_mirror = agent_each_mirror,
        .token = token,
        .kick = kick,
        .hand_over = hand_over,
        .each_export = each_export,
        .export_now = export_now,
        .closed = closed,
        .is_busy = is_busy,
    };
}

static void note_export(const struct agent *agent, struct agent_totals *totals)
{
    struct export_job job;

    if (agent->exports && exports_current(agent->exports, &job, &totals->export_left))
        totals->exports = job.counts;
}

void agent_totals(struct agent *agent, struct agent_totals *totals)
{
    struct err err = {.kind = ERR_OK};
    struct live_transfer transfer;

    *totals = (struct agent_totals){
        .uploads = agent->uploads,
        .upload_bytes = agent->upload_bytes,
        .sboms = agent->sboms_stored,
    };
    if (!item_counts(agent->flow.db, totals->counts, &err) ||
        !item_waiting_bytes(agent->flow.db, &totals->waiting_bytes, &err))
        totals->waiting_bytes = -1;
    note_export(agent, totals);
    for (const struct item_job *job = agent->flow.jobs; job; job = job->next) {
        if (!describe(job, &transfer))
            continue;
        if (strcmp(transfer.direction, "up") == 0) {
            totals->upload_bytes += transfer.bytes_done;
            totals->waiting_bytes -= transfer.bytes_done;
            totals->rate += transfer.rate;
        }
        if (totals->transfer_count < AGENT_TRANSFERS_SHOWN)
            totals->transfers[totals->transfer_count++] = transfer;
    }
}

void agent_status_line(struct agent *agent)
{
    int64_t counts[ITEM_STATE_COUNT];
    struct err err = {.kind = ERR_OK};

    if (!item_counts(agent->flow.db, counts, &err))
        return;
    int64_t waiting = counts[ITEM_SETTLING] + counts[ITEM_HASHING] + counts[ITEM_PENDING] +
                      counts[ITEM_UNCONFIRMED];
    auto_free char *text = xasprintf(
        "%s%s%s; %jd waiting, %jd being sent, %jd analysing, %jd done, %jd failed", state(agent),
        agent->gate && gate_state(agent->gate) == GATE_AUTH ? ": " : "",
        agent->gate && gate_state(agent->gate) == GATE_AUTH ? gate_why(agent->gate)->message : "",
        (intmax_t)waiting, (intmax_t)(counts[ITEM_REGISTERING] + counts[ITEM_UPLOADING]),
        (intmax_t)(counts[ITEM_ANALYSING] + counts[ITEM_FETCHING]), (intmax_t)counts[ITEM_DONE],
        (intmax_t)(counts[ITEM_FAILED] + counts[ITEM_HELD]));
    service_status(agent->service, text);
}

/* ---- numbers and the heartbeat ---- */

static void write_metrics(struct agent *agent, const int64_t counts[ITEM_STATE_COUNT])
{
    struct metrics_facts facts = {
        .uploads = agent->uploads,
        .upload_bytes = agent->upload_bytes,
        .sboms = agent->sboms_stored,
        .auth_paused = gate_state(agent->gate) == GATE_AUTH,
        .operator_paused = gate_has_operator_pause(agent->gate),
        .open = gate_is_open(agent->gate),
        .disk_low = agent->disk_low || agent->stalled,
        .token_expires_s = agent->config->api.token_expires_ms / 1000,
    };
    struct err err = {.kind = ERR_OK};
    int64_t found_at = 0;

    memcpy(facts.counts, counts, sizeof facts.counts);
    if (item_oldest_waiting(agent->flow.db, &found_at, &err) && found_at != 0)
        facts.oldest_waiting_s = (clock_wall_ms() - found_at) / 1000;
    metrics_write(agent->metrics, &facts);
}

static void on_heartbeat(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct agent *agent = owner;

    (void)reply;
    agent->heartbeat = NULL;
    if (err && err->kind != ERR_CANCELLED)
        log_warn("heartbeat_failed", F_TEXT("reason", err->message));
    if (agent->closing > 0)
        agent_part_closed(agent);
}

/* Silence is the alarm: it beats only while nothing needs a person and requests work. */
static void beat(struct agent *agent, const int64_t counts[ITEM_STATE_COUNT])
{
    const struct http_call call = {
        .url = agent->config->alerts.heartbeat,
        .max_answer = HEARTBEAT_ANSWER_MAX,
        .any_answer = true,
        .allow_http = true,
    };
    struct err err = {.kind = ERR_OK};

    if (agent->heartbeat || !gate_is_open(agent->gate) || agent->disk_low || agent->stalled ||
        counts[ITEM_FAILED] + counts[ITEM_HELD] + counts[ITEM_UNCONFIRMED] > 0)
        return;
    agent->heartbeat = http_send(agent->http, &call, on_heartbeat, agent, &err);
    if (!agent->heartbeat)
        log_warn("heartbeat_failed", F_TEXT("reason", err.message));
}

void agent_tell_numbers(struct agent *agent)
{
    int64_t counts[ITEM_STATE_COUNT];
    int64_t now_ms = clock_steady_ms();
    struct err err = {.kind = ERR_OK};

    if (!agent->gate || agent->ending || !item_counts(agent->flow.db, counts, &err))
        return;
    if (agent->metrics && now_ms >= agent->metrics_due_ms) {
        agent->metrics_due_ms = now_ms + METRICS_MS;
        write_metrics(agent, counts);
    }
    if (agent->config->alerts.heartbeat && now_ms >= agent->heartbeat_due_ms) {
        agent->heartbeat_due_ms = now_ms + HEARTBEAT_MS;
        beat(agent, counts);
    }
}
