/*
 * session.h - what one command works with: its words, its output, its configuration.
 */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/args.h"
#include "cli/out.h"
#include "cli/settings.h"

struct session {
    struct args args;
    struct out out;
    struct settings settings;
    const char *(*environment)(const char *name);
};

/*
 * A line on stderr, behind "onekey-agent: ". A notice is left out with -q; both are
 * written whole in one call.
 */
void session_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void session_notice(const struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Loads the configuration and sets up the log; what is wrong with it goes to stderr, a
 * line each. Once a session; NULL with *err (ERR_CONFIG) on failure. The session's.
 */
const struct config *session_config(struct session *session, struct err *err);

#endif
