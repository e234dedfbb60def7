/*
 * http_limit.c - the bucket counts millionths, so that a rate of 3 a second loses nothing to
 * rounding however often it is asked.
 */
#include "net/http_limit.h"

#include <assert.h>

enum { MILLION = 1000000 };

/* More would overflow at the highest rate; nobody saves up longer than this. */
static const uint64_t longest_us = 8 * (uint64_t)MILLION;

static const int64_t highest_rate = (int64_t)1 << 40;

static void refill(struct http_limit *limit, uint64_t now_us)
{
    uint64_t elapsed_us = now_us > limit->at_us ? now_us - limit->at_us : 0;
    int64_t full = limit->burst * MILLION;

    /* Before the product, which could overflow after a night without uploads. */
    if (elapsed_us > longest_us)
        elapsed_us = longest_us;
    limit->at_us = now_us;
    limit->level += (int64_t)elapsed_us * limit->rate;
    if (limit->level > full)
        limit->level = full;
}

void http_limit_init(struct http_limit *limit, int64_t rate, int64_t burst, uint64_t now_us)
{
    assert(rate >= 0 && rate <= highest_rate && burst >= 1 && burst <= highest_rate);
    *limit = (struct http_limit){
        .rate = rate, .burst = burst, .level = burst * MILLION, .at_us = now_us};
}

void http_limit_change(struct http_limit *limit, int64_t rate, int64_t burst, uint64_t now_us)
{
    assert(rate >= 0 && rate <= highest_rate && burst >= 1 && burst <= highest_rate);
    refill(limit, now_us);
    limit->rate = rate;
    limit->burst = burst;
    refill(limit, now_us);
}

int64_t http_limit_take(struct http_limit *limit, int64_t wanted, int64_t least, uint64_t now_us)
{
    assert(wanted > 0);
    if (limit->rate == 0)
        return wanted;
    refill(limit, now_us);
    int64_t granted = limit->level / MILLION;

    if (granted >= wanted)
        granted = wanted;
    else if (granted < least || granted <= 0)
        return 0;
    limit->level -= granted * MILLION;
    return granted;
}
