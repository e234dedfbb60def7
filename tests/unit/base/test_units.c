#include "test.h"

#include "base/units.h"

typedef bool parse_fn(const char *text, int64_t *value, struct err *err);

static void check(parse_fn *parse, const char *why, const char *text, int64_t want)
{
    struct err err = {0};
    int64_t got = -2;
    bool ok = parse(text, &got, &err);

    if (want < 0 && ok)
        fail_msg("%s: \"%s\" was accepted as %jd", why, text, (intmax_t)got);
    if (want < 0)
        assert_int_equal(err.kind, ERR_CONFIG);
    if (want >= 0 && (!ok || got != want))
        fail_msg("%s: \"%s\" is %jd (%s), want %jd", why, text, (intmax_t)got, err.message,
                 (intmax_t)want);
}

enum { REFUSED = -1 };

static void a_duration_is_a_whole_number_and_its_unit(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        int64_t want;
    } rows[] = {
        {"milliseconds", "500ms", 500},
        {"seconds", "90s", 90000},
        {"minutes", "15m", 900000},
        {"hours", "2h", 7200000},
        {"days", "7d", 604800000},
        {"nothing to wait for", "0s", 0},
        {"the longest that fits", "9223372036854775807ms", INT64_MAX},
        {"one more than fits", "9223372036854775808ms", REFUSED},
        {"the unit makes it too long", "106751991168d", REFUSED},
        {"twenty digits", "99999999999999999999s", REFUSED},
        {"no unit: seconds or milliseconds?", "60", REFUSED},
        {"not even zero goes without", "0", REFUSED},
        {"no number", "s", REFUSED},
        {"nothing", "", REFUSED},
        {"a fraction", "1.5h", REFUSED},
        {"an exponent", "1e3s", REFUSED},
        {"a sign", "-5s", REFUSED},
        {"a plus", "+5s", REFUSED},
        {"a blank between", "5 s", REFUSED},
        {"a blank before", " 5s", REFUSED},
        {"a blank behind", "5s ", REFUSED},
        {"two units", "1h30m", REFUSED},
        {"capitals are other units elsewhere", "5M", REFUSED},
        {"weeks are not among them", "1w", REFUSED},
        {"a leading zero is octal to some", "010s", REFUSED},
        {"hexadecimal", "0x10s", REFUSED},
        {"a size", "5KiB", REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(units_parse_duration, rows[i].why, rows[i].text, rows[i].want);
}

static void a_size_is_bytes_or_has_a_binary_unit(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        int64_t want;
    } rows[] = {
        {"plain bytes", "4096", 4096},
        {"said to be bytes", "4096B", 4096},
        {"nothing", "0", 0},
        {"kibi", "64KiB", 65536},
        {"mebi", "10MiB", 10485760},
        {"gibi", "2GiB", INT64_C(2147483648)},
        {"tebi", "1TiB", INT64_C(1099511627776)},
        {"the largest", "9223372036854775807", INT64_MAX},
        {"8 EiB is one byte too much", "8388608TiB", REFUSED},
        {"MB may be 10^6 or 2^20", "10MB", REFUSED},
        {"so may M", "10M", REFUSED},
        {"bits", "10Mbit", REFUSED},
        {"wrong case", "10mib", REFUSED},
        {"a rate", "10MiB/s", REFUSED},
        {"negative", "-1", REFUSED},
        {"a fraction", "1.5GiB", REFUSED},
        {"a leading zero", "010", REFUSED},
        {"an empty text", "", REFUSED},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(units_parse_size, rows[i].why, rows[i].text, rows[i].want);
}

static void a_rate_is_a_size_with_or_without_per_second(void **state)
{
    (void)state;
    check(units_parse_rate, "as in the documentation", "10MiB", 10485760);
    check(units_parse_rate, "said in full", "10MiB/s", 10485760);
    check(units_parse_rate, "plain bytes", "512/s", 512);
    check(units_parse_rate, "a budget is no rate", "50GiB/day", REFUSED);
    check(units_parse_rate, "per what", "50GiB/", REFUSED);
    check(units_parse_rate, "nothing per second", "/s", REFUSED);
}

static void a_count_is_digits_alone(void **state)
{
    (void)state;
    check(units_parse_count, "zero", "0", 0);
    check(units_parse_count, "a number", "20", 20);
    check(units_parse_count, "the largest", "9223372036854775807", INT64_MAX);
    check(units_parse_count, "one more", "9223372036854775808", REFUSED);
    check(units_parse_count, "a unit", "20s", REFUSED);
    check(units_parse_count, "underscores", "1_000", REFUSED);
    check(units_parse_count, "octal to YAML 1.1", "010", REFUSED);
    check(units_parse_count, "a float", "1e3", REFUSED);
}

static void a_refusal_says_what_is_accepted(void **state)
{
    static const struct {
        const char *why;
        parse_fn *parse;
        const char *text;
        const char *want;
    } rows[] = {
        {"duration", units_parse_duration, "60",
         "\"60\" is no duration; write a whole number and ms, s, m, h or d, as in 90s"},
        {"size", units_parse_size, "1MB",
         "\"1MB\" is no size; write a whole number of bytes, or one with KiB, MiB, GiB or TiB, "
         "as in 64MiB"},
        {"rate", units_parse_rate, "fast",
         "\"fast\" is no rate; write a size per second, as in 10MiB"},
        {"count", units_parse_count, "many",
         "\"many\" is no count; write a whole number, as in 20"},
        {"a control character cannot reach the terminal", units_parse_count, "\x1b[2J",
         "\"\\x1b[2J\" is no count; write a whole number, as in 20"},
        {"a long text would hide the message", units_parse_count,
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "this is no count; write a whole number, as in 20"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        int64_t value;

        assert_false(rows[i].parse(rows[i].text, &value, &err));
        if (strcmp(err.message, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, err.message, rows[i].want);
    }
}

static void what_is_formatted_parses_back(void **state)
{
    static const struct {
        int64_t value;
        const char *duration;
        const char *size;
    } rows[] = {
        {0, "0s", "0B"},
        {1, "1ms", "1B"},
        {1024, "1024ms", "1KiB"},
        {1536, "1536ms", "1536B"},
        {90000, "90s", "90000B"},
        {3600000, "1h", "3600000B"},
        {172800000, "2d", "168750KiB"},
        {INT64_C(1) << 40, "1099511627776ms", "1TiB"},
        {INT64_MAX, "9223372036854775807ms", "9223372036854775807B"},
    };
    char text[UNITS_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_string_equal(units_duration_text(rows[i].value, text), rows[i].duration);
        check(units_parse_duration, "back from a duration", text, rows[i].value);
        assert_string_equal(units_size_text(rows[i].value, text), rows[i].size);
        check(units_parse_size, "back from a size", text, rows[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_duration_is_a_whole_number_and_its_unit),
        cmocka_unit_test(a_size_is_bytes_or_has_a_binary_unit),
        cmocka_unit_test(a_rate_is_a_size_with_or_without_per_second),
        cmocka_unit_test(a_count_is_digits_alone),
        cmocka_unit_test(a_refusal_says_what_is_accepted),
        cmocka_unit_test(what_is_formatted_parses_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
