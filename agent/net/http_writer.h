/*
 * http_writer.h - writes what is received to a file, off the loop, and digests it.
 *
 * Two bounded buffers: one is filled while a worker thread writes the other. on_change is called
 * from the loop whenever a worker came to rest.
 */
#ifndef NET_HTTP_WRITER_H
#define NET_HTTP_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/digest.h"
#include "base/err.h"

enum { HTTP_WRITER_ROOM = 128 << 10 };

struct http_writer;

/* Writes to fd (borrowed) from offset 0. */
struct http_writer *http_writer_new(uv_loop_t *loop, int fd, void (*on_change)(void *owner),
                                    void *owner);

/* Keeps all of size <= HTTP_WRITER_ROOM bytes, or nothing (false) until the next on_change. */
bool http_writer_put(struct http_writer *writer, const char *bytes, size_t size);

/* Writes the rest. Done when it is no longer busy. */
void http_writer_finish(struct http_writer *writer);

bool http_writer_is_busy(const struct http_writer *writer);
const struct err *http_writer_failure(const struct http_writer *writer); /* or NULL */
const char *http_writer_sha256(const struct http_writer *writer); /* once finished; else NULL */
void http_writer_free(struct http_writer *writer);                /* not busy; NULL is fine */

#endif
