/*
 * agent_mirror.c - how far each watch is on its way to the platform, and what it waits for:
 * for status, for the end of a pass, and once an hour for the log.
 */
#include "run/agent_mirror.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "flow/item_job.h"
#include "flow/upload_flow.h"
#include "run/agent_parts.h"
#include "run/budget.h"
#include "store/item_count.h"

enum { LOG_EVERY_MS = 60 * 60 * 1000, SECOND_MS = 1000 };

struct telling {
    struct agent *agent;
    void (*each)(void *to, const struct live_mirror *one);
    void *to;
};

/* Of a watch's uploads under way, those bytes that have left. */
static int64_t bytes_under_way(const struct agent *agent, const char *watch)
{
    int64_t sum = 0;

    for (const struct item_job *job = agent->flow.jobs; job; job = job->next) {
        const struct op *op = job->kind == &upload_flow ? item_job_transfer(job) : NULL;
        int64_t done = 0;
        int64_t total = 0;

        if (!op || strcmp(job->item.watch, watch) != 0)
            continue;
        http_progress(op, &done, &total);
        sum += done;
    }
    return sum;
}

/* What the platform has of it, however the analysis ended or not. */
static int64_t bytes_sent(const struct item_tally *tally)
{
    static const enum item_state states[] = {ITEM_ANALYSING, ITEM_FETCHING, ITEM_DONE};
    int64_t sum = 0;

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        sum += tally->bytes[0][states[i]] + tally->bytes[1][states[i]];
    return sum;
}

static int64_t sum_left(const int64_t of[ITEM_STATE_COUNT])
{
    return of[ITEM_FOUND] + of[ITEM_SETTLING] + of[ITEM_HASHING] + of[ITEM_PENDING] +
           of[ITEM_REGISTERING] + of[ITEM_UPLOADING];
}

/* What holds up the whole agent. */
static const char *closed_by(const struct agent *agent)
{
    if (!agent->gate)
        return NULL;
    if (gate_has_operator_pause(agent->gate))
        return "operator";
    if (gate_state(agent->gate) == GATE_AUTH)
        return "token";
    if (gate_state(agent->gate) == GATE_UNREACHABLE)
        return "platform";
    return agent->disk_low || agent->stalled ? "disk" : NULL;
}

static const char *waits_for(const struct agent *agent, const struct item_tally *tally)
{
    const int64_t *builds = tally->items[0];
    const int64_t *backlog = tally->items[1];
    const char *why = closed_by(agent);
    int64_t under_way = builds[ITEM_REGISTERING] + builds[ITEM_UPLOADING] +
                        backlog[ITEM_REGISTERING] + backlog[ITEM_UPLOADING];

    if (why)
        return why;
    if (agent->hold.limit && builds[ITEM_PENDING] + backlog[ITEM_PENDING] > 0)
        return "limit_unanalysed";
    if (agent->hold.budget && backlog[ITEM_PENDING] > 0 && builds[ITEM_PENDING] + under_way == 0)
        return "budget";
    return NULL;
}

static int64_t seconds_left(const struct agent *agent, const struct item_tally *tally,
                            const struct live_mirror *mirror)
{
    int64_t now_ms = clock_wall_ms();
    int64_t moving = bytes_under_way(agent, tally->watch);
    int64_t by_pace_ms = pace_ms_for(agent->pace, tally->watch, bytes_sent(tally) + moving,
                                     mirror->bytes_left - moving, clock_steady_ms());
    int64_t by_budget_ms =
        budget_least_ms(agent->config->transfers.budget, agent->hold.used,
                        sum_left(tally->bytes[1]), agent->hold.day_end_ms - now_ms);

    if (mirror->left == 0)
        return 0;
    if (by_pace_ms < 0)
        return -1;
    return (by_pace_ms > by_budget_ms ? by_pace_ms : by_budget_ms) / SECOND_MS;
}

static void on_tally(void *owner, const struct item_tally *tally)
{
    const struct telling *telling = owner;
    struct live_mirror mirror = live_mirror_of(tally);

    if (mirror.left > 0)
        mirror.waits_for = waits_for(telling->agent, tally);
    mirror.seconds_left = seconds_left(telling->agent, tally, &mirror);
    if (mirror.known > 0)
        telling->each(telling->to, &mirror);
}

void agent_each_mirror(void *owner, void (*each)(void *to, const struct live_mirror *one), void *to)
{
    struct telling telling = {owner, each, to};
    struct err err = {.kind = ERR_OK};

    if (!item_tally_each(telling.agent->flow.db, on_tally, &telling, &err))
        log_error("store_trouble", F_TEXT("reason", err.message));
}

/* ---- now and then ---- */

static void on_noted(void *owner, const struct item_tally *tally)
{
    struct agent *agent = owner;

    pace_note(agent->pace, tally->watch, bytes_sent(tally) + bytes_under_way(agent, tally->watch),
              clock_steady_ms());
}

static void on_hour(void *owner, const struct item_tally *tally)
{
    struct agent *agent = owner;
    struct live_mirror mirror = live_mirror_of(tally);

    if (sum_left(tally->items[1]) == 0)
        return;
    log_info("mirror_progress", F_TEXT("watch", mirror.watch), F_INT("known", mirror.known),
             F_INT("sent", mirror.sent), F_INT("duplicate", mirror.duplicate),
             F_INT("failed", mirror.failed), F_INT("left", mirror.left),
             F_INT("bytes_left", mirror.bytes_left),
             F_INT("seconds_left", seconds_left(agent, tally, &mirror)),
             F_TEXT("waits_for", waits_for(agent, tally)));
}

void agent_note_mirrors(struct agent *agent)
{
    int64_t now_ms = clock_steady_ms();
    struct err err = {.kind = ERR_OK};
    bool is_first = agent->mirror_log_due_ms == 0;

    if (is_first || now_ms >= agent->mirror_log_due_ms) {
        agent->mirror_log_due_ms = now_ms + LOG_EVERY_MS;
        if (!is_first && !item_tally_each(agent->flow.db, on_hour, agent, &err))
            log_error("store_trouble", F_TEXT("reason", err.message));
    }
    if (!item_tally_each(agent->flow.db, on_noted, agent, &err))
        log_error("store_trouble", F_TEXT("reason", err.message));
}
