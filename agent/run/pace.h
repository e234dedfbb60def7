/*
 * pace.h - how fast each watch gets its bytes to the platform, over the last ten minutes.
 *
 * A sum of bytes per watch is noted now and then; the pace is what it grew by since the oldest
 * note that is kept. Pure but for memory: the clock is an argument, steady milliseconds.
 */
#ifndef RUN_PACE_H
#define RUN_PACE_H

#include <stdint.h>

struct pace;

struct pace *pace_new(void);
void pace_free(struct pace *pace); /* NULL is fine */

/* The sum of bytes that this watch has sent by now. May be called as often as it suits. */
void pace_note(struct pace *pace, const char *watch, int64_t bytes, int64_t now_ms);

/*
 * How long it takes to send so many more, with the sum as it is now; -1: not known, as nothing
 * was noted yet or nothing moved.
 */
int64_t pace_ms_for(const struct pace *pace, const char *watch, int64_t bytes, int64_t more,
                    int64_t now_ms);

#endif
