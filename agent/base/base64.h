/* base64.h - bytes as text that JSON can carry: RFC 4648, with padding. Pure. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

/* Caller frees. */
char *base64_new(const void *bytes, size_t size);

/* Appends the bytes; ERR_PROTOCOL for anything that base64_new() does not write. */
bool base64_decode(const char *text, size_t size, struct buf *out, struct err *err);

#endif
