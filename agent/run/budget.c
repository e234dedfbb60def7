#include "run/budget.h"

enum { SECOND_MS = 1000, DAY_S = 86400 };

#define DAY_MS (INT64_C(1000) * DAY_S)

/* Rounded down, before 1970 too. */
static int64_t day_of(int64_t local_s)
{
    return local_s / DAY_S - (local_s % DAY_S < 0);
}

int64_t budget_day(const struct zone *zone, int64_t now_ms)
{
    int64_t now_s = now_ms / SECOND_MS;

    return day_of(now_s + zone_offset_s(zone, now_s));
}

int64_t budget_day_end_ms(const struct zone *zone, int64_t now_ms, int64_t day)
{
    int64_t at_s = now_ms / SECOND_MS;

    /* Midnight as this offset has it; behind a change of the clock it is looked for anew. */
    for (;;) {
        int64_t offset_s = zone_offset_s(zone, at_s);
        int64_t change_s = zone_next_change_s(zone, at_s);
        int64_t midnight_s = (day + 1) * DAY_S - offset_s;

        if (midnight_s <= at_s && at_s * SECOND_MS > now_ms)
            return at_s * SECOND_MS; /* the change itself went over midnight */
        if (midnight_s <= at_s)
            return now_ms + 1; /* it is behind that day already */
        if (midnight_s < change_s)
            return midnight_s * SECOND_MS;
        at_s = change_s;
    }
}

struct upload_day budget_today(struct upload_day kept, int64_t today)
{
    if (kept.day == today || kept.day == today + 1)
        return kept;
    return (struct upload_day){.day = today, .bytes = kept.day < today ? 0 : kept.bytes};
}

bool budget_allows(int64_t budget, int64_t used, int64_t size)
{
    return budget == 0 || used == 0 || (used <= budget && size <= budget - used);
}

int64_t budget_least_ms(int64_t budget, int64_t used, int64_t bytes, int64_t until_midnight_ms)
{
    int64_t today = used < budget ? budget - used : 0;

    if (budget == 0 || bytes <= today)
        return 0;
    return until_midnight_ms + (bytes - today - 1) / budget * DAY_MS;
}
