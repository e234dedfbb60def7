/*
 * config_scalar.h - one scalar text, read as its option's type into a member.
 *
 * A text that is kept is not copied. Errors are "what is wrong; what is right".
 */
#ifndef CONFIG_CONFIG_SCALAR_H
#define CONFIG_CONFIG_SCALAR_H

#include <stdbool.h>

#include "base/err.h"
#include "config/config_option.h"
#include "config/config_pool.h"

/* For every type but the lists. */
bool config_scalar_read(const struct config_option *option, const char *text,
                        struct config_pool *pool, void *member, struct err *err);

/* "value" in quotes and printable, or "this" where that is long. Caller frees. */
char *config_scalar_quoted(const char *text);

/* The bits of the events that text names: one, or all of them for "all". */
bool config_scalar_events(const char *text, uint32_t *events, struct err *err);

#endif
