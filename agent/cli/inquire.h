/*
 * inquire.h - asking for the state, or changing it: through the daemon when one runs,
 * else in the ledger itself.
 *
 * Both ways say the same (control/answer.h). Reading makes nothing: without a ledger it finds
 * nothing. While another process that is no daemon holds the ledger, both ways are tried
 * in turn for lock_wait_ms, so that a daemon which just starts is met as well.
 */
#ifndef CLI_INQUIRE_H
#define CLI_INQUIRE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "control/control_client.h"

struct inquire {
    const char *command; /* as in control/answer.h */
    json_t *arguments;   /* borrowed; NULL: none */
    const char *state_dir;
    int64_t lock_wait_ms;
    bool makes_ledger; /* where there is none */
};

/*
 * on_row as in control_client.h. Returns the exit code; when it is not 0, err->message
 * says why, or is empty where the rows said it.
 */
int inquire(const struct inquire *inquire, control_row_fn *on_row, void *owner, struct err *err);

#endif
