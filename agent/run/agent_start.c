/*
 * agent_start.c - from a configuration to an agent at work: the ledger and its lock first,
 * then what the last process left, the network, the socket, the gate, the watches.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/publish.h"
#include "base/zone.h"
#include "control/answer.h"
#include "run/agent_parts.h"

enum { PROGRESS_MS = 200, PULSE_MS = 5000 };

/* Of a command that handed a file over, or wants an export: no folder is looked at. */
static size_t watch_count(const struct agent *agent)
{
    return agent->options->errand || agent->options->order ? 0 : agent->config->watch_count;
}

static bool compile_sources(struct agent *agent, struct err *err)
{
    const struct config *config = agent->config;

    /* NOLINTBEGIN(bugprone-sizeof-expression): arrays of pointers are meant */
    agent->sources = xcalloc(watch_count(agent) + 1, sizeof *agent->sources);
    agent->intakes = xcalloc(watch_count(agent) + 1, sizeof *agent->intakes);
    /* NOLINTEND(bugprone-sizeof-expression) */
    for (size_t i = 0; i < watch_count(agent); i++) {
        agent->sources[i] = setup_source(&config->watches[i], err);
        if (!agent->sources[i])
            return err_wrap(err, "watch %s", config->watches[i].name);
    }
    return (agent->zone = zone_new(config->transfers.timezone, err)) &&
           setup_flow(config, &agent->flow.settings, &agent->sboms, err);
}

static bool drop_strays(struct agent *agent, struct err *err)
{
    auto_json json_t *names = json_array();

    if (agent->options->order)
        return true;
    for (size_t i = 0; i < watch_count(agent); i++)
        json_array_append_new(names, json_string(agent->config->watches[i].name));
    auto_free char *text = json_dumps(names, JSON_COMPACT);
    return item_drop_strays(ledger_db(agent->ledger), text ? text : "[]", err);
}

static bool recover(struct agent *agent, struct err *err)
{
    struct db *db = ledger_db(agent->ledger);
    int64_t uncertain = 0;

    if (!item_recover(db, clock_wall_ms(), &uncertain, err) || !drop_strays(agent, err) ||
        !db_commit(db, err))
        return false;
    if (uncertain > 0) {
        log_warn("uploads_uncertain", F_INT("items", uncertain),
                 F_TEXT("reason", "the last process ended while they were sent; the platform is "
                                  "asked before anything is sent again"));
    }
    if (!agent->options->would_send && !agent->options->errand)
        publish_clean(agent->config->sbom.directory);
    return true;
}

/* Whoever sent them is no longer there: an upload is looked for, the others are over. */
static int64_t settle_hands(struct agent *agent)
{
    struct err err = {.kind = ERR_OK};
    int64_t count = 0;

    if (agent->hand.fd < 0 || agent->stalled)
        return 0;
    if (!hand_recover(ledger_db(agent->ledger), &agent->hand, clock_wall_ms(), &count, &err))
        log_error("store_trouble", F_TEXT("reason", err.message));
    if (count > 0)
        log_warn("hands_settled", F_INT("items", count),
                 F_TEXT("reason", "the commands that worked on them have ended"));
    return count;
}

void agent_settle_hands(struct agent *agent)
{
    if (settle_hands(agent) > 0)
        agent_wake(agent);
}

static bool open_ledger(struct agent *agent, struct err *err)
{
    const char *state_dir = agent->config->state_dir;
    bool dry = agent->options->would_send != NULL;
    bool is_private = agent->options->errand || (dry && !ledger_exists(state_dir));

    agent->ledger = is_private ? ledger_open_scratch(err)
                               : ledger_open(state_dir, agent->options->lock_wait_ms, err);
    if (!agent->ledger || (!dry && !is_private && !hand_open(state_dir, &agent->hand, err)))
        return false;
    /* What a dry run finds out is forgotten at its end. */
    if ((dry && !db_hold(ledger_db(agent->ledger), err)) || !recover(agent, err))
        return false;
    settle_hands(agent); /* before there is a loop to wake */
    return db_commit(ledger_db(agent->ledger), err);
}

static struct answer *make_answer(void *owner, const char *command, const json_t *arguments,
                                  struct control_files *files, struct err *err)
{
    struct agent *agent = owner;
    const struct answer_context context = {
        .db = agent->flow.db,
        .live = &agent->live,
        .version = AGENT_VERSION,
        .files = files,
    };

    return answer_new(command, arguments, &context, err);
}

static bool open_control(struct agent *agent, struct err *err)
{
    const char *runtime = agent->options->environment("RUNTIME_DIRECTORY");
    auto_fd int runtime_fd =
        runtime && *runtime ? open(runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    const struct control_options options = {
        .dir_fd = runtime_fd >= 0 ? runtime_fd : ledger_dir_fd(agent->ledger),
        .state_dir = agent->config->state_dir,
        .group = agent->config->control_group,
        .answer = make_answer,
        .owner = agent,
    };

    agent->control = control_new(&agent->loop, &options, err);
    return agent->control != NULL;
}

static bool open_network(struct agent *agent, struct err *err)
{
    struct flow *flow = &agent->flow;

    agent->pace = pace_new();
    agent->rate = -1;
    agent->http = setup_http(&agent->loop, agent->config, agent->options->environment,
                             &agent->proxy_auth, err);
    if (!agent->http)
        return false;
    flow->loop = &agent->loop;
    flow->db = ledger_db(agent->ledger);
    flow->http = agent->http;
    flow->sources = agent->sources;
    flow->source_count = watch_count(agent);
    flow->hooks = &agent_flow_hooks;
    flow->owner = agent;
    agent->turn = flow->turn = turn_new(&agent->loop, flow->db, &agent_turn_hooks, agent);
    return true;
}

static void start_parts(struct agent *agent)
{
    const struct config *config = agent->config;
    const struct gate_options gate = {
        .flow = &agent->flow,
        .alerts = agent->alerts =
            alerts_new(&agent->flow, agent->options->errand ? NULL : &config->alerts),
        .token = agent->options->token,
        .tenant = config->api.tenant,
        .token_expires_ms = config->api.token_expires_ms,
        .slots = (unsigned)config->transfers.uploads,
    };

    if (!agent->options->would_send)
        agent->gate = gate_new(&gate, &agent_gate_hooks, agent);
    for (size_t i = 0; i < agent->flow.source_count; i++)
        agent->intakes[i] = intake_new(&agent->flow, agent->sources[i], !agent->options->once,
                                       &agent_intake_hooks, agent);
    if (config->metrics.textfile && agent->gate && !agent->options->errand)
        agent->metrics = metrics_new(&agent->loop, config->metrics.textfile);
    agent->failed_before = agent_count_failed(agent);
    if (agent->options->once && agent->options->wait_timeout_ms > 0) /* an errand has its own */
        agent->deadline_ms = clock_steady_ms() + agent->options->wait_timeout_ms;
    uv_timer_start(&agent->pulse_timer, agent_on_pulse, 1000, PULSE_MS);
    if (agent->options->progress)
        uv_timer_start(&agent->progress_timer, agent_on_progress, PROGRESS_MS, PROGRESS_MS);
}

static void log_start(const struct agent *agent)
{
    log_info("started", F_TEXT("version", AGENT_VERSION),
             F_TEXT("mode", agent->options->errand  ? "errand"
                            : agent->options->order ? "export"
                            : agent->options->once  ? "once"
                                                    : "run"),
             F_TEXT("state_dir", agent->config->state_dir), F_TEXT("api", agent->config->api.url),
             F_INT("watches", watch_count(agent)));
}

static void wake(void *owner)
{
    agent_wake(owner);
}

static bool open_exports(struct agent *agent, struct err *err)
{
    const struct exports_options options = {
        .flow = &agent->flow,
        .config = agent->config,
        .once = agent->options->once,
        .order = agent->options->order,
        .changed = wake,
        .owner = agent,
    };

    agent->exports = exports_new(&options, err);
    return agent->exports != NULL;
}

/* Who asks for it, or who hands a file over. */
static bool open_door(struct agent *agent, struct err *err)
{
    if (agent->options->errand)
        return agent_errand_start(agent, err);
    return agent->options->would_send || (open_exports(agent, err) && open_control(agent, err));
}

bool agent_start(struct agent *agent, struct err *err)
{
    if (!compile_sources(agent, err) || !open_ledger(agent, err) || !open_network(agent, err))
        return false;
    agent_live_init(agent);
    agent_init_handles(agent);
    if (!open_door(agent, err)) {
        agent->flow.source_count = 0; /* nothing was started */
        agent->ending = true;
        agent->end = *err;
        agent_close(agent);
        uv_run(&agent->loop, UV_RUN_DEFAULT);
        return false;
    }
    log_start(agent);
    start_parts(agent);
    service_ready(agent->service);
    return true;
}
