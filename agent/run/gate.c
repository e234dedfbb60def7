#include "run/gate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "onekey/graphql.h"
#include "onekey/identity.h"
#include "run/expiry.h"
#include "run/gate_alert.h"
#include "store/fact.h"
#include "store/item_count.h"

enum {
    TOKEN_LOOK_MS = 1000,
    EXPIRY_FIRST_MS = 1000,
    EXPIRY_LOOK_MS = 60 * 60 * 1000,
    RETRY_AFTER_MAX_MS = 60 * 60 * 1000,
};

static const char tenant_fact[] = "tenant";
static const char fingerprint_fact[] = "token_fingerprint";

struct gate {
    struct gate_options options;
    const struct gate_hooks *hooks;
    void *owner;
    enum gate_state state;
    struct err why;
    struct pause pauses[PAUSE_KIND_COUNT];
    bool stalled;
    unsigned slots;

    struct secret *token; /* what requests carry; NULL: none */
    char origin[TOKEN_ORIGIN_SIZE];
    struct identity identity;
    char *tenant; /* the ledger's */

    struct op *probe;
    bool unproven;    /* nobody knows yet whose the token is that is in use */
    bool blameless;   /* the token that was refused is no longer the one in use */
    bool probe_again; /* something changed while one was under way */
    int64_t probes;   /* failed in a row */
    int64_t since;    /* steady: unreachable since; 0: it is not */
    bool outage;      /* platform_unreachable may have been told, perhaps before a restart */
    uv_timer_t timer;
    uv_timer_t expiry_timer;
    uv_fs_poll_t token_file;
    struct save save; /* of the token's pause row */
    bool closing;
    unsigned open_handles;
    void (*closed)(void *owner);
    void *closed_owner;
};

static void probe(struct gate *gate);
static void close_when_idle(struct gate *gate);

static bool has_trouble(const struct err *err)
{
    if (err->kind == ERR_OK)
        return false;
    log_error("store_trouble", F_TEXT("reason", err->message));
    return true;
}

/* ---- the token ---- */

/* True when it is another one than before. The old one stays when the new one is bad. */
static bool read_token(struct gate *gate, struct err *err)
{
    struct secret *fresh = NULL;

    if (!token_read(&gate->options.token, &fresh, gate->origin, err))
        return false;
    if (gate->token && secret_equal(gate->token, fresh)) {
        secret_free(fresh);
        return false;
    }
    http_set_token(gate->options.flow->http, fresh);
    secret_free(gate->token);
    gate->token = fresh;
    gate->unproven = true;
    log_info("token_read", F_TEXT("from", gate->origin),
             F_TEXT("fingerprint", secret_fingerprint(fresh)));
    return true;
}

/* ---- the token's pause, as a row ---- */

static bool write_pause(struct save *save, struct db *db, struct err *err)
{
    struct gate *gate = (struct gate *)((char *)save - offsetof(struct gate, save));
    const struct pause *pause = &gate->pauses[PAUSE_AUTH];

    return pause->is_set ? pause_set(db, PAUSE_AUTH, pause, err) : pause_clear(db, PAUSE_AUTH, err);
}

static void on_pause_saved(struct save *save)
{
    struct gate *gate = (struct gate *)((char *)save - offsetof(struct gate, save));

    if (gate->closing)
        close_when_idle(gate);
}

static void set_auth_pause(struct gate *gate)
{
    struct pause *pause = &gate->pauses[PAUSE_AUTH];

    snprintf(pause->reason, sizeof pause->reason, "%s", gate->why.message);
    if (!pause->is_set) {
        pause->is_set = true;
        pause->since = clock_wall_ms();
        snprintf(pause->by_whom, sizeof pause->by_whom, "onekey-agent");
    }
    turn_save(gate->options.flow->turn, &gate->save);
    gate_alert_paused(gate->options.alerts, &gate->why, gate->origin, gate->token != NULL);
}

static int64_t waiting_items(struct gate *gate)
{
    int64_t counts[ITEM_STATE_COUNT];
    struct err err = {.kind = ERR_OK};

    if (!item_counts(gate->options.flow->db, counts, &err))
        return 0;
    return counts[ITEM_HASHING] + counts[ITEM_PENDING] + counts[ITEM_UNCONFIRMED] +
           counts[ITEM_ANALYSING] + counts[ITEM_FETCHING];
}

static void release_held(struct gate *gate)
{
    struct flow *flow = gate->options.flow;
    struct err err = {.kind = ERR_OK};
    int64_t released = 0;

    (void)(group_unblock_all(flow->db, &err) &&
           item_release_held(flow->db, clock_wall_ms(), &released, &err));
    (void)has_trouble(&err);
    if (released > 0)
        log_info("held_released", F_INT("items", released));
    alerts_clear(gate->options.alerts, "rights_missing", "*");
}

static void clear_auth_pause(struct gate *gate)
{
    struct pause *pause = &gate->pauses[PAUSE_AUTH];

    if (!pause->is_set)
        return;
    gate_alert_resumed(gate->options.alerts, gate->identity.tenant, clock_wall_ms() - pause->since,
                       waiting_items(gate));
    *pause = (struct pause){0};
    turn_save(gate->options.flow->turn, &gate->save);
    gate->slots = 1;
}

/* ---- what a probe makes of it ---- */

static void arm(struct gate *gate, int64_t in_ms);

static void move(struct gate *gate, enum gate_state state)
{
    static const char *const names[] = {[GATE_CHECKING] = "checking",
                                        [GATE_OPEN] = "open",
                                        [GATE_AUTH] = "auth_paused",
                                        [GATE_UNREACHABLE] = "unreachable"};

    if (gate->state == state)
        return;
    log_info("gate", F_TEXT("from", names[gate->state]), F_TEXT("to", names[state]),
             F_TEXT("reason", state == GATE_OPEN ? NULL : gate->why.message));
    gate->state = state;
    gate->hooks->changed(gate->owner);
}

static void on_refused(struct gate *gate, const struct err *err)
{
    gate->why = *err;
    set_auth_pause(gate);
    arm(gate, backoff_probe_ms(gate->probes++, backoff_random()));
    move(gate, GATE_AUTH);
    flow_decide(gate->options.flow, false);
}

/* It answered, whatever it said. */
static void on_reachable(struct gate *gate)
{
    if (gate->since != 0)
        gate->probes = 0; /* these were of the outage */
    if (gate->outage)
        alerts_clear(gate->options.alerts, "platform_unreachable", "");
    gate->outage = false;
    gate->since = 0;
}

static void on_unreachable(struct gate *gate, const struct err *err, int64_t retry_after_ms)
{
    const struct backoff *backoff = &gate->options.flow->settings.retry;

    gate->why = *err;
    if (gate->since == 0)
        gate->since = clock_steady_ms();
    gate->outage = true;
    gate_alert_unreachable(gate->options.alerts, &gate->why, clock_steady_ms() - gate->since);
    /* One header must not silence everything for a day. */
    if (retry_after_ms > RETRY_AFTER_MAX_MS)
        retry_after_ms = RETRY_AFTER_MAX_MS;
    arm(gate, backoff_ms(backoff, gate->probes++, backoff_random(), retry_after_ms));
    /* The token's pause stays one while the platform cannot be asked. */
    move(gate, gate->pauses[PAUSE_AUTH].is_set ? GATE_AUTH : GATE_UNREACHABLE);
    flow_decide(gate->options.flow, false);
}

static void note_token(struct gate *gate)
{
    struct db *db = gate->options.flow->db;
    const char *fingerprint = secret_fingerprint(gate->token);
    struct err err = {.kind = ERR_OK};
    auto_free char *known = NULL;

    if (!fact_get(db, fingerprint_fact, &known, &err) && has_trouble(&err))
        return;
    if (known && strcmp(known, fingerprint) == 0)
        return;
    if (known)
        release_held(gate); /* another token may have other rights */
    (void)fact_set(db, fingerprint_fact, fingerprint, &err);
    (void)has_trouble(&err);
}

static void on_works(struct gate *gate)
{
    note_token(gate);
    on_reachable(gate);
    if (gate->state == GATE_UNREACHABLE)
        gate->slots = 1;
    clear_auth_pause(gate);
    gate->probes = 0;
    gate->why = (struct err){.kind = ERR_OK};
    uv_timer_stop(&gate->timer);
    bool own = gate->state == GATE_CHECKING && !gate->blameless;
    gate->blameless = gate->unproven = false;
    move(gate, GATE_OPEN);
    flow_decide(gate->options.flow, own);
    gate->hooks->changed(gate->owner);
}

static bool check_tenant(struct gate *gate, struct err *err)
{
    const char *tenant = gate->identity.tenant;
    const char *wanted = gate->options.tenant ? gate->options.tenant : gate->tenant;

    if (wanted && strcmp(wanted, tenant) != 0)
        return err_set(err, ERR_TENANT, "the token is of tenant %s, not of %s; it is not used",
                       tenant, wanted);
    if (!gate->tenant || strcmp(gate->tenant, tenant) != 0) {
        text_replace(&gate->tenant, tenant);
        return fact_set(gate->options.flow->db, tenant_fact, tenant, err);
    }
    return true;
}

static void judge(struct gate *gate, const struct http_reply *reply, const struct err *failure)
{
    struct identity identity = {0};
    struct err err = {.kind = ERR_OK};

    if (failure) {
        err = *failure;
    } else if (identity_reply(reply->body, reply->size, &identity, &err)) {
        identity_release(&gate->identity);
        gate->identity = identity;
        (void)check_tenant(gate, &err);
    }
    http_redact(gate->options.flow->http, &err);
    switch (err.kind == ERR_OK ? ACTION_NONE : err_kind_action(err.kind)) {
    case ACTION_NONE:
        on_works(gate);
        return;
    case ACTION_PARK:
    case ACTION_HOLD: /* not even allowed to ask who it is */
        on_reachable(gate);
        on_refused(gate, &err);
        return;
    case ACTION_RETRY:
    case ACTION_DOUBT:
    case ACTION_RECHECK:
    case ACTION_SETTLE:
    case ACTION_VANISH:
    case ACTION_GIVE_UP:
    case ACTION_WAIT:
    case ACTION_STOP:
        on_unreachable(gate, &err, reply->retry_after_ms);
        return;
    }
}

static void on_answer(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct gate *gate = owner;
    bool again = gate->probe_again;

    gate->probe = NULL;
    gate->probe_again = false;
    if (gate->closing) {
        close_when_idle(gate);
        return;
    }
    if (again)
        probe(gate); /* that answer was about another token */
    else
        judge(gate, reply, err);
}

static bool ask(struct gate *gate, struct err *err)
{
    struct flow *flow = gate->options.flow;
    auto_free char *url = flow_graphql_url(flow);
    auto_free char *body = identity_request();
    const struct http_call call = {
        .url = url,
        .body = body,
        .size = strlen(body),
        .max_answer = GRAPHQL_BYTES_MAX,
        .authenticated = true,
        .idempotent = true,
    };

    gate->probe = http_send(flow->http, &call, on_answer, gate, err);
    return gate->probe != NULL;
}

static void probe(struct gate *gate)
{
    struct err err = {.kind = ERR_OK};

    if (gate->closing)
        return;
    if (gate->probe) {
        gate->probe_again = true;
        return;
    }
    uv_timer_stop(&gate->timer);
    /* Watching the file begins a moment later than this: what changed between is seen here. */
    if (!gate->token || gate->state == GATE_AUTH)
        (void)read_token(gate, &err);
    if (gate->token && ask(gate, &err))
        return;
    if (err.kind == ERR_OK)
        err_set(&err, ERR_AUTH, "there is no token");
    if (err_kind_action(err.kind) == ACTION_PARK)
        on_refused(gate, &err);
    else
        on_unreachable(gate, &err, -1);
}

static void on_timer(uv_timer_t *timer)
{
    probe(timer->data);
}

static void arm(struct gate *gate, int64_t in_ms)
{
    if (!gate->closing)
        uv_timer_start(&gate->timer, on_timer, (uint64_t)(in_ms < 1 ? 1 : in_ms), 0);
}

/* ---- what others tell it ---- */

void gate_reload_token(struct gate *gate)
{
    struct err err = {.kind = ERR_OK};
    bool is_new = read_token(gate, &err);

    if (err.kind != ERR_OK)
        log_warn("token_refused", F_TEXT("from", gate->origin), F_TEXT("reason", err.message));
    if (!is_new)
        return;
    gate->probes = 0;
    gate->blameless = true;
    if (gate->state == GATE_OPEN) {
        (void)err_set(&gate->why, ERR_OK, "another token is tried");
        move(gate, GATE_CHECKING);
    }
    probe(gate);
}

static void on_token_file(uv_fs_poll_t *handle, int status, const uv_stat_t *before,
                          const uv_stat_t *after)
{
    (void)before;
    (void)after;
    if (status == 0)
        gate_reload_token(handle->data);
}

void gate_doubt(struct gate *gate, const struct err *why)
{
    if (gate->state == GATE_AUTH || gate->state == GATE_UNREACHABLE) {
        flow_decide(gate->options.flow, false);
        return;
    }
    if (gate->state == GATE_OPEN) {
        struct err err = {.kind = ERR_OK};

        gate->why = *why;
        move(gate, GATE_CHECKING);
        if (why->kind == ERR_AUTH)
            gate->blameless = read_token(gate, &err);
        probe(gate);
    }
}

void gate_answered(struct gate *gate)
{
    if (gate->slots >= gate->options.slots)
        return;
    gate->slots *= 2;
    if (gate->slots > gate->options.slots)
        gate->slots = gate->options.slots;
    gate->hooks->changed(gate->owner);
}

void gate_reload_pauses(struct gate *gate)
{
    struct pause pauses[PAUSE_KIND_COUNT];
    struct err err = {.kind = ERR_OK};

    if (!pause_load(gate->options.flow->db, pauses, &err) && has_trouble(&err))
        return;
    gate->pauses[PAUSE_OPERATOR] = pauses[PAUSE_OPERATOR];
    if (!pauses[PAUSE_OPERATOR].is_set && gate->state == GATE_AUTH)
        probe(gate); /* somebody said resume */
    gate->hooks->changed(gate->owner);
}

void gate_set_stalled(struct gate *gate, bool stalled)
{
    gate->stalled = stalled;
    gate->hooks->changed(gate->owner);
}

static void on_expiry(uv_timer_t *timer)
{
    struct gate *gate = timer->data;

    if (gate->token)
        expiry_look(gate->options.flow, gate->options.alerts, gate->options.token_expires_ms,
                    secret_fingerprint(gate->token));
}

/* ---- life ---- */

static void watch_token(struct gate *gate)
{
    auto_free char *path = token_path(&gate->options.token);

    uv_fs_poll_init(gate->options.flow->loop, &gate->token_file);
    gate->token_file.data = gate;
    gate->open_handles++;
    if (path)
        uv_fs_poll_start(&gate->token_file, on_token_file, path, TOKEN_LOOK_MS);
}

static void load(struct gate *gate)
{
    struct err err = {.kind = ERR_OK};

    (void)(pause_load(gate->options.flow->db, gate->pauses, &err) &&
           fact_get(gate->options.flow->db, tenant_fact, &gate->tenant, &err));
    (void)has_trouble(&err);
}

struct gate *gate_new(const struct gate_options *options, const struct gate_hooks *hooks,
                      void *owner)
{
    struct gate *gate = xcalloc(1, sizeof *gate);
    uv_loop_t *loop = options->flow->loop;

    gate->options = *options;
    gate->hooks = hooks;
    gate->owner = owner;
    gate->slots = options->slots;
    gate->outage = true;
    gate->save.write = write_pause;
    gate->save.saved = on_pause_saved;
    load(gate);
    uv_timer_init(loop, &gate->timer);
    uv_timer_init(loop, &gate->expiry_timer);
    gate->timer.data = gate->expiry_timer.data = gate;
    gate->open_handles = 2;
    watch_token(gate);
    if (options->token_expires_ms != 0)
        uv_timer_start(&gate->expiry_timer, on_expiry, EXPIRY_FIRST_MS, EXPIRY_LOOK_MS);
    arm(gate, 1);
    return gate;
}

static void on_closed(uv_handle_t *handle)
{
    struct gate *gate = handle->data;

    if (--gate->open_handles > 0)
        return;
    void (*closed)(void *) = gate->closed;
    void *owner = gate->closed_owner;
    identity_release(&gate->identity);
    http_set_token(gate->options.flow->http, NULL);
    secret_free(gate->token);
    free(gate->tenant);
    free(gate);
    closed(owner);
}

static void close_when_idle(struct gate *gate)
{
    if (gate->probe || gate->save.queued)
        return;
    uv_close((uv_handle_t *)&gate->timer, on_closed);
    uv_close((uv_handle_t *)&gate->expiry_timer, on_closed);
    uv_close((uv_handle_t *)&gate->token_file, on_closed);
}

void gate_free(struct gate *gate, void (*closed)(void *owner), void *owner)
{
    gate->closing = true;
    gate->closed = closed;
    gate->closed_owner = owner;
    uv_timer_stop(&gate->timer);
    uv_timer_stop(&gate->expiry_timer); /* the alerts may be gone before its handle */
    if (gate->probe)
        gate->probe->cancel(gate->probe);
    close_when_idle(gate);
}

bool gate_is_open(const struct gate *gate)
{
    return gate->state == GATE_OPEN && !gate->pauses[PAUSE_OPERATOR].is_set && !gate->stalled;
}

bool gate_may_request(const struct gate *gate)
{
    bool is_suspect = gate->unproven || gate->why.kind == ERR_AUTH;

    return gate->state == GATE_OPEN || (gate->state == GATE_CHECKING && !is_suspect);
}

enum gate_state gate_state(const struct gate *gate)
{
    return gate->state;
}

bool gate_has_operator_pause(const struct gate *gate)
{
    return gate->pauses[PAUSE_OPERATOR].is_set;
}

unsigned gate_slots(const struct gate *gate)
{
    return gate->slots;
}

const struct err *gate_why(const struct gate *gate)
{
    return &gate->why;
}

int64_t gate_failed_probes(const struct gate *gate)
{
    return gate->probes;
}

struct gate_token gate_token(const struct gate *gate)
{
    return (struct gate_token){
        .tenant = gate->identity.tenant ? gate->identity.tenant : gate->tenant,
        .email = gate->identity.email,
        .fingerprint = gate->token ? secret_fingerprint(gate->token) : NULL,
        .expires_ms = gate->options.token_expires_ms,
    };
}
