#include "test.h"

#include "base/mem.h"
#include "config/config_measure.h"

#define NO_CLOCK  " is no time of day; write it as in 08:00"
#define NO_BUDGET " is no budget; write a size a day, as in 50GiB/day"
#define NO_SHARE  " is no share; write 0 to 1 with at most three decimals, as in 0.5"
#define NO_KEEP   " is not accepted; write all, 1 to 1000000 (revisions), 1d to 36500d or 1y to 100y"

static void a_value_is_read_and_told_again_in_its_shortest_form(void **state)
{
    static const struct {
        const char *why;
        enum config_option_type type;
        const char *text;
        int64_t want;
        const char *told;
    } rows[] = {
        {"midnight as a beginning", OPTION_CLOCK, "00:00", 0, "00:00"},
        {"a time", OPTION_CLOCK, "08:05", 485, "08:05"},
        {"the last minute", OPTION_CLOCK, "23:59", 1439, "23:59"},
        {"midnight as an end", OPTION_CLOCK, "24:00", 1440, "24:00"},
        {"a budget", OPTION_BUDGET, "50GiB/day", INT64_C(50) << 30, "50GiB/day"},
        {"bytes without a unit", OPTION_BUDGET, "4096/day", 4096, "4KiB/day"},
        {"an odd number of bytes", OPTION_BUDGET, "4097/day", 4097, "4097B/day"},
        {"the most that fits", OPTION_BUDGET, "9223372036854775807/day", INT64_MAX,
         "9223372036854775807B/day"},
        {"no share", OPTION_SHARE, "0", 0, "0"},
        {"no share with decimals", OPTION_SHARE, "0.000", 0, "0"},
        {"all of it", OPTION_SHARE, "1", 1000, "1"},
        {"all of it with decimals", OPTION_SHARE, "1.0", 1000, "1"},
        {"one decimal", OPTION_SHARE, "0.5", 500, "0.5"},
        {"two decimals", OPTION_SHARE, "0.25", 250, "0.25"},
        {"three decimals", OPTION_SHARE, "0.125", 125, "0.125"},
        {"zeros behind", OPTION_SHARE, "0.300", 300, "0.3"},
        {"the least", OPTION_SHARE, "0.001", 1, "0.001"},
        {"a duration", OPTION_DURATION, "90s", 90000, "90s"},
        {"a rate", OPTION_RATE, "2MiB/s", 2097152, "2MiB"},
        {"a count", OPTION_COUNT, "20", 20, "20"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char told[UNITS_TEXT_SIZE];
        int64_t got = -1;
        struct err err = {0};

        if (!config_measure_parse(rows[i].type, rows[i].text, &got, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        config_measure_text(rows[i].type, got, told);
        if (got != rows[i].want || strcmp(told, rows[i].told) != 0)
            fail_msg("%s: %jd, told as %s", rows[i].why, (intmax_t)got, told);
    }
}

static void anything_else_is_refused_with_the_form_that_is_right(void **state)
{
    static const struct {
        const char *why;
        enum config_option_type type;
        const char *text;
        const char *want;
    } rows[] = {
        {"behind the end of the day", OPTION_CLOCK, "24:01", "\"24:01\"" NO_CLOCK},
        {"an hour that is none", OPTION_CLOCK, "25:00", "\"25:00\"" NO_CLOCK},
        {"a minute that is none", OPTION_CLOCK, "08:60", "\"08:60\"" NO_CLOCK},
        {"one digit", OPTION_CLOCK, "8:00", "\"8:00\"" NO_CLOCK},
        {"no minutes", OPTION_CLOCK, "08", "\"08\"" NO_CLOCK},
        {"seconds", OPTION_CLOCK, "08:00:00", "\"08:00:00\"" NO_CLOCK},
        {"another separator", OPTION_CLOCK, "08.00", "\"08.00\"" NO_CLOCK},
        {"what YAML 1.1 makes of it elsewhere", OPTION_CLOCK, "480", "\"480\"" NO_CLOCK},
        {"letters", OPTION_CLOCK, "aa:bb", "\"aa:bb\"" NO_CLOCK},
        {"no time at all", OPTION_CLOCK, "", "\"\"" NO_CLOCK},
        {"no day", OPTION_BUDGET, "50GiB", "\"50GiB\"" NO_BUDGET},
        {"no size", OPTION_BUDGET, "/day", "\"/day\"" NO_BUDGET},
        {"another time", OPTION_BUDGET, "50GiB/h", "\"50GiB/h\"" NO_BUDGET},
        {"more than a day", OPTION_BUDGET, "50GiB/days", "\"50GiB/days\"" NO_BUDGET},
        {"blanks", OPTION_BUDGET, "50GiB / day", "\"50GiB / day\"" NO_BUDGET},
        {"a unit of ten", OPTION_BUDGET, "50GB/day", "\"50GB/day\"" NO_BUDGET},
        {"over 63 bits", OPTION_BUDGET, "9223372036854775808/day",
         "\"9223372036854775808/day\"" NO_BUDGET},
        {"over all of it", OPTION_SHARE, "1.001", "\"1.001\"" NO_SHARE},
        {"twice", OPTION_SHARE, "2", "\"2\"" NO_SHARE},
        {"less than nothing", OPTION_SHARE, "-0.5", "\"-0.5\"" NO_SHARE},
        {"four decimals", OPTION_SHARE, "0.1234", "\"0.1234\"" NO_SHARE},
        {"no number before the point", OPTION_SHARE, ".5", "\".5\"" NO_SHARE},
        {"no number behind it", OPTION_SHARE, "0.", "\"0.\"" NO_SHARE},
        {"a comma", OPTION_SHARE, "0,5", "\"0,5\"" NO_SHARE},
        {"a percentage", OPTION_SHARE, "50%", "\"50%\"" NO_SHARE},
        {"an exponent", OPTION_SHARE, "5e-1", "\"5e-1\"" NO_SHARE},
        {"a second zero", OPTION_SHARE, "00.5", "\"00.5\"" NO_SHARE},
        {"no share at all", OPTION_SHARE, "", "\"\"" NO_SHARE},
        {"what would hide the message", OPTION_SHARE,
         "0.55555555555555555555555555555555555555555555555555555555555555555", "this" NO_SHARE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t number;
        struct err err = {0};

        if (config_measure_parse(rows[i].type, rows[i].text, &number, &err))
            fail_msg("%s: accepted", rows[i].why);
        assert_int_equal(err.kind, ERR_CONFIG);
        if (strcmp(err.message, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, err.message, rows[i].want);
    }
}

static void what_is_kept_is_a_number_or_a_time(void **state)
{
    static const int64_t day = INT64_C(86400000);
    static const struct {
        const char *why;
        const char *text;
        int64_t revisions;
        int64_t days;
        const char *told;
    } rows[] = {
        {"everything", "all", 0, 0, "all"},
        {"one revision", "1", 1, 0, "1"},
        {"several", "30", 30, 0, "30"},
        {"very many", "1000000", 1000000, 0, "1000000"},
        {"a day", "1d", 0, 1, "1d"},
        {"days", "90d", 0, 90, "90d"},
        {"days that make a year", "365d", 0, 365, "1y"},
        {"years", "10y", 0, 3650, "10y"},
        {"the longest", "36500d", 0, 36500, "100y"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char told[UNITS_TEXT_SIZE];
        struct config_keep keep;
        struct err err = {0};

        if (!config_measure_parse_keep(rows[i].text, &keep, &err))
            fail_msg("%s: %s", rows[i].why, err.message);
        config_measure_keep_text(&keep, told);
        if (keep.revisions != rows[i].revisions || keep.ms != rows[i].days * day ||
            strcmp(told, rows[i].told) != 0)
            fail_msg("%s: %jd revisions, %jd ms, told as %s", rows[i].why, (intmax_t)keep.revisions,
                     (intmax_t)keep.ms, told);
    }
}

static void nothing_else_is_kept(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *want;
    } rows[] = {
        {"no revision", "0", "\"0\"" NO_KEEP},
        {"no day", "0d", "\"0d\"" NO_KEEP},
        {"no year", "0y", "\"0y\"" NO_KEEP},
        {"too many revisions", "1000001", "\"1000001\"" NO_KEEP},
        {"too many days", "36501d", "\"36501d\"" NO_KEEP},
        {"too many years", "101y", "\"101y\"" NO_KEEP},
        {"weeks", "4w", "\"4w\"" NO_KEEP},
        {"months, or minutes", "6m", "\"6m\"" NO_KEEP},
        {"a unit alone", "y", "\"y\"" NO_KEEP},
        {"a sign", "-1", "\"-1\"" NO_KEEP},
        {"a leading zero", "030", "\"030\"" NO_KEEP},
        {"two of them", "1y6d", "\"1y6d\"" NO_KEEP},
        {"a fraction", "0.5y", "\"0.5y\"" NO_KEEP},
        {"another word", "none", "\"none\"" NO_KEEP},
        {"nothing", "", "\"\"" NO_KEEP},
        {"over 63 bits", "9223372036854775808d", "\"9223372036854775808d\"" NO_KEEP},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config_keep keep;
        struct err err = {0};

        if (config_measure_parse_keep(rows[i].text, &keep, &err))
            fail_msg("%s: accepted", rows[i].why);
        assert_int_equal(err.kind, ERR_CONFIG);
        if (strcmp(err.message, rows[i].want) != 0)
            fail_msg("%s: %s, want %s", rows[i].why, err.message, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_read_and_told_again_in_its_shortest_form),
        cmocka_unit_test(anything_else_is_refused_with_the_form_that_is_right),
        cmocka_unit_test(what_is_kept_is_a_number_or_a_time),
        cmocka_unit_test(nothing_else_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
