/*
 * explain.h - why one watch takes a file or not, and what it would be sent as.
 *
 * Gathers plain JSON that explain_text.h prints. Looks at the file and its companions
 * below the watched folder, as the agent does; a path that does not exist is judged by its
 * name alone.
 */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include <jansson.h>

#include "config/config.h"

/*
 * {"watch","folder","relpath","exists","kind","size","modified","taken","rule","settle",
 *  "match":{"pattern","matched","groups":{}},"marker","sidecar","attachment":{"path",
 *  "exists","text"},"metadata":[{"field","value","origin"}],"metadata_error",
 *  "request":{"operation","url","file","size"},"next"}; absent values are null.
 *
 * NULL when the path does not lie in that watch. row is the ledger's newest row of it or
 * NULL. Caller owns the object.
 */
json_t *explain_watch(const struct config *config, const struct config_watch *watch,
                      const char *path, const json_t *row, struct err *err);

/* What the ledger's row means for what comes next. Pure; borrowed. */
const char *explain_state(const char *state);

#endif
