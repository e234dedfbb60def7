#include "test.h"

#include <uv.h>

#include "../net/peer.h"
#include "base/auto.h"
#include "base/mem.h"
#include "cli/platform.h"
#include "cli/verify.h"
#include "loaded_tree.h"

static void only_what_may_pass_is_asked_again(void **state)
{
    static const struct {
        const char *why;
        enum err_kind kind;
        int attempt;
        int64_t retry_after_ms;
        int64_t want_ms;
    } rows[] = {
        {"no connection", ERR_NETWORK, 1, -1, 1000},
        {"longer the second time", ERR_NETWORK, 2, -1, 2000},
        {"three in all", ERR_NETWORK, 3, -1, -1},
        {"a 503", ERR_SERVER, 1, -1, 1000},
        {"as long as it says", ERR_THROTTLED, 1, 7000, 7000},
        {"but no minutes", ERR_THROTTLED, 1, 60000, -1},
        {"not sooner than we would", ERR_THROTTLED, 2, 10, 2000},
        {"HTML may be a proxy's hiccup", ERR_PROTOCOL, 1, -1, 1000},
        {"a refused token stays refused", ERR_AUTH, 1, -1, -1},
        {"a missing right too", ERR_RIGHTS, 1, -1, -1},
        {"a refused question too", ERR_REJECTED, 1, -1, -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct err err = {.kind = rows[i].kind};
        int64_t got_ms = platform_wait_ms(&err, rows[i].attempt, rows[i].retry_after_ms);

        if (got_ms != rows[i].want_ms)
            fail_msg("%s: %jd", rows[i].why, (intmax_t)got_ms);
    }
}

/* ---- against a peer ---- */

#define JSON_TYPE "application/json"
#define IDENTITY                                                                                   \
    "{\"data\":{\"tenant\":{\"name\":\"Acme\"},\"user\":{\"email\":\"ci@acme.example\"}}}"

struct asked {
    struct loaded_tree *loaded;
    struct peer peer;
    struct secret *token;
    struct platform *platform;
    struct identity identity;
    struct err err;
};

static void begin(struct asked *asked, struct loaded_tree *loaded, peer_play_fn *play,
                  const char *tenant)
{
    *asked = (struct asked){.loaded = loaded};
    peer_start(&asked->peer, play, NULL);
    auto_free char *before = xasprintf(
        "version: 1\napi: {url: \"http://127.0.0.1:%d/api\", tenant: %s}\nwatch:\n"
        "  - name: one\n    metadata: {vendor: A, product: B, product_group: Known}\n"
        "    path: /a\n"
        "  - name: two\n    metadata: {vendor: A, product: B, product_group: Unknown}\n"
        "    path: /b\n"
        "  - name: three\n    metadata: {vendor: A, product: B, product_group: \"{stem}\"}\n"
        "    path: ",
        asked->peer.port, tenant);
    loaded_tree_load(loaded, before, "\n");
    asked->token = secret_new("tenant/5ecret", 13, &asked->err);
    asked->platform = platform_new(loaded->config, asked->token, NULL, &asked->err);
    if (!asked->platform)
        fail_msg("%s", asked->err.message);
}

static void end(struct asked *asked)
{
    identity_release(&asked->identity);
    platform_free(asked->platform);
    secret_free(asked->token);
    peer_stop(&asked->peer);
}

#define auto_asked __attribute__((cleanup(end)))

static void know_it(struct visit *visit)
{
    while (peer_read_head(visit) && peer_read_body(visit))
        peer_answer(visit, "200 OK", JSON_TYPE, IDENTITY);
}

static void the_token_says_whose_it_is(void **state)
{
    auto_asked struct asked asked;

    begin(&asked, *state, know_it, "Acme");
    assert_true(platform_identity(asked.platform, &asked.identity, &asked.err));
    assert_string_equal(asked.identity.tenant, "Acme");
    assert_string_equal(asked.identity.email, "ci@acme.example");
    assert_non_null(strstr(asked.peer.heads, "POST /api/graphql "));
}

static void another_tenant_is_exit_78(void **state)
{
    auto_asked struct asked asked;

    begin(&asked, *state, know_it, "Other");
    assert_false(platform_identity(asked.platform, &asked.identity, &asked.err));
    assert_int_equal(err_kind_exit(asked.err.kind), 78);
    assert_non_null(strstr(asked.err.message, "Acme"));
    assert_non_null(strstr(asked.err.message, "Other"));
}

static void refuse_first(struct visit *visit)
{
    while (peer_read_head(visit) && peer_read_body(visit)) {
        pthread_mutex_lock(&visit->peer->lock);
        bool first = visit->peer->requests == 1;
        pthread_mutex_unlock(&visit->peer->lock);
        peer_answer(visit, first ? "503 Busy" : "200 OK", JSON_TYPE, first ? "{}" : IDENTITY);
    }
}

static void a_platform_that_was_busy_is_asked_again(void **state)
{
    auto_asked struct asked asked;

    begin(&asked, *state, refuse_first, "Acme");
    assert_true(platform_identity(asked.platform, &asked.identity, &asked.err));
    assert_int_equal(asked.peer.requests, 2);
}

static void refuse_token(struct visit *visit)
{
    while (peer_read_head(visit) && peer_read_body(visit))
        peer_answer(visit, "401 Unauthorized", JSON_TYPE, "{\"detail\":\"no\"}");
}

static void a_refused_token_is_exit_77_at_once(void **state)
{
    auto_asked struct asked asked;

    begin(&asked, *state, refuse_token, "Acme");
    assert_false(platform_identity(asked.platform, &asked.identity, &asked.err));
    assert_int_equal(err_kind_exit(asked.err.kind), 77);
    assert_int_equal(asked.peer.requests, 1);
    assert_null(strstr(asked.err.message, "5ecret"));
}

static void name_things(struct visit *visit)
{
    while (peer_read_head(visit) && peer_read_body(visit)) {
        bool groups = strstr(visit->body, "allProductGroups") != NULL;

        peer_answer(visit, "200 OK", JSON_TYPE,
                    groups ? "{\"data\":{\"allProductGroups\":[{\"id\":\"1\",\"name\":\"Known\"}]}}"
                           : "{\"data\":{\"allAnalysisConfigurations\":"
                             "[{\"id\":\"2\",\"name\":\"Default\"}]}}");
        visit->body_size = 0;
    }
}

static void a_fixed_product_group_has_to_exist(void **state)
{
    auto_asked struct asked asked;
    struct verify_problems problems = {0};

    begin(&asked, *state, name_things, "Acme");
    assert_true(verify_names(asked.loaded->config, asked.platform, &problems, &asked.err));
    assert_int_equal(problems.count, 1);
    assert_int_equal(strncmp(problems.lines[0], "agent.yaml:8:", 13), 0);
    assert_non_null(strstr(problems.lines[0], "Unknown"));
    assert_non_null(strstr(problems.lines[0], "Known"));
    verify_release(&problems);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, loaded_tree_make, loaded_tree_drop)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_may_pass_is_asked_again),
        TEST(the_token_says_whose_it_is),
        TEST(another_tenant_is_exit_78),
        TEST(a_platform_that_was_busy_is_asked_again),
        TEST(a_refused_token_is_exit_77_at_once),
        TEST(a_fixed_product_group_has_to_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
