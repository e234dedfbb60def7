/* watch_row.h - table watch: what is known of a watch beyond its configuration. */
#ifndef STORE_WATCH_ROW_H
#define STORE_WATCH_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

/* True through *done when this watch was scanned whole at this path before. */
bool watch_row_is_scanned(struct db *db, const char *name, const char *path, bool *done,
                          struct err *err);
bool watch_row_scanned(struct db *db, const char *name, const char *path, int64_t now_ms,
                       struct err *err);

#endif
