/* One answer for the whole agent, against a platform that says what each test wants. */
#include "test.h"

#include "base/log.h"
#include "onekey/graphql.h"
#include "run/gate.h"
#include "run/run_rig.h"
#include "tree.h"

#define WORKS(tenant)                                                                              \
    "{\"data\":{\"tenant\":{\"name\":\"" tenant "\"},\"user\":{\"email\":\"ci@acme.example\"}}}"

/* What the platform says, by the token that asks; changed by the test while it runs. */
struct platform {
    pthread_mutex_t lock;
    const char *status;
    const char *type;
    const char *body;
    const char *only_token; /* any other one gets 401; NULL: whatever token */
};

static void say(struct platform *platform, const char *status, const char *type, const char *body)
{
    pthread_mutex_lock(&platform->lock);
    platform->status = status;
    platform->type = type;
    platform->body = body;
    pthread_mutex_unlock(&platform->lock);
}

static void answer(struct visit *visit)
{
    /* The peer hands its owner over as const: the lock is what makes it safe to read. */
    union {
        const void *given;
        struct platform *platform;
    } owner = {.given = visit->peer->owner};
    struct platform *platform = owner.platform;

    while (peer_read_head(visit) && peer_read_body(visit)) {
        pthread_mutex_lock(&platform->lock);
        struct platform now = *platform;
        pthread_mutex_unlock(&platform->lock);
        bool known = !now.only_token || strstr(visit->head, now.only_token);
        if (!now.status) {
            peer_reset(visit);
            return;
        }
        if (known)
            peer_answer(visit, now.status, now.type, now.body);
        else
            peer_answer(visit, "401 Unauthorized", "application/json", "{}");
    }
}

struct rig {
    struct run_rig run; /* first */
    struct platform platform;
    struct tree tree;
    char token_path[128];
    struct gate *gate;
    unsigned changes;
};

static void on_changed(void *owner)
{
    struct rig *rig = owner;

    rig->changes++;
}

static const struct gate_hooks hooks = {.changed = on_changed};

static const struct config_alert_target target = {
    .events = UINT32_MAX,
    .webhook_file = "/nonexistent-folder/webhook",
};

static void put_token(struct rig *rig, const char *token)
{
    tree_file(&rig->tree, "new", token);
    tree_move(&rig->tree, "new", "token"); /* as people should */
}

/* As above, and says so: SIGHUP. */
static void hand_token(struct rig *rig, const char *token)
{
    put_token(rig, token);
    gate_reload_token(rig->gate);
}

static void on_put_again(uv_timer_t *timer)
{
    put_token(timer->data, "token-two\n");
}

static void rig_start(struct rig *rig, const char *status, const char *body)
{
    *rig = (struct rig){.platform = {.status = status, .type = "application/json", .body = body}};
    pthread_mutex_init(&rig->platform.lock, NULL);
    tree_make(&rig->tree);
    snprintf(rig->token_path, sizeof rig->token_path, "%s/token", rig->tree.path);
    put_token(rig, "token-one\n");
    run_rig_start(&rig->run, answer, &rig->platform);
    rig->run.config.targets = &target;
    rig->run.config.target_count = 1;
}

static void open_gate(struct rig *rig, const char *tenant)
{
    const struct gate_options options = {
        .flow = &rig->run.flow,
        .alerts = rig->run.alerts,
        .token = {.file_option = rig->token_path},
        .tenant = tenant,
        .slots = 8,
    };

    rig->gate = gate_new(&options, &hooks, rig);
}

static void close_gate(struct rig *rig)
{
    unsigned before = rig->run.closed;

    run_rig_settle(&rig->run);
    gate_free(rig->gate, run_rig_closed, &rig->run);
    run_rig_until(&rig->run, rig->run.closed == before + 1);
    rig->gate = NULL;
}

static void rig_stop(struct rig *rig)
{
    close_gate(rig);
    run_rig_stop(&rig->run);
    tree_remove(&rig->tree);
    pthread_mutex_destroy(&rig->platform.lock);
}

static void until(struct rig *rig, enum gate_state state)
{
    run_rig_until(&rig->run, gate_state(rig->gate) == state);
}

static bool has_auth_pause(struct rig *rig, struct pause *pause)
{
    struct pause pauses[PAUSE_KIND_COUNT];
    struct err err;

    run_rig_settle(&rig->run);
    assert_true(pause_load(rig->run.flow.db, pauses, &err));
    *pause = pauses[PAUSE_AUTH];
    return pauses[PAUSE_AUTH].is_set;
}

/* Ends when the current question was answered: a state that stays the same cannot be waited for. */
static void until_asked(struct rig *rig, unsigned requests)
{
    for (unsigned complete = 0; complete < requests;) {
        uv_run(&rig->run.loop, UV_RUN_NOWAIT);
        pthread_mutex_lock(&rig->run.peer.lock);
        complete = rig->run.peer.complete;
        pthread_mutex_unlock(&rig->run.peer.lock);
    }
}

static void set_operator_pause(struct rig *rig, bool set)
{
    const struct pause pause = {.is_set = true, .since = 1, .by_whom = "me", .reason = "inventory"};
    struct err err;

    assert_true(set ? pause_set(rig->run.flow.db, PAUSE_OPERATOR, &pause, &err)
                    : pause_clear(rig->run.flow.db, PAUSE_OPERATOR, &err));
    gate_reload_pauses(rig->gate);
}

/*
 * Nobody tells that the file changed. It is put there again and again, since watching begins
 * at a moment that cannot be seen from outside.
 */
static void until_it_is_noticed(struct rig *rig)
{
    uv_timer_t again;

    uv_timer_init(&rig->run.loop, &again);
    again.data = rig;
    uv_timer_start(&again, on_put_again, 0, 1500);
    until(rig, GATE_OPEN);
    uv_close((uv_handle_t *)&again, NULL);
    uv_run(&rig->run.loop, UV_RUN_NOWAIT);
}

/* ---- it works ---- */

static void it_is_closed_until_the_first_answer(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    open_gate(&rig, NULL);
    assert_int_equal(gate_state(rig.gate), GATE_CHECKING);
    assert_false(gate_is_open(rig.gate));
    until(&rig, GATE_OPEN);
    assert_true(gate_is_open(rig.gate));
    assert_int_equal(gate_why(rig.gate)->kind, ERR_OK);
    assert_int_equal(gate_slots(rig.gate), 8);
    const struct gate_token token = gate_token(rig.gate);
    assert_string_equal(token.tenant, "Acme");
    assert_string_equal(token.email, "ci@acme.example");
    assert_int_equal(strlen(token.fingerprint), 8);
    run_rig_assert_alerts(&rig.run, "");
    rig_stop(&rig);
    assert_non_null(strstr(rig.run.peer.heads, "Bearer token-one\r\n"));
}

/* ---- the token ---- */

static void a_refused_token_pauses_once_and_a_working_one_resumes(void **state)
{
    struct rig rig;
    struct pause pause;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    rig.platform.only_token = "token-two";
    open_gate(&rig, NULL);
    until(&rig, GATE_AUTH);
    assert_false(gate_is_open(rig.gate));
    assert_int_equal(gate_why(rig.gate)->kind, ERR_AUTH);
    assert_true(has_auth_pause(&rig, &pause));
    assert_true(pause.since > 0);
    run_rig_assert_alerts(&rig.run, "auth_paused ");
    assert_int_equal(run_rig_take_deliveries(&rig.run, "auth_paused"), 1);
    /* more trouble while it is paused is no news */
    gate_doubt(rig.gate, gate_why(rig.gate));
    assert_int_equal(gate_state(rig.gate), GATE_AUTH);
    /* the same token again is none */
    gate_reload_token(rig.gate);
    assert_int_equal(gate_state(rig.gate), GATE_AUTH);
    until_it_is_noticed(&rig);
    assert_false(has_auth_pause(&rig, &pause));
    run_rig_assert_alerts(&rig.run, "");
    assert_int_equal(run_rig_take_deliveries(&rig.run, "auth_resumed"), 1);
    /* ramped: the platform is not flooded with all that waited */
    assert_int_equal(gate_slots(rig.gate), 1);
    for (unsigned want = 2; want <= 8; want *= 2) {
        gate_answered(rig.gate);
        assert_int_equal(gate_slots(rig.gate), want);
    }
    gate_answered(rig.gate);
    assert_int_equal(gate_slots(rig.gate), 8);
    rig_stop(&rig);
}

static void a_pause_lasts_over_a_restart_and_is_not_told_again(void **state)
{
    struct rig rig;
    struct pause first;
    struct pause second;

    (void)state;
    rig_start(&rig, "401 Unauthorized", "{}");
    open_gate(&rig, NULL);
    until(&rig, GATE_AUTH);
    assert_true(has_auth_pause(&rig, &first));
    assert_int_equal(run_rig_take_deliveries(&rig.run, "auth_paused"), 1);
    close_gate(&rig);
    open_gate(&rig, NULL);
    assert_false(gate_is_open(rig.gate));
    until(&rig, GATE_AUTH); /* one question at the start */
    assert_true(has_auth_pause(&rig, &second));
    assert_int_equal(first.since, second.since);
    assert_int_equal(run_rig_take_deliveries(&rig.run, "auth_paused"), 0);
    close_gate(&rig);
    say(&rig.platform, "200 OK", "application/json", WORKS("Acme"));
    open_gate(&rig, NULL);
    until(&rig, GATE_OPEN);
    assert_false(has_auth_pause(&rig, &second));
    assert_int_equal(run_rig_take_deliveries(&rig.run, "auth_resumed"), 1);
    rig_stop(&rig);
}

/* A 401 alone proves nothing: proxies and overload answer so too. */
static void a_401_that_the_cheap_question_does_not_confirm_pauses_nothing(void **state)
{
    struct err why = {ERR_AUTH, "HTTP 401"};
    struct rig rig;
    struct pause pause;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    open_gate(&rig, NULL);
    until(&rig, GATE_OPEN);
    gate_doubt(rig.gate, &why);
    assert_int_equal(gate_state(rig.gate), GATE_CHECKING);
    assert_false(gate_is_open(rig.gate)); /* nothing new starts meanwhile */
    until(&rig, GATE_OPEN);
    assert_false(has_auth_pause(&rig, &pause));
    run_rig_assert_alerts(&rig.run, "");
    assert_int_equal(gate_slots(rig.gate), 8);
    rig_stop(&rig);
}

static void a_401_with_a_token_that_was_replaced_is_asked_with_the_new_one(void **state)
{
    struct err why = {ERR_AUTH, "HTTP 401"};
    struct rig rig;
    struct pause pause;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    open_gate(&rig, NULL);
    until(&rig, GATE_OPEN);
    pthread_mutex_lock(&rig.platform.lock);
    rig.platform.only_token = "token-two";
    pthread_mutex_unlock(&rig.platform.lock);
    put_token(&rig, "token-two\n");
    gate_doubt(rig.gate, &why);
    until(&rig, GATE_OPEN);
    assert_false(has_auth_pause(&rig, &pause));
    run_rig_assert_alerts(&rig.run, "");
    rig_stop(&rig);
}

static void a_token_that_is_missing_or_bad_pauses(void **state)
{
    static const char *const texts[] = {NULL, "", "${ONEKEY_TOKEN}", "two words"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct rig rig;
        struct pause pause;

        rig_start(&rig, "200 OK", WORKS("Acme"));
        tree_ok(unlinkat(rig.tree.fd, "token", 0), "token");
        if (texts[i])
            put_token(&rig, texts[i]);
        open_gate(&rig, NULL);
        until(&rig, GATE_AUTH);
        assert_int_equal(gate_why(rig.gate)->kind, ERR_AUTH);
        assert_true(has_auth_pause(&rig, &pause));
        hand_token(&rig, "token-one\n");
        until(&rig, GATE_OPEN);
        rig_stop(&rig);
        assert_int_equal(rig.run.peer.requests, 1); /* nothing was asked without a token */
    }
}

/* A bad file in place of a working token: the one that works goes on. */
static void a_working_token_is_not_given_up_for_a_bad_file(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    open_gate(&rig, NULL);
    until(&rig, GATE_OPEN);
    hand_token(&rig, "");
    assert_true(gate_is_open(rig.gate));
    rig_stop(&rig);
}

/* ---- tenants ---- */

static void a_token_of_another_tenant_is_not_used(void **state)
{
    static const struct {
        const char *configured;
        const char *in_ledger;
    } rows[] = {{"Acme", NULL}, {NULL, "Acme"}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct err err;
        struct pause pause;

        rig_start(&rig, "200 OK", WORKS("Rival"));
        if (rows[i].in_ledger)
            assert_true(fact_set(rig.run.flow.db, "tenant", rows[i].in_ledger, &err));
        open_gate(&rig, rows[i].configured);
        until(&rig, GATE_AUTH);
        assert_int_equal(gate_why(rig.gate)->kind, ERR_TENANT);
        assert_non_null(strstr(gate_why(rig.gate)->message, "Rival"));
        assert_true(has_auth_pause(&rig, &pause));
        run_rig_assert_alerts(&rig.run, "auth_paused ");
        say(&rig.platform, "200 OK", "application/json", WORKS("Acme"));
        hand_token(&rig, "token-two\n");
        until(&rig, GATE_OPEN);
        assert_false(has_auth_pause(&rig, &pause));
        run_rig_assert_alerts(&rig.run, "");
        rig_stop(&rig);
    }
}

static void the_tenant_of_the_first_token_is_kept_in_the_ledger(void **state)
{
    struct rig rig;
    struct err err;
    char *tenant = NULL;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    open_gate(&rig, "Acme");
    until(&rig, GATE_OPEN);
    assert_true(fact_get(rig.run.flow.db, "tenant", &tenant, &err));
    assert_string_equal(tenant, "Acme");
    free(tenant);
    rig_stop(&rig);
}

/* ---- the platform ---- */

static void trouble_with_the_platform_closes_until_it_answers(void **state)
{
    static const struct {
        const char *why;
        const char *status;
        const char *type;
        const char *body;
    } rows[] = {
        {"it is down", NULL, NULL, NULL},
        {"it is overloaded", "503 Service Unavailable", "text/plain", "later"},
        {"a sign-in page", "200 OK", "text/html", "<html>sign in</html>"},
        {"it limits us", "429 Too Many Requests", "application/json", "{}"},
        {"a proxy says no", "407 Proxy Authentication Required", "text/html", "<p>no</p>"},
        {"a firewall says no", "403 Forbidden", "text/html", "<p>no</p>"},
        {"other JSON", "200 OK", "application/json", "{\"hello\":1}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err why = {ERR_NETWORK, "connection reset"};
        struct pause pause;
        struct rig rig;

        rig_start(&rig, "200 OK", WORKS("Acme"));
        open_gate(&rig, NULL);
        until(&rig, GATE_OPEN);
        say(&rig.platform, rows[i].status, rows[i].type, rows[i].body);
        gate_doubt(rig.gate, &why);
        run_rig_until(&rig.run, gate_state(rig.gate) != GATE_CHECKING);
        if (gate_state(rig.gate) != GATE_UNREACHABLE || has_auth_pause(&rig, &pause))
            fail_msg("%s: %s", rows[i].why, gate_why(rig.gate)->message);
        run_rig_until(&rig.run, gate_failed_probes(rig.gate) >= 2); /* asks again by itself */
        say(&rig.platform, "200 OK", "application/json", WORKS("Acme"));
        until(&rig, GATE_OPEN);
        assert_int_equal(gate_failed_probes(rig.gate), 0);
        assert_int_equal(gate_slots(rig.gate), 1);
        run_rig_assert_alerts(&rig.run, ""); /* minutes, not a quarter of an hour */
        rig_stop(&rig);
    }
}

static void the_tokens_pause_stays_while_the_platform_cannot_be_asked(void **state)
{
    struct rig rig;
    struct pause pause;

    (void)state;
    rig_start(&rig, "401 Unauthorized", "{}");
    open_gate(&rig, NULL);
    until(&rig, GATE_AUTH);
    say(&rig.platform, NULL, NULL, NULL);
    hand_token(&rig, "token-two\n");
    run_rig_until(&rig.run, gate_why(rig.gate)->kind != ERR_AUTH);
    assert_int_equal(gate_state(rig.gate), GATE_AUTH);
    assert_true(has_auth_pause(&rig, &pause));
    say(&rig.platform, "200 OK", "application/json", WORKS("Acme"));
    until(&rig, GATE_OPEN);
    assert_false(has_auth_pause(&rig, &pause));
    rig_stop(&rig);
}

/* An outage that begins while the token is refused is timed from there, not from the boot. */
static void an_outage_during_the_tokens_pause_is_not_told_at_once(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig, "401 Unauthorized", "{}");
    open_gate(&rig, NULL);
    until(&rig, GATE_AUTH);
    say(&rig.platform, NULL, NULL, NULL);
    set_operator_pause(&rig, true);
    set_operator_pause(&rig, false); /* asks now, with the old token */
    run_rig_until(&rig.run, gate_why(rig.gate)->kind != ERR_AUTH);
    run_rig_assert_alerts(&rig.run, "auth_paused ");
    rig_stop(&rig);
}

/* The alert of an outage ends with it, also when the first answer is that the token is refused. */
static void an_outage_is_over_with_any_answer(void **state)
{
    static const struct {
        const char *status;
        const char *body;
        enum gate_state state;
        const char *alerts;
    } rows[] = {
        {"200 OK", WORKS("Acme"), GATE_OPEN, ""},
        {"401 Unauthorized", "{}", GATE_AUTH, "auth_paused "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct alert_notice told = {.event = "platform_unreachable",
                                          .subject = "",
                                          .severity = "critical",
                                          .text = "an hour",
                                          .action = "wait"};
        struct rig rig;

        rig_start(&rig, NULL, NULL);
        open_gate(&rig, NULL);
        until(&rig, GATE_UNREACHABLE);
        alerts_raise(rig.run.alerts, &told); /* as after a quarter of an hour */
        run_rig_assert_alerts(&rig.run, "platform_unreachable ");
        say(&rig.platform, rows[i].status, "application/json", rows[i].body);
        until(&rig, rows[i].state);
        run_rig_assert_alerts(&rig.run, rows[i].alerts);
        rig_stop(&rig);
    }
}

static void an_outage_that_ended_while_nothing_ran_is_over(void **state)
{
    const struct alert_notice told = {.event = "platform_unreachable",
                                      .subject = "",
                                      .severity = "critical",
                                      .text = "an hour",
                                      .action = "wait"};
    struct rig rig;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    alerts_raise(rig.run.alerts, &told);
    run_rig_assert_alerts(&rig.run, "platform_unreachable ");
    open_gate(&rig, NULL);
    until(&rig, GATE_OPEN);
    run_rig_assert_alerts(&rig.run, "");
    rig_stop(&rig);
}

/* ---- other reasons to be closed ---- */

static void an_operators_pause_and_the_tokens_are_two(void **state)
{
    struct rig rig;
    struct pause pause;

    (void)state;
    rig_start(&rig, "401 Unauthorized", "{}");
    open_gate(&rig, NULL);
    until(&rig, GATE_AUTH);
    set_operator_pause(&rig, true);
    say(&rig.platform, "200 OK", "application/json", WORKS("Acme"));
    hand_token(&rig, "token-two\n");
    until(&rig, GATE_OPEN); /* a working token lifts only its own */
    assert_false(has_auth_pause(&rig, &pause));
    assert_true(gate_has_operator_pause(rig.gate));
    assert_false(gate_is_open(rig.gate));
    set_operator_pause(&rig, false);
    assert_true(gate_is_open(rig.gate));
    rig_stop(&rig);
}

static void resume_asks_at_once_with_the_old_token(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig, "401 Unauthorized", "{}");
    open_gate(&rig, NULL);
    until(&rig, GATE_AUTH);
    set_operator_pause(&rig, true);
    say(&rig.platform, "200 OK", "application/json", WORKS("Acme"));
    set_operator_pause(&rig, false); /* not after the minute that the next probe waits for */
    until(&rig, GATE_OPEN);
    rig_stop(&rig);
}

/* The probe reads the file, too: a change in the moment before it is watched is not lost. */
static void a_probe_of_a_refused_token_looks_for_a_new_one(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    rig.platform.only_token = "token-two";
    open_gate(&rig, NULL);
    until(&rig, GATE_AUTH);
    put_token(&rig, "token-two\n");
    set_operator_pause(&rig, true);
    set_operator_pause(&rig, false);
    until_asked(&rig, 2);
    rig_stop(&rig);
    assert_non_null(strstr(rig.run.peer.heads, "Bearer token-two\r\n"));
}

static void an_operators_pause_is_found_at_the_start(void **state)
{
    const struct pause pause = {.is_set = true, .since = 1, .by_whom = "me", .reason = "inventory"};
    struct rig rig;
    struct err err;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    assert_true(pause_set(rig.run.flow.db, PAUSE_OPERATOR, &pause, &err));
    open_gate(&rig, NULL);
    until(&rig, GATE_OPEN);
    assert_false(gate_is_open(rig.gate));
    rig_stop(&rig);
}

static void a_stalled_ledger_closes_it(void **state)
{
    struct rig rig;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    open_gate(&rig, NULL);
    until(&rig, GATE_OPEN);
    gate_set_stalled(rig.gate, true);
    assert_false(gate_is_open(rig.gate));
    gate_set_stalled(rig.gate, false);
    assert_true(gate_is_open(rig.gate));
    rig_stop(&rig);
}

/* ---- another token may have other rights ---- */

static void a_changed_token_releases_what_was_held(void **state)
{
    struct rig rig;
    struct err err;

    (void)state;
    rig_start(&rig, "200 OK", WORKS("Acme"));
    int64_t id = known_add(rig.run.flow.db, ITEM_HELD, "/srv/held.bin");
    assert_true(group_block(rig.run.flow.db, "Default", "no right", 1, &err));
    open_gate(&rig, NULL);
    until(&rig, GATE_OPEN);
    struct item item = known_load(rig.run.flow.db, id);
    assert_int_equal(item.state, ITEM_HELD); /* the first token ever is not a changed one */
    item_release(&item);
    hand_token(&rig, "token-two\n");
    until_asked(&rig, 2);
    run_rig_until(&rig.run, (item = known_load(rig.run.flow.db, id)).state != ITEM_HELD ||
                                (item_release(&item), false));
    assert_int_equal(item.state, ITEM_SETTLING);
    item_release(&item);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_closed_until_the_first_answer),
        cmocka_unit_test(a_refused_token_pauses_once_and_a_working_one_resumes),
        cmocka_unit_test(a_pause_lasts_over_a_restart_and_is_not_told_again),
        cmocka_unit_test(a_401_that_the_cheap_question_does_not_confirm_pauses_nothing),
        cmocka_unit_test(a_401_with_a_token_that_was_replaced_is_asked_with_the_new_one),
        cmocka_unit_test(a_token_that_is_missing_or_bad_pauses),
        cmocka_unit_test(a_working_token_is_not_given_up_for_a_bad_file),
        cmocka_unit_test(a_token_of_another_tenant_is_not_used),
        cmocka_unit_test(the_tenant_of_the_first_token_is_kept_in_the_ledger),
        cmocka_unit_test(trouble_with_the_platform_closes_until_it_answers),
        cmocka_unit_test(the_tokens_pause_stays_while_the_platform_cannot_be_asked),
        cmocka_unit_test(an_outage_during_the_tokens_pause_is_not_told_at_once),
        cmocka_unit_test(an_outage_is_over_with_any_answer),
        cmocka_unit_test(an_outage_that_ended_while_nothing_ran_is_over),
        cmocka_unit_test(an_operators_pause_and_the_tokens_are_two),
        cmocka_unit_test(resume_asks_at_once_with_the_old_token),
        cmocka_unit_test(a_probe_of_a_refused_token_looks_for_a_new_one),
        cmocka_unit_test(an_operators_pause_is_found_at_the_start),
        cmocka_unit_test(a_stalled_ledger_closes_it),
        cmocka_unit_test(a_changed_token_releases_what_was_held),
    };

    log_setup(LOG_LEVEL_ALERT, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
