/* state.h - inquire.h with this session's directory and patience. */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include "cli/inquire.h"
#include "cli/session.h"

/* Loads the configuration when that was not done. As inquire(). */
int state_ask(struct session *session, const char *command, json_t *arguments,
              control_row_fn *on_row, void *owner, struct err *err);

/* The same for a command that may make the first ledger. */
int state_change(struct session *session, const char *command, json_t *arguments,
                 control_row_fn *on_row, void *owner, struct err *err);

/* What a person typed, made absolute and without "//", "/./" and "/../"; caller frees. */
char *state_path(const char *typed, struct err *err);

#endif
