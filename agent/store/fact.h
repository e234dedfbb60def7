/* fact.h - table fact: single values by name (tenant, token_fingerprint, inventory_at ...). */
#ifndef STORE_FACT_H
#define STORE_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* *value is the caller's, NULL when there is none. */
bool fact_get(struct db *db, const char *name, char **value, struct err *err);
bool fact_set(struct db *db, const char *name, const char *value,
              struct err *err); /* NULL clears */

bool fact_get_int(struct db *db, const char *name, int64_t *value, struct err *err); /* 0: none */
bool fact_set_int(struct db *db, const char *name, int64_t value, struct err *err);

#endif
