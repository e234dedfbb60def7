/*
 * query.h - a GraphQL request of the operator's own, passed through.
 */
#ifndef ONEKEY_QUERY_H
#define ONEKEY_QUERY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* A tenant's issues in one answer: larger than what the agent itself asks for. */
enum { QUERY_BYTES_MAX = 64 << 20 };

/* variables: text of a JSON object, or NULL. ERR_USAGE says what is wrong. *body is the caller's.
 */
bool query_request(const char *text, const char *variables, char **body, struct err *err);

/* *data is the caller's reference. Errors in the text of the query are ERR_REJECTED here. */
bool query_reply(const char *bytes, size_t size, json_t **data, struct err *err);

#endif
