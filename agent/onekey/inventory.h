/*
 * inventory.h - every firmware the token can see, however many.
 *
 * allFirmwares has no pages, so the answer is read as it arrives and each firmware is handed on at
 * once; memory does not depend on the tenant's size. What was handed on counts only after
 * inventory_reader_finish() said true: an error list, a cut or a key in the wrong place may come
 * last.
 *
 * Only id, name, version and latestAnalysis are documented fields; product { name vendor } and
 * productGroup { name } are guesses. A platform that does not know one of them refuses the whole
 * question: inventory_reader_lacks_field() then says so, and the next poorer one is asked.
 *
 *   PLAIN     id name version
 *   GROUP     ... product { name vendor } productGroup { name } latestAnalysis { state result }
 *   VENDOR    ... product { name vendor } latestAnalysis { state result }
 *   PRODUCT   ... product { name } latestAnalysis { state result }
 *   NAMES     ... latestAnalysis { state result }
 */
#ifndef ONEKEY_INVENTORY_H
#define ONEKEY_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum inventory_detail {
    INVENTORY_PLAIN,
    INVENTORY_GROUP,
    INVENTORY_VENDOR,
    INVENTORY_PRODUCT,
    INVENTORY_NAMES,
};

struct inventory_firmware { /* NULL: not told */
    const char *id;
    const char *name; /* "": it has none */
    const char *version;
    const char *vendor;
    const char *product;
    const char *product_group;
    bool is_analysed; /* its latest analysis is DONE and COMPLETE, or that was not asked for */
};

/* The texts are gone when it returns. */
typedef void (*inventory_fn)(void *owner, const struct inventory_firmware *firmware);

char *inventory_request(enum inventory_detail detail); /* caller frees */

/* The next poorer question; false, and *detail stays, when there is none. */
bool inventory_next_detail(enum inventory_detail *detail);

struct inventory_reader;

struct inventory_reader *inventory_reader_new(inventory_fn on_firmware, void *owner);

/* False at the first byte that cannot belong to a good answer; feeding more stays false. */
bool inventory_reader_feed(struct inventory_reader *reader, const char *bytes, size_t size,
                           struct err *err);

/* The answer has ended: was it whole and without errors? *count (may be NULL): how many there were.
 */
bool inventory_reader_finish(struct inventory_reader *reader, size_t *count, struct err *err);

/*
 * After inventory_reader_finish() failed: it was refused because a field that was asked for does
 * not exist, or not in that form; a missing right or trouble of the platform is not that.
 */
bool inventory_reader_lacks_field(const struct inventory_reader *reader);

void inventory_reader_free(struct inventory_reader *reader); /* NULL is fine */

#endif
