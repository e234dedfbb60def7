/* What goes into files, and what may be sent only once. */
#include "test.h"

#include <sys/stat.h>

#include "../net/peer.h"
#include "base/auto.h"
#include "base/mem.h"
#include "cli/platform.h"
#include "loaded_tree.h"

#define JSON_TYPE "application/json"

struct stage {
    struct peer peer;
    struct secret *token;
    struct platform *platform;
    int fd;
    unsigned judged;
    struct err err;
};

static void begin(struct stage *stage, struct loaded_tree *loaded, peer_play_fn *play)
{
    *stage = (struct stage){0};
    peer_start(&stage->peer, play, NULL);
    auto_free char *before = xasprintf(
        "version: 1\napi: {url: \"http://127.0.0.1:%d/api\"}\nstate_dir: ", stage->peer.port);
    loaded_tree_load(loaded, before, "\n");
    stage->token = secret_new("tenant/5ecret", 13, &stage->err);
    stage->platform = platform_new(loaded->config, stage->token, NULL, &stage->err);
    assert_non_null(stage->platform);
    stage->fd = platform_scratch(stage->platform, &stage->err);
    assert_true(stage->fd >= 0);
}

static void end(struct stage *stage)
{
    close(stage->fd);
    platform_free(stage->platform);
    secret_free(stage->token);
    peer_stop(&stage->peer);
}

#define auto_stage __attribute__((cleanup(end)))

/* A long answer first, then a short one. */
static void answer_shorter(struct visit *visit)
{
    while (peer_read_head(visit)) {
        pthread_mutex_lock(&visit->peer->lock);
        bool is_first = visit->peer->requests == 1;
        pthread_mutex_unlock(&visit->peer->lock);
        peer_answer(visit, "200 OK", JSON_TYPE, is_first ? "{\"wrong\": true}" : "{}");
    }
}

static void refuse_first(void *owner, const struct platform_end *how, struct err *err)
{
    struct stage *stage = owner;

    assert_int_equal(err->kind, ERR_OK);
    assert_int_equal(how->status, 200);
    if (stage->judged++ == 0)
        err_set(err, ERR_PROTOCOL, "not what was wanted");
}

static void what_a_judge_refuses_is_fetched_again_into_an_empty_file(void **state)
{
    auto_stage struct stage stage;
    struct stat facts;

    begin(&stage, *state, answer_shorter);
    const struct platform_download download = {
        .path = "firmwares/1/sbom",
        .fd = stage.fd,
        .max_size = 100,
        .judge = refuse_first,
        .owner = &stage,
    };
    assert_true(platform_fetch(stage.platform, &download, &stage.err));
    assert_int_equal(stage.judged, 2);
    assert_int_equal(fstat(stage.fd, &facts), 0);
    assert_int_equal(facts.st_size, 2);
    assert_non_null(strstr(stage.peer.heads, "GET /api/firmwares/1/sbom "));
}

static void refuse_for_good(void *owner, const struct platform_end *how, struct err *err)
{
    struct stage *stage = owner;

    (void)how;
    stage->judged++;
    err_set(err, ERR_NOT_YET, "tenant/5ecret is not there yet");
}

static void what_will_not_be_better_is_not_fetched_again_and_tells_no_token(void **state)
{
    auto_stage struct stage stage;

    begin(&stage, *state, answer_shorter);
    const struct platform_download download = {
        .path = "x", .fd = stage.fd, .max_size = 100, .judge = refuse_for_good, .owner = &stage};
    assert_false(platform_fetch(stage.platform, &download, &stage.err));
    assert_int_equal(stage.err.kind, ERR_NOT_YET);
    assert_int_equal(stage.judged, 1);
    assert_null(strstr(stage.err.message, "5ecret"));
}

/* Takes the request and is gone. */
static void lose_answer(struct visit *visit)
{
    if (peer_read_head(visit))
        (void)peer_read_body(visit);
}

static bool accept_all(void *owner, const char *bytes, size_t size, struct err *err)
{
    (void)owner;
    (void)bytes;
    (void)size;
    (void)err;
    return true;
}

static void what_may_change_something_is_sent_once(void **state)
{
    static const struct platform_question question = {
        .body = "{\"query\": \"mutation { a }\"}", .max_answer = 100, .once = true};
    auto_stage struct stage stage;

    begin(&stage, *state, lose_answer);
    assert_false(platform_ask_for(stage.platform, &question, accept_all, NULL, &stage.err));
    assert_int_equal(stage.err.kind, ERR_NETWORK);
    assert_non_null(strstr(stage.err.message, "may have been carried out"));
    assert_int_equal(stage.peer.requests, 1);
}

static void what_never_left_is_no_doubt(void **state)
{
    static const struct platform_question question = {
        .body = "{\"query\": \"mutation { a }\"}", .max_answer = 100, .once = true};
    auto_stage struct stage stage;

    begin(&stage, *state, lose_answer);
    shutdown(stage.peer.listener, SHUT_RDWR); /* nobody listens */
    assert_false(platform_ask_for(stage.platform, &question, accept_all, NULL, &stage.err));
    assert_int_equal(stage.err.kind, ERR_NETWORK);
    assert_null(strstr(stage.err.message, "carried out"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, loaded_tree_make, loaded_tree_drop)
    const struct CMUnitTest tests[] = {
        TEST(what_a_judge_refuses_is_fetched_again_into_an_empty_file),
        TEST(what_will_not_be_better_is_not_fetched_again_and_tells_no_token),
        TEST(what_may_change_something_is_sent_once),
        TEST(what_never_left_is_no_doubt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
