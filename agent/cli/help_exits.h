/*
 * help_exits.h - the exit codes that matter to a command, in one line.
 *
 * A code has one meaning in the whole program, so the texts stand in one place. The others
 * that a command may end with are in onekey-agent(1).
 */
#ifndef CLI_HELP_EXITS_H
#define CLI_HELP_EXITS_H

#include <stdbool.h>

#include "cli/command.h"

/* "0 done, 5 deadline, ..."; NULL for a command that has no entry. Caller frees. */
char *help_exits_new(const struct command *command);

#endif
