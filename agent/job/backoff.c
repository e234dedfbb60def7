#include "job/backoff.h"

#include <stddef.h>
#include <uv.h>

enum { MINUTE_MS = 60000, DAY_MS = 24 * 60 * MINUTE_MS, SHIFT_MAX = 20 };

static int64_t between(int64_t least, int64_t most, uint32_t random)
{
    if (most <= least)
        return least;
    return least + (int64_t)(random % (uint64_t)(most - least + 1));
}

int64_t backoff_ms(const struct backoff *backoff, int64_t failures, uint32_t random,
                   int64_t retry_after_ms)
{
    int64_t shift = failures < 0 ? 0 : failures > SHIFT_MAX ? SHIFT_MAX : failures;
    int64_t ceiling = backoff->cap_ms;

    if (backoff->base_ms <= backoff->cap_ms >> shift)
        ceiling = backoff->base_ms << shift;
    int64_t delay = between(backoff->base_ms, ceiling, random);
    if (retry_after_ms > DAY_MS)
        retry_after_ms = DAY_MS;
    return retry_after_ms > delay ? retry_after_ms : delay;
}

int64_t backoff_probe_ms(int64_t probes, uint32_t random)
{
    static const int64_t minutes[] = {1, 5, 15, 60};
    size_t last = sizeof minutes / sizeof minutes[0] - 1;
    size_t at = probes < 0 ? 0 : (uint64_t)probes > last ? last : (size_t)probes;
    int64_t wait_ms = minutes[at] * MINUTE_MS;

    /* Jitter only adds: a probe earlier than the promised minute would be one too many. */
    return between(wait_ms, wait_ms + wait_ms / 10, random);
}

uint32_t backoff_random(void)
{
    uint32_t value = 0;

    uv_random(NULL, NULL, &value, sizeof value, 0, NULL); /* on failure: no jitter */
    return value;
}
