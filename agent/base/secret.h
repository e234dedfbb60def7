/*
 * secret.h - a string that cannot be printed by accident.
 *
 * Kept in a locked page of its own that core dumps and children do not get, and
 * wiped when freed. Only net/ may reveal one (tests/lint/banned.py holds that).
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { SECRET_MAX = 4096, SECRET_FINGERPRINT_SIZE = 9 };

struct secret;

/*
 * Takes what a token file or variable held: one trailing newline is cut, then an
 * empty value, a placeholder ("${TOKEN}", "your-api-token"), blanks, control
 * characters, non-ASCII or more than 4 KiB is refused with the reason (ERR_AUTH).
 * The message never carries the value.
 */
struct secret *secret_new(const char *bytes, size_t size, struct err *err);
void secret_free(struct secret *secret); /* NULL is fine */

bool secret_equal(const struct secret *a, const struct secret *b);

/* Eight hex digits of its SHA-256: tells two tokens apart in a log. */
const char *secret_fingerprint(const struct secret *secret);

/* Borrowed, NUL-terminated, for the one place that sends it. */
const char *secret_reveal(const struct secret *secret);

#endif
