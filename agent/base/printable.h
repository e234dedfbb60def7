/*
 * printable.h - the one place that makes other people's names fit to print.
 *
 * File names are bytes, and names also come from the platform. For people, what
 * is not printable UTF-8 is shown as \xNN, so that no name can move a cursor, forge
 * a log line or break a JSON document.
 */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>

/* Caller frees. Bytes that are no printable UTF-8, and backslashes before them, become \xNN. */
char *printable_new(const char *name);

/* True for well-formed UTF-8 without control characters. */
bool printable_is(const char *name);

/* Length of the well-formed UTF-8 sequence at text (at most size bytes), 0 for none. */
size_t utf8_length(const char *text, size_t size);

#endif
