/* What http_send() puts on the wire, and what it makes of every way in which an answer can go
 * wrong. */
#include "test.h"

#include "rig.h"

static struct op *send_call(struct rig *rig, struct http_call call, struct outcome *outcome)
{
    struct err err;

    *outcome = (struct outcome){0};
    call.url = call.url ? call.url : rig_url(rig, "/graphql");
    call.max_answer = call.max_answer ? call.max_answer : 65536;
    struct op *op = http_send(rig->http, &call, rig_done, outcome, &err);
    if (!op)
        fail_msg("%s", err.message);
    return op;
}

static void say_ok(struct visit *visit)
{
    while (peer_read_head(visit) && peer_read_body(visit))
        peer_answer(visit, "200 OK", "application/json", "{\"data\":{}}");
}

static void a_post_carries_the_token_and_the_body_once(void **state)
{
    struct rig rig;
    struct outcome outcome;
    static const char *const more[] = {"X-More: yes", NULL};

    (void)state;
    rig_start(&rig, say_ok);
    send_call(&rig,
              (struct http_call){
                  .body = "{\"query\":1}", .size = 11, .headers = more, .authenticated = true},
              &outcome);
    rig_run(&rig, &outcome);
    rig_want(&outcome, ERR_OK, "");
    rig_stop(&rig);
    assert_string_equal(outcome.body, "{\"data\":{}}");
    assert_int_equal(outcome.sent, 11);
    assert_int_equal(rig.peer.requests, 1);
    assert_int_equal(rig.peer.body_bytes, 11);
    const char *head = rig.peer.heads;
    assert_int_equal(strncmp(head, "POST /api/graphql HTTP/1.1\r\n", 28), 0);
    const char *bearer = strstr(head, "Authorization: Bearer " TOKEN "\r\n");
    assert_non_null(bearer);
    assert_null(strstr(bearer + strlen("Authorization: Bearer " TOKEN), "s3cret"));
    assert_non_null(strstr(head, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(head, "\r\nX-More: yes\r\n"));
    assert_non_null(strstr(head, "\r\nUser-Agent: onekey-agent/"));
    assert_null(strstr(head, "Expect"));
    assert_null(strstr(head, "Accept-Encoding"));
}

static void what_is_not_authenticated_does_not_see_the_token(void **state)
{
    struct rig rig;
    struct outcome outcome;

    (void)state;
    rig_start(&rig, say_ok);
    send_call(&rig, (struct http_call){.body = "{}", .size = 2}, &outcome);
    rig_run(&rig, &outcome);
    rig_stop(&rig);
    assert_null(strstr(rig.peer.heads, "Authorization"));
    assert_null(strstr(rig.peer.heads, "s3cret"));
}

static void the_token_does_not_leave_its_origin(void **state)
{
    struct rig rig;
    struct peer other;
    struct err err = {0};
    struct outcome outcome = {0};
    char url[64];

    (void)state;
    rig_start(&rig, say_ok);
    peer_start(&other, say_ok, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/api/graphql", other.port);
    const struct http_call call = {.url = url, .authenticated = true};
    assert_null(http_send(rig.http, &call, rig_done, &outcome, &err));
    assert_int_equal(err.kind, ERR_MALFORMED);
    assert_non_null(strstr(err.message, "another origin (127.0.0.1:"));
    assert_non_null(strstr(err.message, "the token was not sent"));
    uv_run(&rig.loop, UV_RUN_DEFAULT);
    rig_stop(&rig);
    peer_stop(&other);
    assert_int_equal(outcome.done, 0);
    assert_int_equal(other.connections, 0);
}

static void without_a_token_nothing_is_sent(void **state)
{
    struct rig rig;
    struct err err = {0};
    const struct http_call call = {.url = NULL, .authenticated = true};
    struct http_call with_url = call;

    (void)state;
    rig_start(&rig, say_ok);
    http_set_token(rig.http, NULL);
    with_url.url = rig_url(&rig, "/graphql");
    assert_null(http_send(rig.http, &with_url, rig_done, NULL, &err));
    assert_int_equal(err.kind, ERR_AUTH);
    rig_stop(&rig);
    assert_int_equal(rig.peer.connections, 0);
}

static void a_token_that_goes_away_takes_what_waits_with_it(void **state)
{
    struct rig rig;
    struct outcome first;
    struct outcome second;
    struct http_options options = rig_options;

    (void)state;
    options.requests_per_second = 1;
    rig_start_with(&rig, say_ok, NULL, options);
    send_call(&rig, (struct http_call){.authenticated = true}, &first);
    send_call(&rig, (struct http_call){.authenticated = true}, &second);
    while (first.done == 0)
        uv_run(&rig.loop, UV_RUN_ONCE);
    http_set_token(rig.http, NULL);
    rig_run(&rig, &second);
    rig_stop(&rig);
    rig_want(&first, ERR_OK, "");
    rig_want(&second, ERR_AUTH, "no token");
    assert_int_equal(rig.peer.requests, 1);
}

static void only_idempotent_posts_share_a_connection(void **state)
{
    static const struct {
        const char *why;
        bool idempotent;
        unsigned connections;
    } rows[] = {
        {"a query may be repeated", true, 1},
        {"a mutation never rides on a connection that may be dead", false, 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome outcome;

        rig_start(&rig, say_ok);
        for (int n = 0; n < 3; n++) {
            const struct http_call call = {
                .body = "{}", .size = 2, .idempotent = rows[i].idempotent};

            send_call(&rig, call, &outcome);
            rig_run(&rig, &outcome);
            rig_want(&outcome, ERR_OK, "");
        }
        rig_stop(&rig);
        if (rig.peer.connections != rows[i].connections)
            fail_msg("%s: %u connections", rows[i].why, rig.peer.connections);
    }
}

/* Says what the test wants said, verbatim, after the request. */
static void say_owner(struct visit *visit)
{
    if (peer_read_head(visit) && peer_read_body(visit))
        peer_say(visit, visit->peer->owner);
}

static void every_answer_has_its_verdict(void **state)
{
    static const struct {
        const char *why, *answer;
        enum err_kind kind;
        const char *words;
    } rows[] = {
        {"a dead token", "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", ERR_AUTH,
         "HTTP 401"},
        {"the platform's words",
         "HTTP/1.1 422 No\r\nConnection: close\r\n\r\n{\"errors\":[{\"detail\":\"bad\\u0007 "
         "name\"}]}",
         ERR_REJECTED, "HTTP 422: bad\\x07 name"},
        {"an answer that repeats the token",
         "HTTP/1.1 400 No\r\nConnection: close\r\n\r\n{\"errors\":[{\"detail\":\"" TOKEN "\"}]}",
         ERR_REJECTED, "withheld"},
        {"a missing right",
         "HTTP/1.1 403 No\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
         ERR_RIGHTS, "HTTP 403"},
        {"somebody else's 403", "HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\n<html>", ERR_PROTOCOL,
         "HTML"},
        {"a redirect is not followed",
         "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
         ERR_PROTOCOL, "redirect"},
        {"a sign-in page dressed as success",
         "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
         ERR_PROTOCOL, "HTML"},
        {"unasked compression",
         "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08",
         ERR_PROTOCOL, "compressed"},
        {"a cut answer", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"data\"", ERR_NETWORK,
         "receive from 127.0.0.1:"},
        {"no answer at all", "", ERR_NETWORK, "receive from 127.0.0.1:"},
        {"not HTTP", "220 smtp ready\r\n\r\n", ERR_NETWORK, "HTTP/0.9"},
        {"an error stays one though its body is cut",
         "HTTP/1.1 503 No\r\nContent-Length: 100\r\n\r\nx", ERR_SERVER, "HTTP 503"},
        {"an error page longer than anybody wants to read",
         "HTTP/1.1 500 No\r\nContent-Length: 99999999\r\n\r\nx", ERR_SERVER, "HTTP 500"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome outcome;
        char answer[512];

        snprintf(answer, sizeof answer, "%s", rows[i].answer);
        rig_start_with(&rig, say_owner, answer, rig_options);
        send_call(&rig, (struct http_call){.body = "{}", .size = 2, .authenticated = true},
                  &outcome);
        rig_run(&rig, &outcome);
        rig_want(&outcome, rows[i].kind, rows[i].words);
        rig_stop(&rig);
        assert_int_equal(rig.peer.connections, 1);
    }
}

static void say_forever(struct visit *visit)
{
    char block[65536];

    memset(block, '{', sizeof block);
    if (!peer_read_head(visit))
        return;
    peer_say(visit, visit->peer->owner);
    for (int i = 0; i < 64; i++)
        peer_say_bytes(visit, block, sizeof block);
}

static void an_answer_never_grows_past_its_cap(void **state)
{
    static const struct {
        const char *why, *head;
        enum err_kind kind;
    } rows[] = {
        {"success without a length", "HTTP/1.1 200 OK\r\n\r\n", ERR_PROTOCOL},
        {"success that announces it", "HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n",
         ERR_PROTOCOL},
        {"an endless error page is still that error", "HTTP/1.1 502 Bad\r\n\r\n", ERR_SERVER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome outcome;
        char head[128];

        snprintf(head, sizeof head, "%s", rows[i].head);
        rig_start_with(&rig, say_forever, head, rig_options);
        send_call(&rig, (struct http_call){.max_answer = 1000}, &outcome);
        rig_run(&rig, &outcome);
        rig_stop(&rig);
        if (outcome.kind != rows[i].kind)
            fail_msg("%s: %s", rows[i].why, outcome.message);
        assert_true(strlen(outcome.body) <= 65536);
    }
}

static void a_webhook_may_answer_what_it_likes(void **state)
{
    struct rig rig;
    struct outcome outcome;
    char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>";
    struct http_options options = rig_options;

    (void)state;
    options.api_url = "https://api.invalid/api";
    rig_start_with(&rig, say_owner, answer, options);
    send_call(&rig,
              (struct http_call){.body = "{}", .size = 2, .any_answer = true, .allow_http = true},
              &outcome);
    rig_run(&rig, &outcome);
    rig_want(&outcome, ERR_OK, "");
    rig_stop(&rig);
}

static void plain_http_needs_permission_when_the_api_is_not(void **state)
{
    struct rig rig;
    struct err err = {0};
    struct http_options options = rig_options;

    (void)state;
    options.api_url = "https://api.invalid/api";
    rig_start_with(&rig, say_ok, NULL, options);
    const struct http_call call = {.url = rig_url(&rig, "/x")};
    assert_null(http_send(rig.http, &call, rig_done, NULL, &err));
    assert_int_equal(err.kind, ERR_MALFORMED);
    rig_stop(&rig);
    assert_int_equal(rig.peer.connections, 0);
}

static void nobody_there_is_a_network_failure_with_a_name(void **state)
{
    static const struct {
        const char *why, *url, *words;
    } rows[] = {
        {"refused", "http://127.0.0.1:1/", "connect to 127.0.0.1:1: "},
        {"no such name", "http://name.invalid/", "connect to name.invalid: Could not resolve"},
    };
    struct rig rig;
    struct outcome outcome;

    (void)state;
    rig_start(&rig, say_ok);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        send_call(&rig, (struct http_call){.url = rows[i].url, .body = "{}", .size = 2}, &outcome);
        rig_run(&rig, &outcome);
        rig_want(&outcome, ERR_NETWORK, rows[i].words);
        assert_int_equal(outcome.sent, 0);
    }
    rig_stop(&rig);
}

static void say_retry_after(struct visit *visit)
{
    if (peer_read_head(visit))
        peer_say(visit, "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n");
}

static void retry_after_is_handed_on(void **state)
{
    struct rig rig;
    struct outcome outcome;

    (void)state;
    rig_start(&rig, say_retry_after);
    send_call(&rig, (struct http_call){.authenticated = true}, &outcome);
    rig_run(&rig, &outcome);
    rig_stop(&rig);
    rig_want(&outcome, ERR_THROTTLED, "HTTP 429");
    assert_int_equal(outcome.retry_after_ms, 7000);
}

static void never_answer(struct visit *visit)
{
    if (peer_read_head(visit)) {
        peer_say(visit, visit->peer->owner);
        peer_wait_hangup(visit);
    }
}

static void silence_has_an_end(void **state)
{
    static const struct {
        const char *why, *first, *words;
    } rows[] = {
        {"no answer", "", "no answer came"},
        {"an answer that stops", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{",
         "no byte was received"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome outcome;
        char first[128];
        struct http_options options = rig_options;

        options.stall_timeout_ms = options.answer_timeout_ms = 400;
        snprintf(first, sizeof first, "%s", rows[i].first);
        rig_start_with(&rig, never_answer, first, options);
        uint64_t begin_ns = uv_hrtime();
        send_call(&rig, (struct http_call){.body = "{}", .size = 2}, &outcome);
        rig_run(&rig, &outcome);
        uint64_t took_ms = (uv_hrtime() - begin_ns) / 1000000;
        rig_want(&outcome, ERR_NETWORK, rows[i].words);
        assert_in_range(took_ms, 390, 3000);
        rig_stop(&rig);
    }
}

static void speak_no_tls(struct visit *visit)
{
    char hello[4096];

    if (recv(visit->fd, hello, sizeof hello, 0) > 0)
        peer_answer(visit, "400 Plain", NULL, "");
}

static void an_open_port_that_speaks_no_tls_is_not_reached(void **state)
{
    struct rig rig;
    struct outcome outcome;
    char url[64];

    (void)state;
    rig_start(&rig, speak_no_tls);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", rig.peer.port);
    send_call(&rig, (struct http_call){.url = url, .body = "{}", .size = 2}, &outcome);
    rig_run(&rig, &outcome);
    rig_want(&outcome, ERR_NETWORK, "connect to 127.0.0.1:");
    assert_int_equal(outcome.sent, 0);
    rig_stop(&rig);
}

struct cancelling {
    struct outcome outcome;
    struct op *op;
    uv_timer_t timer;
};

static void cancel_now(uv_timer_t *timer)
{
    struct cancelling *cancelling = timer->data;

    cancelling->op->cancel(cancelling->op);
    assert_int_equal(cancelling->outcome.done, 0); /* reported later, from the loop */
    cancelling->op->cancel(cancelling->op);        /* twice is once */
    uv_close((uv_handle_t *)timer, NULL);
}

/* A listener that accepts nobody and whose queue is full: connecting to it takes for ever. */
struct hole {
    int listener;
    int waiting[4];
    char url[64];
};

static void hole_open(struct hole *hole)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof here;

    hole->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(hole->listener, (struct sockaddr *)&here, size), 0);
    assert_int_equal(listen(hole->listener, 0), 0);
    getsockname(hole->listener, (struct sockaddr *)&here, &size);
    for (size_t i = 0; i < COUNT_OF(hole->waiting); i++) {
        hole->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(hole->waiting[i], (struct sockaddr *)&here, size);
    }
    snprintf(hole->url, sizeof hole->url, "http://127.0.0.1:%d/", ntohs(here.sin_port));
}

static void hole_close(struct hole *hole)
{
    for (size_t i = 0; i < COUNT_OF(hole->waiting); i++)
        close(hole->waiting[i]);
    close(hole->listener);
}

static void connecting_has_an_end(void **state)
{
    struct rig rig;
    struct outcome outcome;
    struct hole hole;
    struct http_options options = rig_options;

    (void)state;
    hole_open(&hole);
    options.connect_timeout_ms = 300;
    rig_start_with(&rig, say_ok, NULL, options);
    send_call(&rig, (struct http_call){.url = hole.url, .body = "{}", .size = 2}, &outcome);
    rig_run(&rig, &outcome);
    rig_want(&outcome, ERR_NETWORK, "connect to 127.0.0.1:");
    rig_stop(&rig);
    hole_close(&hole);
}

static void cancel_works_in_every_phase(void **state)
{
    struct hole hole;
    const struct {
        const char *why, *url;
        uint64_t after_ms;
        unsigned requests_per_second;
    } rows[] = {
        {"before the first round of the loop", NULL, 0, 0},
        {"while it waits for its turn", NULL, 30, 1},
        {"while it connects", hole.url, 30, 0},
        {"while it waits for the answer", NULL, 100, 0},
    };

    (void)state;
    hole_open(&hole);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct rig rig;
        struct outcome first = {0};
        struct cancelling cancelling = {0};
        struct http_options options = rig_options;

        options.requests_per_second = rows[i].requests_per_second;
        rig_start_with(&rig, never_answer, "", options);
        if (rows[i].requests_per_second > 0) {
            struct op *op = send_call(&rig, (struct http_call){.body = NULL}, &first);

            uv_run(&rig.loop, UV_RUN_NOWAIT);
            op->cancel(op); /* it took the only turn */
        }
        cancelling.op =
            send_call(&rig, (struct http_call){.url = rows[i].url}, &cancelling.outcome);
        uv_timer_init(&rig.loop, &cancelling.timer);
        cancelling.timer.data = &cancelling;
        if (rows[i].after_ms == 0)
            cancel_now(&cancelling.timer);
        else
            uv_timer_start(&cancelling.timer, cancel_now, rows[i].after_ms, 0);
        rig_run(&rig, &cancelling.outcome);
        rig_want(&cancelling.outcome, ERR_CANCELLED, "");
        rig_stop(&rig);
    }
    hole_close(&hole);
}

struct chain {
    struct rig *rig;
    struct outcome outcome;
    struct op *victim;
    struct outcome victim_outcome;
};

static void start_and_cancel(void *owner, const struct http_reply *reply, const struct err *err)
{
    struct chain *chain = owner;

    (void)reply;
    assert_null(err);
    chain->victim->cancel(chain->victim);
    send_call(chain->rig, (struct http_call){.body = "{}", .size = 2}, &chain->outcome);
}

static void answer_first_only(struct visit *visit)
{
    if (visit->nth == 0)
        peer_wait_hangup(visit);
    else
        say_ok(visit);
}

static void done_may_start_and_cancel_others(void **state)
{
    struct rig rig;
    struct chain chain = {.rig = &rig};
    struct err err;

    (void)state;
    rig_start(&rig, answer_first_only);
    chain.victim = send_call(&rig, (struct http_call){.body = NULL}, &chain.victim_outcome);
    while (peer_connections(&rig.peer) == 0) /* the silent connection is the victim's */
        uv_run(&rig.loop, UV_RUN_ONCE);
    const struct http_call call = {
        .url = rig_url(&rig, "/x"), .body = "{}", .size = 2, .max_answer = 100};
    assert_non_null(http_send(rig.http, &call, start_and_cancel, &chain, &err));
    uv_run(&rig.loop, UV_RUN_DEFAULT);
    rig_want(&chain.victim_outcome, ERR_CANCELLED, "");
    rig_want(&chain.outcome, ERR_OK, "");
    assert_int_equal(chain.outcome.done + chain.victim_outcome.done, 2);
    rig_stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_carries_the_token_and_the_body_once),
        cmocka_unit_test(what_is_not_authenticated_does_not_see_the_token),
        cmocka_unit_test(the_token_does_not_leave_its_origin),
        cmocka_unit_test(without_a_token_nothing_is_sent),
        cmocka_unit_test(a_token_that_goes_away_takes_what_waits_with_it),
        cmocka_unit_test(only_idempotent_posts_share_a_connection),
        cmocka_unit_test(every_answer_has_its_verdict),
        cmocka_unit_test(an_answer_never_grows_past_its_cap),
        cmocka_unit_test(a_webhook_may_answer_what_it_likes),
        cmocka_unit_test(plain_http_needs_permission_when_the_api_is_not),
        cmocka_unit_test(nobody_there_is_a_network_failure_with_a_name),
        cmocka_unit_test(retry_after_is_handed_on),
        cmocka_unit_test(silence_has_an_end),
        cmocka_unit_test(an_open_port_that_speaks_no_tls_is_not_reached),
        cmocka_unit_test(connecting_has_an_end),
        cmocka_unit_test(cancel_works_in_every_phase),
        cmocka_unit_test(done_may_start_and_cancel_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
