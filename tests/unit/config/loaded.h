/* loaded.h - a configuration from a text, for the tests of this folder. */
#ifndef TESTS_CONFIG_LOADED_H
#define TESTS_CONFIG_LOADED_H

#include "test.h"

#include <jansson.h>

#include "base/auto.h"
#include "config/config.h"
#include "config/config_show.h"

struct loaded {
    struct config *config; /* NULL: refused */
    struct config_problems problems;
    struct err err;
};

/* What nobody can have in the environment by chance. */
static inline const char *loaded_home_only(const char *name)
{
    return strcmp(name, "HOME") == 0 ? "/home/ci" : NULL;
}

static inline struct loaded loaded_from(const struct config_sources *sources)
{
    struct loaded loaded = {0};

    if (!config_load(sources, &loaded.config, &loaded.problems, &loaded.err)) {
        assert_null(loaded.config);
        assert_int_equal(loaded.err.kind, ERR_CONFIG);
        assert_true(loaded.problems.error_count > 0);
    }
    return loaded;
}

static inline struct loaded loaded_text(const char *text)
{
    const struct config_sources sources = {.file_name = "c.yaml",
                                           .file_bytes = text,
                                           .file_size = strlen(text),
                                           .environment = loaded_home_only};

    return loaded_from(&sources);
}

static inline void loaded_release(struct loaded *loaded)
{
    config_free(loaded->config);
    config_problems_release(&loaded->problems);
}

#define auto_loaded __attribute__((cleanup(loaded_release)))

/* The value at a path as `config show` tells it, as compact JSON. Caller frees. */
static inline char *loaded_value(const struct loaded *loaded, const char *path)
{
    auto_json json_t *all = config_show_json(loaded->config);
    const json_t *value = json_object_get(json_object_get(all, path), "value");

    if (!value)
        fail_msg("no value at %s", path);
    return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

static inline void loaded_expect_error(const char *why, const struct loaded *loaded,
                                       const char *want)
{
    if (loaded->config)
        fail_msg("%s: accepted, want %s", why, want);
    if (loaded->problems.error_count != 1 || strcmp(loaded->problems.errors[0], want) != 0)
        fail_msg("%s: %zu errors, the first %s, want %s", why, loaded->problems.error_count,
                 loaded->problems.errors[0], want);
}

static inline void loaded_expect_value(const char *why, const struct loaded *loaded,
                                       const char *path, const char *want)
{
    if (!loaded->config)
        fail_msg("%s: refused: %s", why, loaded->err.message);
    auto_free char *got = loaded_value(loaded, path);
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s is %s, want %s", why, path, got, want);
}

#endif
