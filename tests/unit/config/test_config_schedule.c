#include "test.h"

#include "base/mem.h"
#include "config/loaded.h"

static void timetables_that_cannot_hold_are_refused(void **state)
{
    static const struct {
        const char *why;
        const char *windows;
        const char *want; /* behind "c.yaml:2:" */
    } rows[] = {
        {"no time between", "{from: 08:00, to: 08:00, rate: 1MiB}",
         "43: transfers.bandwidth[0].to: the same as from; write a later time (all day: 00:00 to "
         "24:00)"},
        {"the day's end as a beginning", "{from: 24:00, to: 08:00, rate: 1MiB}",
         "32: transfers.bandwidth[0].from: 24:00 is out of range; write 00:00 to 23:59"},
        {"the day's beginning as an end", "{from: 22:00, to: 00:00, rate: 1MiB}",
         "43: transfers.bandwidth[0].to: 00:00 is out of range; write 00:01 to 24:00"},
        {"no time of day", "{from: 8am, to: 18:00, rate: 1MiB}",
         "32: transfers.bandwidth[0].from: \"8am\" is no time of day; write it as in 08:00"},
        {"no beginning", "{to: 18:00, rate: 1MiB}",
         "25: transfers.bandwidth[0] has no from; add it"},
        {"no end", "{from: 08:00, rate: 1MiB}", "25: transfers.bandwidth[0] has no to; add it"},
        {"no rate", "{from: 08:00, to: 18:00}", "25: transfers.bandwidth[0] has no rate; add it"},
        {"no limit where a limit is told", "{from: 08:00, to: 18:00, rate: none}",
         "56: transfers.bandwidth[0].rate: \"none\" is no rate; write a size per second, as in "
         "10MiB"},
        {"a rate that stops everything", "{from: 08:00, to: 18:00, rate: 0}",
         "56: transfers.bandwidth[0].rate: 0B is out of range; write 1KiB to 1TiB"},
        {"a text", "2MiB",
         "25: transfers.bandwidth[0] is no mapping; write its keys as \"key: "
         "value\""},
        {"a shared hour",
         "{from: 08:00, to: 18:00, rate: 1MiB}, {from: 17:00, to: 19:00, rate: 2MiB}",
         "63: transfers.bandwidth[1]: 17:00 to 19:00 overlaps transfers.bandwidth[0], 08:00 to "
         "18:00; let one end where the other begins"},
        {"one within the other",
         "{from: 10:00, to: 11:00, rate: 1MiB}, {from: 08:00, to: 18:00, rate: 2MiB}",
         "63: transfers.bandwidth[1]: 08:00 to 18:00 overlaps transfers.bandwidth[0], 10:00 to "
         "11:00; let one end where the other begins"},
        {"the same twice",
         "{from: 08:00, to: 18:00, rate: 1MiB}, {from: 08:00, to: 18:00, rate: 1MiB}",
         "63: transfers.bandwidth[1]: 08:00 to 18:00 overlaps transfers.bandwidth[0], 08:00 to "
         "18:00; let one end where the other begins"},
        {"over midnight into the morning",
         "{from: 22:00, to: 06:00, rate: 1MiB}, {from: 05:59, to: 08:00, rate: 2MiB}",
         "63: transfers.bandwidth[1]: 05:59 to 08:00 overlaps transfers.bandwidth[0], 22:00 to "
         "06:00; let one end where the other begins"},
        {"two nights", "{from: 23:00, to: 01:00, rate: 1MiB}, {from: 22:00, to: 23:01, rate: 2MiB}",
         "63: transfers.bandwidth[1]: 22:00 to 23:01 overlaps transfers.bandwidth[0], 23:00 to "
         "01:00; let one end where the other begins"},
        {"all day leaves no room",
         "{from: 00:00, to: 24:00, rate: 1MiB}, {from: 23:59, to: 24:00, rate: 2MiB}",
         "63: transfers.bandwidth[1]: 23:59 to 24:00 overlaps transfers.bandwidth[0], 00:00 to "
         "24:00; let one end where the other begins"},
        {"the minute that is missing is told once",
         "{from: 08:00, to: 08:00, rate: 1MiB}, {from: 07:00, to: 09:00, rate: 2MiB}",
         "43: transfers.bandwidth[0].to: the same as from; write a later time (all day: 00:00 to "
         "24:00)"},
        {"with several the first is told",
         "{from: 01:00, to: 02:00, rate: 1MiB}, {from: 02:00, to: 03:00, rate: 2MiB}, {from: "
         "00:00, to: 24:00, rate: 3MiB}",
         "101: transfers.bandwidth[2]: 00:00 to 24:00 overlaps transfers.bandwidth[0], 01:00 to "
         "02:00; let one end where the other begins"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text =
            xasprintf("version: 1\ntransfers: {bandwidth: [%s]}\n", rows[i].windows);
        auto_free char *want = xasprintf("c.yaml:2:%s", rows[i].want);
        auto_loaded struct loaded loaded = loaded_text(text);

        loaded_expect_error(rows[i].why, &loaded, want);
    }
}

static void a_timetable_goes_round_the_clock(void **state)
{
    auto_loaded struct loaded loaded = loaded_text(
        "version: 1\ntransfers:\n  timezone: Europe/Vienna\n  bandwidth:\n"
        "  - {from: \"22:00\", to: \"06:00\", rate: 10MiB}\n"
        "  - {from: 06:00, to: 08:00, rate: 1KiB}\n  - {from: 18:00, to: 22:00, rate: 4MiB/s}\n");

    (void)state;
    assert_non_null(loaded.config);
    const struct config_transfers *transfers = &loaded.config->transfers;
    assert_int_equal(transfers->bandwidth, 0);
    assert_int_equal(transfers->window_count, 3);
    assert_int_equal(transfers->windows[0].from_minute, 22 * 60);
    assert_int_equal(transfers->windows[0].to_minute, 6 * 60);
    assert_int_equal(transfers->windows[0].rate, 10 << 20);
    assert_int_equal(transfers->windows[1].rate, 1024);
    assert_int_equal(transfers->windows[2].to_minute, 22 * 60);
    assert_string_equal(transfers->timezone, "Europe/Vienna");
}

static void a_whole_day_is_a_timetable_too(void **state)
{
    auto_loaded struct loaded loaded =
        loaded_text("version: 1\ntransfers: {bandwidth: [{from: 00:00, to: 24:00, rate: 1MiB}]}\n");

    (void)state;
    assert_non_null(loaded.config);
    assert_int_equal(loaded.config->transfers.windows[0].from_minute, 0);
    assert_int_equal(loaded.config->transfers.windows[0].to_minute, 1440);
}

static void schedules_and_zones_are_refused_at_their_place(void **state)
{
    static const struct {
        const char *why;
        const char *text; /* behind "version: 1\n" */
        const char *want; /* how what is told begins, behind "c.yaml:2:" */
    } rows[] = {
        {"an hour that no day has", "export: [{name: a, schedule: 0 25 * * *}]",
         "30: export[0].schedule: hour 25: write 0 to 23"},
        {"of the second job",
         "export: [{name: a, schedule: '@daily'}, {name: b, scope: ledger, schedule: 0 25 * * *}]",
         "76: export[1].schedule: hour 25: write 0 to 23"},
        {"a field too few", "export: [{name: a, schedule: '0 3 * *'}]",
         "30: export[0].schedule: 4 fields: write five"},
        {"a day that never comes", "export: [{name: a, schedule: '0 0 30 2 *'}]",
         "30: export[0].schedule: day 30 of month 2: "},
        {"another word", "export: [{name: a, schedule: nightly}]",
         "30: export[0].schedule: \"nightly\" is no schedule: write "},
        {"a word that is nearly one", "export: [{name: a, schedule: '@dialy'}]",
         "30: export[0].schedule: @dialy: did you mean @daily"},
        {"a span without its unit", "export: [{name: a, schedule: every 6}]",
         "30: export[0].schedule: every: \"6\" is no duration; write "},
        {"no schedule", "export: [{name: a}]", "10: export[0] has no schedule; add it"},
        {"no name", "export: [{schedule: '@daily'}]", "10: export[0] has no name; add it"},
        {"a schedule without text", "export: [{name: a, schedule: ''}]",
         "30: export[0].schedule: the text is empty; write one or remove the line"},
        {"a zone that is none", "export: [{name: a, schedule: '@daily', timezone: Mars/Olympus}]",
         "50: export[0].timezone: no time zone is called \"Mars/Olympus\""},
        {"a path for a zone", "export: [{name: a, schedule: '@daily', timezone: ../../etc/passwd}]",
         "50: export[0].timezone: no time zone is called \"../../etc/passwd\""},
        {"a zone of the timetable", "transfers: {timezone: Mars/Olympus}",
         "23: transfers.timezone: no time zone is called \"Mars/Olympus\""},
        {"two jobs of one name",
         "export: [{name: a, schedule: '@daily'}, {name: a, scope: ledger, schedule: '@daily'}]",
         "48: export[1].name: another export has that name; choose a different one"},
        {"a scope that is none", "export: [{name: a, schedule: '@daily', scope: all}]",
         "47: export[0].scope: \"all\" is not accepted; write tenant or ledger"},
        {"files that would go", "export: [{name: a, schedule: '@daily', on_vanished: delete}]",
         "53: export[0].on_vanished: \"delete\" is not accepted; write keep or mark"},
        {"an offset of a day", "export: [{name: a, schedule: '@daily', spread: 1d}]",
         "48: export[0].spread: 1d is out of range; write 0s to 6h"},
        {"a filter for everything", "export: [{name: a, schedule: '@daily', filter: 'R*'}]",
         "48: export[0].filter is no mapping; write its keys as \"key: value\""},
        {"several patterns", "export: [{name: a, schedule: '@daily', filter: {name: [a, b]}}]",
         "55: export[0].filter.name: a list is not accepted; write a single value"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\n%s\n", rows[i].text);
        auto_free char *want = xasprintf("c.yaml:2:%s", rows[i].want);
        auto_loaded struct loaded loaded = loaded_text(text);

        if (loaded.config)
            fail_msg("%s: accepted", rows[i].why);
        if (loaded.problems.error_count != 1 ||
            strncmp(loaded.problems.errors[0], want, strlen(want)) != 0)
            fail_msg("%s: %zu errors, the first %s, want %s", rows[i].why,
                     loaded.problems.error_count, loaded.problems.errors[0], want);
    }
}

static void an_export_needs_no_more_than_name_and_schedule(void **state)
{
    auto_loaded struct loaded loaded =
        loaded_text("version: 1\nexport: [{name: nightly, schedule: every 90m}]\n");
    const struct config *config = loaded.config;

    (void)state;
    if (!config)
        fail_msg("%s", loaded.err.message);
    assert_int_equal(loaded.problems.warning_count, 0);
    assert_int_equal(config->export_count, 1);
    assert_string_equal(config->exports[0].schedule, "every 90m");
    assert_string_equal(config->exports[0].timezone, "UTC");
    assert_int_equal(config->exports[0].scope, CONFIG_SCOPE_TENANT);
    assert_null(config->exports[0].filter.vendor);
    assert_null(config->exports[0].filter.product_group);
    assert_int_equal(config->exports[0].on_vanished, CONFIG_VANISHED_KEEP);
    assert_true(config->exports[0].catch_up);
    assert_int_equal(config->exports[0].spread_ms, 300000);
}

static void an_export_holds_what_was_written(void **state)
{
    auto_loaded struct loaded loaded = loaded_text(
        "version: 1\nexport:\n- name: own\n  schedule: 30 2 * * mon-fri\n"
        "  timezone: Australia/Lord_Howe\n  scope: ledger\n  on_vanished: mark\n"
        "  catch_up: false\n  spread: 6h\n  filter: {vendor: A*, product: 'R/?', product_group: G, "
        "name: '[a', version: '*'}\n");
    const struct config_export *own = loaded.config ? loaded.config->exports : NULL;

    (void)state;
    if (!own)
        fail_msg("%s", loaded.err.message);
    assert_string_equal(own->timezone, "Australia/Lord_Howe");
    assert_int_equal(own->scope, CONFIG_SCOPE_LEDGER);
    assert_int_equal(own->on_vanished, CONFIG_VANISHED_MARK);
    assert_false(own->catch_up);
    assert_int_equal(own->spread_ms, 6 * 3600000);
    assert_string_equal(own->filter.vendor, "A*");
    assert_string_equal(own->filter.product, "R/?");
    assert_string_equal(own->filter.product_group, "G");
    assert_string_equal(own->filter.name, "[a");
    assert_string_equal(own->filter.version, "*");
}

static void two_exports_of_the_same_firmwares_are_a_warning(void **state)
{
    static const struct {
        const char *why;
        const char *first;
        const char *second;
        bool is_told;
    } rows[] = {
        {"everything twice", "on_vanished: keep", "on_vanished: mark", true},
        {"the same filter", "filter: {product: R*}", "filter: {product: R*}", true},
        {"an empty filter is none", "filter: ", "scope: tenant", true},
        {"another scope", "scope: tenant", "scope: ledger", false},
        {"another filter", "filter: {product: R*}", "filter: {product: S*}", false},
        {"another field", "filter: {product: R*}", "filter: {name: R*}", false},
        {"a filter more", "filter: {product: R*}", "filter: {product: R*, version: '1*'}", false},
        {"a filter less", "filter: {vendor: A, product_group: G}", "filter: {vendor: A}", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\nexport:\n"
                                         "- {name: a, schedule: '@daily', %s}\n"
                                         "- {name: b, schedule: '@weekly', %s}\n",
                                         rows[i].first, rows[i].second);
        auto_loaded struct loaded loaded = loaded_text(text);

        if (!loaded.config)
            fail_msg("%s: %s", rows[i].why, loaded.err.message);
        if (loaded.problems.warning_count != rows[i].is_told)
            fail_msg("%s: %zu warnings", rows[i].why, loaded.problems.warning_count);
        if (rows[i].is_told) {
            assert_string_equal(loaded.problems.warnings[0],
                                "c.yaml:4:3: export[1]: it exports the same firmwares as "
                                "export[0]; keep one of them or give it another filter");
        }
    }
}

static void a_value_that_could_not_be_read_makes_no_second_line(void **state)
{
    static const struct {
        const char *why;
        const char *text; /* behind "version: 1\n" */
        size_t want;
    } rows[] = {
        {"a window that begins nowhere overlaps nothing",
         "transfers: {bandwidth: [{from: 8, to: 18:00, rate: 1MiB}, {from: 01:00, to: 02:00, rate: "
         "1MiB}]}",
         1},
        {"no schedule to look at", "export: [{name: a, schedule: }]", 1},
        {"the default zone is right", "export: [{name: a, schedule: '@daily', timezone: }]", 1},
        {"names that are none are not the same, nor are the firmwares told of",
         "export: [{name: a b, schedule: '@daily'}, {name: c d, schedule: '@dialy'}]", 3},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_free char *text = xasprintf("version: 1\n%s\n", rows[i].text);
        auto_loaded struct loaded loaded = loaded_text(text);

        assert_null(loaded.config);
        if (loaded.problems.error_count != rows[i].want)
            fail_msg("%s: %zu errors", rows[i].why, loaded.problems.error_count);
        assert_int_equal(loaded.problems.warning_count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timetables_that_cannot_hold_are_refused),
        cmocka_unit_test(a_timetable_goes_round_the_clock),
        cmocka_unit_test(a_whole_day_is_a_timetable_too),
        cmocka_unit_test(schedules_and_zones_are_refused_at_their_place),
        cmocka_unit_test(an_export_needs_no_more_than_name_and_schedule),
        cmocka_unit_test(an_export_holds_what_was_written),
        cmocka_unit_test(two_exports_of_the_same_firmwares_are_a_warning),
        cmocka_unit_test(a_value_that_could_not_be_read_makes_no_second_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
