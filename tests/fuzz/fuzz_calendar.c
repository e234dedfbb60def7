/*
 * fuzz_calendar.c - a schedule from a configuration, a time zone from a file.
 *
 * The input is the schedule, a newline, the bytes of the zone file. Whatever both say, slots are
 * in order. Where one is refused the other is tried with a sound counterpart.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/calendar.h"
#include "base/mem.h"
#include "base/zone_parts.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void check(bool is_right)
{
    if (!is_right)
        abort();
}

static void check_slots(const struct calendar *calendar, const struct zone *zone, int64_t at_ms)
{
    int64_t next_ms = calendar_next_ms(calendar, zone, at_ms);
    int64_t last_ms = calendar_last_ms(calendar, zone, at_ms);

    check(next_ms > at_ms || next_ms == INT64_MAX);
    check(last_ms <= at_ms);
    if (next_ms < INT64_MAX) {
        int64_t offset_ms = calendar_offset_ms(calendar, zone, next_ms, 3600000, "host", "job");

        check(calendar_last_ms(calendar, zone, next_ms) == next_ms);
        check(offset_ms >= 0 && offset_ms < 3600000);
    }
    if (last_ms > INT64_MIN) {
        check(calendar_next_ms(calendar, zone, last_ms - 1) == last_ms);
        check(calendar_next_ms(calendar, zone, last_ms) > at_ms);
    }
}

/* At changes of the clock, and far from all of them. */
static void check_moments(const struct calendar *calendar, const struct zone *zone)
{
    static const int64_t starts_s[] = {INT64_MIN / 1000, -3000000000, 0,
                                       1790000000,       4000000000,  INT64_MAX / 1000};

    for (size_t i = 0; i < sizeof starts_s / sizeof starts_s[0]; i++) {
        int64_t change_s = zone_next_change_s(zone, starts_s[i]);

        check(change_s > starts_s[i]);
        check_slots(calendar, zone, starts_s[i] * 1000);
        if (change_s > INT64_MAX / 2000)
            continue;
        check(zone_offset_s(zone, change_s) != zone_offset_s(zone, change_s - 1));
        check_slots(calendar, zone, change_s * 1000);
        check_slots(calendar, zone, change_s * 1000 - 1);
        check_slots(calendar, zone, change_s * 1000 + 5400000);
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    const unsigned char *newline = size > 0 ? memchr(bytes, '\n', size) : NULL;
    struct err err;

    if (!newline)
        return 0;
    auto_free char *line = xstrndup((const char *)bytes, (size_t)(newline - bytes));
    auto_calendar struct calendar *calendar = calendar_new(line, &err);
    size_t left = size - (size_t)(newline + 1 - bytes);
    // of memory that ends where they end
    auto_free unsigned char *rest = xcalloc(left ? left : 1, 1);
    memcpy(rest, newline + 1, left);
    auto_zone struct zone *zone = zone_parse("zone", rest, left, &err);

    if (!calendar)
        calendar = calendar_new("30 2 * * *", &err);
    if (!zone)
        zone = zone_new("UTC", &err);
    check(calendar && zone);
    check_moments(calendar, zone);
    return 0;
}
