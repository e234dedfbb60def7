#include "test.h"

#include <signal.h>

#include "base/log.h"
#include "run/alert_send.h"
#include "run/run_rig.h"
#include "tree.h"

struct outcome {
    unsigned done;
    struct err err; /* ERR_OK: taken */
};

static void on_done(void *owner, const struct err *err)
{
    struct outcome *outcome = owner;

    outcome->done++;
    outcome->err = err ? *err : (struct err){.kind = ERR_OK};
}

static void never_asked(struct visit *visit)
{
    (void)visit;
}

static struct alert_send *start(struct run_rig *rig, const struct config_alert_target *target,
                                const char *payload, struct outcome *outcome)
{
    *outcome = (struct outcome){0};
    struct alert_send *send = alert_send_start(&rig->flow, target, payload, on_done, outcome);
    assert_int_equal(outcome->done, 0); /* never from inside */
    return send;
}

static struct outcome send_to(struct run_rig *rig, const struct config_alert_target *target,
                              const char *payload)
{
    struct outcome outcome;

    start(rig, target, payload, &outcome);
    run_rig_until(rig, outcome.done > 0);
    run_rig_settle(rig);
    assert_int_equal(outcome.done, 1);
    return outcome;
}

/* ---- commands ---- */

/* sh -c SCRIPT, with the folder as $0. */
struct script {
    const char *words[4];
    struct config_alert_target target;
};

static void script_make(struct script *script, const char *text, const struct tree *tree)
{
    script->words[0] = "/bin/sh";
    script->words[1] = "-c";
    script->words[2] = text;
    script->words[3] = tree->path;
    script->target = (struct config_alert_target){
        .command = {.items = (const char *const *)script->words, .count = 4}};
}

static char *read_all(const struct tree *tree, const char *name)
{
    struct buf text = {.max = 1 << 20};
    struct err err;
    int fd = tree_ok(openat(tree->fd, name, O_RDONLY | O_CLOEXEC), name);

    assert_true(buf_add_text(&text, "", &err));
    assert_true(buf_read_fd(&text, fd, &err));
    close(fd);
    return text.bytes;
}

static void a_command_gets_the_alert_and_none_of_our_secrets(void **state)
{
    static const char *const secrets[] = {"ONEKEY_TOKEN", "ONEKEY_TOKEN_FILE",
                                          "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET",
                                          "SSLKEYLOGFILE"};
    struct run_rig rig;
    struct script script;
    struct tree tree;

    (void)state;
    tree_make(&tree);
    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        setenv(secrets[i], "s3cret-Value", 1);
    setenv("ONEKEY_TOKENS_HARMLESS", "kept", 1);
    run_rig_start(&rig, never_asked, NULL);
    script_make(&script, "cat > $0/stdin; env > $0/env", &tree);
    struct outcome outcome =
        send_to(&rig, &script.target,
                "{\"event\":\"auth_paused\",\"action\":\"a new token\",\"counts\":{}}");
    assert_int_equal(outcome.err.kind, ERR_OK);
    char *text = read_all(&tree, "stdin");
    assert_string_equal(text,
                        "{\"event\":\"auth_paused\",\"action\":\"a new token\",\"counts\":{}}");
    free(text);
    text = read_all(&tree, "env");
    assert_non_null(strstr(text, "ONEKEY_AGENT_EVENT=auth_paused\n"));
    assert_non_null(strstr(text, "ONEKEY_AGENT_ACTION=a new token\n"));
    assert_null(strstr(text, "ONEKEY_AGENT_COUNTS"));
    assert_non_null(strstr(text, "PATH="));
    assert_non_null(strstr(text, "ONEKEY_TOKENS_HARMLESS=kept\n"));
    assert_null(strstr(text, "s3cret"));
    free(text);
    run_rig_stop(&rig);
    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        unsetenv(secrets[i]);
    tree_remove(&tree);
}

static void the_exit_of_a_command_says_whether_it_took_the_alert(void **state)
{
    static char large[1 << 20];
    static const struct {
        const char *why;
        const char *text;
        const char *words; /* NULL: taken */
    } rows[] = {
        {"it reads and ends well", "cat > /dev/null", NULL},
        {"it does not read what is more than a pipe holds", "exit 0", NULL},
        {"it floods its output", "cat > /dev/null; head -c 3000000 /dev/zero; exit 0", NULL},
        {"it says no", "exit 3", "the command ended with 3"},
        {"it is killed", "kill -TERM $$", "the command was ended by signal 15"},
        {"its stdin is closed behind the alert", "cat > /dev/null && cat > /dev/null", NULL},
    };
    struct run_rig rig;
    struct tree tree;

    (void)state;
    memset(large, 'x', sizeof large - 1);
    tree_make(&tree);
    run_rig_start(&rig, never_asked, NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct script script;

        script_make(&script, rows[i].text, &tree);
        struct outcome outcome = send_to(&rig, &script.target, large);
        if (rows[i].words
                ? outcome.err.kind != ERR_NETWORK || !strstr(outcome.err.message, rows[i].words)
                : outcome.err.kind != ERR_OK)
            fail_msg("%s: %s", rows[i].why, outcome.err.message);
    }
    run_rig_stop(&rig);
    tree_remove(&tree);
}

static void a_command_that_cannot_be_started_is_told(void **state)
{
    static const char *const words[] = {"/nonexistent-folder/notify", "--channel"};
    const struct config_alert_target target = {
        .command = {.items = (const char *const *)words, .count = 2}};
    struct run_rig rig;

    (void)state;
    run_rig_start(&rig, never_asked, NULL);
    struct outcome outcome = send_to(&rig, &target, "{}");
    assert_int_equal(outcome.err.kind, ERR_NETWORK);
    assert_non_null(strstr(outcome.err.message, "start /nonexistent-folder/notify"));
    /* ended before it was noticed */
    struct alert_send *send = start(&rig, &target, "{}", &outcome);
    alert_send_cancel(send);
    run_rig_until(&rig, outcome.done > 0);
    assert_int_equal(outcome.err.kind, ERR_CANCELLED);
    run_rig_stop(&rig);
}

static bool exists(const struct tree *tree, const char *name)
{
    return faccessat(tree->fd, name, F_OK, 0) == 0;
}

static void a_cancelled_command_is_killed_and_leaves_nothing(void **state)
{
    struct outcome outcome;
    struct run_rig rig;
    struct script script;
    struct tree tree;

    (void)state;
    tree_make(&tree);
    run_rig_start(&rig, never_asked, NULL);
    script_make(&script, "echo $$ > $0/new; mv $0/new $0/pid; exec sleep 1000", &tree);
    struct alert_send *send = start(&rig, &script.target, "{}", &outcome);
    while (!exists(&tree, "pid"))
        uv_run(&rig.loop, UV_RUN_NOWAIT);
    char *text = read_all(&tree, "pid");
    pid_t pid = (pid_t)strtol(text, NULL, 10);
    free(text);
    assert_int_equal(kill(pid, 0), 0);
    alert_send_cancel(send);
    assert_int_equal(outcome.done, 0);
    run_rig_until(&rig, outcome.done > 0);
    assert_int_equal(outcome.err.kind, ERR_CANCELLED);
    assert_int_equal(kill(pid, 0), -1); /* nor a zombie */
    run_rig_stop(&rig);
    tree_remove(&tree);
}

/* ---- webhooks ---- */

static void takes_it(struct visit *visit)
{
    if (peer_read_head(visit) && peer_read_body(visit))
        peer_answer(visit, "204 No Content", NULL, "");
}

static void refuses_it(struct visit *visit)
{
    if (peer_read_head(visit) && peer_read_body(visit))
        peer_answer(visit, "500 Internal Server Error", "text/html", "<p>no</p>");
}

static void hangs(struct visit *visit)
{
    if (peer_read_head(visit))
        peer_wait_hangup(visit);
}

static void give_token(struct run_rig *rig, struct secret **token)
{
    struct err err;

    *token = secret_new("s3cret-Value", 12, &err);
    http_set_token(rig->flow.http, *token);
}

static void a_webhook_gets_the_alert_without_the_token(void **state)
{
    struct config_alert_target target = {.webhook = NULL};
    struct secret *token;
    struct run_rig rig;
    struct tree tree;
    char url[128];
    char path[128];

    (void)state;
    tree_make(&tree);
    run_rig_start(&rig, takes_it, NULL);
    give_token(&rig, &token);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/hooks/abc\n", rig.peer.port);
    tree_file(&tree, "webhook", url); /* its line ends in the file */
    snprintf(path, sizeof path, "%s/webhook", tree.path);
    target.webhook_file = path;
    assert_int_equal(send_to(&rig, &target, "{\"a\":1}").err.kind, ERR_OK);
    url[strlen(url) - 1] = '\0';
    target = (struct config_alert_target){.webhook = url};
    assert_int_equal(send_to(&rig, &target, "{\"a\":2}").err.kind, ERR_OK);
    run_rig_stop(&rig);
    assert_int_equal(rig.peer.complete, 2);
    assert_string_equal(rig.peer.body, "{\"a\":2}");
    assert_non_null(strstr(rig.peer.heads, "POST /hooks/abc HTTP/1.1"));
    assert_non_null(strcasestr(rig.peer.heads, "content-type: application/json"));
    assert_null(strcasestr(rig.peer.heads, "authorization"));
    assert_null(strstr(rig.peer.heads, "s3cret"));
    secret_free(token);
    tree_remove(&tree);
}

static void a_webhook_that_does_not_take_it_is_told_without_its_address(void **state)
{
    struct run_rig rig;
    char url[128];

    (void)state;
    run_rig_start(&rig, refuses_it, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/hooks/s3cret", rig.peer.port);
    const struct config_alert_target target = {.webhook = url};
    struct outcome outcome = send_to(&rig, &target, "{}");
    assert_int_equal(outcome.err.kind, ERR_NETWORK);
    assert_string_equal(outcome.err.message, "the webhook answered HTTP 500");
    const struct config_alert_target wrong[] = {
        {.webhook = "s3cret is no address"},
        {.webhook_file = "/nonexistent-folder/webhook"},
        {.webhook_file = "/dev/null"},
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        outcome = send_to(&rig, &wrong[i], "{}");
        assert_int_not_equal(outcome.err.kind, ERR_OK);
        assert_null(strstr(outcome.err.message, "s3cret"));
        assert_int_not_equal(strlen(outcome.err.message), 0);
    }
    run_rig_stop(&rig);
}

static void a_webhook_that_hangs_can_be_cancelled(void **state)
{
    struct outcome outcome;
    struct run_rig rig;
    char url[128];

    (void)state;
    run_rig_start(&rig, hangs, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/hooks/abc", rig.peer.port);
    const struct config_alert_target target = {.webhook = url};
    struct alert_send *send = start(&rig, &target, "{}", &outcome);
    while (peer_connections(&rig.peer) == 0)
        uv_run(&rig.loop, UV_RUN_NOWAIT);
    alert_send_cancel(send);
    assert_int_equal(outcome.done, 0);
    run_rig_until(&rig, outcome.done > 0);
    assert_int_equal(outcome.err.kind, ERR_CANCELLED);
    run_rig_stop(&rig);
}

/* ---- the name of a target in the ledger ---- */

static void a_targets_key_tells_targets_apart_and_no_secret(void **state)
{
    static const char *const one[] = {"/bin/notify", "ab", "c"};
    static const char *const other[] = {"/bin/notify", "a", "bc"};
    const struct config_alert_target targets[] = {
        {.command = {.items = (const char *const *)one, .count = 3}},
        {.command = {.items = (const char *const *)other, .count = 3}},
        {.command = {.items = (const char *const *)one, .count = 2}},
        {.webhook = "https://chat.corp/hooks/s3cret"},
        {.webhook = "https://chat.corp/hooks/s3cret2"},
        {.webhook_file = "/etc/onekey-agent/webhook"},
    };
    char keys[COUNT_OF(targets)][ALERT_TARGET_KEY_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        char again[ALERT_TARGET_KEY_SIZE];

        alert_target_key(&targets[i], keys[i]);
        alert_target_key(&targets[i], again);
        assert_string_equal(keys[i], again);
        assert_null(strstr(keys[i], "s3cret"));
        assert_int_equal(strncmp(keys[i], i < 3 ? "command:" : "webhook:", 8), 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(keys[i], keys[j]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_command_gets_the_alert_and_none_of_our_secrets),
        cmocka_unit_test(the_exit_of_a_command_says_whether_it_took_the_alert),
        cmocka_unit_test(a_command_that_cannot_be_started_is_told),
        cmocka_unit_test(a_cancelled_command_is_killed_and_leaves_nothing),
        cmocka_unit_test(a_webhook_gets_the_alert_without_the_token),
        cmocka_unit_test(a_webhook_that_does_not_take_it_is_told_without_its_address),
        cmocka_unit_test(a_webhook_that_hangs_can_be_cancelled),
        cmocka_unit_test(a_targets_key_tells_targets_apart_and_no_secret),
    };

    log_setup(LOG_LEVEL_ALERT, LOG_FORMAT_TEXT, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
