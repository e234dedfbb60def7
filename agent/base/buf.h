/*
 * buf.h - a byte buffer that knows its maximum from birth.
 *
 * Nothing that comes from a file or the network grows without a bound: a buffer
 * that would pass max fails with ERR_PROTOCOL and keeps what it had.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>

#include "base/err.h"

struct buf {
    char *bytes; /* NUL-terminated once anything was added */
    size_t size;
    size_t room; /* allocated, without the NUL */
    size_t max;
};

bool buf_add(struct buf *buf, const void *bytes, size_t size, struct err *err);
bool buf_add_text(struct buf *buf, const char *text, struct err *err);

/* printf into a buffer whose max the caller knows to suffice; asserts that it does. */
void buf_print(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reads to the end of the file. */
bool buf_read_fd(struct buf *buf, int fd, struct err *err);

void buf_clear(struct buf *buf); /* keeps the memory */
void buf_release(struct buf *buf);

#define auto_buf __attribute__((cleanup(buf_release)))

#endif
