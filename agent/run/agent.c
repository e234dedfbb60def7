/*
 * agent.c - the agent's life.
 *
 * Start   the ledger (its lock first), what the last process left, the network, the
 *         gate, the watches; ready
 * Run     the loop; schedule.c starts jobs whenever something changed
 * Stop    no new work; transfers may end within shutdown_grace (a second signal, or a
 *         single pass: at once), then every part is closed in the reverse order of its
 *         making: who depends on another part goes first
 */
#include "run/agent.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/publish.h"
#include "config/config_show.h"
#include "control/answer.h"
#include "flow/item_job.h"
#include "flow/survey_flow.h"
#include "run/agent_parts.h"
#include "run/signal_guard.h"
#include "store/item_count.h"
#include "store/item_due.h"

enum {
    PROGRESS_MS = 200,
    PULSE_MS = 5000,
    CLOCK_STEP_MS = 60000,
    DISK_FLOOR_BYTES = 16 << 20, /* or an eighth of a small file system */
    BACKLOG_OLD_MS = 24 * 60 * 60 * 1000,
};

/* ---- what the flows report ---- */

static void on_job_ended(void *owner)
{
    agent_wake(owner);
}

static void on_answered(void *owner)
{
    struct agent *agent = owner;

    gate_answered(agent->gate);
}

static void on_alert(void *owner, const char *event, const char *subject, const char *text,
                     const char *action)
{
    struct agent *agent = owner;
    const struct alert_notice notice = {
        .event = event,
        .subject = subject,
        .severity = alert_severity(event),
        .text = text,
        .action = action,
        .happens_once = alert_happens_once(event),
    };

    if (agent->alerts && !agent->options->would_send) /* closed before the last handles are */
        alerts_raise(agent->alerts, &notice);
}

void agent_alert(struct agent *agent, const char *event, const char *text, const char *action)
{
    on_alert(agent, event, "", text, action);
}

static void on_alert_over(void *owner, const char *event, const char *subject)
{
    struct agent *agent = owner;

    if (agent->alerts)
        alerts_clear(agent->alerts, event, subject);
}

static void on_doubt(void *owner, const struct err *why)
{
    struct agent *agent = owner;

    gate_doubt(agent->gate, why);
}

static void on_uploaded(void *owner, int64_t bytes)
{
    struct agent *agent = owner;

    agent->uploads++;
    agent->upload_bytes += bytes;
}

static void on_sbom_stored(void *owner)
{
    struct agent *agent = owner;

    agent->sboms_stored++;
}

static bool on_may_request(void *owner)
{
    const struct agent *agent = owner;

    return !agent->gate || gate_may_request(agent->gate);
}

static const struct flow_hooks flow_hooks = {
    .ended = on_job_ended,
    .answered = on_answered,
    .alert = on_alert,
    .alert_over = on_alert_over,
    .doubt = on_doubt,
    .may_request = on_may_request,
    .uploaded = on_uploaded,
    .sbom_stored = on_sbom_stored,
};

static void on_gate_changed(void *owner)
{
    struct agent *agent = owner;

    if (!agent->gate)
        return;
    agent_wake(agent);
    agent_status_line(agent);
}

static const struct gate_hooks gate_hooks = {on_gate_changed};

static void on_progressed(void *owner)
{
    agent_wake(owner);
}

static const struct intake_hooks intake_hooks = {on_progressed};

/* The ledger cannot be written: everything that changes it waits. */
static void on_stalled(void *owner, const struct err *why)
{
    struct agent *agent = owner;

    /* A row that the schema refuses would be refused for ever; a restart begins from what is kept.
     */
    if (why && why->kind == ERR_INTERNAL) {
        log_alert("ledger_refused", F_TEXT("text", why->message),
                  F_TEXT("action", "this is a defect of onekey-agent: report this line"));
        _exit(err_kind_exit(ERR_INTERNAL));
    }
    agent->stalled = why != NULL;
    if (why) {
        log_alert(
            "ledger_stalled", F_TEXT("alert", "disk_low"), F_TEXT("text", why->message),
            F_TEXT("action", "make room for the state directory; the agent goes on by itself"));
        if (agent->alerts && !agent->disk_low) /* else it was told */
            alerts_tell_now(agent->alerts, "disk_low", why->message,
                            "make room for the state directory; the agent goes on by itself");
    } else {
        log_info("ledger_works", F_TEXT("state_dir", agent->config->state_dir));
        agent_wake(agent);
    }
    if (agent->gate)
        gate_set_stalled(agent->gate, agent->stalled);
}

static const struct turn_hooks turn_hooks = {on_stalled};

/* ---- now and then ---- */

static void set_disk_low(struct agent *agent, bool low, uint64_t free_bytes)
{
    bool is_first = !agent->disk_known; /* the process before may have ended while it was low */

    if (!is_first && low == agent->disk_low)
        return;
    agent->disk_known = true;
    agent->disk_low = low;
    auto_free char *text =
        xasprintf("only %ju bytes are free for the state directory %s; transfers wait",
                  (uintmax_t)free_bytes, agent->config->state_dir);
    if (low && !agent->stalled) /* else it was told at once */
        on_alert(agent, "disk_low", "", text, "make room; the agent goes on by itself");
    else if (!low)
        on_alert_over(agent, "disk_low", "");
    agent_wake(agent);
}

static void on_statfs(uv_fs_t *request)
{
    struct agent *agent = request->data;
    const uv_statfs_t *facts = request->ptr;

    agent->statfs_busy = false;
    if (request->result == 0) {
        uint64_t free_bytes = facts->f_bavail * facts->f_bsize;
        uint64_t floor = facts->f_blocks * facts->f_bsize / 8;

        if (floor > DISK_FLOOR_BYTES)
            floor = DISK_FLOOR_BYTES;
        set_disk_low(agent, free_bytes < floor, free_bytes);
    }
    uv_fs_req_cleanup(request);
}

static void look_at_disk(struct agent *agent)
{
    if (agent->statfs_busy || agent->ending)
        return;
    agent->statfs_busy = true;
    agent->statfs.data = agent;
    if (uv_fs_statfs(&agent->loop, &agent->statfs, agent->config->state_dir, on_statfs) < 0)
        agent->statfs_busy = false;
}

static void look_at_backlog(struct agent *agent)
{
    struct err err = {.kind = ERR_OK};
    int64_t found_at = 0;

    if (!item_oldest_waiting(agent->flow.db, &found_at, &err))
        return;
    if (found_at != 0 && clock_wall_ms() - found_at > BACKLOG_OLD_MS && gate_is_open(agent->gate)) {
        on_alert(agent, "backlog_old", "", "an image has been waiting for more than a day",
                 "look at status: a limit, a slow link, or files that never settle");
    } else {
        on_alert_over(agent, "backlog_old", "");
    }
}

/* What is due is kept in wall time: when that is set back, it must not wait for it again. */
static void look_at_clock(struct agent *agent)
{
    int64_t offset_ms = clock_wall_ms() - clock_steady_ms();
    int64_t back_ms = agent->clock_offset_ms - offset_ms;
    struct err err = {.kind = ERR_OK};

    if (agent->clock_offset_ms != 0 && back_ms > CLOCK_STEP_MS) {
        log_warn("clock_set_back", F_INT("by_ms", back_ms));
        if (!item_shift_due(agent->flow.db, clock_wall_ms(), back_ms, &err))
            log_error("store_trouble", F_TEXT("reason", err.message));
        agent_wake(agent);
    }
    agent->clock_offset_ms = offset_ms;
}

static void on_pulse(uv_timer_t *timer)
{
    struct agent *agent = timer->data;

    service_alive(agent->service, clock_steady_ms());
    look_at_clock(agent);
    agent_status_line(agent);
    look_at_disk(agent);
    if (agent->gate && !agent->options->once)
        look_at_backlog(agent);
    agent_tell_numbers(agent);
    agent_once_check(agent);
}

static void on_progress(uv_timer_t *timer)
{
    struct agent *agent = timer->data;
    struct agent_totals totals;

    agent_totals(agent, &totals);
    agent->options->progress->update(agent->options->progress->owner, &totals);
}

/* ---- signals ---- */

static void on_terminate(uv_signal_t *handle, int signal)
{
    struct agent *agent = handle->data;
    bool second = agent->ending && !agent->next;

    config_free(agent->next); /* no longer of use: it was waiting to take over */
    agent->next = NULL;

    log_info("stopping", F_INT("signal", signal));
    agent->signal = signal;
    agent_stop(agent, second || agent->options->once);
}

static void on_reload(uv_signal_t *handle, int signal)
{
    struct agent *agent = handle->data;

    (void)signal;
    if (!agent->gate || (agent->ending && !agent->next))
        return;
    service_reloading(agent->service);
    gate_reload_token(agent->gate);
    agent_reload(agent);
    if (!agent->next)
        service_ready(agent->service);
}

static void on_rescan(uv_signal_t *handle, int signal)
{
    struct agent *agent = handle->data;

    (void)signal;
    if (agent->ending)
        return;
    log_info("rescan", F_TEXT("reason", "SIGUSR1"));
    agent->live.kick(agent, LIVE_KICK_RESCAN);
}

static void init_handles(struct agent *agent)
{
    static const struct {
        int number;
        uv_signal_cb act;
    } signals[AGENT_SIGNALS] = {
        {SIGTERM, on_terminate}, {SIGINT, on_terminate}, {SIGHUP, on_reload}, {SIGUSR1, on_rescan}};
    uv_timer_t *timers[] = {&agent->plan_timer, &agent->progress_timer, &agent->grace_timer,
                            &agent->pulse_timer};

    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        uv_timer_init(&agent->loop, timers[i]);
        timers[i]->data = agent;
    }
    for (size_t i = 0; i < AGENT_SIGNALS; i++) {
        uv_signal_init(&agent->loop, &agent->signals[i]);
        agent->signals[i].data = agent;
        uv_signal_start(&agent->signals[i], signals[i].act, signals[i].number);
    }
}

/* ---- starting ---- */

static bool compile_sources(struct agent *agent, struct err *err)
{
    const struct config *config = agent->config;

    /* NOLINTBEGIN(bugprone-sizeof-expression): arrays of pointers are meant */
    agent->sources = xcalloc(config->watch_count + 1, sizeof *agent->sources);
    agent->intakes = xcalloc(config->watch_count + 1, sizeof *agent->intakes);
    /* NOLINTEND(bugprone-sizeof-expression) */
    for (size_t i = 0; i < config->watch_count; i++) {
        agent->sources[i] = setup_source(&config->watches[i], err);
        if (!agent->sources[i])
            return err_wrap(err, "watch %s", config->watches[i].name);
    }
    return setup_flow(config, &agent->flow.settings, &agent->sboms, err);
}

static bool drop_strays(struct agent *agent, struct err *err)
{
    auto_json json_t *names = json_array();

    for (size_t i = 0; i < agent->config->watch_count; i++)
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
    if (!agent->options->would_send)
        publish_clean(agent->config->sbom.directory);
    return true;
}

static bool open_ledger(struct agent *agent, struct err *err)
{
    const char *state_dir = agent->config->state_dir;
    bool dry = agent->options->would_send != NULL;

    agent->ledger = dry && !ledger_exists(state_dir)
                        ? ledger_open_scratch(err)
                        : ledger_open(state_dir, agent->options->lock_wait_ms, err);
    /* What a dry run finds out is forgotten at its end. */
    return agent->ledger && (!dry || db_hold(ledger_db(agent->ledger), err)) && recover(agent, err);
}

static struct answer *make_answer(void *owner, const char *command, const json_t *arguments,
                                  struct err *err)
{
    struct agent *agent = owner;
    const struct answer_context context = {
        .db = agent->flow.db,
        .live = &agent->live,
        .version = AGENT_VERSION,
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

    agent->http = setup_http(&agent->loop, agent->config, agent->options->environment,
                             &agent->proxy_auth, err);
    if (!agent->http)
        return false;
    flow->loop = &agent->loop;
    flow->db = ledger_db(agent->ledger);
    flow->http = agent->http;
    flow->sources = agent->sources;
    flow->source_count = agent->config->watch_count;
    flow->hooks = &flow_hooks;
    flow->owner = agent;
    agent->turn = flow->turn = turn_new(&agent->loop, flow->db, &turn_hooks, agent);
    return true;
}

static void start_parts(struct agent *agent)
{
    const struct config *config = agent->config;
    const struct gate_options gate = {
        .flow = &agent->flow,
        .alerts = agent->alerts = alerts_new(&agent->flow, &config->alerts),
        .token = agent->options->token,
        .tenant = config->api.tenant,
        .token_expires_ms = config->api.token_expires_ms,
        .slots = (unsigned)config->transfers.uploads,
    };

    if (!agent->options->would_send)
        agent->gate = gate_new(&gate, &gate_hooks, agent);
    for (size_t i = 0; i < agent->flow.source_count; i++)
        agent->intakes[i] = intake_new(&agent->flow, agent->sources[i], !agent->options->once,
                                       &intake_hooks, agent);
    if (config->metrics.textfile && agent->gate)
        agent->metrics = metrics_new(&agent->loop, config->metrics.textfile);
    agent->failed_before = agent_count_failed(agent);
    if (agent->options->once && agent->options->wait_timeout_ms > 0)
        agent->deadline_ms = clock_steady_ms() + agent->options->wait_timeout_ms;
    uv_timer_start(&agent->pulse_timer, on_pulse, 1000, PULSE_MS);
    if (agent->options->progress)
        uv_timer_start(&agent->progress_timer, on_progress, PROGRESS_MS, PROGRESS_MS);
}

static void log_start(const struct agent *agent)
{
    log_info("started", F_TEXT("version", AGENT_VERSION),
             F_TEXT("mode", agent->options->once ? "once" : "run"),
             F_TEXT("state_dir", agent->config->state_dir), F_TEXT("api", agent->config->api.url),
             F_INT("watches", agent->config->watch_count));
}

static bool start(struct agent *agent, struct err *err)
{
    if (!compile_sources(agent, err) || !open_ledger(agent, err) || !open_network(agent, err))
        return false;
    agent_live_init(agent);
    init_handles(agent);
    if (!agent->options->would_send && !open_control(agent, err)) {
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

/* ---- the end ---- */

static void release(struct agent *agent)
{
    survey_release(&agent->flow.survey);
    for (size_t i = 0; agent->sources && i < agent->config->watch_count; i++)
        source_free(agent->sources[i]);
    free(agent->sources);
    free(agent->intakes);
    setup_sboms_release(&agent->sboms);
    secret_free(agent->proxy_auth);
    ledger_close(agent->ledger);
    service_free(agent->service);
}

static void tell_all(struct agent *agent, enum item_state state)
{
    struct item_filter filter = {.state = item_state_name(state)};
    struct item items[32];
    struct err err = {.kind = ERR_OK};
    size_t count = 0;

    do {
        if (!item_page(agent->flow.db, &filter, items, sizeof items / sizeof items[0], &count,
                       &err))
            return;
        for (size_t i = 0; i < count; i++) {
            agent->options->would_send(agent->options->would_send_owner, &items[i]);
            filter.after_id = items[i].id;
            item_release(&items[i]);
        }
    } while (count > 0);
}

/* What would fail is a part of the answer: its row says why. */
static void tell_would_send(struct agent *agent)
{
    tell_all(agent, ITEM_PENDING);
    tell_all(agent, ITEM_FAILED);
}

/* One life, from start() to the last handle. *next is what takes over, or NULL. */
static int live_once(const struct agent_options *options, struct config **next, struct err *err)
{
    struct agent *agent = xcalloc(1, sizeof *agent);
    int code;

    agent->options = options;
    agent->config = options->config;
    agent->service = service_new(options->environment);
    uv_loop_init(&agent->loop);
    if (start(agent, err)) {
        uv_run(&agent->loop, UV_RUN_DEFAULT);
        if (options->would_send)
            tell_would_send(agent);
        code = agent_exit_code(agent, err);
        log_info(agent->next ? "reloading" : "ended", F_INT("exit", code));
    } else {
        code = err_kind_exit(err->kind);
    }
    *next = agent->next;
    release(agent);
    uv_run(&agent->loop, UV_RUN_NOWAIT);
    int left = uv_loop_close(&agent->loop);
    assert(left == 0); /* a handle that nobody closed */
    (void)left;
    free(agent);
    return code;
}

int agent_run(const struct agent_options *options, struct err *err)
{
    struct agent_options current = *options;
    struct config *owned = NULL;
    struct config *next = NULL;
    struct signal_guard guard;
    int code;

    signal_guard_start(&guard);
    do {
        code = live_once(&current, &next, err);
        config_free(owned);
        owned = next;
        current.config = next;
    } while (next && !signal_guard_ends(&guard));
    config_free(next);
    signal_guard_stop(&guard);
    return code;
}
