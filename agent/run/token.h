/*
 * token.h - where the token comes from.
 *
 * The first that is set: --token-file, --token, ONEKEY_TOKEN_FILE, ONEKEY_TOKEN,
 * api.token_file, $CREDENTIALS_DIRECTORY/onekey-token. One that is set but bad is an
 * error, never a reason to try the next.
 */
#ifndef RUN_TOKEN_H
#define RUN_TOKEN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/secret.h"

struct token_options { /* borrowed; NULL: not given */
    const char *file_option;
    const char *value_option;
    const char *(*environment)(const char *name);
    const char *config_file;
};

enum { TOKEN_ORIGIN_SIZE = 512 };

/*
 * *token is the caller's. origin says where it comes from ("file /etc/...", "ONEKEY_TOKEN")
 * also on failure. Warns in the log when everybody may read the file. ERR_AUTH: there is
 * none, it cannot be read or it is malformed; the message says what to do.
 */
bool token_read(const struct token_options *options, struct secret **token,
                char origin[TOKEN_ORIGIN_SIZE], struct err *err);

/* The file to watch for a new token; NULL when it does not come from one. Caller frees. */
char *token_path(const struct token_options *options);

#endif
