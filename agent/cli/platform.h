/*
 * platform.h - small questions to the platform, from a command without a loop of its own.
 *
 * Blocking. What may be better the next time (network, 5xx, throttled, an answer that is
 * not understood) is asked for three times in all, seconds apart.
 */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "config/config.h"
#include "onekey/identity.h"

enum { PLATFORM_ATTEMPTS = 3, PLATFORM_WAIT_LONGEST_MS = 30 * 1000 };

struct platform;

/* token and config are borrowed for its life. NULL: ERR_CONFIG. */
struct platform *platform_new(const struct config *config, const struct secret *token,
                              const char *(*environment)(const char *name), struct err *err);
void platform_free(struct platform *platform); /* NULL is fine */

/* Reads a complete 2xx answer, gone when it returns; its errors may be asked for again. */
typedef bool platform_reply_fn(void *owner, const char *bytes, size_t size, struct err *err);

/* POSTs a GraphQL request that only reads: it may be sent more than once. */
bool platform_ask(struct platform *platform, const char *request, platform_reply_fn *reply,
                  void *owner, struct err *err);

/*
 * Whose token it is; release *identity. ERR_TENANT where the configuration's guard names
 * another tenant: *identity is filled all the same.
 */
bool platform_identity(struct platform *platform, struct identity *identity, struct err *err);

/* Pure: how long to wait before attempt (1, 2, ...), or -1: do not ask again. */
int64_t platform_wait_ms(const struct err *err, int attempt, int64_t retry_after_ms);

#endif
