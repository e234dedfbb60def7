#include "test.h"

#include "base/auto.h"
#include "config/config_url.h"
#include "config/config_words.h"

static void only_whole_urls_without_secrets_pass(void **state)
{
    static const struct {
        const char *why;
        const char *url;
        bool ok;
    } rows[] = {
        {"a host", "https://o.corp", true},
        {"a path", "https://o.corp/api", true},
        {"a port", "https://o.corp:65535/", true},
        {"a query", "https://o.corp?x=%20", true},
        {"an address", "http://10.0.0.1:80/x", true},
        {"IPv6", "https://[fe80::1]:443/x", true},
        {"an @ that is no user", "https://o.corp/@me", true},
        {"no scheme", "o.corp/api", false},
        {"no host", "https://", false},
        {"no host before a path", "https:///api", false},
        {"no host before a port", "https://:443", false},
        {"another scheme", "ftp://o.corp", false},
        {"a scheme in capitals", "HTTPS://o.corp", false},
        {"a scheme that only begins so", "httpss://o.corp", false},
        {"a user", "https://me@o.corp", false},
        {"a user and a password", "https://me:x@o.corp", false},
        {"an empty user", "https://@o.corp", false},
        {"a fragment", "https://o.corp/#x", false},
        {"a blank", "https://o.corp/a b", false},
        {"a blank behind", "https://o.corp ", false},
        {"a newline", "https://o.corp/\n", false},
        {"no ASCII", "https://\xc3\xb6.corp", false},
        {"a backslash, which some read as a slash", "https://o.corp\\@evil", false},
        {"port zero", "https://o.corp:0", false},
        {"a port too large", "https://o.corp:65536", false},
        {"a very long port", "https://o.corp:4294967739", false},
        {"a port of letters", "https://o.corp:https", false},
        {"an empty port", "https://o.corp:/", false},
        {"a host with a star", "https://*.corp", false},
        {"no IPv6", "https://[fe80::g]", false},
        {"IPv6 that does not end", "https://[fe80::1/", false},
        {"something behind IPv6", "https://[::1]x/", false},
        {"nothing", "", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};

        if (config_url_check(rows[i].url, "https|http", &err) != rows[i].ok)
            fail_msg("%s: %s: %s", rows[i].why, rows[i].url, err.message);
        if (rows[i].ok)
            continue;
        assert_int_equal(err.kind, ERR_CONFIG);
        if (strlen(rows[i].url) > 12 && strstr(err.message, rows[i].url + 8))
            fail_msg("%s: the URL is repeated: %s", rows[i].why, err.message);
    }
}

static void a_host_of_the_longest_length_passes_and_no_longer_one(void **state)
{
    char url[300] = "https://";
    struct err err;

    (void)state;
    memset(url + 8, 'a', 253);
    assert_true(config_url_check(url, "https", &err));
    memset(url + 8, 'a', 254);
    assert_false(config_url_check(url, "https", &err));
}

static void loopback_is_an_address_not_a_spelling(void **state)
{
    static const struct {
        const char *url;
        bool want;
    } rows[] = {
        {"http://127.0.0.1/", true},
        {"http://127.255.255.254:80", true},
        {"http://localhost", true},
        {"http://LOCALHOST:8080/x", true},
        {"http://[::1]", true},
        {"http://[0:0:0:0:0:0:0:1]:80/", true},
        {"http://128.0.0.1", false},
        {"http://127.0.0.1.corp", false},
        {"http://127.evil.corp", false},
        {"http://localhost.corp", false},
        {"http://0.0.0.0", false},
        {"http://[::2]", false},
        {"http://[::ffff:7f00:1]", false},
        {"http://10.0.0.1/127.0.0.1", false},
        {"not a URL", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (config_url_is_loopback(rows[i].url) != rows[i].want)
            fail_msg("%s is%s loopback", rows[i].url, rows[i].want ? " not" : "");
    }
}

static void only_scheme_and_host_are_shown(void **state)
{
    static const char *const rows[][2] = {
        {"https://chat.corp/hooks/s3cret", "https://chat.corp/..."},
        {"https://chat.corp?s3cret", "https://chat.corp/..."},
        {"https://chat.corp:8443/", "https://chat.corp:8443"},
        {"https://chat.corp", "https://chat.corp"},
        {"nonsense", "..."},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *shown = config_url_shown(rows[i][0]);

        assert_string_equal(shown, rows[i][1]);
    }
}

static void words_are_found_and_listed(void **state)
{
    static const char words[] = "auto|events|poll";
    auto_free char *listed = config_words_listed(words);
    auto_free char *one = config_words_listed("all");
    auto_free char *last = config_words_at(words, 2);
    unsigned index;

    (void)state;
    assert_string_equal(listed, "auto, events or poll");
    assert_string_equal(one, "all");
    assert_string_equal(last, "poll");
    assert_true(config_words_index(words, "events", 6, &index));
    assert_int_equal(index, 1);
    assert_false(config_words_index(words, "event", 5, &index));
    assert_false(config_words_index(words, "events|poll", 11, &index));
    assert_false(config_words_index(words, "", 0, &index));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_whole_urls_without_secrets_pass),
        cmocka_unit_test(a_host_of_the_longest_length_passes_and_no_longer_one),
        cmocka_unit_test(loopback_is_an_address_not_a_spelling),
        cmocka_unit_test(only_scheme_and_host_are_shown),
        cmocka_unit_test(words_are_found_and_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
