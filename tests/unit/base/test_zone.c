#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/zone_parts.h"

enum { NAMES_MAX = 1000 };

#define HOUR_S INT64_C(3600)

/* "2026-03-29 01:00:00" or "2026-03-29 01:00" */
static int64_t moment(const char *text)
{
    struct tm time = {0};
    const char *rest = strptime(text, "%Y-%m-%d %H:%M", &time);

    if (!rest || (*rest && !strptime(rest, ":%S", &time)))
        fail_msg("no moment: %s", text);
    return timegm(&time);
}

static uint64_t draw(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static void a_date_is_a_number_of_days_and_back(void **state)
{
    static const struct {
        const char *why;
        struct civil date;
        int64_t days;
    } rows[] = {
        {"where days are counted from, a Thursday", {1970, 1, 1, 4, 0, 0, 0}, 0},
        {"the day before", {1969, 12, 31, 3, 0, 0, 0}, -1},
        {"a leap day", {2024, 2, 29, 4, 0, 0, 0}, 19782},
        {"a century with a leap day", {2000, 2, 29, 2, 0, 0, 0}, 11016},
        {"the last day of four centuries", {2000, 12, 31, 0, 0, 0, 0}, 11322},
        {"a century without: the day before March", {1900, 2, 28, 3, 0, 0, 0}, -25509},
        {"its March", {1900, 3, 1, 4, 0, 0, 0}, -25508},
        {"the year 0 was a leap year", {0, 2, 29, 2, 0, 0, 0}, -719469},
        {"far behind", {-400, 3, 1, 3, 0, 0, 0}, -719468 - 146097},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct civil *date = &rows[i].date;
        struct civil got = civil_of_seconds(rows[i].days * DAY_S);

        if (civil_day_number(date->year, date->month, date->day) != rows[i].days ||
            memcmp(&got, date, sizeof got) != 0) {
            fail_msg("%s: %jd, and back %jd-%d-%d, weekday %d", rows[i].why,
                     (intmax_t)civil_day_number(date->year, date->month, date->day),
                     (intmax_t)got.year, got.month, got.day, got.weekday);
        }
    }
}

static void dates_are_those_of_the_system(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        int64_t span = i % 2 ? INT64_C(4000000000) : INT64_C(400000000000);
        int64_t at_s = (int64_t)(draw(&random) % (uint64_t)(2 * span)) - span;
        struct civil got = civil_of_seconds(at_s);
        time_t time = at_s;
        struct tm want;

        gmtime_r(&time, &want);
        if (got.year != want.tm_year + 1900 || got.month != want.tm_mon + 1 ||
            got.day != want.tm_mday || got.weekday != want.tm_wday || got.hour != want.tm_hour ||
            got.minute != want.tm_min || got.second != want.tm_sec || civil_seconds(&got) != at_s)
            fail_msg("%jd: %jd-%d-%d %d:%d:%d", (intmax_t)at_s, (intmax_t)got.year, got.month,
                     got.day, got.hour, got.minute, got.second);
    }
}

/* Names out of the list that comes with the zones, and some that it does not have. */
static size_t zone_names(char *names[NAMES_MAX])
{
    static const char *const others[] = {"UTC", "Etc/GMT+12", "Etc/GMT-14", "CET", "EST5EDT"};
    FILE *list = fopen("/usr/share/zoneinfo/zone.tab", "re");
    char line[512];
    char name[128];
    size_t count = 0;

    if (!list)
        fail_msg("no time zones here: install tzdata");
    while (fgets(line, sizeof line, list) && count < NAMES_MAX - COUNT_OF(others)) {
        if (*line != '#' && sscanf(line, "%*s %*s %127s", name) == 1)
            names[count++] = xstrdup(name);
    }
    fclose(list);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        names[count++] = xstrdup(others[i]);
    return count;
}

static void compare_with_system(const struct zone *zone, int64_t at_s)
{
    time_t time = at_s;
    struct tm local;
    struct civil got = zone_civil(zone, at_s);

    localtime_r(&time, &local);
    if (zone_offset_s(zone, at_s) != local.tm_gmtoff)
        fail_msg("%s at %jd: %jd s, the system says %ld s", zone_name(zone), (intmax_t)at_s,
                 (intmax_t)zone_offset_s(zone, at_s), local.tm_gmtoff);
    if (got.year != local.tm_year + 1900 || got.month != local.tm_mon + 1 ||
        got.day != local.tm_mday || got.weekday != local.tm_wday || got.hour != local.tm_hour ||
        got.minute != local.tm_min || got.second != local.tm_sec)
        fail_msg("%s at %jd is another date", zone_name(zone), (intmax_t)at_s);
}

/* The changes of 200 years: nothing changes between them, something does at each. */
static void walk_changes(const struct zone *zone, uint64_t *random)
{
    int64_t from_s = moment("1900-01-01 00:00");
    int64_t end_s = moment("2100-01-01 00:00");

    while (from_s < end_s) {
        int64_t change_s = zone_next_change_s(zone, from_s);
        int64_t until_s = change_s < end_s ? change_s : end_s;

        assert_true(change_s > from_s);
        for (int i = 0; i < 5; i++) {
            int64_t at_s = from_s + (int64_t)(draw(random) % (uint64_t)(until_s - from_s));

            assert_int_equal(zone_offset_s(zone, at_s), zone_offset_s(zone, from_s));
            compare_with_system(zone, at_s);
        }
        compare_with_system(zone, until_s - 1);
        compare_with_system(zone, until_s);
        if (change_s < end_s)
            assert_int_not_equal(zone_offset_s(zone, change_s - 1), zone_offset_s(zone, change_s));
        from_s = until_s;
    }
}

static void every_zone_is_what_the_system_makes_of_it(void **state)
{
    char *names[NAMES_MAX];
    size_t count = zone_names(names);
    uint64_t random = 1;

    (void)state;
    assert_true(count > 200);
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        auto_zone struct zone *zone = zone_new(names[i], &err);

        if (!zone)
            fail_msg("%s: %s", names[i], err.message);
        assert_string_equal(zone_name(zone), names[i]);
        setenv("TZ", names[i], 1);
        tzset();
        walk_changes(zone, &random);
        free(names[i]);
    }
    unsetenv("TZ");
    tzset();
}

static void a_rule_goes_on_for_ever(void **state)
{
    static const char vienna[] = "CET-1CEST,M3.5.0,M10.5.0/3";
    static const char adelaide[] = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
    static const char dublin[] = "IST-1GMT0,M10.5.0,M3.5.0/1";
    static const char nuuk[] = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";
    static const char gaza[] = "EET-2EEST,M3.4.4/50,M10.4.4/50";
    static const char egypt[] = "EET-2EEST,M4.5.5/0,M10.5.4/24";
    static const char julian[] = "AAA3BBB,J60/0,J365/0";
    static const char number[] = "AAA3BBB,59/0,365/0";
    static const struct {
        const char *why;
        const char *rule;
        const char *utc;
        int64_t want_s;
        const char *next; /* NULL: never */
    } rows[] = {
        {"winter", vienna, "2050-01-15 12:00", HOUR_S, "2050-03-27 01:00"},
        {"a second before summer", vienna, "2050-03-27 00:59:59", HOUR_S, "2050-03-27 01:00"},
        {"summer", vienna, "2050-03-27 01:00", 2 * HOUR_S, "2050-10-30 01:00"},
        {"winter, over the year's end", vienna, "2050-10-30 01:00", HOUR_S, "2051-03-26 01:00"},
        {"a century without a leap day", vienna, "2100-02-28 12:00", HOUR_S, "2100-03-28 01:00"},
        {"the last Sunday is the fifth", vienna, "2048-03-01 00:00", HOUR_S, "2048-03-29 01:00"},
        {"the south's summer spans the new year", adelaide, "2050-01-01 00:00", 11 * HOUR_S,
         "2050-04-02 15:00"},
        {"half an hour of difference", adelaide, "2050-06-01 00:00", 37800, "2050-10-01 15:30"},
        {"winter time told as summer time", dublin, "2050-01-15 12:00", 0, "2050-03-27 01:00"},
        {"and its summer as standard", dublin, "2050-07-15 12:00", HOUR_S, "2050-10-30 01:00"},
        {"an hour before the day", nuuk, "2050-03-27 00:59:59", -2 * HOUR_S, "2050-03-27 01:00"},
        {"summer is an hour more when nothing is said", nuuk, "2050-07-01 00:00", -HOUR_S,
         "2050-10-30 01:00"},
        {"two days and two hours behind the day", gaza, "2050-03-01 00:00", 2 * HOUR_S,
         "2050-03-26 00:00"},
        {"24 o'clock", egypt, "2050-10-01 00:00", 3 * HOUR_S, "2050-10-27 21:00"},
        {"J60 is 1 March in a leap year", julian, "2048-02-29 12:00", -3 * HOUR_S,
         "2048-03-01 03:00"},
        {"J60 is 1 March in others", julian, "2049-02-28 12:00", -3 * HOUR_S, "2049-03-01 03:00"},
        {"J365 is New Year's Eve", julian, "2048-12-01 12:00", -2 * HOUR_S, "2048-12-31 02:00"},
        {"59 is the leap day", number, "2048-02-28 12:00", -3 * HOUR_S, "2048-02-29 03:00"},
        {"59 is 1 March in others", number, "2049-02-28 12:00", -3 * HOUR_S, "2049-03-01 03:00"},
        {"365 is New Year's Eve of a leap year", number, "2048-12-01 00:00", -2 * HOUR_S,
         "2048-12-31 02:00"},
        {"365 is the next year's first day in others", number, "2049-12-31 23:00", -2 * HOUR_S,
         "2050-01-01 02:00"},
        {"no summer", "<+0545>-5:45", "2050-07-01 00:00", 20700, NULL},
        {"seconds", "AAA-1:02:03", "2050-07-01 00:00", 3723, NULL},
        {"a plus is west", "AAA+3", "2050-07-01 00:00", -3 * HOUR_S, NULL},
        {"summer all year (RFC 9636)", "EST5EDT,0/0,J365/25", "2050-12-31 23:59", -4 * HOUR_S,
         NULL},
        {"summer all year, west of standard (RFC 9636)", "XXX3EDT4,0/0,J365/23", "2050-01-01 00:00",
         -4 * HOUR_S, NULL},
        {"the same offset twice", "AAA3BBB3,M3.5.0,M10.5.0", "2050-07-01 00:00", -3 * HOUR_S, NULL},
        {"summer but for the leap days: the next change is years away", "AAA0BBB,J60/0,59/1",
         "2049-06-01 00:00", HOUR_S, "2052-02-29 00:00"},
        {"dates of the neighbouring years", "AAA0BBB,0/-167,J365/167", "2050-01-05 00:00", HOUR_S,
         "2050-01-06 22:00"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t at_s = moment(rows[i].utc);
        int64_t want_next_s = rows[i].next ? moment(rows[i].next) : INT64_MAX;
        struct zone_rule rule;

        if (!zone_rule_parse(rows[i].rule, &rule))
            fail_msg("%s: %s is refused", rows[i].why, rows[i].rule);
        if (zone_rule_offset_s(&rule, at_s) != rows[i].want_s)
            fail_msg("%s: %s at %s is %jd s ahead", rows[i].why, rows[i].rule, rows[i].utc,
                     (intmax_t)zone_rule_offset_s(&rule, at_s));
        if (zone_rule_next_s(&rule, at_s) != want_next_s)
            fail_msg("%s: %s at %s changes next in %jd s", rows[i].why, rows[i].rule, rows[i].utc,
                     (intmax_t)(zone_rule_next_s(&rule, at_s) - at_s));
    }
}

static void what_is_no_rule_is_refused(void **state)
{
    static const struct {
        const char *why;
        const char *text;
    } rows[] = {
        {"nothing", ""},
        {"no offset", "CET"},
        {"a short name", "CE-1"},
        {"a quoted name that does not end", "<+01-1"},
        {"a short quoted name", "<+1>-1"},
        {"an offset of 25 hours", "CET-25"},
        {"60 minutes", "CET-1:60"},
        {"60 seconds", "CET-1:00:60"},
        {"four parts", "CET-1:00:00:00"},
        {"no minutes behind the colon", "CET-1:"},
        {"a number that overflows", "CET-99999999999999999999"},
        {"summer without dates", "CET-1CEST"},
        {"one date", "CET-1CEST,M3.5.0"},
        {"three dates", "CET-1CEST,M3.5.0,M10.5.0,M11.5.0"},
        {"month 13", "CET-1CEST,M13.5.0,M10.5.0"},
        {"month 0", "CET-1CEST,M0.5.0,M10.5.0"},
        {"week 0", "CET-1CEST,M3.0.0,M10.5.0"},
        {"week 6", "CET-1CEST,M3.6.0,M10.5.0"},
        {"weekday 7", "CET-1CEST,M3.5.7,M10.5.0"},
        {"no weekday", "CET-1CEST,M3.5,M10.5.0"},
        {"J0", "CET-1CEST,J0,J365"},
        {"J366", "CET-1CEST,J1,J366"},
        {"day 366", "CET-1CEST,0,366"},
        {"168 hours", "CET-1CEST,M3.5.0/168,M10.5.0"},
        {"something behind it", "CET-1CEST,M3.5.0,M10.5.0/3 "},
        {"something behind an offset", "CET-1,"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct zone_rule rule;

        if (zone_rule_parse(rows[i].text, &rule))
            fail_msg("%s: %s is accepted", rows[i].why, rows[i].text);
    }
}

/* A file in the making. */
struct made {
    unsigned char bytes[1024];
    size_t size;
};

static void put(struct made *made, uint64_t value, int size)
{
    while (size-- > 0)
        made->bytes[made->size++] = (unsigned char)(value >> (8 * size));
}

static void put_text(struct made *made, const char *text, size_t size)
{
    memcpy(made->bytes + made->size, text, size);
    made->size += size;
}

static void put_header(struct made *made, char version, uint32_t leaps, uint32_t times,
                       uint32_t types)
{
    put_text(made, "TZif", 4);
    put(made, (unsigned char)version, 1);
    put_text(made, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    put(made, 0, 4);
    put(made, 0, 4);
    put(made, leaps, 4);
    put(made, times, 4);
    put(made, types, 4);
    put(made, 4, 4);
}

enum { CHANGE_1 = 1000000, CHANGE_2 = 2000000, CHANGE_3 = 3000000 };

/* Types 0 and 1 an hour ahead (the second as summer), 2 two hours; three changes: 1, 2, 0. */
static void put_block(struct made *made, int time_size)
{
    put(made, CHANGE_1, time_size);
    put(made, CHANGE_2, time_size);
    put(made, CHANGE_3, time_size);
    put_text(made, "\1\2\0", 3);
    put_text(made, "\0\0\x0e\x10\0\0", 6);
    put_text(made, "\0\0\x0e\x10\1\0", 6);
    put_text(made, "\0\0\x1c\x20\1\0", 6);
    // names do not matter; these would do as the offset of one type more
    put_text(made, "\0\0\0A", 4);
}

static struct made made_file(char version, const char *footer)
{
    struct made made = {.size = 0};

    put_header(&made, version, 0, 3, 3);
    put_block(&made, 4);
    if (!version)
        return made;
    put_header(&made, version, 0, 3, 3);
    put_block(&made, 8);
    put_text(&made, footer, strlen(footer));
    return made;
}

/* Of memory that ends with the bytes, for the address sanitizer. */
static struct zone *parse(const struct made *made, struct err *err)
{
    auto_free unsigned char *bytes = xcalloc(made->size + !made->size, 1);

    memcpy(bytes, made->bytes, made->size);
    return zone_parse("Made/Up", bytes, made->size, err);
}

static void files_of_all_versions_are_read(void **state)
{
    static const struct {
        const char *why;
        char version;
        const char *footer;
        int64_t at_s;
        int64_t want_s;
        int64_t next_s;
    } rows[] = {
        {"before all changes, type 0 holds", '2', "\nABC-1\n", -5000000, 3600, CHANGE_2},
        {"another type with the same offset is no change", '2', "\nABC-1\n", CHANGE_1, 3600,
         CHANGE_2},
        {"just before a change", '2', "\nABC-1\n", CHANGE_2 - 1, 3600, CHANGE_2},
        {"at a change", '2', "\nABC-1\n", CHANGE_2, 7200, CHANGE_3},
        {"behind the last one", '2', "\nABC-1\n", CHANGE_3, 3600, INT64_MAX},
        {"version 3", '3', "\nABC-1\n", CHANGE_2, 7200, CHANGE_3},
        {"version 4", '4', "\nABC-1\n", CHANGE_2, 7200, CHANGE_3},
        {"version 1 has 32 bits and no rule", 0, "", CHANGE_2, 7200, CHANGE_3},
        {"version 1, behind the last one", 0, "", CHANGE_3, 3600, INT64_MAX},
        {"an empty rule: as the last one", '2', "\n\n", CHANGE_3, 3600, INT64_MAX},
        {"a rule goes on", '2', "\nABC-1DEF,J60/0,J300/0\n", CHANGE_3, 3600,
         (31 + 28) * 86400 - 3600},
        {"a rule that does not agree is a change of its own", '2', "\nABC-5\n", CHANGE_3, 18000,
         INT64_MAX},
        {"a rule that makes the last change none", '2', "\nABC-2\n", CHANGE_2, 7200, INT64_MAX},
        {"a rule that is summer when it takes over", '2', "\nABC-1DEF,0/0,J40/0\n", CHANGE_2, 7200,
         39 * 86400 - 7200},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct made made = made_file(rows[i].version, rows[i].footer);
        struct err err = {0};
        auto_zone struct zone *zone = parse(&made, &err);

        if (!zone)
            fail_msg("%s: %s", rows[i].why, err.message);
        if (zone_offset_s(zone, rows[i].at_s) != rows[i].want_s)
            fail_msg("%s: %jd s ahead", rows[i].why, (intmax_t)zone_offset_s(zone, rows[i].at_s));
        if (zone_next_change_s(zone, rows[i].at_s) != rows[i].next_s)
            fail_msg("%s: changes next at %jd", rows[i].why,
                     (intmax_t)zone_next_change_s(zone, rows[i].at_s));
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (int version = 0; version <= '2'; version += '2') {
        struct made whole = made_file((char)version, "\nABC-1\n");

        for (size_t size = 0; size < whole.size; size++) {
            struct made cut = whole;
            struct err err = {0};

            cut.size = size;
            if (parse(&cut, &err))
                fail_msg("version %d, %zu of %zu bytes are accepted", version, size, whole.size);
            assert_int_equal(err.kind, ERR_CONFIG);
            assert_non_null(strstr(err.message, "install tzdata again"));
        }
    }
}

static void a_damaged_file_is_refused(void **state)
{
    enum { LONG = 44 + 3 * 5 + 18 + 4 }; /* where the second header starts */
    static const struct {
        const char *why;
        size_t at;
        unsigned char byte;
        const char *want;
    } rows[] = {
        {"not its first letters", 0, 'X', "damaged"},
        {"a version that never was", 4, '1', "damaged"},
        {"another word where the second header should be", LONG, 'X', "damaged"},
        {"more of everything than the file has", LONG + 32, 0xff, "damaged"},
        {"more of it in the first block", 24, 0xff, "damaged"},
        {"as many types as would overflow", LONG + 36, 0xff, "damaged"},
        {"no types", LONG + 39, 0, "damaged"},
        {"a letter count that reaches behind the end", LONG + 40, 0x7f, "damaged"},
        {"leap seconds", LONG + 31, 1, "leap seconds"},
        {"times that go backwards", LONG + 44 + 8 + 5, 0, "damaged"},
        {"a time out of all bounds", LONG + 44 + 2 * 8, 0x7f, "damaged"},
        {"a type that is not there", LONG + 44 + 24, 3, "damaged"},
        {"an offset of days in the first type", LONG + 44 + 27, 1, "damaged"},
        {"an offset of days in the last type", LONG + 44 + 27 + 12, 0xfe, "damaged"},
        {"no newline before the rule", LONG + 44 + 27 + 18 + 4, ' ', "damaged"},
        {"a rule that is none", LONG + 44 + 27 + 18 + 5, '1', "damaged"},
        {"a rule with a NUL", LONG + 44 + 27 + 18 + 6, 0, "damaged"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct made made = made_file('2', "\nABC-1\n");
        struct err err = {0};

        made.bytes[rows[i].at] = rows[i].byte;
        if (parse(&made, &err))
            fail_msg("%s: accepted", rows[i].why);
        assert_int_equal(err.kind, ERR_CONFIG);
        if (!strstr(err.message, rows[i].want))
            fail_msg("%s: %s", rows[i].why, err.message);
    }
    struct made twice = made_file('2', "\nABC-1\n");
    struct err err = {0};
    memcpy(twice.bytes + LONG + 44 + 8, twice.bytes + LONG + 44, 8);
    assert_null(parse(&twice, &err));
    assert_int_equal(err.kind, ERR_CONFIG);
}

/* --- files and names --- */

struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *folder = xcalloc(1, sizeof *folder);

    snprintf(folder->path, sizeof folder->path, "/tmp/test_zone.XXXXXX");
    *state = folder;
    if (!mkdtemp(folder->path))
        return -1;
    return setenv("TZDIR", folder->path, 1);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    int status = nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);

    free(folder);
    return unsetenv("TZDIR") || status;
}

static void write_file(const struct folder *folder, const char *name, const void *bytes,
                       size_t size)
{
    auto_free char *path = xasprintf("%s/%s", folder->path, name);
    auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
}

static void refused(const char *why, const char *name, const char *want)
{
    struct err err = {0};

    if (zone_new(name, &err))
        fail_msg("%s: \"%s\" is accepted", why, name);
    if (err.kind != ERR_CONFIG || !strstr(err.message, want))
        fail_msg("%s: \"%s\": %s", why, name, err.message);
}

static void a_name_leads_nowhere_else(void **state)
{
    struct folder *folder = *state;
    struct made made = made_file('2', "\nABC-1\n");
    auto_free char *absolute = xasprintf("%s/Outside", folder->path);
    auto_free char *inner = xasprintf("%s/zones", folder->path);
    auto_free char *sub = xasprintf("%s/zones/Sub", folder->path);
    struct err err = {0};
    const struct {
        const char *why;
        const char *name;
    } rows[] = {
        {"upwards", "../Outside"},
        {"upwards from inside", "Sub/../../Outside"},
        {"the folder itself", "."},
        {"nothing", ""},
        {"absolute", absolute},
        {"a slash alone", "/"},
        {"two slashes", "Sub//Inside"},
        {"a slash at the end", "Sub/"},
        {"a blank", "Sub/Inside "},
        {"a dot in it", "Sub/./Inside"},
        {"a colon, as TZ has it", ":Sub/Inside"},
        {"a folder", "Sub"},
        {"below a file", "Sub/Inside/Deeper"},
        {"a newline", "Sub/Ins\nide"},
    };

    write_file(folder, "Outside", made.bytes, made.size);
    assert_int_equal(mkdir(inner, 0700) || mkdir(sub, 0700), 0);
    write_file(folder, "zones/Sub/Inside", made.bytes, made.size);
    setenv("TZDIR", inner, 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        refused(rows[i].why, rows[i].name, "no time zone");
    auto_zone struct zone *zone = zone_new("Sub/Inside", &err);
    assert_non_null(zone);
    assert_int_equal(zone_offset_s(zone, CHANGE_2), 7200);
}

static void strange_names_are_printed_harmlessly(void **state)
{
    char longest[4000];

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    refused("an escape sequence", "Eur\x1b[2Jope", "\"Eur\\x1b[2Jope\"");
    refused("a long name is not repeated", longest, "this is no time zone");
}

static void a_nearby_name_is_suggested(void **state)
{
    static const char list[] = "# AQ\t+0+0\tAntarctica/Hidden\n"
                               "AT\t+4813+01620\tEurope/Vienna\n"
                               "US\t+404251-0740023\tAmerica/New_York\tEastern\n"
                               "XX\t+0+0\t../../Europe/Wiena\n"
                               "XX\n\n"
                               "DE\t+5230+01322\tEurope/Berlin\tmost of Germany";
    static const struct {
        const char *why;
        const char *name;
        const char *want;
    } rows[] = {
        {"a letter missing", "Europe/Viena", "\"Europe/Viena\": did you mean Europe/Vienna"},
        {"the German name", "Europe/Wien", "did you mean Europe/Vienna"},
        {"small letters", "europe/vienna", "did you mean Europe/Vienna"},
        {"capitals, which are as many mistakes as letters", "EUROPE/VIENNA",
         "did you mean Europe/Vienna"},
        {"another continent", "Europe/New_York", "did you mean America/New_York"},
        {"no continent", "Vienna", "did you mean Europe/Vienna"},
        {"the last line, without a newline", "Europe/Berlim", "did you mean Europe/Berlin"},
        {"small letters of the one that needs no file", "utc", "did you mean UTC"},
        {"a blank behind it", "Europe/Vienna ", "did you mean Europe/Vienna"},
        {"nothing near", "Middle-earth/Rivendell", "write one like Europe/Vienna"},
        {"a remark is no name", "Antarctica/Hiden", "write one like Europe/Vienna"},
    };
    const struct folder *folder = *state;

    write_file(folder, "zone.tab", list, sizeof list - 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        refused(rows[i].why, rows[i].name, rows[i].want);
}

static void the_other_list_helps_when_the_first_is_missing(void **state)
{
    static const char list[] = "AT\t+4813+01620\tEurope/Vienna\n";

    refused("no list", "Europe/Viena", "write one like Europe/Vienna");
    write_file(*state, "zone1970.tab", list, sizeof list - 1);
    refused("the other list", "Europe/Viena", "did you mean Europe/Vienna");
}

static void what_is_no_zone_file_is_refused(void **state)
{
    const struct folder *folder = *state;
    auto_free char *large = xcalloc(300000, 1);
    auto_free char *fifo = xasprintf("%s/Fifo", folder->path);
    auto_free char *locked = xasprintf("%s/Locked", folder->path);
    struct made made = made_file('2', "\nABC-1\n");
    struct err err = {0};

    memcpy(large, made.bytes, made.size);
    write_file(folder, "Large", large, 300000);
    write_file(folder, "Empty", "", 0);
    write_file(folder, "Text", "AT +4813+01620 Europe/Vienna, and so on and so forth", 50);
    write_file(folder, "Locked", made.bytes, made.size);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(chmod(locked, 0), 0);
    refused("300,000 bytes", "Large", "too large for a time zone");
    refused("no bytes", "Empty", "it is damaged or no time zone: install tzdata again");
    refused("a text", "Text", "it is damaged or no time zone: install tzdata again");
    refused("a pipe that nobody writes to", "Fifo", "no time zone is called \"Fifo\"");
    if (geteuid() == 0) // may read all
        return;
    assert_null(zone_new("Locked", &err));
    assert_int_equal(err.kind, ERR_IO);
}

static void a_machine_without_zones_knows_utc(void **state)
{
    const struct folder *folder = *state;
    auto_free char *missing = xasprintf("%s/missing", folder->path);
    auto_free char *want =
        xasprintf("find time zone Europe/Vienna: %s is missing: install tzdata", missing);
    struct err err = {0};

    setenv("TZDIR", missing, 1);
    refused("no zones at all", "Europe/Vienna", want);
    auto_zone struct zone *zone = zone_new("UTC", &err);
    assert_non_null(zone);
    assert_string_equal(zone_name(zone), "UTC");
    assert_int_equal(zone_offset_s(zone, INT64_MIN / 1000), 0);
    assert_int_equal(zone_offset_s(zone, INT64_MAX / 1000), 0);
    assert_int_equal(zone_next_change_s(zone, 0), INT64_MAX);
    zone_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_is_a_number_of_days_and_back),
        cmocka_unit_test(dates_are_those_of_the_system),
        cmocka_unit_test(every_zone_is_what_the_system_makes_of_it),
        cmocka_unit_test(a_rule_goes_on_for_ever),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(files_of_all_versions_are_read),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_damaged_file_is_refused),
        cmocka_unit_test_setup_teardown(a_name_leads_nowhere_else, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(strange_names_are_printed_harmlessly, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_nearby_name_is_suggested, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_other_list_helps_when_the_first_is_missing, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_zone_file_is_refused, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_machine_without_zones_knows_utc, make_folder,
                                        remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
