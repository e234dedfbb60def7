/* remote_list.h - every firmware that the token can see, as the platform lists them. */
#ifndef CLI_REMOTE_LIST_H
#define CLI_REMOTE_LIST_H

#include "cli/session.h"

/*
 * Prints all or nothing, however many there are, in memory that does not depend on it.
 * Returns the exit code.
 */
int remote_list(struct session *session, struct err *err);

#endif
