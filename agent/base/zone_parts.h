/*
 * zone_parts.h - what zone.c is made of: dates, the rule behind the last transition, the file.
 *
 * Private to zone*.c and calendar*.c (which count days), their tests and their fuzz target.
 * Everything here is pure. Seconds are since 1970; moments may be ZONE_MOMENT_MAX_S from it,
 * which is more than milliseconds in 64 bits can say.
 */
#ifndef BASE_ZONE_PARTS_H
#define BASE_ZONE_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/zone.h"

enum {
    DAY_S = 86400,
    ZONE_OFFSET_MAX_S = 26 * 3600, /* every offset is nearer to 0 than this (RFC 9636, 3.2) */
};

#define ZONE_MOMENT_MAX_S (INT64_C(1) << 55)

/* Rounds towards minus infinity; divisor > 0. */
static inline int64_t floor_div(int64_t number, int64_t divisor)
{
    return number / divisor - (number % divisor < 0);
}

/* Days since 1970-01-01; day may be past the month's end. Also the way back. */
int64_t civil_day_number(int64_t year, int month, int day);
struct civil civil_of_seconds(int64_t seconds);
int civil_month_days(int64_t year, int month);

/* A day of the year and a time in that day, as POSIX TZ strings tell them. */
struct zone_date {
    enum zone_date_kind {
        ZONE_DATE_WEEK,   /* M3.5.0: month, week (5: the last), day of the week */
        ZONE_DATE_JULIAN, /* J60: 1 to 365, 29 February is never counted */
        ZONE_DATE_NUMBER, /* 59: 0 to 365, it is */
    } kind;
    int month;
    int week;
    int day;
    int64_t time_s; /* from that day's 00:00; negative and over 24 h are fine */
};

struct zone_rule {
    int64_t standard_s;
    int64_t summer_s;
    bool has_summer; /* and the offset does change, now and then */
    struct zone_date start;
    struct zone_date stop;
};

/* "CET-1CEST,M3.5.0,M10.5.0/3", with what RFC 9636 (3.3.2) adds. False when it is none. */
bool zone_rule_parse(const char *text, struct zone_rule *rule);
int64_t zone_rule_offset_s(const struct zone_rule *rule, int64_t utc_s);
int64_t zone_rule_next_s(const struct zone_rule *rule, int64_t utc_s); /* INT64_MAX: never */

/* A zone of these bytes of a TZif file (RFC 9636), whatever they are. ERR_CONFIG says why not. */
struct zone *zone_parse(const char *name, const unsigned char *bytes, size_t size, struct err *err);

#endif
