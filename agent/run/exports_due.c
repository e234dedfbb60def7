/*
 * exports_due.c - which slot of a job is due.
 */
#include "run/exports_parts.h"

/* A day and the longest offset: a slot that lies further ahead was taken by a wrong clock. */
enum { AHEAD_MS = 30 * 60 * 60 * 1000 };

static int64_t offset_of(const struct exports *exports, const struct exports_one *one,
                         int64_t slot_ms)
{
    if (exports->options.once)
        return 0;
    return calendar_offset_ms(one->calendar, one->zone, slot_ms, one->config->spread_ms,
                              exports->host, one->config->name);
}

static bool is_scheduled(const struct exports *exports, const struct exports_one *one)
{
    return one->config && !exports->options.order;
}

void exports_settle_slot(const struct exports *exports, struct exports_one *one, int64_t now_ms)
{
    if (!is_scheduled(exports, one))
        return;
    int64_t last = calendar_last_ms(one->calendar, one->zone, now_ms);
    bool passes = !exports->options.once && !one->config->catch_up;
    if (last != INT64_MIN &&
        (one->row.last_slot > now_ms + AHEAD_MS || (passes && one->row.last_slot < last)))
        one->row.last_slot = last;
}

int64_t exports_due_slot(const struct exports *exports, const struct exports_one *one,
                         int64_t now_ms)
{
    if (!is_scheduled(exports, one) || one->row.phase != EXPORT_IDLE)
        return 0;
    int64_t last = calendar_last_ms(one->calendar, one->zone, now_ms);
    /* Its offset may reach over the slot before: what was missed before is made up for at once. */
    if (last == INT64_MIN || last <= one->row.last_slot)
        return 0;
    return now_ms >= last + offset_of(exports, one, last) ? last : 0;
}

int64_t exports_due_at(const struct exports *exports, const struct exports_one *one, int64_t now_ms)
{
    if (!is_scheduled(exports, one) || one->row.phase != EXPORT_IDLE)
        return INT64_MAX;
    int64_t slot = calendar_last_ms(one->calendar, one->zone, now_ms);
    if (slot == INT64_MIN || slot <= one->row.last_slot)
        slot = calendar_next_ms(one->calendar, one->zone, now_ms);
    return slot == INT64_MAX ? INT64_MAX : slot + offset_of(exports, one, slot);
}

int64_t exports_next_at(const struct exports *exports, const struct exports_one *one,
                        int64_t now_ms)
{
    if (one->row.phase == EXPORT_IDLE)
        return exports_due_at(exports, one, now_ms);
    int64_t slot = calendar_next_ms(one->calendar, one->zone, now_ms);
    return slot == INT64_MAX ? slot : slot + offset_of(exports, one, slot);
}
