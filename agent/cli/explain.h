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
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "config/config.h"

struct explain {
    const struct config *config;
    size_t watch;      /* its index; it covers path */
    const char *path;  /* absolute */
    const json_t *row; /* the ledger's present row of it, or NULL */
    bool no_ledger;    /* it could not be read: nothing can be said about what comes next */
};

/*
 * {"watch","folder","relpath","exists","kind","size","modified","target","taken","rule",
 *  "rule_place","settle","settle_state","match":{"pattern","matched","groups":{}},"marker",
 *  "sidecar","attachment":{"path","exists","text"},"metadata":[{"field","value","origin",
 *  "place"}],"metadata_error","request": as request_view.h has it,"next"}; absent values are
 *  null. The request is that of a file that is taken, is a file, and has its metadata.
 *
 * NULL with ERR_CONFIG as flow/source.h tells it. Caller owns the object.
 */
json_t *explain_watch(const struct explain *explain, struct err *err);

/* What the ledger's row means for what comes next. Pure; borrowed. */
const char *explain_state(const char *state);

#endif
