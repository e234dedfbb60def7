/* loaded_tree.h - a folder of files and a configuration that watches it. */
#ifndef TESTS_CLI_LOADED_TREE_H
#define TESTS_CLI_LOADED_TREE_H

#include "test.h"

#include "base/auto.h"
#include "base/mem.h"
#include "config/config.h"
#include "tree.h"

struct loaded_tree {
    struct tree tree;
    struct config *config;
};

static inline const char *loaded_tree_home(const char *name)
{
    return strcmp(name, "HOME") == 0 ? "/nonexistent" : NULL;
}

/* The folder's path stands between the two pieces of YAML. */
static inline void loaded_tree_load(struct loaded_tree *loaded, const char *before,
                                    const char *after)
{
    auto_free char *text = xasprintf("%s%s%s", before, loaded->tree.path, after);
    const struct config_sources sources = {.file_name = "agent.yaml",
                                           .file_bytes = text,
                                           .file_size = strlen(text),
                                           .environment = loaded_tree_home};
    struct config_problems problems = {0};
    struct err err;

    config_free(loaded->config);
    loaded->config = NULL;
    if (!config_load(&sources, &loaded->config, &problems, &err))
        fail_msg("%s", err.message);
    config_problems_release(&problems);
}

static inline int loaded_tree_make(void **state)
{
    struct loaded_tree *loaded = calloc(1, sizeof *loaded);

    tree_make(&loaded->tree);
    *state = loaded;
    return 0;
}

static inline int loaded_tree_drop(void **state)
{
    struct loaded_tree *loaded = *state;

    config_free(loaded->config);
    tree_clear(AT_FDCWD, loaded->tree.path);
    close(loaded->tree.fd);
    free(loaded);
    return 0;
}

#endif
