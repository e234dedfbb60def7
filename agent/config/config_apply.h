/*
 * config_apply.h - defaults and the file's tree into struct config, each key by its row
 * in options.def.
 */
#ifndef CONFIG_CONFIG_APPLY_H
#define CONFIG_CONFIG_APPLY_H

#include "base/yaml_tree.h"
#include "config/config.h"
#include "config/config_option.h"
#include "config/config_pool.h"

struct config_apply {
    const char *file_name; /* printable */
    struct config_pool *pool;
    struct config_problems *problems;
};

/* base is the zeroed struct of that scope. */
void config_apply_defaults(enum config_option_scope scope, struct config_pool *pool, void *base);

/* Everything that is wrong goes to problems; such a value keeps its default. */
void config_apply_tree(const struct config_apply *apply, const struct tree_node *root,
                       struct config *config);

#endif
