/*
 * clock.h - the two clocks.
 *
 * Wall time is for people and for what is kept in the ledger; steady time, which
 * also counts suspended hours, is for durations. Pure functions get "now" as an
 * argument instead.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_ms(void);   /* since 1970, UTC */
int64_t clock_steady_ms(void); /* CLOCK_BOOTTIME */

enum { CLOCK_TEXT_SIZE = 32 };

/* RFC 3339 in UTC with milliseconds ("2026-11-23T14:44:00.123Z"). Returns text. */
const char *clock_text(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]);

/* "14 h 20 min", "45 s": for messages. Returns text. */
const char *clock_span_text(int64_t ms, char text[CLOCK_TEXT_SIZE]);

#endif
