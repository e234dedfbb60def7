#include "run/bandwidth.h"

#include <stdbool.h>

enum { SECOND_MS = 1000, MINUTE_S = 60, HOUR_MINUTES = 60, DAY_MINUTES = 1440 };

static bool holds(const struct config_window *window, int64_t minute)
{
    if (window->from_minute < window->to_minute)
        return window->from_minute <= minute && minute < window->to_minute;
    return window->from_minute <= minute || minute < window->to_minute; /* over midnight */
}

static struct civil local_of(const struct zone *zone, int64_t now_ms)
{
    return zone_civil(zone, now_ms / SECOND_MS);
}

/* From one minute of the day forward to the next time that it is the other one, 1 to 1440. */
static int64_t minutes_until(int64_t minute, int64_t border)
{
    int64_t minutes = (border - minute) % DAY_MINUTES;

    return minutes > 0 ? minutes : minutes + DAY_MINUTES;
}

int64_t bandwidth_rate(const struct config_window *windows, size_t count, int64_t minute)
{
    for (size_t i = 0; i < count; i++) {
        if (holds(&windows[i], minute))
            return windows[i].rate;
    }
    return 0;
}

int64_t bandwidth_rate_at(const struct config_transfers *transfers, const struct zone *zone,
                          int64_t now_ms)
{
    if (transfers->window_count == 0)
        return transfers->bandwidth;
    struct civil local = local_of(zone, now_ms);
    return bandwidth_rate(transfers->windows, transfers->window_count,
                          local.hour * HOUR_MINUTES + local.minute);
}

int64_t bandwidth_holds_ms(const struct config_transfers *transfers, const struct zone *zone,
                           int64_t now_ms)
{
    int64_t minutes = DAY_MINUTES;

    if (transfers->window_count == 0)
        return INT64_MAX;
    struct civil local = local_of(zone, now_ms);
    int64_t minute = local.hour * HOUR_MINUTES + local.minute;
    for (size_t i = 0; i < transfers->window_count; i++) {
        int64_t from = minutes_until(minute, transfers->windows[i].from_minute);
        int64_t to = minutes_until(minute, transfers->windows[i].to_minute);

        minutes = from < minutes ? from : minutes;
        minutes = to < minutes ? to : minutes;
    }
    int64_t holds_ms = (minutes * MINUTE_S - local.second) * SECOND_MS - now_ms % SECOND_MS;
    /* Where the clock is changed before that, another minute of the day begins there. */
    int64_t change_s = zone_next_change_s(zone, now_ms / SECOND_MS);
    if (change_s <= (now_ms + holds_ms) / SECOND_MS)
        holds_ms = change_s * SECOND_MS - now_ms;
    return holds_ms;
}
