/* help.h - --help and --version, made from the tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"
#include "cli/out.h"

void help_program(struct out *out, const struct command *const *commands);
void help_command(struct out *out, const struct command *command);

/* The commands of two words that begin with group. */
void help_group(struct out *out, const char *group, const struct command *const *commands);

/* The program's and each library's version, as they are at run time. */
void help_version(struct out *out);

#endif
