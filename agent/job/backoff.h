/* backoff.h - how long to wait before another try. Pure. */
#ifndef JOB_BACKOFF_H
#define JOB_BACKOFF_H

#include <stdint.h>

struct backoff {
    int64_t base_ms;
    int64_t cap_ms;
};

/*
 * Full jitter: a delay in [base, min(cap, base * 2^failures)], drawn by `random`;
 * retry_after_ms (-1: none) wins when it is longer, up to a day.
 */
int64_t backoff_ms(const struct backoff *backoff, int64_t failures, uint32_t random,
                   int64_t retry_after_ms);

/* Which probe of a refused token comes when: 1, 5, 15, 60 minutes, then hourly, up to 10 % later.
 */
int64_t backoff_probe_ms(int64_t probes, uint32_t random);

uint32_t backoff_random(void);

#endif
