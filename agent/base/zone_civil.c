/*
 * Dates of the proleptic Gregorian calendar as numbers. Years are counted from March here, so
 * that the leap day is the last of its year, and the months before it have a regular pattern:
 * five months of 153 days.
 */
#include <assert.h>

#include "base/zone_parts.h"

enum {
    ERA_YEARS = 400,
    ERA_DAYS = 146097,
    DAYS_TO_1970 = 719468, /* from 1 March of the year 0 */
};

int64_t civil_day_number(int64_t year, int month, int day)
{
    assert(month >= 1 && month <= 12);
    int from_march = (month + 9) % 12;
    int64_t march_year = year - (month <= 2);
    int64_t era = floor_div(march_year, ERA_YEARS);
    int64_t in_era = march_year - era * ERA_YEARS;
    int64_t year_start = in_era * 365 + in_era / 4 - in_era / 100;

    return era * ERA_DAYS + year_start + (153 * from_march + 2) / 5 + day - 1 - DAYS_TO_1970;
}

struct civil civil_of_seconds(int64_t seconds)
{
    int64_t day = floor_div(seconds, DAY_S);
    int in_day = (int)(seconds - day * DAY_S);
    int64_t era = floor_div(day + DAYS_TO_1970, ERA_DAYS);
    int64_t in_era = day + DAYS_TO_1970 - era * ERA_DAYS;
    // the era's last day would be the first of a fifth century: it is held back
    int64_t years = (in_era - in_era / 1460 + in_era / 36524 - in_era / (ERA_DAYS - 1)) / 365;
    int in_year = (int)(in_era - (years * 365 + years / 4 - years / 100));
    int from_march = (5 * in_year + 2) / 153;
    int month = (from_march + 2) % 12 + 1;

    return (struct civil){
        .year = era * ERA_YEARS + years + (month <= 2),
        .month = month,
        .day = in_year - (153 * from_march + 2) / 5 + 1,
        .weekday = (int)(day + 4 - floor_div(day + 4, 7) * 7), // 1970 began on a Thursday
        .hour = in_day / 3600,
        .minute = in_day / 60 % 60,
        .second = in_day % 60,
    };
}

int civil_month_days(int64_t year, int month)
{
    int64_t next =
        month == 12 ? civil_day_number(year + 1, 1, 1) : civil_day_number(year, month + 1, 1);

    return (int)(next - civil_day_number(year, month, 1));
}

int64_t civil_seconds(const struct civil *civil)
{
    int64_t day = civil_day_number(civil->year, civil->month, civil->day);

    return ((day * 24 + civil->hour) * 60 + civil->minute) * 60 + civil->second;
}
