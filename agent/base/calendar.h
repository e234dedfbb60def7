/*
 * calendar.h - when a schedule is due: cron lines, @daily and its kin, `every 6h`.
 *
 *   "30 2 * * 1-5"   minute hour day month weekday; lists, ranges, steps ("*" "/15", "8-18/2"),
 *                    names (jan, MON), 7 is Sunday too; when both day and weekday are
 *                    restricted either suffices, as everywhere ("*" "/2" restricts neither: what
 *                    starts with a star has to hold beside the other)
 *   "@hourly" "@daily" "@midnight" "@weekly" "@monthly" "@yearly" "@annually"
 *   "every 90m"      60s to 366d in whole seconds; at whole multiples since 1970-01-01 00:00
 *                    UTC, in any zone: the hours between two runs are the same on every day of
 *                    the year
 *
 * A slot is a moment in UTC at which a schedule is due. Cron lines tell local time, so:
 *  - a local time that a change of the clock leaves out is due once, at the first moment
 *    after it that exists; several that are left out are due there together, once;
 *  - a local time that comes twice is due once, at its first coming. So "0 * * * *" leaves out
 *    the hour that comes again; `every 1h` does not.
 *
 * Slots are strictly ordered: last(next(x)) == next(x), next(last(x)) > x. Finding one takes
 * microseconds, whatever the line (29 February) and the zone.
 *
 * Pure: the clock is an argument. Milliseconds since 1970 UTC.
 */
#ifndef BASE_CALENDAR_H
#define BASE_CALENDAR_H

#include <stdint.h>

#include "base/err.h"
#include "base/zone.h"

struct calendar;

/*
 * ERR_CONFIG says which field is wrong, why and what is right ("hour 25: write 0 to 23"); also
 * for a line that is never due (30 February). Caller frees.
 */
struct calendar *calendar_new(const char *text, struct err *err);
void calendar_free(struct calendar *calendar); /* NULL is fine */

/* The first slot after that moment; INT64_MAX: none within 30 years. */
int64_t calendar_next_ms(const struct calendar *calendar, const struct zone *zone,
                         int64_t after_ms);

/* The last slot that is not after that moment; INT64_MIN: none within 30 years. */
int64_t calendar_last_ms(const struct calendar *calendar, const struct zone *zone, int64_t now_ms);

/*
 * How much later than its slot a job starts on this host, from SHA-256 of host, NUL, job: the
 * same at every run of that job here, another on other hosts, so that a fleet does not ask all
 * at once. Less than spread_ms (0: 0) and less than half the time to the following slot; where
 * only the latter is in its way (a short night, "0 9,10 * * *") that slot gets another one, the
 * same wherever slots are as near.
 */
int64_t calendar_offset_ms(const struct calendar *calendar, const struct zone *zone,
                           int64_t slot_ms, int64_t spread_ms, const char *host, const char *job);

static inline void auto_calendar_fn(struct calendar **calendar)
{
    calendar_free(*calendar);
}

#define auto_calendar __attribute__((cleanup(auto_calendar_fn)))

#endif
