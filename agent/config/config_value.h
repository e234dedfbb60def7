/*
 * config_value.h - one option's value: from text or YAML into its member, and back.
 *
 * `base` is the struct that the option's scope names. A text that is kept is not
 * copied: it has to live as long as the configuration (the tree's, the pool's, a
 * literal). Errors are "what is wrong; what is right", without the place.
 */
#ifndef CONFIG_CONFIG_VALUE_H
#define CONFIG_CONFIG_VALUE_H

#include <jansson.h>

#include "base/err.h"
#include "base/yaml_tree.h"
#include "config/config_option.h"
#include "config/config_pool.h"

/* Of a default, an option or a variable. A list becomes one of a single item. */
bool config_value_read_text(const struct config_option *option, const char *text,
                            struct config_pool *pool, void *base, struct err *err);

/* On failure *where is the node that is wrong: the value, or one item of it. */
bool config_value_read_node(const struct config_option *option, const struct tree_node *node,
                            struct config_pool *pool, void *base, const struct tree_node **where,
                            struct err *err);

/* As `config show` tells it, null when not set; secrets are cut out. Caller owns it. */
json_t *config_value_json(const struct config_option *option, const void *base);

/* True when both structs hold the same. */
bool config_value_equal(const struct config_option *option, const void *base, const void *other);

#endif
