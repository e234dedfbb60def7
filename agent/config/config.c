/*
 * Loading in layers, each of which may replace what the one before it set:
 *
 *   defaults of options.def     config_apply_defaults()
 *   the file                    tree_parse(), config_apply_tree()
 *   environment, options        override(): same readers, origin kept beside the tree
 *   what follows from others    derive(): state directory, SBOM directory, one format
 *   checks across options       config_check_all()
 *
 * Where a value came from is not stored with it. It is found when somebody asks: among
 * the overrides, else in the tree, which stays for that and because texts live in it.
 */
#include "config/config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/yaml_tree.h"
#include "config/config_apply.h"
#include "config/config_check.h"
#include "config/config_option.h"
#include "config/config_pool.h"
#include "config/config_problems.h"
#include "config/config_value.h"

enum { FILE_DEPTH_MAX = 16 };

/* A value that did not come from the file; the latest of a path is the effective one. */
struct override {
    struct override *next;
    const char *path;
    const char *origin;
};

/* What a struct config stands on: texts live in the tree and in the pool. */
struct stored {
    struct config config; /* first: config_free() gets a pointer to it */
    struct tree_node *tree;
    struct config_pool pool;
    struct override *overrides;
};

struct loading {
    struct stored *stored;
    const struct config_sources *sources;
    struct config_problems *problems;
};

static const struct stored *stored_of(const struct config *config)
{
    return (const struct stored *)config;
}

static const char *keep_text(struct loading *loading, const char *text)
{
    return config_pool_text(&loading->stored->pool, text, strlen(text));
}

static const char *variable(const struct loading *loading, const char *name)
{
    const char *value = loading->sources->environment ? loading->sources->environment(name) : NULL;

    // CI systems set the variables that they do not know to nothing
    return value && *value ? value : NULL;
}

/* What a person types in a shell is relative to where they stand. Caller frees. */
static char *absolute(const char *path)
{
    auto_free char *here = *path == '/' ? NULL : getcwd(NULL, 0);

    return here ? xasprintf("%s/%s", here, path) : xstrdup(path);
}

/* A value that cannot be read leaves what the layer below had set. */
static void override(struct loading *loading, const char *path, const char *value,
                     const char *origin)
{
    const struct config_option *option = config_option_find(path);
    struct config_pool *pool = &loading->stored->pool;
    struct err err;

    assert(option && option->scope == SCOPE_ROOT && !config_option_is_list(option->type));
    auto_free char *text = option->type == OPTION_PATH ? absolute(value) : xstrdup(value);
    if (!config_value_read_text(option, keep_text(loading, text), pool, &loading->stored->config,
                                &err)) {
        config_problems_error(loading->problems, origin, "%s", err.message);
        return;
    }
    struct override *entry = config_pool_alloc(pool, sizeof *entry);
    entry->next = loading->stored->overrides;
    entry->path = option->path;
    entry->origin = keep_text(loading, origin);
    loading->stored->overrides = entry;
}

static void override_by(struct loading *loading, const char *name, const char *path,
                        const char *value)
{
    auto_free char *origin = xasprintf("environment %s", name);

    override(loading, path, value, origin);
}

/* As the official client reads its flags, which are more words than YAML here takes. */
static const char *flag_text(const char *value)
{
    static const char *const words[][2] = {
        {"1", "true"},  {"0", "false"},   {"yes", "true"},  {"no", "false"},
        {"on", "true"}, {"off", "false"}, {"t", "true"},    {"f", "false"},
        {"y", "true"},  {"n", "false"},   {"true", "true"}, {"false", "false"},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(value, words[i][0]) == 0)
            return words[i][1];
    }
    return value;
}

static void load_environment(struct loading *loading)
{
    static const char *const names[][2] = {
        {"ONEKEY_API_URL", "api.url"},
        {"ONEKEY_TENANT_NAME", "api.tenant"},
        {"ONEKEY_AGENT_STATE_DIR", "state_dir"},
        {"ONEKEY_AGENT_LOG_LEVEL", "log.level"},
    };
    const char *service = variable(loading, "STATE_DIRECTORY");
    const char *flag = variable(loading, "ONEKEY_DISABLE_TLS_VERIFY");

    // the service manager's list may have several; ours comes before what follows is set
    if (service) {
        auto_free char *first = xstrndup(service, strcspn(service, ":"));
        override_by(loading, "STATE_DIRECTORY", "state_dir", first);
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = variable(loading, names[i][0]);

        if (value)
            override_by(loading, names[i][0], names[i][1], value);
    }
    if (flag)
        override_by(loading, "ONEKEY_DISABLE_TLS_VERIFY", "api.disable_tls_verify",
                    flag_text(flag));
}

static void load_settings(struct loading *loading)
{
    for (size_t i = 0; i < loading->sources->setting_count; i++) {
        const struct config_setting *setting = &loading->sources->settings[i];
        auto_free char *origin = xasprintf("option %s", setting->option);

        override(loading, setting->path, setting->value, origin);
    }
}

/* False: there is no tree, and nothing else that could be said about the file. */
static bool load_file(struct loading *loading)
{
    const struct config_sources *sources = loading->sources;
    const struct tree_source source = {.name = sources->file_name,
                                       .bytes = sources->file_bytes,
                                       .size = sources->file_size,
                                       .max_bytes = CONFIG_FILE_MAX,
                                       .max_depth = FILE_DEPTH_MAX};
    struct stored *stored = loading->stored;
    auto_free char *name = printable_new(sources->file_name);
    struct err err;

    if (!tree_parse(&source, &stored->tree, &err)) {
        config_problems_error(loading->problems, "", "%s", err.message);
        return false;
    }
    stored->config.file_name = keep_text(loading, sources->file_name);
    if (!stored->tree) {
        config_problems_error(loading->problems, name,
                              "the file is empty; start it with \"version: 1\"");
        return false;
    }
    const struct config_apply apply = {name, &stored->pool, loading->problems};
    config_apply_tree(&apply, stored->tree, &stored->config);
    return true;
}

/* XDG's rule: a relative one is ignored. */
static char *default_state_dir(const struct loading *loading)
{
    const char *state = variable(loading, "XDG_STATE_HOME");
    const char *home = variable(loading, "HOME");

    if (loading->sources->as_root)
        return xstrdup("/var/lib/onekey-agent/state");
    if (state && *state == '/')
        return xasprintf("%s/onekey-agent", state);
    return home && *home == '/' ? xasprintf("%s/.local/state/onekey-agent", home) : NULL;
}

/* The defaults that depend on other values. */
static void derive(struct loading *loading)
{
    static const struct config_sbom_format format = {.name = "default"};
    struct config *config = &loading->stored->config;
    auto_free char *state_dir = config->state_dir ? NULL : default_state_dir(loading);

    if (state_dir)
        config->state_dir = keep_text(loading, state_dir);
    if (!config->state_dir) {
        config_problems_error(loading->problems, "state_dir",
                              "no place for it without $HOME; set state_dir");
    } else if (!config->sbom.directory) {
        auto_free char *directory = xasprintf("%s/sboms", config->state_dir);
        config->sbom.directory = keep_text(loading, directory);
    }
    if (config->sbom.format_count == 0) {
        config->sbom.formats = &format;
        config->sbom.format_count = 1;
    }
    // who appends "/graphql" shall not have to look
    size_t size = strlen(config->api.url);
    while (config->api.url[size - 1] == '/')
        size--;
    config->api.url = config_pool_text(&loading->stored->pool, config->api.url, size);
}

static void load_all(struct loading *loading)
{
    struct config *config = &loading->stored->config;

    config_apply_defaults(SCOPE_ROOT, &loading->stored->pool, config);
    if (loading->sources->file_name && !load_file(loading))
        return;
    // later ones replace earlier ones: this order is the precedence
    load_environment(loading);
    load_settings(loading);
    derive(loading);
    config_check_all(config, loading->sources->file_mode, loading->problems);
}

bool config_load(const struct config_sources *sources, struct config **out,
                 struct config_problems *problems, struct err *err)
{
    struct stored *stored = xcalloc(1, sizeof *stored);
    struct loading loading = {stored, sources, problems};

    load_all(&loading);
    if (!config_problems_none(problems, err)) {
        config_free(&stored->config);
        return false;
    }
    *out = &stored->config;
    return true;
}

void config_free(struct config *config)
{
    struct stored *stored = (struct stored *)config;

    if (!config)
        return;
    tree_free(stored->tree);
    config_pool_release(&stored->pool);
    free(stored);
}

char *config_origin(const struct config *config, const char *path)
{
    const struct stored *stored = stored_of(config);

    for (const struct override *entry = stored->overrides; entry; entry = entry->next) {
        if (strcmp(entry->path, path) == 0)
            return xstrdup(entry->origin);
    }
    const struct tree_node *node = tree_find(stored->tree, path);
    if (!node || tree_is_null(node)) // a section or list whose every line is a comment
        return xstrdup("default");
    auto_free char *name = printable_new(config->file_name);
    return xasprintf("%s:%zu:%zu", name, node->place.line, node->place.column);
}
