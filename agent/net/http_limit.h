/*
 * http_limit.h - a token bucket, for requests and for bytes. Pure: the clock is an argument.
 *
 * At most burst units at once, rate units a second over time. A rate of 0 grants everything.
 */
#ifndef NET_HTTP_LIMIT_H
#define NET_HTTP_LIMIT_H

#include <stdint.h>

struct http_limit {
    int64_t rate;  /* units per second, at most 2^40 */
    int64_t burst; /* units, at least 1 */
    int64_t level; /* millionths of a unit that may be taken now */
    uint64_t at_us;
};

/* Starts full. */
void http_limit_init(struct http_limit *limit, int64_t rate, int64_t burst, uint64_t now_us);

/* What was saved up is kept, as far as the new burst allows. */
void http_limit_change(struct http_limit *limit, int64_t rate, int64_t burst, uint64_t now_us);

/* Grants at most `wanted` units; 0 unless at least `least` (or all that is wanted) can be granted.
 */
int64_t http_limit_take(struct http_limit *limit, int64_t wanted, int64_t least, uint64_t now_us);

#endif
