/*
 * agent_stop.c - how the agent ends: jobs first, then every part, then the handles.
 *
 * No new work; transfers may end within shutdown_grace (a second signal, or a single
 * pass: at once). Then the parts are closed in stages: who depends on another part
 * goes before it.
 */
#include <unistd.h>

#include "base/log.h"
#include "run/agent_mirror.h"
#include "run/agent_parts.h"

void agent_part_closed(void *owner)
{
    struct agent *agent = owner;

    if (--agent->closing == 0)
        agent_close(agent);
}

static void on_handle_closed(uv_handle_t *handle)
{
    agent_part_closed(handle->data);
}

static void close_parts(struct agent *agent)
{
    agent->closing = 1; /* until all are asked */
    for (size_t i = 0; i < agent->flow.source_count; i++) {
        agent->closing++;
        intake_free(agent->intakes[i], agent_part_closed, agent);
    }
    if (agent->control) {
        agent->closing++;
        control_free(agent->control, agent_part_closed, agent);
    }
    if (agent->gate) {
        agent->closing++;
        gate_free(agent->gate, agent_part_closed, agent);
    }
    if (agent->alerts) {
        agent->closing++;
        alerts_free(agent->alerts, agent_part_closed, agent);
    }
    if (agent->metrics) {
        agent->closing++;
        metrics_free(agent->metrics, agent_part_closed, agent);
    }
    if (agent->heartbeat) {
        agent->closing++;
        agent->heartbeat->cancel(agent->heartbeat);
    }
    agent->gate = NULL;
    agent->alerts = NULL;
    agent_part_closed(agent);
}

static void close_network(struct agent *agent)
{
    agent->closing = 2;
    turn_free(agent->turn, agent_part_closed, agent);
    http_free(agent->http, agent_part_closed, agent);
}

static void close_handle(struct agent *agent, uv_handle_t *handle)
{
    agent->closing++;
    uv_close(handle, on_handle_closed);
}

static void close_handles(struct agent *agent)
{
    agent->closing = 1;
    close_handle(agent, (uv_handle_t *)&agent->plan_timer);
    close_handle(agent, (uv_handle_t *)&agent->progress_timer);
    close_handle(agent, (uv_handle_t *)&agent->grace_timer);
    close_handle(agent, (uv_handle_t *)&agent->pulse_timer);
    for (size_t i = 0; i < AGENT_SIGNALS; i++)
        close_handle(agent, (uv_handle_t *)&agent->signals[i]);
    agent_part_closed(agent);
}

void agent_close(struct agent *agent)
{
    switch (agent->stage++) {
    case 0:
        close_parts(agent);
        return;
    case 1:
        close_network(agent);
        return;
    case 2:
        close_handles(agent);
        return;
    default:
        return; /* the loop runs empty */
    }
}

static void on_plan_to_end(uv_timer_t *timer)
{
    struct agent *agent = timer->data;

    if (agent->stage != 0 || !flow_is_idle(&agent->flow))
        return;
    uv_timer_stop(timer);
    if (agent->options->totals)
        agent_totals(agent, agent->options->totals);
    if (agent->options->mirrored)
        agent_each_mirror(agent, agent->options->mirrored, agent->options->mirrored_owner);
    agent_close(agent);
}

/*
 * A ledger that cannot be written keeps every job from ending. What is on the disk is
 * whole, and a restart finds again what is not: the process may end where it stands.
 */
static void end_stalled(struct agent *agent)
{
    log_error("ended_stalled", F_TEXT("state_dir", agent->config->state_dir),
              F_TEXT("reason", "the ledger cannot be written; the next start goes on from what it "
                               "holds"));
    _exit(err_kind_exit(ERR_STORE));
}

static void on_grace_over(uv_timer_t *timer)
{
    struct agent *agent = timer->data;

    if (agent->stalled)
        end_stalled(agent);
    log_warn("shutdown_now", F_TEXT("reason", "transfers did not end in time"));
    flow_cancel_all(&agent->flow);
}

void agent_stop(struct agent *agent, bool at_once)
{
    if (!agent->ending) {
        agent->ending = true;
        if (!agent->next)
            service_stopping(agent->service);
        /* Looks until the last job is gone; jobs end by themselves, this only waits for them. */
        uv_timer_start(&agent->plan_timer, on_plan_to_end, 1, 20);
        uv_timer_start(&agent->grace_timer, on_grace_over,
                       (uint64_t)agent->config->shutdown_grace_ms, 0);
    }
    if (at_once && agent->stalled)
        end_stalled(agent);
    if (at_once && !agent->flow.stopping)
        flow_cancel_all(&agent->flow);
}
