#include "test.h"

#include <time.h>

#include "base/calendar.h"
#include "base/clock.h"

static int64_t moment_ms(const char *text)
{
    struct tm time = {0};
    const char *rest = strptime(text, "%Y-%m-%d %H:%M", &time);

    if (!rest || (*rest && !strptime(rest, ":%S", &time)))
        fail_msg("no moment: %s", text);
    return timegm(&time) * 1000;
}

static struct zone *zone_named(const char *name)
{
    struct err err = {0};
    struct zone *zone = zone_new(name, &err);

    if (!zone)
        fail_msg("%s", err.message);
    return zone;
}

static struct calendar *calendar_of(const char *text)
{
    struct err err = {0};
    struct calendar *calendar = calendar_new(text, &err);

    if (!calendar)
        fail_msg("%s: %s", text, err.message);
    return calendar;
}

static void a_line_is_due_when_it_says(void **state)
{
    static const struct {
        const char *why;
        const char *line;
        const char *after;
        const char *want;
    } rows[] = {
        {"every minute", "* * * * *", "2026-05-05 10:00", "2026-05-05 10:01"},
        {"after means after", "0 10 * * *", "2026-05-05 10:00", "2026-05-06 10:00"},
        {"a second before", "0 10 * * *", "2026-05-05 09:59:59", "2026-05-05 10:00"},
        {"a list", "5,35 * * * *", "2026-05-05 10:10", "2026-05-05 10:35"},
        {"a list over the hour", "5,35 * * * *", "2026-05-05 10:40", "2026-05-05 11:05"},
        {"a range", "0 8-18 * * *", "2026-05-05 18:30", "2026-05-06 08:00"},
        {"a step", "*/15 * * * *", "2026-05-05 10:46", "2026-05-05 11:00"},
        {"a step in a range starts with it", "0 8-18/4 * * *", "2026-05-05 12:00",
         "2026-05-05 16:00"},
        {"and does not pass it", "0 8-18/4 * * *", "2026-05-05 16:00", "2026-05-06 08:00"},
        {"a step that does not divide starts anew", "*/25 * * * *", "2026-05-05 10:50",
         "2026-05-05 11:00"},
        {"a list of all of them", "0 1,4-6,20-23/3 * * *", "2026-05-05 06:00", "2026-05-05 20:00"},
        {"its end", "0 1,4-6,20-23/3 * * *", "2026-05-05 20:00", "2026-05-05 23:00"},
        {"a month by name", "0 0 1 feb *", "2026-05-05 10:00", "2027-02-01 00:00"},
        {"in capitals", "0 0 1 DEC *", "2026-05-05 10:00", "2026-12-01 00:00"},
        {"months by a range of names", "0 0 1 Nov-dec *", "2026-11-05 10:00", "2026-12-01 00:00"},
        {"a weekday by name", "0 0 * * mon", "2026-05-05 10:00", "2026-05-11 00:00"},
        {"0 is Sunday", "0 0 * * 0", "2026-05-05 10:00", "2026-05-10 00:00"},
        {"7 is Sunday", "0 0 * * 7", "2026-05-05 10:00", "2026-05-10 00:00"},
        {"a range up to 7", "0 0 * * 6-7", "2026-05-09 10:00", "2026-05-10 00:00"},
        {"a range up to Sunday by name", "0 0 * * sat-sun", "2026-05-09 10:00", "2026-05-10 00:00"},
        {"a range from Sunday by name", "0 0 * * sun-tue", "2026-05-05 10:00", "2026-05-10 00:00"},
        {"a range from 7", "0 0 * * 7-2", "2026-05-10 00:00", "2026-05-11 00:00"},
        {"workdays", "30 2 * * 1-5", "2026-05-08 10:00", "2026-05-11 02:30"},
        {"day or weekday: the day", "0 0 13 * 5", "2026-05-10 10:00", "2026-05-13 00:00"},
        {"day or weekday: the weekday", "0 0 13 * 5", "2026-05-13 10:00", "2026-05-15 00:00"},
        {"every second day and Monday: a star restricts neither", "0 0 */2 * 1", "2026-05-05 10:00",
         "2026-05-11 00:00"},
        {"31 only where there is one", "0 0 31 * *", "2026-03-31 10:00", "2026-05-31 00:00"},
        {"29 February", "0 0 29 2 *", "2026-05-05 10:00", "2028-02-29 00:00"},
        {"29 February over a century that has none", "0 0 29 2 *", "2096-03-01 10:00",
         "2104-02-29 00:00"},
        {"29 February or a Monday in February", "0 0 29 2 1", "2026-05-05 10:00",
         "2027-02-01 00:00"},
        {"30 February or a Monday in it", "0 0 30 2 1", "2026-05-05 10:00", "2027-02-01 00:00"},
        {"29 February that is a Sunday", "0 0 29 2 */7", "2026-05-05 10:00", "2032-02-29 00:00"},
        {"the next year", "59 23 31 12 *", "2026-12-31 23:59", "2027-12-31 23:59"},
        {"before 1970", "0 0 1 1 *", "1950-05-05 10:00", "1951-01-01 00:00"},
        {"zeros before numbers", "00 03 01 * *", "2026-05-05 10:00", "2026-06-01 03:00"},
        {"blanks and tabs", " 0\t3  * * *  ", "2026-05-05 10:00", "2026-05-06 03:00"},
        {"@hourly", "@hourly", "2026-05-05 10:00", "2026-05-05 11:00"},
        {"@daily", "@daily", "2026-05-05 10:00", "2026-05-06 00:00"},
        {"@midnight", "@midnight", "2026-05-05 10:00", "2026-05-06 00:00"},
        {"@weekly", "@weekly", "2026-05-05 10:00", "2026-05-10 00:00"},
        {"@monthly", "@monthly", "2026-05-05 10:00", "2026-06-01 00:00"},
        {"@yearly", "@yearly", "2026-05-05 10:00", "2027-01-01 00:00"},
        {"@annually", "@annually", "2026-05-05 10:00", "2027-01-01 00:00"},
        {"in capitals, with a blank", "@Daily ", "2026-05-05 10:00", "2026-05-06 00:00"},
        {"every 6h", "every 6h", "2026-05-05 10:00", "2026-05-05 12:00"},
        {"every 90m, counted from 1970", "every 90m", "2026-05-05 10:00", "2026-05-05 10:30"},
        {"every 90s", "every 90s", "2026-05-05 10:00:01", "2026-05-05 10:01:30"},
        {"every with more blanks", "Every \t 6h ", "2026-05-05 12:00", "2026-05-05 18:00"},
        {"every week, since a Thursday", "every 7d", "2026-05-05 10:00", "2026-05-07 00:00"},
        {"every 6h before 1970", "every 6h", "1969-12-31 17:00", "1969-12-31 18:00"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_zone struct zone *zone = zone_named("UTC");
        auto_calendar struct calendar *calendar = calendar_of(rows[i].line);
        int64_t got_ms = calendar_next_ms(calendar, zone, moment_ms(rows[i].after));
        char text[CLOCK_TEXT_SIZE];

        if (got_ms != moment_ms(rows[i].want))
            fail_msg("%s: %s after %s is %s, want %s", rows[i].why, rows[i].line, rows[i].after,
                     clock_text(got_ms, text), rows[i].want);
        assert_int_equal(calendar_last_ms(calendar, zone, got_ms), got_ms);
    }
}

static void a_line_that_is_wrong_says_where_and_why(void **state)
{
    static const struct {
        const char *why;
        const char *line;
        const char *want; /* the message starts so */
    } rows[] = {
        {"an hour that no clock shows", "0 25 * * *", "hour 25: write 0 to 23"},
        {"24 is 0", "0 24 * * *", "hour 24: write 0 to 23"},
        {"minute 60", "60 * * * *", "minute 60: write 0 to 59"},
        {"day 0", "0 0 0 * *", "day 0: write 1 to 31"},
        {"month 13", "0 0 1 13 *", "month 13: write 1 to 12 or jan to dec"},
        {"weekday 8", "0 0 * * 8", "weekday 8: write 0 to 7 or sun to sat"},
        {"an unknown month", "0 0 1 foo *", "month foo: write 1 to 12 or jan to dec"},
        {"a whole name", "0 0 * * monday", "weekday monday: write 0 to 7 or sun to sat"},
        {"a weekday as a month", "0 0 1 mon *", "month mon: write 1 to 12 or jan to dec"},
        {"names where there are none", "0 jan * * *", "hour jan: write 0 to 23"},
        {"a wrong end of a range", "0 8-25 * * *", "hour 25: write 0 to 23"},
        {"a wrong start of a range", "0 25-26 * * *", "hour 25: write 0 to 23"},
        {"a number that overflows", "4294967296 * * * *", "minute 4294967296: write 0 to 59"},
        {"a sign", "+5 * * * *", "minute +5: write 0 to 59"},
        {"a range without a start", "-5 * * * *", "minute -5: a range has two ends, as in 0-59"},
        {"a range without an end", "5- * * * *", "minute 5-: a range has two ends, as in 0-59"},
        {"a range with three ends", "0 0 1-5-7 * *", "day 1-5-7: a range has two ends, as in 1-31"},
        {"a range of a star", "0 *-5 * * *", "hour *: write 0 to 23"},
        {"two stars", "** * * * *", "minute **: write 0 to 59"},
        {"a range backwards", "0 22-2 * * *",
         "hour 22-2: the range runs backwards: write 22-23,0-2"},
        {"days backwards", "0 0 28-3 * *", "day 28-3: the range runs backwards: write 28-31,1-3"},
        {"weekdays backwards", "0 0 * * 5-1",
         "weekday 5-1: the range runs backwards: write 5-6,0-1"},
        {"weekdays backwards by name", "0 0 * * fri-mon",
         "weekday fri-mon: the range runs backwards: write 5-6,0-1"},
        {"a step of nothing", "*/0 * * * *", "minute */0: write a step of 1 to 59"},
        {"no step", "*/ * * * *", "minute */: write a step of 1 to 59"},
        {"a step wider than the field", "*/90 * * * *", "minute */90: write a step of 1 to 59"},
        {"a name as a step", "0 0 * */jan *", "month */jan: write a step of 1 to 12"},
        {"two steps", "*/5/2 * * * *", "minute */5/2: write a step of 1 to 59"},
        {"a step of a single value", "5/15 * * * *",
         "minute 5/15: a step needs a range: write 5-59/15"},
        {"an empty item", "1,,2 * * * *", "minute 1,,2: something is missing beside a comma"},
        {"an empty first item", ",2 * * * *", "minute ,2: something is missing beside a comma"},
        {"an empty last item", "2, * * * *", "minute 2,: something is missing beside a comma"},
        {"the last day, as others have it", "0 0 L * *", "day L: write 1 to 31"},
        {"a question mark, as others have it", "0 0 ? * 1", "day ?: write 1 to 31"},
        {"the first Monday, as others have it", "0 0 * * 1#1", "weekday 1#1: write 0 to 7"},
        {"four fields", "0 3 * *", "4 fields: write five, minute hour day month weekday"},
        {"six fields", "0 0 3 * * *", "6 fields: write five, minute hour day month weekday"},
        {"a command behind it", "0 3 * * * sbom export", "7 fields: write five"},
        {"nothing", "", "the schedule is empty: write five fields as in \"30 2 * * 1-5\", @daily"},
        {"blanks", " \t ", "the schedule is empty"},
        {"a word", "daily", "\"daily\" is no schedule: write five fields as in"},
        {"a newline", "0 3 * *\n*", "4 fields"},
        {"what cron has and we do not", "@reboot",
         "@reboot: write @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually"},
        {"a typing mistake", "@dayly", "@dayly: did you mean @daily"},
        {"more behind a name", "@daily 5", "@daily 5: did you mean @daily"},
        {"a day that no year has", "0 0 30 2 *", "day 30 of month 2: no year has such a day"},
        {"a day that none of the months has", "0 0 31 feb,4,6,9,11 *",
         "day 31 of month feb,4,6,9,11: no year has such a day"},
        {"such a day beside a starred weekday", "0 0 31 4 */2", "day 31 of month 4: no year has"},
        {"every nothing", "every 0s", "every 0s: write whole seconds, 60s to 366d"},
        {"less than a minute", "every 59s", "every 59s: write whole seconds, 60s to 366d"},
        {"half a second", "every 90500ms", "every 90500ms: write whole seconds, 60s to 366d"},
        {"more than a year", "every 367d", "every 367d: write whole seconds, 60s to 366d"},
        {"no unit", "every 6", "every: \"6\" is no duration"},
        {"no time", "every", "every: \"\" is no duration"},
        {"two times", "every 6h 5m", "every: \"6h 5m\" is no duration"},
        {"no blank", "every6h", "\"every6h\" is no schedule"},
        {"an escape sequence", "0 \x1b[2J * * *", "hour \\x1b[2J: write 0 to 23"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};

        if (calendar_new(rows[i].line, &err))
            fail_msg("%s: \"%s\" is accepted", rows[i].why, rows[i].line);
        if (err.kind != ERR_CONFIG || strncmp(err.message, rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("%s: \"%s\": %s", rows[i].why, rows[i].line, err.message);
    }
}

static void a_long_text_is_refused_in_a_short_line(void **state)
{
    static const struct {
        const char *why;
        const char *before;
        const char *behind;
        const char *want;
    } rows[] = {
        {"one word", "", "", "this is no schedule: write five fields"},
        {"a name", "@", "", "@xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: write @hourly"},
        {"a field", "0 ", " * * *", "hour: write 0 to 23"},
    };
    char word[5000];

    (void)state;
    for (size_t size = 300; size < sizeof word; size += 4699) {
        memset(word, 'x', size);
        word[size] = '\0';
        for (size_t i = 0; i < COUNT_OF(rows); i++) {
            char text[5100];
            struct err err = {0};

            snprintf(text, sizeof text, "%s%s%s", rows[i].before, word, rows[i].behind);
            assert_null(calendar_new(text, &err));
            assert_true(strlen(err.message) < 200);
            if (size < 500 && strncmp(err.message, rows[i].want, strlen(rows[i].want)) != 0)
                fail_msg("%s: %s", rows[i].why, err.message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_due_when_it_says),
        cmocka_unit_test(a_line_that_is_wrong_says_where_and_why),
        cmocka_unit_test(a_long_text_is_refused_in_a_short_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
