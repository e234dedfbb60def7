/* author.h - who decided something, as it stands beside the reason in the ledger. */
#ifndef CLI_AUTHOR_H
#define CLI_AUTHOR_H

#include "cli/session.h"

/* The person behind sudo, else the account; caller frees. */
char *author_new(const struct session *session);

#endif
