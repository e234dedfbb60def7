/*
 * graphql.h - the envelope that every GraphQL request and answer travels in.
 *
 * The body decides, not the HTTP status: an expired token, a missing right and a proxy's sign-in
 * page all have been seen under 200. An answer is read in this order, and each way out has its
 * kind:
 *
 *   empty, HTML, not JSON, over GRAPHQL_BYTES_MAX or GRAPHQL_DEPTH_MAX,
 *   a key twice, JSON of another shape                              ERR_PROTOCOL
 *   "errors" with entries: no partial data                          see refusal.h
 *   "data" null or no object                                        ERR_PROTOCOL
 *
 * Promises: nothing is parsed before its size and depth are known to be within the caps; a message
 * never carries a part of a body, only the server's own error texts, made printable, <= 200 bytes.
 */
#ifndef ONEKEY_GRAPHQL_H
#define ONEKEY_GRAPHQL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum {
    GRAPHQL_DEPTH_MAX = 32,
    GRAPHQL_BYTES_MAX = 8 << 20, /* what to give net/ as the largest answer, too */
};

/*
 * The body of a POST to {api}/graphql; the caller frees it. Takes the reference to variables (NULL
 * for none). The text must be UTF-8: it is one of graphql_texts.h, or was checked.
 */
char *graphql_request(const char *query, json_t *variables);

/*
 * *data becomes the caller's reference to the "data" object. bytes need no NUL at their end; they
 * are only read.
 */
bool graphql_reply(const char *bytes, size_t size, json_t **data, struct err *err);

/* The same for who expects larger answers. */
bool graphql_reply_up_to(const char *bytes, size_t size, size_t max, json_t **data,
                         struct err *err);

/*
 * The same without looking at "errors": *envelope is the whole object, for the callers that can use
 * an answer in parts (analysis.h) or want another cap (query.h). "errors", where present, is a
 * non-empty array or was removed; anything else there is ERR_PROTOCOL.
 */
bool graphql_envelope(const char *bytes, size_t size, size_t max, json_t **envelope,
                      struct err *err);

/* "data" of such an envelope, borrowed from it. */
bool graphql_data(const json_t *envelope, const json_t **data, struct err *err);

/*
 * JSON from elsewhere, under the same caps: any top-level value. Messages say "answer is ...", so
 * wrap them with what it was the answer to.
 */
bool graphql_json(const char *bytes, size_t size, size_t max, json_t **value, struct err *err);

#endif
