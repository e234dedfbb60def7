/*
 * stored_inflate.h - the deflated pieces of a document, made its bytes again and held against it.
 *
 * No more than the document's size is ever written: what inflates to more is not the document.
 * ERR_DATA: the ledger's copy is damaged; ERR_IO and ERR_DISK_FULL of the file. Blocks while it
 * writes: on the loop it belongs into a worker.
 */
#ifndef FLOW_STORED_INFLATE_H
#define FLOW_STORED_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct stored_inflate;

/* fd (borrowed) is written from offset 0; -1: nothing is. */
struct stored_inflate *stored_inflate_new(const char *sha256, int64_t size, int fd);

bool stored_inflate_add(struct stored_inflate *stored, const void *bytes, size_t size,
                        struct err *err);

/* There are no more pieces: was it all of the document, and nothing else? */
bool stored_inflate_finish(struct stored_inflate *stored, struct err *err);

void stored_inflate_free(struct stored_inflate *stored); /* NULL is fine */

#endif
