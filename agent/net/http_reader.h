/*
 * http_reader.h - reads a file ahead of its transfer, and vouches for what it read.
 *
 * Worker threads read and digest a few chunks ahead, so that the loop never waits for a disk and
 * memory does not depend on the file's size. The last chunk is not given out before the whole is
 * known to be what the caller said: size, time and inode unchanged, the digest as expected. So
 * nobody ever receives a complete wrong file.
 *
 * on_change is called from the loop when there is something to take after there was nothing, when
 * reading failed, and when the worker came to rest.
 */
#ifndef NET_HTTP_READER_H
#define NET_HTTP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "net/http.h"

struct http_reader;

/* part is borrowed (size > 0); verify_owner is for part->verify. */
struct http_reader *http_reader_new(uv_loop_t *loop, const struct http_part *part,
                                    void *verify_owner);
void http_reader_on_change(struct http_reader *reader, void (*on_change)(void *owner), void *owner);

/* Starts reading, in chunks of at most chunk_size bytes. */
void http_reader_start(struct http_reader *reader, size_t chunk_size);
bool http_reader_has_started(const struct http_reader *reader);

/* How much can be taken at once now. */
size_t http_reader_ready(const struct http_reader *reader);

/* Takes size <= http_reader_ready() bytes. */
void http_reader_take(struct http_reader *reader, char *to, size_t size);

bool http_reader_is_read(const struct http_reader *reader); /* to its end, and found good */
const struct err *http_reader_failure(const struct http_reader *reader); /* or NULL */
const char *http_reader_sha256(const struct http_reader *reader);        /* "" until all is read */

/* Reads no more. Free only when it is not busy. */
void http_reader_stop(struct http_reader *reader);
bool http_reader_is_busy(const struct http_reader *reader);
void http_reader_free(struct http_reader *reader); /* NULL is fine */

#endif
