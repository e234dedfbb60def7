/*
 * schedule.c - which job starts next.
 *
 * Lanes: hashing (two files at a time), uploads, SBOM downloads, one poll, one
 * reconcile, one survey. In each lane builds go before the backlog, then the best rank.
 * While the agent runs on, the backlog leaves a slot of hashing and one of the uploads
 * to the builds: what comes now does not wait for the end of a large old image.
 *
 * Everything but hashing needs an open gate. The ledger says what waits, the flow what
 * is under way; all that stays between plans is what held uploads back in the last one.
 *
 * transfers.budget: an image's size counts from the moment its upload job starts, here
 * until its row is `uploading`, then in the ledger. The first one of the backlog that
 * does not fit stops the backlog until midnight, for which the plan is armed; smaller
 * ones behind it do not slip by. Builds are counted and never stopped.
 */
#include "base/clock.h"
#include "base/log.h"
#include "flow/batch_job.h"
#include "flow/export_flow.h"
#include "flow/hash_flow.h"
#include "flow/poll_flow.h"
#include "flow/reconcile_flow.h"
#include "flow/room.h"
#include "flow/sbom_flow.h"
#include "flow/survey_flow.h"
#include "flow/upload_flow.h"
#include "run/agent_parts.h"
#include "run/bandwidth.h"
#include "run/budget.h"
#include "store/item_count.h"
#include "store/item_due.h"
#include "store/upload_day.h"

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

struct lane {
    enum item_state state;
    void (*start)(struct flow *flow, struct item *take_item);
    bool (*allows)(struct agent *agent, const struct item *item); /* or NULL: all */
};

/* False: this one has to wait, and all behind it. */
static bool start_one(struct agent *agent, const struct lane *lane, int64_t id)
{
    auto_item struct item item = {0};
    struct err err = {.kind = ERR_OK};
    bool found;

    if (!item_by_id(agent->flow.db, id, &item, &found, &err))
        return !has_trouble(&err);
    if (!found || (item.firmware_id && flow_has_firmware(&agent->flow, item.firmware_id)))
        return true;
    if (lane->allows && !lane->allows(agent, &item))
        return false;
    lane->start(&agent->flow, &item);
    return true;
}

/* Rows that a job holds already are due as well: as many more are asked for. */
static void fill_lane(struct agent *agent, const struct lane *lane, bool builds_only, int64_t slots)
{
    int64_t ids[PICK_MAX];
    struct item_ids due = {.ids = ids, .max = (size_t)slots, .builds_only = builds_only};
    struct err err = {.kind = ERR_OK};

    if (slots <= 0)
        return;
    for (const struct item_job *job = agent->flow.jobs; job; job = job->next)
        due.max++;
    if (due.max > PICK_MAX)
        due.max = PICK_MAX;
    if (!item_due(agent->flow.db, lane->state, clock_wall_ms(), &due, &err) && has_trouble(&err))
        return;
    for (size_t i = 0; i < due.count && slots > 0; i++) {
        if (flow_is_active(&agent->flow, ids[i]))
            continue;
        if (!start_one(agent, lane, ids[i]))
            return;
        slots--;
    }
}

int64_t schedule_spare(bool once, int64_t slots)
{
    return once || slots < 2 ? 0 : 1;
}

int64_t schedule_uploads(const struct schedule_facts *facts)
{
    int64_t more = facts->slots - facts->active;

    if (facts->limit > 0 && more > facts->limit - facts->analysing - facts->active)
        more = facts->limit - facts->analysing - facts->active;
    return more > 0 ? more : 0;
}

/* ---- the budget of the day ---- */

/* Jobs that will send and are not counted in the ledger yet. */
static int64_t bytes_to_count(const struct flow *flow)
{
    int64_t bytes = 0;

    for (const struct item_job *job = flow->jobs; job; job = job->next) {
        if (job->kind == &upload_flow && (job->item.state == ITEM_REGISTERING ||
                                          (job->item.state == ITEM_UPLOADING && job->save.queued)))
            bytes += job->item.size;
    }
    return bytes;
}

static bool load_budget(struct agent *agent, int64_t now_ms, struct schedule_hold *hold)
{
    struct upload_day kept;
    struct err err = {.kind = ERR_OK};

    if (agent->config->transfers.budget == 0)
        return true;
    if (!upload_day_load(agent->flow.db, &kept, &err))
        return !has_trouble(&err);
    struct upload_day today = budget_today(kept, budget_day(agent->zone, now_ms));
    if (today.day != kept.day && !upload_day_save(agent->flow.db, &today, &err))
        return !has_trouble(&err);
    hold->used = today.bytes + bytes_to_count(&agent->flow);
    hold->day_end_ms = budget_day_end_ms(agent->zone, now_ms, today.day);
    return true;
}

static bool fits_budget(struct agent *agent, const struct item *item)
{
    struct schedule_hold *hold = &agent->hold;
    int64_t budget = agent->config->transfers.budget;

    if (item->backlog && !budget_allows(budget, hold->used, item->size)) {
        hold->budget = true;
        return false;
    }
    hold->used += budget > 0 ? item->size : 0;
    return true;
}

/* Once a day. */
static void tell_budget(struct agent *agent)
{
    struct schedule_hold *hold = &agent->hold;

    if (!hold->budget || hold->told_ms == hold->day_end_ms)
        return;
    hold->told_ms = hold->day_end_ms;
    log_info("budget_used_up", F_INT("bytes", hold->used),
             F_INT("budget", agent->config->transfers.budget),
             F_INT("wait_ms", hold->day_end_ms - clock_wall_ms()));
}

/* ---- uploads ---- */

/* With what was cut off before its answer: the platform may work on it. */
static int64_t count_unanalysed(const struct agent *agent, const int64_t counts[ITEM_STATE_COUNT])
{
    struct err err = {.kind = ERR_OK};
    int64_t uncertain = 0;

    if (counts[ITEM_UNCONFIRMED] > 0 && !item_count_uncertain(agent->flow.db, &uncertain, &err))
        (void)has_trouble(&err);
    return counts[ITEM_ANALYSING] + uncertain;
}

/* One that is hashed is due as soon as its row is saved: no image of the backlog slips in first. */
static bool is_build_coming(const struct flow *flow)
{
    const struct item_job *job = flow->jobs;

    while (job &&
           !(job->kind == &hash_flow && !job->item.backlog && job->item.state == ITEM_PENDING))
        job = job->next;
    return job != NULL;
}

static void start_uploads(struct agent *agent, const int64_t counts[ITEM_STATE_COUNT])
{
    static const struct lane lane = {ITEM_PENDING, upload_flow_start, fits_budget};
    struct flow *flow = &agent->flow;
    struct schedule_facts facts = {
        .slots = gate_slots(agent->gate),
        .active = count_active(flow, &upload_flow),
        .limit = agent->config->transfers.limit_unanalysed,
        .analysing = count_unanalysed(agent, counts),
    };

    agent->hold.limit = facts.limit > 0 && facts.analysing + facts.active >= facts.limit;
    fill_lane(agent, &lane, true, schedule_uploads(&facts));
    if (is_build_coming(flow))
        return;
    facts.slots -= schedule_spare(agent->options->once, facts.slots);
    facts.active = count_active(flow, &upload_flow);
    fill_lane(agent, &lane, false, schedule_uploads(&facts));
}

static void fill_uploads(struct agent *agent, const int64_t counts[ITEM_STATE_COUNT],
                         const struct schedule_hold *hold)
{
    struct flow *flow = &agent->flow;

    agent->hold = *hold;
    if (counts[ITEM_PENDING] == 0)
        return;
    if (!survey_is_fresh(flow, clock_wall_ms())) {
        if (!flow_has_batch(flow, "survey") && clock_steady_ms() >= flow->survey.due_at)
            survey_flow_start(flow);
        return;
    }
    start_uploads(agent, counts);
    tell_budget(agent);
}

static int64_t download_slots(const struct agent *agent)
{
    const struct agent_errand *errand = agent->options->errand;

    if (errand && !errand->sbom_directory)
        return 0;
    return agent->config->transfers.downloads - count_active(&agent->flow, &sbom_flow) -
           flow_count_batches(&agent->flow, EXPORT_BATCH);
}

static void plan_items(struct agent *agent)
{
    static const struct lane fetching = {ITEM_FETCHING, sbom_flow_start, NULL};
    struct flow *flow = &agent->flow;
    int64_t counts[ITEM_STATE_COUNT];
    struct schedule_hold hold = {.told_ms = agent->hold.told_ms};
    struct err err = {.kind = ERR_OK};
    bool started;

    if (!item_counts(flow->db, counts, &err) && has_trouble(&err))
        return;
    if (!reconcile_flow_start(flow, clock_wall_ms(), &started, &err))
        (void)has_trouble(&err);
    if (!agent->options->no_wait && !poll_flow_start(flow, clock_wall_ms(), &started, &err))
        (void)has_trouble(&err);
    fill_lane(agent, &fetching, false, download_slots(agent));
    if (counts[ITEM_FETCHING] == 0 && (!agent->exports || exports_are_idle(agent->exports)))
        room_settled(flow);
    if (load_budget(agent, clock_wall_ms(), &hold))
        fill_uploads(agent, counts, &hold);
}

/* What was uploaded here goes before what is exported. */
static void plan_requests(struct agent *agent)
{
    if (!agent->options->order)
        plan_items(agent);
    if (agent->exports)
        exports_plan(agent->exports, download_slots(agent));
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
    /* What is due already waits for a job, the gate or the disk, which wake this again. */
    int64_t export_at = agent->exports ? exports_next_ms(agent->exports) : INT64_MAX;
    if (export_at > now_ms && export_at - now_ms < wait_ms)
        wait_ms = export_at - now_ms;
    if (agent->hold.budget && agent->hold.day_end_ms - now_ms < wait_ms)
        wait_ms = agent->hold.day_end_ms - now_ms;
    int64_t rate_ms = bandwidth_holds_ms(&agent->config->transfers, agent->zone, now_ms);
    if (rate_ms < wait_ms)
        wait_ms = rate_ms;
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

/* A pass that ends for the budget's sake does not read the rest of an archive first. */
static void fill_hashing(struct agent *agent)
{
    static const struct lane lane = {ITEM_HASHING, hash_flow_start, NULL};
    bool once = agent->options->once;
    int64_t active = count_active(&agent->flow, &hash_flow);

    fill_lane(agent, &lane, true, HASH_SLOTS + schedule_spare(once, HASH_SLOTS) - active);
    if (once && agent->hold.budget)
        return;
    fill_lane(agent, &lane, false, HASH_SLOTS - count_active(&agent->flow, &hash_flow));
}

void agent_keep_rate(struct agent *agent)
{
    const struct config_transfers *transfers = &agent->config->transfers;
    int64_t rate = bandwidth_rate_at(transfers, agent->zone, clock_wall_ms());

    if (rate == agent->rate || !agent->http)
        return;
    if (transfers->window_count > 0)
        log_info("bandwidth", F_INT("bytes_per_second", rate));
    http_set_upload_rate(agent->http, rate);
    agent->rate = rate;
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
    agent_keep_rate(agent);
    if (agent->exports)
        exports_place(agent->exports);
    if (may_hash(agent) && !agent->options->order)
        fill_hashing(agent);
    if (agent->gate && gate_is_open(agent->gate) && !agent->disk_low)
        plan_requests(agent);
    else
        agent->hold = (struct schedule_hold){.told_ms = agent->hold.told_ms};
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
