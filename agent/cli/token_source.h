/* token_source.h - the token of this call, and the notice that --token is not the best way. */
#ifndef CLI_TOKEN_SOURCE_H
#define CLI_TOKEN_SOURCE_H

#include "cli/session.h"
#include "run/token.h"

enum { TOKEN_SOURCE_STDIN_MAX = SECRET_MAX + 16 };

/*
 * "--token -" becomes what stdin holds; of a value on the command line a notice is given.
 * Called once, before anything else of the command. ERR_AUTH.
 */
bool token_source_prepare(struct session *session, int stdin_fd, struct err *err);

/* For run/: borrowed from the session and its configuration. */
struct token_options token_source(const struct session *session);

#endif
