/*
 * units.h - durations, sizes, rates and counts as people write them.
 *
 * Strict: a whole decimal number without sign, blank or leading zero, then the unit.
 * What does not fit 63 bits is refused like any other mistake (ERR_CONFIG); the message
 * says what is accepted.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdint.h>

#include "base/err.h"

enum { UNITS_TEXT_SIZE = 32 };

bool units_parse_duration(const char *text, int64_t *ms, struct err *err); /* 500ms 90s 15m 2h 7d */
bool units_parse_size(const char *text, int64_t *bytes, struct err *err);  /* 4096 64KiB 2GiB */
bool units_parse_rate(const char *text, int64_t *bytes_per_second, struct err *err); /* 10MiB */
bool units_parse_count(const char *text, int64_t *count, struct err *err);           /* 20 */

/* The shortest form that parses back to the same value. Return text. */
const char *units_duration_text(int64_t ms, char text[UNITS_TEXT_SIZE]);
const char *units_size_text(int64_t bytes, char text[UNITS_TEXT_SIZE]);

#endif
