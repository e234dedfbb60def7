/*
 * answer_json.h - rows of the ledger as JSON objects, SPEC 10.
 *
 * What comes from files and from the platform is bytes: a text that is not UTF-8 is
 * shown as printable.h does, so that every row can be written as JSON.
 */
#ifndef CONTROL_ANSWER_JSON_H
#define CONTROL_ANSWER_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"
#include "store/item.h"

/* All put a value under key into an object that has none there yet. */
void answer_json_put(json_t *object, const char *key, json_t *take_value);
void answer_json_put_text(json_t *object, const char *key, const char *text); /* NULL: null */
void answer_json_put_time(json_t *object, const char *key, int64_t wall_ms);  /* 0: null */

/* Under "path", and where it is not UTF-8 in hex under "path_bytes". */
void answer_json_put_path(json_t *object, const char *path);

json_t *answer_json_text(const char *text);

/* A row of list-firmwares; with details, of show. NULL on failure. */
json_t *answer_json_item(struct db *db, const struct item *item, bool details, struct err *err);

#endif
