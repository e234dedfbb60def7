/* What each end means, what is said about it, and the small recognisers, by table. */
#include "test.h"

#include "net/http_verdict.h"

#define DONE     .complete = true, .body_complete = true
#define UPLOADED DONE, .is_upload = true, .body_started = true

static const struct {
    const char *why;
    struct http_facts facts;
    enum err_kind kind;
} verdicts[] = {
    {"success", {DONE, .status = 200}, ERR_OK},
    {"success without a body", {DONE, .status = 204}, ERR_OK},
    {"success of an upload", {UPLOADED, .status = 201}, ERR_OK},
    {"HTML where JSON was due", {DONE, .status = 200, .is_html = true}, ERR_PROTOCOL},
    {"HTML that is welcome", {DONE, .status = 200, .is_html = true, .any_answer = true}, ERR_OK},
    {"compressed", {DONE, .status = 200, .is_encoded = true}, ERR_PROTOCOL},
    {"a compressed yes to an upload", {UPLOADED, .status = 200, .is_encoded = true}, ERR_UNSURE},
    {"a sign-in page after an upload", {UPLOADED, .status = 200, .is_html = true}, ERR_PROTOCOL},
    {"yes to half an upload",
     {.complete = true, .status = 200, .is_upload = true, .body_started = true},
     ERR_UNSURE},
    {"a redirect", {DONE, .status = 307}, ERR_PROTOCOL},
    {"a dead token", {DONE, .status = 401}, ERR_AUTH},
    {"a dead token after the body", {UPLOADED, .status = 401}, ERR_AUTH},
    {"a missing right", {DONE, .status = 403, .is_json = true}, ERR_RIGHTS},
    {"somebody else's 403", {DONE, .status = 403}, ERR_PROTOCOL},
    {"not there", {DONE, .status = 404}, ERR_REJECTED},
    {"the proxy's login", {DONE, .status = 407}, ERR_NETWORK},
    {"a timeout", {DONE, .status = 408}, ERR_THROTTLED},
    {"a timeout of an upload", {UPLOADED, .status = 408}, ERR_UNSURE},
    {"too large", {UPLOADED, .status = 413}, ERR_REJECTED},
    {"refused", {UPLOADED, .status = 422}, ERR_REJECTED},
    {"too early", {DONE, .status = 425}, ERR_THROTTLED},
    {"too many", {UPLOADED, .status = 429}, ERR_THROTTLED},
    {"failed", {DONE, .status = 500}, ERR_SERVER},
    {"failed after the body", {UPLOADED, .status = 500}, ERR_UNSURE},
    {"no such method is no doubt", {UPLOADED, .status = 501}, ERR_SERVER},
    {"a proxy's 502 after the body", {UPLOADED, .status = 502}, ERR_UNSURE},
    {"... before it", {.complete = true, .is_upload = true, .status = 502}, ERR_SERVER},
    {"a proxy's 504 after the body", {UPLOADED, .status = 504}, ERR_UNSURE},
    {"what HTTP does not know", {DONE, .status = 700}, ERR_PROTOCOL},
    {"no answer", {.status = 0}, ERR_NETWORK},
    {"no answer to an upload", {.is_upload = true, .body_started = true}, ERR_UNSURE},
    {"no answer, nothing sent", {.is_upload = true}, ERR_NETWORK},
    {"half a success", {.status = 200}, ERR_NETWORK},
    {"half a success of an upload",
     {.status = 200, .is_upload = true, .body_started = true},
     ERR_UNSURE},
    {"half a refusal is one", {.status = 401, .is_upload = true, .body_started = true}, ERR_AUTH},
};

static void every_end_has_its_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        enum err_kind kind = http_verdict(&verdicts[i].facts);

        if (kind != verdicts[i].kind)
            fail_msg("%s: %s", verdicts[i].why, err_kind_name(kind));
    }
}

static void messages_are_the_platforms_words_made_safe(void **state)
{
    static const struct {
        const char *why;
        long status;
        const char *body, *want;
    } rows[] = {
        {"the detail first", 422, "{\"errors\":[{\"type\":\"t\",\"detail\":\"bad name\"}]}",
         "HTTP 422: bad name"},
        {"then the message", 400, "{\"errors\":[{\"message\":\"no\",\"type\":\"t\"}]}",
         "HTTP 400: no"},
        {"then the type", 401, "{\"errors\":[{\"type\":\"auth.failed\"}]}",
         "HTTP 401: auth.failed"},
        {"an escape sequence cannot act", 400, "{\"errors\":[{\"detail\":\"\\u001b[2J\"}]}",
         "HTTP 400: \\x1b[2J"},
        {"never the raw body", 500, "Traceback: secret", "HTTP 500"},
        {"JSON of another kind", 500, "{\"errors\":\"x\"}", "HTTP 500"},
        {"a text that is none", 500, "{\"errors\":[{\"detail\":[1]}]}", "HTTP 500"},
        {"nothing", 503, NULL, "HTTP 503"},
        {"a redirect", 302, NULL, "HTTP 302: redirect to another place, not followed"},
        {"the proxy", 407, NULL, "HTTP 407: the proxy wants other credentials"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct http_facts facts = {DONE, .status = rows[i].status};
        struct err err = {0};

        http_verdict_explain(&facts, ERR_REJECTED, rows[i].body,
                             rows[i].body ? strlen(rows[i].body) : 0, &err);
        if (strcmp(err.message, rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].why, err.message);
        assert_int_equal(err.kind, ERR_REJECTED);
    }
}

static void long_words_are_cut_between_characters(void **state)
{
    const struct http_facts facts = {DONE, .status = 400};
    char body[1024] = "{\"errors\":[{\"detail\":\"a";
    struct err err = {0};

    (void)state;
    for (int i = 0; i < 300; i++)
        strncat(body, "\xc3\xa4", 3); /* two bytes each, after one: 200 falls in the middle */
    strncat(body, "\"}]}", 5);
    http_verdict_explain(&facts, ERR_REJECTED, body, strlen(body), &err);
    assert_int_equal(strlen(err.message), strlen("HTTP 400: ") + 199);
}

static void bodies_are_recognised_by_type_or_beginning(void **state)
{
    static const struct {
        const char *type, *body;
        bool json, html, markup;
    } rows[] = {
        {NULL, "{}", true, false, false},
        {NULL, " \n[1]", true, false, false},
        {"application/json", "null", true, false, false},
        {"application/json", "", false, false, false},
        {"application/json", "<html>", false, true, true},
        {"text/html; charset=utf-8", "", false, true, true},
        {"text/html", "{}", true, true, true},
        {NULL, "<!DOCTYPE HTML>", false, true, true},
        {NULL, "\r\n<HTML lang=en>", false, true, true},
        {"application/xml", "<?xml version='1.0'?><bom/>", false, false, true},
        {NULL, "SPDXVersion: SPDX-2.3", false, false, false},
        {NULL, "", false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *body = rows[i].body;
        size_t size = strlen(body);

        if (http_looks_json(rows[i].type, body, size) != rows[i].json ||
            http_looks_html(rows[i].type, body, size, false) != rows[i].html ||
            http_looks_html(rows[i].type, body, size, true) != rows[i].markup)
            fail_msg("%s, \"%s\"", rows[i].type ? rows[i].type : "no type", body);
    }
}

static void retry_after_takes_seconds_and_dates_and_no_nonsense(void **state)
{
    const int64_t now_s = 784111777; /* Sun, 06 Nov 1994 08:49:37 GMT */
    static const struct {
        const char *text;
        int64_t want_ms;
    } rows[] = {
        {NULL, -1},
        {"", -1},
        {"0", 0},
        {"120", 120000},
        {" 7 ", 7000},
        {"-5", -1},
        {"7 apples", -1},
        {"1.5", -1},
        {"soon", -1},
        {"86401", 86400000},
        {"99999999999999999999999", 86400000},
        {"Sun, 06 Nov 1994 08:50:37 GMT", 60000},
        {"Sun, 06 Nov 1994 08:48:37 GMT", -1},
        {"Sun, 06 Nov 2094 08:49:37 GMT", 86400000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t got_ms = http_retry_after(rows[i].text, now_s);

        if (got_ms != rows[i].want_ms)
            fail_msg("\"%s\": %jd", rows[i].text ? rows[i].text : "none", (intmax_t)got_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_has_its_kind),
        cmocka_unit_test(messages_are_the_platforms_words_made_safe),
        cmocka_unit_test(long_words_are_cut_between_characters),
        cmocka_unit_test(bodies_are_recognised_by_type_or_beginning),
        cmocka_unit_test(retry_after_takes_seconds_and_dates_and_no_nonsense),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
