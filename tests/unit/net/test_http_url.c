/* Joining, comparing and escaping, by table. */
#include "test.h"

#include "base/auto.h"
#include "net/http_url.h"

#define API "https://app.eu.onekey.com/api"

static void references_mean_what_the_official_client_takes_them_for(void **state)
{
    static const struct {
        const char *why, *api, *reference, *want; /* NULL: refused */
    } rows[] = {
        {"a path", API, "/upload-firmware/x", API "/upload-firmware/x"},
        {"without a slash", API, "upload-firmware/x", API "/upload-firmware/x"},
        {"an API with a slash at its end", API "/", "/u/x", API "/u/x"},
        {"an API without a path", "http://127.0.0.1:80", "/u/x", "http://127.0.0.1:80/u/x"},
        {"a query", API, "/u?a=b:c", API "/u?a=b:c"},
        {"absolute, same origin", API, "https://app.eu.onekey.com/u/x",
         "https://app.eu.onekey.com/u/x"},
        {"absolute, the port spelled out", API, "https://app.eu.onekey.com:443/u",
         "https://app.eu.onekey.com:443/u"},
        {"absolute, in capitals", API, "HTTPS://APP.eu.onekey.com/u",
         "HTTPS://APP.eu.onekey.com/u"},
        {"another host", API, "https://evil.example/u", NULL},
        {"another port", API, "https://app.eu.onekey.com:8443/u", NULL},
        {"another scheme", API, "http://app.eu.onekey.com/u", NULL},
        {"a host that begins alike", API, "https://app.eu.onekey.com.evil.example/u", NULL},
        {"our host as a user name", API, "https://app.eu.onekey.com@evil.example/u", NULL},
        {"our host and a login", API, "https://a:b@app.eu.onekey.com/u", NULL},
        {"a backslash for a slash", API, "https:\\\\evil.example\\u", NULL},
        {"a host without a scheme", API, "//evil.example/u", NULL},
        {"another kind of URL", API, "file:///etc/passwd", NULL},
        {"a line end", API, "/u\r\nX: y", NULL},
        {"nothing", API, "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        auto_free char *got = http_url_join(rows[i].api, rows[i].reference, &err);
        const char *want = rows[i].want;

        if (!got != !want || (got && strcmp(got, want) != 0))
            fail_msg("%s: %s", rows[i].why, got ? got : err.message);
        if (!got && err.kind != ERR_MALFORMED)
            fail_msg("%s: kind %s", rows[i].why, err_kind_name(err.kind));
    }
}

static void a_foreign_origin_is_named(void **state)
{
    struct err err = {0};

    (void)state;
    assert_null(http_url_join(API, "https://evil.example:1/u", &err));
    assert_string_equal(err.message, "upload URL is on another origin (evil.example:1); "
                                     "the token was not sent");
}

static void segments_cannot_leave_their_place(void **state)
{
    char long_id[258];
    const struct {
        const char *why, *id, *want;
    } rows[] = {
        {"a UUID as it is", "4a1c-00", "4a1c-00"},
        {"a slash", "a/b", "a%2Fb"},
        {"a query", "a?b#c", "a%3Fb%23c"},
        {"a percent sign", "%2e", "%252e"},
        {"upwards", "..", NULL},
        {"here", ".", NULL},
        {"nothing", "", NULL},
        {"a line end", "a\nb", NULL},
        {"too long", long_id, NULL},
    };

    (void)state;
    memset(long_id, 'a', sizeof long_id - 1);
    long_id[sizeof long_id - 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        auto_free char *got = http_url_segment(rows[i].id, &err);

        if (!got != !rows[i].want || (got && strcmp(got, rows[i].want) != 0))
            fail_msg("%s: %s", rows[i].why, got ? got : err.message);
    }
}

static void only_web_addresses_are_addresses(void **state)
{
    static const struct {
        const char *url;
        bool good, plain;
    } rows[] = {
        {"https://a/", true, false},
        {"http://a", true, true},
        {"HTTP://[::1]:80/x", true, true},
        {"ftp://a/", false, false},
        {"a.example", false, false},
        {"https://", false, false},
        {"https://u@a/", false, false},
        {"http://a b/", false, false},
        {"", false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};

        if (http_url_check(rows[i].url, &err) != rows[i].good)
            fail_msg("%s: %s", rows[i].url, err.message);
        if (rows[i].good)
            assert_int_equal(http_url_is_plain(rows[i].url), rows[i].plain);
    }
}

static void hosts_are_shown_without_the_rest(void **state)
{
    static const char *const rows[][2] = {
        {"https://a.example/p?q", "a.example"},
        {"http://a.example:81/", "a.example:81"},
        {"https://user:secret@a.example/", "a.example"},
        {"nonsense", "?"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *host = http_url_host(rows[i][0]);

        assert_string_equal(host, rows[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_mean_what_the_official_client_takes_them_for),
        cmocka_unit_test(a_foreign_origin_is_named),
        cmocka_unit_test(segments_cannot_leave_their_place),
        cmocka_unit_test(only_web_addresses_are_addresses),
        cmocka_unit_test(hosts_are_shown_without_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
