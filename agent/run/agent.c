/*
 * agent.c - the agent's life.
 *
 * Start   agent_start.c
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
#include "base/zone.h"
#include "config/config_show.h"
#include "control/answer.h"
#include "flow/item_job.h"
#include "flow/room.h"
#include "flow/survey_flow.h"
#include "run/agent_mirror.h"
#include "run/agent_parts.h"
#include "run/signal_guard.h"
#include "store/item_count.h"
#include "store/item_due.h"

enum {
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

    /* Of one file its command tells, by message and exit code. */
    if (agent->alerts && !agent->options->would_send && !agent->options->errand)
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

const struct flow_hooks agent_flow_hooks = {
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

const struct gate_hooks agent_gate_hooks = {on_gate_changed};

static void on_progressed(void *owner)
{
    agent_wake(owner);
}

const struct intake_hooks agent_intake_hooks = {on_progressed};

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

static bool before_commit(void *owner, struct err *err)
{
    struct agent *agent = owner;

    return !agent->book || agent_errand_keep(agent, err);
}

const struct turn_hooks agent_turn_hooks = {on_stalled, before_commit};

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
    bool has_none = agent->options->errand && !agent->options->errand->state_dir;

    if (agent->statfs_busy || agent->ending || has_none)
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
        if (agent->exports)
            exports_clock_set_back(agent->exports);
        agent_wake(agent);
    }
    agent->clock_offset_ms = offset_ms;
}

void agent_on_pulse(uv_timer_t *timer)
{
    struct agent *agent = timer->data;

    service_alive(agent->service, clock_steady_ms());
    look_at_clock(agent);
    agent_settle_hands(agent);
    handed_sweep(&agent->flow);
    room_look(&agent->flow);
    agent_status_line(agent);
    look_at_disk(agent);
    if (agent->gate && !agent->options->once)
        look_at_backlog(agent);
    agent_tell_numbers(agent);
    agent_note_mirrors(agent);
    agent_keep_rate(agent);
    agent_once_check(agent);
}

void agent_on_progress(uv_timer_t *timer)
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

void agent_init_handles(struct agent *agent)
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

/* ---- the end ---- */

static void release(struct agent *agent)
{
    exports_free(agent->exports);
    survey_release(&agent->flow.survey);
    handed_drop_all(&agent->flow);
    book_free(agent->book);
    hand_close(&agent->hand);
    for (size_t i = 0; agent->sources && agent->sources[i]; i++)
        source_free(agent->sources[i]);
    free(agent->sources);
    free(agent->intakes);
    setup_sboms_release(&agent->sboms);
    secret_free(agent->proxy_auth);
    zone_free(agent->zone);
    pace_free(agent->pace);
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

/* A command in a unit's ExecStartPost= is not the service. */
static const char *no_environment(const char *name)
{
    (void)name;
    return NULL;
}

/* One life, from agent_start() to the last handle. *next is what takes over, or NULL. */
static int live_once(const struct agent_options *options, struct config **next, struct err *err)
{
    struct agent *agent = xcalloc(1, sizeof *agent);
    int code;

    agent->options = options;
    agent->config = options->config;
    agent->hand.fd = -1;
    agent->service = service_new(options->errand ? no_environment : options->environment);
    uv_loop_init(&agent->loop);
    if (agent_start(agent, err)) {
        uv_run(&agent->loop, UV_RUN_DEFAULT);
        if (options->would_send)
            tell_would_send(agent);
        if (options->errand)
            agent_errand_end(agent);
        if (options->order)
            exports_each_ran(agent->exports, options->order->ran, options->order->owner);
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
