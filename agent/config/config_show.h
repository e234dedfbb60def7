/*
 * config_show.h - the effective configuration and the list of options, for people and
 * for programs. What may carry a secret is shown without it.
 */
#ifndef CONFIG_CONFIG_SHOW_H
#define CONFIG_CONFIG_SHOW_H

#include <jansson.h>

#include "base/buf.h"
#include "config/config.h"

/* YAML, each line with "# origin". The buf is an empty one; its max is set here. */
void config_show_text(const struct config *config, struct buf *out);

/* {"api.url": {"value": ..., "origin": "default"}, ...}. Caller owns it. */
json_t *config_show_json(const struct config *config);

/* Every option: path, kind, default, range, what it is for. The buf as above. */
void config_help(struct buf *out);

/* The first option that differs and that a reload cannot change, as its path; else NULL. */
const char *config_restart_reason(const struct config *running, const struct config *fresh);

#endif
