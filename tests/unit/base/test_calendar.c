#include "test.h"

#include <ctype.h>
#include <inttypes.h>
#include <time.h>

#include "base/calendar.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/zone_parts.h"

enum { SLOTS_MAX = 8 };

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   INT64_C(3600000)

#define DAY_MS INT64_C(86400000)

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

/*
 * The nights on which the clock changes. Each row: all slots after `from` and not after the last
 * one of them, in UTC.
 */
static const struct night {
    const char *why;
    const char *zone;
    const char *line;
    const char *from;
    const char *slots[SLOTS_MAX];
} nights[] = {
    /* Vienna, 29 March 2026: 01:00 UTC is 02:00 and becomes 03:00. */
    {"02:30 is left out: due once, when the clock jumps",
     "Europe/Vienna",
     "30 2 * * *",
     "2026-03-27 12:00",
     {"2026-03-28 01:30", "2026-03-29 01:00", "2026-03-30 00:30", "2026-03-31 00:30"}},
    {"02:00 is left out and comes together with 03:00, once",
     "Europe/Vienna",
     "0 * * * *",
     "2026-03-28 22:30",
     {"2026-03-28 23:00", "2026-03-29 00:00", "2026-03-29 01:00", "2026-03-29 02:00"}},
    {"six hours are six hours on that night, too",
     "Europe/Vienna",
     "every 6h",
     "2026-03-28 17:00",
     {"2026-03-28 18:00", "2026-03-29 00:00", "2026-03-29 06:00", "2026-03-29 12:00"}},
    /* Vienna, 25 October 2026: 01:00 UTC is 03:00 and becomes 02:00. */
    {"02:30 comes twice: due at its first coming, not at 01:30 UTC",
     "Europe/Vienna",
     "30 2 * * *",
     "2026-10-23 12:00",
     {"2026-10-24 00:30", "2026-10-25 00:30", "2026-10-26 01:30", "2026-10-27 01:30"}},
    {"02:00 comes again at 01:00 UTC and is not due again",
     "Europe/Vienna",
     "0 * * * *",
     "2026-10-24 22:30",
     {"2026-10-24 23:00", "2026-10-25 00:00", "2026-10-25 02:00", "2026-10-25 03:00"}},
    {"six hours are six hours on that night, too",
     "Europe/Vienna",
     "every 6h",
     "2026-10-24 17:00",
     {"2026-10-24 18:00", "2026-10-25 00:00", "2026-10-25 06:00", "2026-10-25 12:00"}},
    /* New York, 14 March 2027: 07:00 UTC is 02:00 and becomes 03:00. */
    {"02:30 is left out: due once, when the clock jumps",
     "America/New_York",
     "30 2 * * *",
     "2027-03-12 12:00",
     {"2027-03-13 07:30", "2027-03-14 07:00", "2027-03-15 06:30", "2027-03-16 06:30"}},
    {"02:00 is left out and comes together with 03:00, once",
     "America/New_York",
     "0 * * * *",
     "2027-03-14 04:30",
     {"2027-03-14 05:00", "2027-03-14 06:00", "2027-03-14 07:00", "2027-03-14 08:00"}},
    {"six hours are six hours on that night, too",
     "America/New_York",
     "every 6h",
     "2027-03-14 03:00",
     {"2027-03-14 06:00", "2027-03-14 12:00", "2027-03-14 18:00"}},
    /* New York, 7 November 2027: 06:00 UTC is 02:00 and becomes 01:00. */
    {"02:30 comes once, after the change",
     "America/New_York",
     "30 2 * * *",
     "2027-11-05 12:00",
     {"2027-11-06 06:30", "2027-11-07 07:30", "2027-11-08 07:30"}},
    {"01:30 comes twice: due at its first coming, not at 06:30 UTC",
     "America/New_York",
     "30 1 * * *",
     "2027-11-05 12:00",
     {"2027-11-06 05:30", "2027-11-07 05:30", "2027-11-08 06:30"}},
    {"01:00 comes again at 06:00 UTC and is not due again",
     "America/New_York",
     "0 * * * *",
     "2027-11-07 03:30",
     {"2027-11-07 04:00", "2027-11-07 05:00", "2027-11-07 07:00", "2027-11-07 08:00"}},
    {"six hours are six hours on that night, too",
     "America/New_York",
     "every 6h",
     "2027-11-07 03:00",
     {"2027-11-07 06:00", "2027-11-07 12:00", "2027-11-07 18:00"}},
    /* Lord Howe, 5 April 2026: 15:00 UTC (the 4th) is 02:00 and becomes 01:30. */
    {"02:30 comes once, after the change",
     "Australia/Lord_Howe",
     "30 2 * * *",
     "2026-04-03 00:00",
     {"2026-04-03 15:30", "2026-04-04 16:00", "2026-04-05 16:00"}},
    {"01:45 comes twice: due at its first coming, not at 15:15 UTC",
     "Australia/Lord_Howe",
     "45 1 * * *",
     "2026-04-03 00:00",
     {"2026-04-03 14:45", "2026-04-04 14:45", "2026-04-05 15:15"}},
    {"only half an hour comes again: no full hour twice, but one 90 minutes long",
     "Australia/Lord_Howe",
     "0 * * * *",
     "2026-04-04 12:30",
     {"2026-04-04 13:00", "2026-04-04 14:00", "2026-04-04 15:30", "2026-04-04 16:30"}},
    {"six hours are six hours on that night, too",
     "Australia/Lord_Howe",
     "every 6h",
     "2026-04-04 11:00",
     {"2026-04-04 12:00", "2026-04-04 18:00", "2026-04-05 00:00"}},
    /* Lord Howe, 4 October 2026: 15:30 UTC (the 3rd) is 02:00 and becomes 02:30. */
    {"02:30 is the first moment after the change",
     "Australia/Lord_Howe",
     "30 2 * * *",
     "2026-10-02 00:00",
     {"2026-10-02 16:00", "2026-10-03 15:30", "2026-10-04 15:30"}},
    {"02:00 is left out: due when the clock jumps, half an hour before 03:00",
     "Australia/Lord_Howe",
     "0 * * * *",
     "2026-10-03 13:00",
     {"2026-10-03 13:30", "2026-10-03 14:30", "2026-10-03 15:30", "2026-10-03 16:00",
      "2026-10-03 17:00"}},
    {"six hours are six hours on that night, too",
     "Australia/Lord_Howe",
     "every 6h",
     "2026-10-03 11:00",
     {"2026-10-03 12:00", "2026-10-03 18:00", "2026-10-04 00:00"}},
};

/* Places where it is not two or three at night, and not an hour. */
static const struct night strange_nights[] = {
    {"Sao Paulo's 4 November 2018 began at 01:00",
     "America/Sao_Paulo",
     "@daily",
     "2018-11-03 00:00",
     {"2018-11-03 03:00", "2018-11-04 03:00", "2018-11-05 02:00"}},
    {"Sao Paulo's 17 February 2018 had two last hours: its end is told once",
     "America/Sao_Paulo",
     "30 23 * * *",
     "2018-02-17 00:00",
     {"2018-02-17 01:30", "2018-02-18 01:30", "2018-02-19 02:30"}},
    {"Cairo's midnight of 28 April 2023 was left out",
     "Africa/Cairo",
     "0 0 * * *",
     "2023-04-26 12:00",
     {"2023-04-26 22:00", "2023-04-27 22:00", "2023-04-28 21:00"}},
    {"Cairo's last hour of 26 October 2023 came twice, its midnight once",
     "Africa/Cairo",
     "0 0 * * *",
     "2023-10-25 12:00",
     {"2023-10-25 21:00", "2023-10-26 22:00", "2023-10-27 22:00"}},
    {"Apia had no 30 December 2011: its jobs are due when the 31st begins",
     "Pacific/Apia",
     "15 5 * * *",
     "2011-12-29 00:00",
     {"2011-12-29 15:15", "2011-12-30 10:00", "2011-12-30 15:15", "2011-12-31 15:15"}},
    {"and all that was left out there is due once, with what belongs there",
     "Pacific/Apia",
     "0 */8 * * *",
     "2011-12-30 00:00",
     {"2011-12-30 02:00", "2011-12-30 10:00", "2011-12-30 18:00", "2011-12-31 02:00"}},
    {"a job of the 30th alone is not lost",
     "Pacific/Apia",
     "0 12 30 * *",
     "2011-11-30 23:00",
     {"2011-12-30 10:00", "2012-01-29 22:00"}},
    {"Kathmandu is 5:45 ahead",
     "Asia/Kathmandu",
     "@daily",
     "2026-01-01 00:00",
     {"2026-01-01 18:15", "2026-01-02 18:15"}},
    {"Kwajalein's 21 August 1993 was left out: a day that is no Sunday is due as one",
     "Pacific/Kwajalein",
     "0 6 * * sat",
     "1993-08-14 20:00",
     {"1993-08-21 12:00", "1993-08-27 18:00"}},
};

static void check_night(const struct night *night)
{
    auto_zone struct zone *zone = zone_named(night->zone);
    auto_calendar struct calendar *calendar = calendar_of(night->line);
    int64_t at_ms = moment_ms(night->from);

    for (int i = 0; i < SLOTS_MAX && night->slots[i]; i++) {
        int64_t want_ms = moment_ms(night->slots[i]);
        int64_t got_ms = calendar_next_ms(calendar, zone, at_ms);
        char text[CLOCK_TEXT_SIZE];

        if (got_ms != want_ms)
            fail_msg("%s: %s in %s: slot %d is %s, want %s", night->why, night->line, night->zone,
                     i + 1, clock_text(got_ms, text), night->slots[i]);
        if (calendar_last_ms(calendar, zone, want_ms + MINUTE_MS - 1) != want_ms)
            fail_msg("%s: %s in %s: slot %d is not found backwards", night->why, night->line,
                     night->zone, i + 1);
        at_ms = got_ms;
    }
}

static void the_nights_of_a_changing_clock(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(nights); i++)
        check_night(&nights[i]);
}

static void the_nights_of_strange_clocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(strange_nights); i++)
        check_night(&strange_nights[i]);
}

/* --- against a slow reading of the rules --- */

static const char *const zones[] = {
    "UTC",
    "Europe/Vienna",
    "Europe/Dublin",
    "Europe/Moscow",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Caracas",
    "America/Nuuk",
    "America/Asuncion",
    "Australia/Lord_Howe",
    "Australia/Adelaide",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Asia/Kathmandu",
    "Antarctica/Troll",
    "Antarctica/Casey",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kwajalein",
};

static const char *const lines[] = {
    "30 2 * * *",   "0 * * * *",    "* * * * *",   "*/7 * * * *",  "0 0 * * *",
    "15 1,2 * * *", "59 23 * * 6",  "0 0 30 * *",  "45 1-3 * * *", "10-20/5 0-4/2 1-7 * 0",
    "0 3 */2 * 0",  "0 2 * 3,10 7", "1 0 31 12 *", "59 1 * 4 *",   "0 12 13 * 5",
};

static int take_number(const char **text)
{
    int number = 0;

    for (; isdigit((unsigned char)**text); ++*text)
        number = number * 10 + **text - '0';
    return number;
}

/* A cron field of numbers, read again in another way: does it name the value? */
static bool field_names(const char *field, int value)
{
    while (*field && *field != ' ') {
        int low = 0;
        int high = 99;
        int step = 1;

        if (*field == '*') {
            field++;
        } else {
            low = high = take_number(&field);
            if (*field == '-' && field++)
                high = take_number(&field);
        }
        if (*field == '/' && field++)
            step = take_number(&field);
        if (value >= low && value <= high && (value - low) % step == 0)
            return true;
        field += *field == ',';
    }
    return false;
}

/* A line as five lists of answers. */
struct wanted {
    bool values[5][60];
    bool is_either;
};

static struct wanted wanted_of(const char *line)
{
    struct wanted wanted = {.is_either = true};

    for (int i = 0; i < 5; i++) {
        // days and months are counted from 1, so a step over all of them is, too
        int first = *line == '*' && (i == 2 || i == 3);

        for (int value = first; value < 60; value++)
            wanted.values[i][value] = field_names(line, value - first);
        if (*line == '*' && (i == 2 || i == 4))
            wanted.is_either = false;
        line += strcspn(line, " ");
        line += *line == ' ';
    }
    wanted.values[4][0] = wanted.values[4][0] || wanted.values[4][7];
    return wanted;
}

static bool wants(const struct wanted *wanted, int64_t local_minute)
{
    int64_t hour = floor_div(local_minute, 60);

    if (!wanted->values[0][local_minute - hour * 60] ||
        !wanted->values[1][hour - floor_div(hour, 24) * 24])
        return false;
    struct civil date = civil_of_seconds(local_minute * 60);
    bool is_day = wanted->values[2][date.day];
    bool is_weekday = wanted->values[4][date.weekday];

    return wanted->values[3][date.month] &&
           (wanted->is_either ? is_day || is_weekday : is_day && is_weekday);
}

enum { WALK_MINUTES = 5 * 1440, MARGIN_MINUTES = 3 * 1440 };

/* Five days, minute by minute in UTC, and what the local clock shows then. */
struct walk {
    int64_t start_ms;
    int64_t local_minutes[WALK_MINUTES];
    int64_t slots_ms[WALK_MINUTES];
    int count;
    bool has_come[WALK_MINUTES + 2 * MARGIN_MINUTES]; /* local minutes that were due or passed */
};

static void walk_clock(struct walk *walk, const struct zone *zone)
{
    for (int i = 0; i < WALK_MINUTES; i++) {
        int64_t utc_s = walk->start_ms / 1000 + (int64_t)i * 60;

        walk->local_minutes[i] = floor_div(utc_s + zone_offset_s(zone, utc_s), 60);
    }
}

/* The first time that a local minute comes or is left out: is the line due for it? */
static bool come(struct walk *walk, const struct wanted *wanted, int64_t local_minute)
{
    bool *has_come = &walk->has_come[local_minute - walk->local_minutes[0] + MARGIN_MINUTES];

    if (*has_come)
        return false;
    *has_come = true;
    return wants(wanted, local_minute);
}

static void walk_slots(struct walk *walk, const char *line)
{
    struct wanted wanted = wanted_of(line);

    memset(walk->has_come, 0, sizeof walk->has_come);
    walk->count = 0;
    for (int i = 0; i < WALK_MINUTES; i++) {
        int64_t now = walk->local_minutes[i];
        bool is_due = false;

        for (int64_t left_out = i ? walk->local_minutes[i - 1] + 1 : now; left_out < now;
             left_out++)
            is_due = come(walk, &wanted, left_out) || is_due;
        is_due = come(walk, &wanted, now) || is_due;
        if (is_due)
            walk->slots_ms[walk->count++] = walk->start_ms + i * MINUTE_MS;
    }
}

static void fail_at(const char *what, const char *line, const struct zone *zone, int64_t at_ms,
                    int64_t got_ms)
{
    char at[CLOCK_TEXT_SIZE];

    fail_msg("%s: %s in %s at %s: %+jd s", what, line, zone_name(zone), clock_text(at_ms, at),
             (intmax_t)(got_ms - at_ms) / 1000);
}

/* Between two slots that the walk found there is none, from each of its minutes. */
static void compare_walk(const struct walk *walk, const char *line, const struct zone *zone)
{
    auto_calendar struct calendar *calendar = calendar_of(line);

    for (int i = 0; i + 1 < walk->count; i++) {
        int64_t slot_ms = walk->slots_ms[i];
        int64_t next_ms = walk->slots_ms[i + 1];
        int64_t middle_ms = walk->start_ms + WALK_MINUTES * MINUTE_MS / 2;
        // of lines that are due all day only what is near the change
        if (walk->count > 500 && llabs(slot_ms - middle_ms) > 2 * HOUR_MS)
            continue;
        const int64_t between_ms[] = {slot_ms, slot_ms + 1, (slot_ms + next_ms) / 2, next_ms - 1};

        for (size_t j = 0; j < COUNT_OF(between_ms); j++) {
            int64_t next_got_ms = calendar_next_ms(calendar, zone, between_ms[j]);
            int64_t last_got_ms = calendar_last_ms(calendar, zone, between_ms[j]);

            if (next_got_ms != next_ms)
                fail_at("next", line, zone, between_ms[j], next_got_ms);
            if (last_got_ms != slot_ms)
                fail_at("last", line, zone, between_ms[j], last_got_ms);
        }
    }
}

static void slots_are_those_of_a_clock_watched_minute_by_minute(void **state)
{
    struct walk *walk = xcalloc(1, sizeof *walk);
    int nights_walked = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(zones); i++) {
        auto_zone struct zone *zone = zone_named(zones[i]);
        int64_t change_s = moment_ms("1992-06-01 00:00") / 1000;
        int64_t end_s = moment_ms("2032-06-01 00:00") / 1000;
        bool is_all = i == 1; // all changes of one zone, two of every seven years of the others

        while ((change_s = zone_next_change_s(zone, change_s)) < end_s) {
            // every whole minute, since the changes of these years are at whole minutes
            walk->start_ms = (change_s - WALK_MINUTES * INT64_C(30)) * 1000;
            walk_clock(walk, zone);
            for (size_t j = 0; j < COUNT_OF(lines); j++) {
                walk_slots(walk, lines[j]);
                compare_walk(walk, lines[j], zone);
            }
            nights_walked++;
            if (!is_all && nights_walked % 2 == 0)
                change_s += INT64_C(7) * 365 * DAY_S;
        }
    }
    free(walk);
    assert_true(nights_walked > 200);
}

static uint64_t draw(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void check_order(const struct calendar *calendar, const struct zone *zone, const char *line,
                        int64_t at_ms)
{
    int64_t next_ms = calendar_next_ms(calendar, zone, at_ms);
    int64_t last_ms = calendar_last_ms(calendar, zone, at_ms);

    if (last_ms == INT64_MIN || next_ms == INT64_MAX)
        fail_at("none", line, zone, at_ms, at_ms);
    if (next_ms <= at_ms || calendar_last_ms(calendar, zone, next_ms) != next_ms)
        fail_at("next", line, zone, at_ms, next_ms);
    if (last_ms > at_ms || calendar_next_ms(calendar, zone, last_ms - 1) != last_ms)
        fail_at("last", line, zone, at_ms, last_ms);
    if (calendar_next_ms(calendar, zone, last_ms) != next_ms)
        fail_at("next of last", line, zone, at_ms, next_ms);
    if (calendar_last_ms(calendar, zone, next_ms - 1) != last_ms)
        fail_at("last before next", line, zone, at_ms, last_ms);
    if (calendar_next_ms(calendar, zone, next_ms) <= next_ms)
        fail_at("next of next", line, zone, at_ms, next_ms);
}

static void slots_are_ordered_at_all_times(void **state)
{
    static const char *const others[] = {"0 0 29 2 *", "0 0 29 2 1", "every 6h", "every 90s",
                                         "@yearly"};
    int64_t from_ms = moment_ms("1850-01-01 00:00");
    uint64_t span_ms = (uint64_t)(moment_ms("2250-01-01 00:00") - from_ms);
    uint64_t random = 1;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(zones); i++) {
        auto_zone struct zone *zone = zone_named(zones[i]);

        for (size_t j = 0; j < COUNT_OF(lines) + COUNT_OF(others); j++) {
            const char *line = j < COUNT_OF(lines) ? lines[j] : others[j - COUNT_OF(lines)];
            auto_calendar struct calendar *calendar = calendar_of(line);

            for (int k = 0; k < 60; k++) {
                int64_t at_ms = from_ms + (int64_t)(draw(&random) % span_ms);
                int64_t change_s = zone_next_change_s(zone, at_ms / 1000);

                check_order(calendar, zone, line, at_ms);
                // where it is difficult
                if (change_s < INT64_MAX) {
                    check_order(calendar, zone, line,
                                change_s * 1000 +
                                    (int64_t)(draw(&random) % (uint64_t)(4 * HOUR_MS)) -
                                    2 * HOUR_MS);
                }
            }
        }
    }
}

static void what_is_too_far_away_is_none(void **state)
{
    auto_zone struct zone *zone = zone_named("Europe/Vienna");
    auto_calendar struct calendar *daily = calendar_of("@daily");
    auto_calendar struct calendar *every = calendar_of("every 6h");
    auto_calendar struct calendar *sunday = calendar_of("0 0 29 2 */7");

    (void)state;
    /* Leap days that are Sundays: 2088, and after a century without a leap day 2128. */
    assert_int_equal(calendar_next_ms(sunday, zone, moment_ms("2088-03-01 00:00")), INT64_MAX);
    assert_int_equal(calendar_last_ms(sunday, zone, moment_ms("2128-02-01 00:00")), INT64_MIN);
    assert_int_equal(calendar_next_ms(sunday, zone, moment_ms("2088-02-01 00:00")),
                     moment_ms("2088-02-28 23:00"));
    assert_int_equal(calendar_next_ms(daily, zone, INT64_MAX), INT64_MAX);
    assert_int_equal(calendar_last_ms(daily, zone, INT64_MIN), INT64_MIN);
    assert_int_equal(calendar_next_ms(every, zone, INT64_MAX), INT64_MAX);
    assert_int_equal(calendar_last_ms(every, zone, INT64_MIN), INT64_MIN);
    assert_true(calendar_last_ms(daily, zone, INT64_MAX) > INT64_MAX - 2 * DAY_MS);
    assert_true(calendar_next_ms(daily, zone, INT64_MIN) < INT64_MIN + 2 * DAY_MS);
}

/* --- not all at once --- */

static void a_job_starts_at_the_same_offset_every_time(void **state)
{
    static const struct {
        const char *why;
        const char *line;
        const char *host;
        const char *job;
        int64_t spread_ms;
        int64_t want_ms;
    } rows[] = {
        /* printf 'build-1\0nightly' | sha256sum: the first 15 digits, modulo */
        {"an hour", "@daily", "build-1", "nightly", HOUR_MS, 1174587},
        {"another host", "@daily", "build-2", "nightly", HOUR_MS, 2238803},
        {"another job", "@daily", "build-1", "weekly", HOUR_MS, 1761400},
        {"the border between the names counts", "@daily", "build-", "1nightly", HOUR_MS, 3583036},
        {"no spread", "@daily", "build-1", "nightly", 0, 0},
        {"a spread of nearly nothing", "@daily", "build-1", "nightly", 1, 0},
        {"a spread over half a day is cut", "@daily", "build-1", "nightly", 7 * DAY_MS, 11974587},
        {"a spread over half an hour is cut", "@hourly", "build-2", "nightly", HOUR_MS, 438803},
    };
    auto_zone struct zone *zone = zone_named("UTC");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_calendar struct calendar *calendar = calendar_of(rows[i].line);

        for (int day = 0; day < 20; day++) {
            int64_t slot_ms = moment_ms("2026-05-05 00:00") + day * DAY_MS;
            int64_t got_ms = calendar_offset_ms(calendar, zone, slot_ms, rows[i].spread_ms,
                                                rows[i].host, rows[i].job);

            if (got_ms != rows[i].want_ms)
                fail_msg("%s: %jd ms, want %jd", rows[i].why, (intmax_t)got_ms,
                         (intmax_t)rows[i].want_ms);
        }
    }
}

static void a_fleet_is_spread_evenly(void **state)
{
    enum { HOSTS = 8000, BINS = 8 };
    static const struct {
        const char *why;
        const char *line;
        int64_t spread_ms;
        int64_t width_ms;
    } rows[] = {
        {"an hour in a day", "@daily", HOUR_MS, HOUR_MS},
        {"more than half an hour in an hour", "@hourly", 45 * MINUTE_MS, 30 * MINUTE_MS},
        {"all of it", "every 1h", 24 * HOUR_MS, 30 * MINUTE_MS},
    };
    auto_zone struct zone *zone = zone_named("UTC");
    int64_t slot_ms = moment_ms("2026-05-05 00:00");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        auto_calendar struct calendar *calendar = calendar_of(rows[i].line);
        int bins[BINS] = {0};

        for (int host = 0; host < HOSTS; host++) {
            char name[32];

            snprintf(name, sizeof name, "host-%d", host);
            int64_t offset_ms =
                calendar_offset_ms(calendar, zone, slot_ms, rows[i].spread_ms, name, "job");
            assert_true(offset_ms >= 0 && offset_ms < rows[i].width_ms);
            bins[offset_ms * BINS / rows[i].width_ms]++;
        }
        // 1,000 are expected in each; 150 is five standard deviations, and nothing is random here
        for (int bin = 0; bin < BINS; bin++) {
            if (bins[bin] < HOSTS / BINS - 150 || bins[bin] > HOSTS / BINS + 150)
                fail_msg("%s: %d hosts in part %d", rows[i].why, bins[bin], bin);
        }
    }
}

static void a_short_night_shortens_the_offset(void **state)
{
    auto_zone struct zone *zone = zone_named("Australia/Lord_Howe");
    auto_calendar struct calendar *calendar = calendar_of("@hourly");
    int64_t short_ms = moment_ms("2026-10-03 15:30"); // the next slot is half an hour later
    int64_t usual_ms = moment_ms("2026-10-03 17:00");
    int changed = 0;

    (void)state;
    for (int host = 0; host < 100; host++) {
        char name[32];

        snprintf(name, sizeof name, "host-%d", host);
        int64_t got_ms = calendar_offset_ms(calendar, zone, short_ms, 20 * MINUTE_MS, name, "job");
        int64_t other_ms =
            calendar_offset_ms(calendar, zone, usual_ms, 20 * MINUTE_MS, name, "job");
        assert_true(got_ms < 15 * MINUTE_MS && other_ms < 20 * MINUTE_MS);
        // those that can keep theirs do
        assert_true(got_ms == other_ms || other_ms >= 15 * MINUTE_MS);
        changed += got_ms != other_ms;
    }
    assert_true(changed > 0);
    /* A moment that is no slot, a millisecond before one: there is no room. */
    assert_int_equal(calendar_offset_ms(calendar, zone, usual_ms - 1, HOUR_MS, "a", "b"), 0);
    calendar_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nights_of_a_changing_clock),
        cmocka_unit_test(the_nights_of_strange_clocks),
        cmocka_unit_test(slots_are_those_of_a_clock_watched_minute_by_minute),
        cmocka_unit_test(slots_are_ordered_at_all_times),
        cmocka_unit_test(what_is_too_far_away_is_none),
        cmocka_unit_test(a_job_starts_at_the_same_offset_every_time),
        cmocka_unit_test(a_fleet_is_spread_evenly),
        cmocka_unit_test(a_short_night_shortens_the_offset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
