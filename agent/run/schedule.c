/*
 * schedule.c - which job starts next.
 *
 * Lanes: hashing (two files at a time), uploads, SBOM downloads, one poll, one
 * reconcile, one survey. In each lane the row with the best rank goes first, so a new
 * build overtakes a backlog. Everything but hashing needs an open gate. Nothing is
 * kept here between plans: the ledger says what waits, the flow what is under way.
 */
#include "base/clock.h"
#include "base/log.h"
#include "flow/batch_job.h"
#include "flow/hash_flow.h"
#include "flow/poll_flow.h"
#include "flow/reconcile_flow.h"
#include "flow/sbom_flow.h"
#include "flow/survey_flow.h"
#include "flow/upload_flow.h"
#include "run/agent_parts.h"
#include "store/item_count.h"
#include "store/item_due.h"

enum { HASH_SLOTS = 2, PICK_MAX = 64, IDLE_LOOK_MS = 60000 };

static bool has_trouble(const struct err *err)
{
    if (err->kind == ERR_OK)
        return false;
    log_error("store_trouble", F_TEXT("reason", err->message));
    return true;
}

static int64_t count_active(const struct flow *flow, const struct item_flow *kind)
{
    int64_t count = 0;

    for (const struct item_job *job = flow->jobs; job; job = job->next)
        count += job->kind == kind;
    return count;
}

typedef void start_fn(struct flow *flow, struct item *take_item);

static void start_one(struct agent *agent, int64_t id, start_fn *start)
{
    auto_item struct item item = {0};
    struct err err = {.kind = ERR_OK};
    bool found;

    if (!item_by_id(agent->flow.db, id, &item, &found, &err) && has_trouble(&err))
        return;
    if (found)
        start(&agent->flow, &item);
}

/* Rows that a job holds already are due as well: as many more are asked for. */
static void fill_lane(struct agent *agent, enum item_state state, int64_t slots, start_fn *start)
{
    int64_t ids[PICK_MAX];
    struct item_ids due = {.ids = ids, .max = (size_t)slots};
    struct err err = {.kind = ERR_OK};

    if (slots <= 0)
        return;
    for (const struct item_job *job = agent->flow.jobs; job; job = job->next)
        due.max++;
    if (due.max > PICK_MAX)
        due.max = PICK_MAX;
    if (!item_due(agent->flow.db, state, clock_wall_ms(), &due, &err) && has_trouble(&err))
        return;
    for (size_t i = 0; i < due.count && slots > 0; i++) {
        if (flow_is_active(&agent->flow, ids[i]))
            continue;
        start_one(agent, ids[i], start);
        slots--;
    }
}

int64_t schedule_uploads(const struct schedule_facts *facts)
{
    int64_t more = facts->slots - facts->active;

    if (facts->limit > 0 && more > facts->limit - facts->analysing - facts->active)
        more = facts->limit - facts->analysing - facts->active;
    return more > 0 ? more : 0;
}

static void fill_uploads(struct agent *agent, const int64_t counts[ITEM_STATE_COUNT])
{
    struct flow *flow = &agent->flow;
    const struct schedule_facts facts = {
        .slots = gate_slots(agent->gate),
        .active = count_active(flow, &upload_flow),
        .limit = agent->config->transfers.limit_unanalysed,
        .analysing = counts[ITEM_ANALYSING],
    };

    if (counts[ITEM_PENDING] == 0)
        return;
    if (!survey_is_fresh(flow, clock_wall_ms())) {
        if (!flow_has_batch(flow, "survey") && clock_steady_ms() >= flow->survey.due_at)
            survey_flow_start(flow);
        return;
    }
    fill_lane(agent, ITEM_PENDING, schedule_uploads(&facts), upload_flow_start);
}

static int64_t download_slots(const struct agent *agent)
{
    const struct agent_errand *errand = agent->options->errand;

    if (errand && !errand->sbom_directory)
        return 0;
    return agent->config->transfers.downloads - count_active(&agent->flow, &sbom_flow);
}

static void plan_requests(struct agent *agent)
{
    struct flow *flow = &agent->flow;
    int64_t counts[ITEM_STATE_COUNT];
    struct err err = {.kind = ERR_OK};
    bool started;

    if (!item_counts(flow->db, counts, &err) && has_trouble(&err))
        return;
    if (!reconcile_flow_start(flow, clock_wall_ms(), &started, &err))
        (void)has_trouble(&err);
    if (!agent->options->no_wait && !poll_flow_start(flow, clock_wall_ms(), &started, &err))
        (void)has_trouble(&err);
    fill_lane(agent, ITEM_FETCHING, download_slots(agent), sbom_flow_start);
    fill_uploads(agent, counts);
}

static void on_plan(uv_timer_t *timer)
{
    agent_plan(timer->data);
}

/* Both times are from before the lanes were filled: what became due since then is in none. */
static void arm_for_next(struct agent *agent, int64_t now_ms, int64_t steady_ms)
{
    static const enum item_state states[] = {ITEM_HASHING, ITEM_PENDING, ITEM_UNCONFIRMED,
                                             ITEM_ANALYSING, ITEM_FETCHING};
    int64_t wait_ms = IDLE_LOOK_MS;
    struct err err = {.kind = ERR_OK};

    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        int64_t due_at;

        if (item_next_due(agent->flow.db, states[i], now_ms, &due_at, &err) &&
            due_at - now_ms < wait_ms)
            wait_ms = due_at - now_ms;
    }
    (void)has_trouble(&err);
    if (agent->deadline_ms > 0 && agent->deadline_ms - clock_steady_ms() < wait_ms)
        wait_ms = agent->deadline_ms - clock_steady_ms();
    int64_t survey_ms = agent->flow.survey.due_at - steady_ms;
    if (survey_ms > 0 && survey_ms < wait_ms)
        wait_ms = survey_ms;
    uv_timer_start(&agent->plan_timer, on_plan, (uint64_t)(wait_ms < 1 ? 1 : wait_ms), 0);
}

/* A command with a bad token need not read its gigabytes first. */
static bool may_hash(const struct agent *agent)
{
    return !agent->options->errand || gate_is_open(agent->gate);
}

void agent_plan(struct agent *agent)
{
    struct flow *flow = &agent->flow;
    int64_t now_ms = clock_wall_ms();
    int64_t steady_ms = clock_steady_ms();

    if (agent->ending || flow->stopping || agent->stalled) {
        agent_once_check(agent);
        return;
    }
    if (turn_is_stalled(flow->turn)) { /* another holds the ledger that is shared */
        arm_for_next(agent, now_ms, steady_ms);
        agent_once_check(agent);
        return;
    }
    if (may_hash(agent))
        fill_lane(agent, ITEM_HASHING, HASH_SLOTS - count_active(flow, &hash_flow),
                  hash_flow_start);
    if (agent->gate && gate_is_open(agent->gate) && !agent->disk_low)
        plan_requests(agent);
    arm_for_next(agent, now_ms, steady_ms);
    agent_once_check(agent);
}

void agent_wake_in(struct agent *agent, int64_t in_ms)
{
    /* Once it ends, that timer waits for the last job: agent_stop(). */
    if (!agent->ending && !uv_is_closing((uv_handle_t *)&agent->plan_timer))
        uv_timer_start(&agent->plan_timer, on_plan, (uint64_t)in_ms, 0);
}

void agent_wake(struct agent *agent)
{
    agent_wake_in(agent, 1);
}
