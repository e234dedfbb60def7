/*
 * text.h - amounts and times as people read them. Pure.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdint.h>

enum { TEXT_SIZE = 40 };

/* "12.3 MiB", "512 B", "4.0 GiB". All return text. */
const char *text_bytes(int64_t bytes, char text[TEXT_SIZE]);

/* "2.1 MiB/s" */
const char *text_rate(int64_t bytes_per_second, char text[TEXT_SIZE]);

/* "2026-11-23 14:44:00Z" of an RFC 3339 time in UTC; "-" for NULL, as it is for what is none. */
const char *text_when(const char *rfc3339, char text[TEXT_SIZE]);

/* "45 s", "12 min", "3 h 20 min" until work at this rate is done; "-" when nobody knows. */
const char *text_left(int64_t bytes_left, int64_t bytes_per_second, char text[TEXT_SIZE]);

#endif
