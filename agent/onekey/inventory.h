/*
 * inventory.h - every firmware the token can see, however many.
 *
 * allFirmwares has no pages, so the answer is read as it arrives and each firmware is handed on at
 * once; memory does not depend on the tenant's size. What was handed on counts only after
 * inventory_reader_finish() said true: an error list, a cut or a key in the wrong place may come
 * last.
 */
#ifndef ONEKEY_INVENTORY_H
#define ONEKEY_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct inventory_reader;

/* The texts are gone when it returns. name is "" and version NULL where the platform has none. */
typedef void (*inventory_fn)(void *owner, const char *id, const char *name, const char *version);

char *inventory_request(void); /* caller frees */

struct inventory_reader *inventory_reader_new(inventory_fn on_firmware, void *owner);

/* False at the first byte that cannot belong to a good answer; feeding more stays false. */
bool inventory_reader_feed(struct inventory_reader *reader, const char *bytes, size_t size,
                           struct err *err);

/* The answer has ended: was it whole and without errors? *count (may be NULL): how many there were.
 */
bool inventory_reader_finish(struct inventory_reader *reader, size_t *count, struct err *err);
void inventory_reader_free(struct inventory_reader *reader); /* NULL is fine */

#endif
