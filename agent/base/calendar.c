/*
 * Both rules for cron lines come down to one: a local time is due at the first moment at which
 * the local clock has reached it. A clock put forward reaches what it leaves out when it jumps;
 * one put back has reached what comes again. How far the clock has come (reached_until) never
 * goes back, so order on the local clock is order in UTC:
 *
 *   next   the moment of the first local time in the line after reached_until(after)
 *   last   the moment of the last one not after reached_until(now)
 *
 * Days are looked at one by one, but only those of the months in the line.
 */
#include "base/calendar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/calendar_parts.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/zone_parts.h"

enum {
    DAY_MINUTES = 1440,
    HORIZON_DAYS = 30 * 366,
    /* Two clocks can not be further apart than this. */
    OVERLAP_S = 2 * ZONE_OFFSET_MAX_S,
    HASH_HEX_SIZE = 15, /* 60 bits, which is never negative */
};

#define HORIZON_S ((int64_t)HORIZON_DAYS * DAY_S)

static bool has(uint64_t set, int value)
{
    return set >> value & 1;
}

/* The furthest that the local clock has shown, up to that moment. */
static int64_t reached_until(const struct zone *zone, int64_t utc_s)
{
    int64_t furthest = utc_s + zone_offset_s(zone, utc_s);
    int64_t change = zone_next_change_s(zone, utc_s - OVERLAP_S);

    for (; change <= utc_s; change = zone_next_change_s(zone, change)) {
        int64_t before = change - 1 + zone_offset_s(zone, change - 1);

        if (before > furthest)
            furthest = before;
    }
    return furthest;
}

/* The first moment at which the local clock shows that or more. */
static int64_t reached_at(const struct zone *zone, int64_t local_s)
{
    int64_t start = local_s - ZONE_OFFSET_MAX_S;

    for (;;) {
        int64_t end = zone_next_change_s(zone, start);
        int64_t at = local_s - zone_offset_s(zone, start);

        if (at < end)
            return at > start ? at : start;
        start = end;
    }
}

static bool is_day_due(const struct calendar *calendar, const struct civil *date)
{
    bool by_day = has(calendar->sets[FIELD_DAY], date->day);
    bool by_weekday = has(calendar->sets[FIELD_WEEKDAY], date->weekday);

    return calendar->either_day ? by_day || by_weekday : by_day && by_weekday;
}

/* The first due minute of a due day, from that one on; -1: none. */
static int first_minute(const struct calendar *calendar, int from)
{
    for (int minute = from; minute < DAY_MINUTES; minute += 60 - minute % 60) {
        uint64_t rest = calendar->sets[FIELD_MINUTE] >> (minute % 60);

        if (has(calendar->sets[FIELD_HOUR], minute / 60) && rest)
            return minute + __builtin_ctzll(rest);
    }
    return -1;
}

/* The last due minute of a due day, up to that one; -1: none. */
static int last_minute(const struct calendar *calendar, int until)
{
    for (int minute = until; minute >= 0; minute -= minute % 60 + 1) {
        uint64_t rest = calendar->sets[FIELD_MINUTE] << (63 - minute % 60);

        if (has(calendar->sets[FIELD_HOUR], minute / 60) && rest)
            return minute - __builtin_clzll(rest);
    }
    return -1;
}

/* The first local time in the line after that one; INT64_MAX: none before the horizon. */
static int64_t next_local(const struct calendar *calendar, int64_t local_s)
{
    int64_t minute = floor_div(local_s, 60) + 1;
    int64_t day = floor_div(minute, DAY_MINUTES);
    int from = (int)(minute - day * DAY_MINUTES);

    for (int64_t end = day + HORIZON_DAYS; day <= end; from = 0) {
        struct civil date = civil_of_seconds(day * DAY_S);

        if (!has(calendar->sets[FIELD_MONTH], date.month)) {
            day += civil_month_days(date.year, date.month) - date.day + 1;
            continue;
        }
        int found = is_day_due(calendar, &date) ? first_minute(calendar, from) : -1;
        if (found >= 0)
            return (day * DAY_MINUTES + found) * 60;
        day++;
    }
    return INT64_MAX;
}

/* The last local time in the line that is not after that one; INT64_MIN: none in the horizon. */
static int64_t last_local(const struct calendar *calendar, int64_t local_s)
{
    int64_t minute = floor_div(local_s, 60);
    int64_t day = floor_div(minute, DAY_MINUTES);
    int until = (int)(minute - day * DAY_MINUTES);

    for (int64_t end = day - HORIZON_DAYS; day >= end; until = DAY_MINUTES - 1) {
        struct civil date = civil_of_seconds(day * DAY_S);

        if (!has(calendar->sets[FIELD_MONTH], date.month)) {
            day -= date.day;
            continue;
        }
        int found = is_day_due(calendar, &date) ? last_minute(calendar, until) : -1;
        if (found >= 0)
            return (day * DAY_MINUTES + found) * 60;
        day--;
    }
    return INT64_MIN;
}

struct calendar *calendar_new(const char *text, struct err *err)
{
    auto_calendar struct calendar *calendar = xcalloc(1, sizeof *calendar);

    if (!calendar_parse(text, calendar, err))
        return NULL;
    return auto_take(calendar);
}

void calendar_free(struct calendar *calendar)
{
    free(calendar);
}

int64_t calendar_next_ms(const struct calendar *calendar, const struct zone *zone, int64_t after_ms)
{
    int64_t after_s = floor_div(after_ms, 1000);
    int64_t slot_ms;

    if (calendar->every_s > 0) {
        int64_t slot_s = (floor_div(after_s, calendar->every_s) + 1) * calendar->every_s;

        return __builtin_mul_overflow(slot_s, 1000, &slot_ms) ? INT64_MAX : slot_ms;
    }
    int64_t local_s = next_local(calendar, reached_until(zone, after_s));
    if (local_s == INT64_MAX)
        return INT64_MAX;
    int64_t slot_s = reached_at(zone, local_s);
    assert(slot_s > after_s);
    if (slot_s - after_s > HORIZON_S || __builtin_mul_overflow(slot_s, 1000, &slot_ms))
        return INT64_MAX;
    return slot_ms;
}

int64_t calendar_last_ms(const struct calendar *calendar, const struct zone *zone, int64_t now_ms)
{
    int64_t now_s = floor_div(now_ms, 1000);
    int64_t slot_ms;

    if (calendar->every_s > 0) {
        int64_t slot_s = floor_div(now_s, calendar->every_s) * calendar->every_s;

        return __builtin_mul_overflow(slot_s, 1000, &slot_ms) ? INT64_MIN : slot_ms;
    }
    int64_t local_s = last_local(calendar, reached_until(zone, now_s));
    if (local_s == INT64_MIN)
        return INT64_MIN;
    int64_t slot_s = reached_at(zone, local_s);
    assert(slot_s <= now_s);
    if (now_s - slot_s > HORIZON_S || __builtin_mul_overflow(slot_s, 1000, &slot_ms))
        return INT64_MIN;
    return slot_ms;
}

int64_t calendar_offset_ms(const struct calendar *calendar, const struct zone *zone,
                           int64_t slot_ms, int64_t spread_ms, const char *host, const char *job)
{
    struct digest *digest = digest_new();
    char hex[DIGEST_HEX_SIZE];

    // with its NUL: host "a", job "bc" is not host "ab", job "c"
    digest_add(digest, host, strlen(host) + 1);
    digest_add(digest, job, strlen(job));
    digest_hex(digest, hex);
    digest_free(digest);
    hex[HASH_HEX_SIZE] = '\0';

    int64_t hash = strtoll(hex, NULL, 16);
    int64_t following_ms = calendar_next_ms(calendar, zone, slot_ms);
    int64_t offset_ms = spread_ms > 0 ? hash % spread_ms : 0;
    int64_t half_ms = following_ms == INT64_MAX ? INT64_MAX : (following_ms - slot_ms) / 2;

    // drawn anew where it does not fit, so that those do not all come at the same moment
    if (offset_ms < half_ms)
        return offset_ms;
    return half_ms > 0 ? hash % half_ms : 0;
}
