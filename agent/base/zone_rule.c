/*
 * A TZ string: two offsets and the two dates of a year at which they take turns. The dates of
 * a year may lie in another one (times go from -167 to 167 hours), and summer may be winter
 * (Europe/Dublin), so nothing here relies on their order: the last change not after a moment
 * decides.
 */
#include <ctype.h>
#include <string.h>

#include "base/zone_parts.h"

enum {
    RULE_HOURS_MAX = 167,
    OFFSET_HOURS_MAX = 24,
    NAME_MIN = 3,
    CYCLE_YEARS = 400, /* after which weekdays and leap years come again */
};

struct change {
    int64_t at_s;
    bool is_start;
};

/* A number of at most three digits; NULL when there is none within the bounds. */
static const char *read_number(const char *at, int min, int max, int *number)
{
    int value = 0;
    int digits = 0;

    for (; isdigit((unsigned char)*at) && digits < 4; at++, digits++)
        value = value * 10 + (*at - '0');
    *number = value;
    return digits > 0 && digits < 4 && value >= min && value <= max ? at : NULL;
}

/* [+-]hh[:mm[:ss]] */
static const char *read_time(const char *at, int hours_max, int64_t *seconds)
{
    bool is_negative = *at == '-';
    int number;

    if (*at == '-' || *at == '+')
        at++;
    at = read_number(at, 0, hours_max, &number);
    *seconds = (int64_t)number * 3600;
    for (int unit = 60; at && *at == ':' && unit > 0; unit /= 60) {
        at = read_number(at + 1, 0, 59, &number);
        *seconds += (int64_t)number * unit;
    }
    if (is_negative)
        *seconds = -*seconds;
    return at;
}

/* "CET" or "<+1030>"; nobody here wants it. */
static const char *skip_name(const char *at)
{
    bool is_quoted = *at == '<';
    const char *start = at + is_quoted;
    const char *end = start;

    while (isalpha((unsigned char)*end) ||
           (is_quoted && (isdigit((unsigned char)*end) || *end == '+' || *end == '-')))
        end++;
    if (end - start < NAME_MIN || (is_quoted && *end != '>'))
        return NULL;
    return end + is_quoted;
}

static const char *read_week_date(const char *at, struct zone_date *date)
{
    date->kind = ZONE_DATE_WEEK;
    at = read_number(at, 1, 12, &date->month);
    at = at && *at == '.' ? read_number(at + 1, 1, 5, &date->week) : NULL;
    return at && *at == '.' ? read_number(at + 1, 0, 6, &date->day) : NULL;
}

/* ",M3.5.0/2" */
static const char *read_date(const char *at, struct zone_date *date)
{
    if (*at++ != ',')
        return NULL;
    if (*at == 'M') {
        at = read_week_date(at + 1, date);
    } else if (*at == 'J') {
        date->kind = ZONE_DATE_JULIAN;
        at = read_number(at + 1, 1, 365, &date->day);
    } else {
        date->kind = ZONE_DATE_NUMBER;
        at = read_number(at, 0, 365, &date->day);
    }
    date->time_s = INT64_C(2) * 3600; // what POSIX says where nothing is said
    return at && *at == '/' ? read_time(at + 1, RULE_HOURS_MAX, &date->time_s) : at;
}

/* Seconds on the local clock. */
static int64_t date_seconds(const struct zone_date *date, int64_t year)
{
    int month = date->kind == ZONE_DATE_WEEK ? date->month : 1;
    int64_t first = civil_day_number(year, month, 1);
    int64_t day = first + date->day;
    bool is_leap = civil_month_days(year, 2) == 29;

    switch (date->kind) {
    case ZONE_DATE_WEEK: {
        int weekday = civil_of_seconds(first * DAY_S).weekday;
        int in_month = (date->day - weekday + 7) % 7 + 7 * (date->week - 1);

        // the fifth is the last, which may be the fourth
        day = first + in_month - (in_month >= civil_month_days(year, month) ? 7 : 0);
        break;
    }
    case ZONE_DATE_JULIAN:
        day += is_leap && date->day >= 60 ? 0 : -1;
        break;
    case ZONE_DATE_NUMBER:
        break;
    }
    return day * DAY_S + date->time_s;
}

static struct change change_of(const struct zone_rule *rule, int64_t year, bool is_start)
{
    const struct zone_date *date = is_start ? &rule->start : &rule->stop;
    int64_t before_s = is_start ? rule->standard_s : rule->summer_s;

    return (struct change){date_seconds(date, year) - before_s, is_start};
}

/* The nearest change of either date that is not after (else: that is after) that moment. */
static struct change nearest_change(const struct zone_rule *rule, int64_t utc_s, bool is_after)
{
    int64_t year = civil_of_seconds(utc_s).year;
    struct change best = {is_after ? INT64_MAX : INT64_MIN, false};

    // a date strays at most a week and a day from its year
    for (int64_t near = year - 2; near <= year + 2; near++) {
        for (int which = 0; which < 2; which++) {
            struct change change = change_of(rule, near, which == 1);

            if ((change.at_s > utc_s) != is_after)
                continue;
            // the start comes second, to win a tie: summer without end is told by a stop and a
            // start at one moment
            if (is_after ? change.at_s <= best.at_s : change.at_s >= best.at_s)
                best = change;
        }
    }
    return best;
}

/* The next change that does change the offset, before the years come again. */
static int64_t next_effective_s(const struct zone_rule *rule, int64_t utc_s)
{
    for (int i = 0; i < 2 * CYCLE_YEARS; i++) {
        utc_s = nearest_change(rule, utc_s, true).at_s;
        if (zone_rule_offset_s(rule, utc_s - 1) != zone_rule_offset_s(rule, utc_s))
            return utc_s;
    }
    return INT64_MAX;
}

bool zone_rule_parse(const char *text, struct zone_rule *rule)
{
    const char *at = skip_name(text);
    int64_t west_s = 0; // POSIX counts westwards

    *rule = (struct zone_rule){.standard_s = 0};
    at = at ? read_time(at, OFFSET_HOURS_MAX, &west_s) : NULL;
    if (!at)
        return false;
    rule->standard_s = -west_s;
    rule->summer_s = 3600 - west_s;
    if (*at == '\0')
        return true;
    at = skip_name(at);
    if (at && *at != ',' && *at != '\0') {
        at = read_time(at, OFFSET_HOURS_MAX, &west_s);
        rule->summer_s = -west_s;
    }
    // names without dates leave the dates to the reader: no file may do that
    at = at ? read_date(at, &rule->start) : NULL;
    at = at ? read_date(at, &rule->stop) : NULL;
    if (!at || *at != '\0')
        return false;
    rule->has_summer = true;
    if (next_effective_s(rule, 0) == INT64_MAX) {
        rule->standard_s = zone_rule_offset_s(rule, 0);
        rule->has_summer = false;
    }
    return true;
}

int64_t zone_rule_offset_s(const struct zone_rule *rule, int64_t utc_s)
{
    if (!rule->has_summer)
        return rule->standard_s;
    return nearest_change(rule, utc_s, false).is_start ? rule->summer_s : rule->standard_s;
}

int64_t zone_rule_next_s(const struct zone_rule *rule, int64_t utc_s)
{
    return rule->has_summer ? next_effective_s(rule, utc_s) : INT64_MAX;
}
