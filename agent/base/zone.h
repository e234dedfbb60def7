/*
 * zone.h - time zones by their IANA names, read from the system's zoneinfo.
 *
 * The process's own zone (TZ, tzset) is never touched: that would be shared by all threads.
 * A zone is read once and never changes; its rules go on behind the last transition that the
 * file lists (the file's POSIX TZ string). Pure but for zone_new().
 *
 * Files are TZif of any version (RFC 9636), at most 256 KiB, trusted in nothing. Zones that
 * count leap seconds ("right/") are refused. Moments are those that milliseconds since 1970 in
 * 64 bits can say; others are a mistake of the caller (assert).
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdint.h>

#include "base/err.h"

struct zone;

/*
 * "Europe/Vienna", "UTC" (which needs no file). From $TZDIR, else /usr/share/zoneinfo.
 * ERR_CONFIG when there is no such zone (with the nearest name of zone.tab where one is near),
 * when there are no zones at all, when the file is damaged; ERR_IO when it cannot be read.
 * Names lead nowhere else: letters, digits, "_", "+", "-" and "/" between them. Caller frees.
 */
struct zone *zone_new(const char *name, struct err *err);
void zone_free(struct zone *zone); /* NULL is fine */

const char *zone_name(const struct zone *zone);

/* How far local time is ahead of UTC at that moment, in seconds. */
int64_t zone_offset_s(const struct zone *zone, int64_t utc_s);

/*
 * The next moment after that one at which the offset changes, in seconds UTC; INT64_MAX: never.
 */
int64_t zone_next_change_s(const struct zone *zone, int64_t utc_s);

struct civil { /* a local date and time of the proleptic Gregorian calendar */
    int64_t year;
    int month;   /* 1 to 12 */
    int day;     /* from 1 */
    int weekday; /* 0: Sunday */
    int hour;
    int minute;
    int second;
};

struct civil zone_civil(const struct zone *zone, int64_t utc_s);

/* Seconds since 1970 of a date and time as if it were UTC; weekday is not looked at. */
int64_t civil_seconds(const struct civil *civil);

static inline void auto_zone_fn(struct zone **zone)
{
    zone_free(*zone);
}

#define auto_zone __attribute__((cleanup(auto_zone_fn)))

#endif
