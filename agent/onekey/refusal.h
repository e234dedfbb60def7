/*
 * refusal.h - what the platform means when it says no.
 *
 * The platform's error codes are not public, so its words decide. Code and message are lowered,
 * "_ - ." in codes become blanks, quoted parts of a message are left out (they echo what we sent: a
 * firmware named "forbidden" is no missing right), then the first row that has a match counts:
 *
 *   forbidden, permission, not authorised/-zed, access denied,
 *   not allowed to, insufficient rights/scope/privilege              ERR_RIGHTS
 *   authentication, unauthenticated, not authenticated,
 *   unauthorised/-zed, token (has) expired, invalid token,
 *   auth failed                                                      ERR_AUTH
 *   rate limit, too many requests, throttled                         ERR_THROTTLED
 *   internal (server) error, unavailable, timed out, auth unknown    ERR_SERVER
 *   validation/parse failed, cannot query field, unknown argument    ERR_PROTOCOL (their schema
 * moved) anything else                                                    ERR_REJECTED
 *
 * A known code outranks the message. ERR_AUTH from a message is a suspicion: the caller confirms it
 * with the identity query before anything is paused.
 */
#ifndef ONEKEY_REFUSAL_H
#define ONEKEY_REFUSAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { REFUSAL_TEXT_SIZE = 201, REFUSAL_JOINED_SIZE = 401 };

/* Either may be NULL. */
enum err_kind refusal_kind(const char *code, const char *message);

/* Kind of one entry of a GraphQL "errors" array, or of the REST form {"type","detail"}. */
enum err_kind refusal_entry_kind(const json_t *entry);

/* The entry's message, printable, cut to fit; "no reason given" when it has none. Returns text. */
const char *refusal_entry_text(const json_t *entry, char text[REFUSAL_TEXT_SIZE]);

/*
 * Fills *err from a non-empty "errors" array and returns false: the gravest kind of all entries (in
 * the order of the table), the message of the first entry of that kind, and how many others there
 * are.
 */
bool refusal_of_errors(const json_t *errors, struct err *err);

/* Does it say that the thing asked for is not there, and nothing about rights or trouble? */
bool refusal_entry_is_not_found(const json_t *entry);

/*
 * Does it say that a field which was asked for does not exist, or not in that form (an object
 * without its fields)? The words of the GraphQL servers that are in use, and the code of a
 * validation that failed.
 */
bool refusal_entry_is_about_field(const json_t *entry);

/*
 * All entries as "field: message (CODE); ...", as many as fit into REFUSAL_JOINED_SIZE or more,
 * then how many others there are. Returns text.
 */
const char *refusal_join(const json_t *errors, char *text, size_t size);

/*
 * The reason in the body of a refused REST request, for the message: errors[0].detail, else
 * errors[0].type, else "detail" or "message" of the top level. False when the body is not JSON (a
 * proxy's answer, then, not the platform's); the text is empty when it is JSON without a reason.
 */
bool refusal_of_rest(const char *bytes, size_t size, char text[REFUSAL_TEXT_SIZE]);

/* Any text from the platform made printable and cut to size - 1 bytes, "..." at a cut. Returns
 * text. */
const char *refusal_excerpt(const char *raw, char *text, size_t size);

#endif
