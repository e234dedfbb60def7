#include "config/config_apply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "config/config_problems.h"
#include "config/config_value.h"

enum { PATH_SIZE = 128, SHOWN_MAX = 60 };

/*
 * A mapping of the file while its keys are read. `pattern` is its path as options.def
 * writes it ("watch[].metadata"), `actual` the same with indexes, for messages.
 */
struct section {
    const char *pattern;
    const char *actual;
    void *base;
};

static void apply_mapping(const struct config_apply *apply, const struct section *section,
                          const struct tree_node *node);

static void report(const struct config_apply *apply, struct tree_place place, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));

static void report(const struct config_apply *apply, struct tree_place place, const char *format,
                   ...)
{
    auto_free char *where = xasprintf("%s:%zu:%zu", apply->file_name, place.line, place.column);
    auto_free char *what = NULL;
    va_list args;

    va_start(args, format);
    int size = vasprintf(&what, format, args);
    va_end(args);
    assert(size >= 0);
    (void)size;
    config_problems_error(apply->problems, where, "%s", what);
}

static void join(char path[PATH_SIZE], const char *section, const char *key)
{
    // a key that does not fit is none of ours; cut off, it is still none
    snprintf(path, PATH_SIZE, "%s%s%s", section, *section ? "." : "", key);
}

/* Keys under which people keep secrets in other programs' files. */
static bool has_secret_name(const char *key)
{
    static const char *const names[] = {"token",   "api_token", "apitoken",  "password",
                                        "passwd",  "secret",    "api_key",   "apikey",
                                        "api-key", "api-token", "proxy_auth"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcasecmp(key, names[i]) == 0)
            return true;
    }
    return false;
}

/* The value is never shown: under a mistyped key it may be anything, also a secret. */
static void report_unknown(const struct config_apply *apply, const struct section *section,
                           const struct tree_node *child)
{
    char room[PATH_SIZE];
    auto_free char *key = printable_new(child->key);
    const char *within = *section->actual ? section->actual : "the file";

    if (has_secret_name(child->key)) {
        report(apply, child->key_place,
               "%s: secrets are not kept in this file; write the token to a file of its own and "
               "name it in api.token_file (for a proxy's password: api.proxy_auth_file)",
               key);
        return;
    }
    if (strlen(key) > SHOWN_MAX) {
        report(apply, child->key_place, "unknown key in %s; remove it", within);
        return;
    }
    const char *near = config_option_suggest(section->pattern, child->key, room, sizeof room);
    auto_free char *right = near ? xasprintf("did you mean %s?", near) : xstrdup("remove it");
    report(apply, child->key_place, "unknown key %s in %s; %s", key, within, right);
}

/* A value that is wrong keeps its default, so that the checks that follow have one. */
static void apply_value(const struct config_apply *apply, const struct config_option *option,
                        const struct section *section, const char *actual,
                        const struct tree_node *child)
{
    const struct tree_node *where = child;
    struct err err;

    if (!config_value_read_node(option, child, apply->pool, section->base, &where, &err))
        report(apply, where->place, "%s: %s", actual, err.message);
}

/*
 * Elements get their defaults first, then what their mapping says. The limits on counts
 * keep what is quadratic elsewhere (names, paths, origins) small for any file.
 */
static void apply_list(const struct config_apply *apply, const struct config_option *option,
                       const struct section *section, const struct tree_node *child)
{
    size_t size;
    enum config_option_scope scope = config_option_element(option->type, &size);
    char pattern[PATH_SIZE];
    char actual[PATH_SIZE];

    if (tree_is_null(child))
        return;
    if (child->kind != TREE_SEQUENCE) {
        report(apply, child->place, "%s: not a list; start each entry with \"- \"", option->path);
        return;
    }
    if (child->count > (size_t)option->most) {
        report(apply, child->place, "%s: %zu entries; write at most %d", option->path, child->count,
               (int)option->most);
        return;
    }
    char *elements = config_pool_alloc(apply->pool, child->count * size);
    snprintf(pattern, sizeof pattern, "%s[]", option->path);
    for (size_t i = 0; i < child->count; i++) {
        const struct section element = {pattern, actual, elements + i * size};

        snprintf(actual, sizeof actual, "%s[%zu]", option->path, i);
        config_apply_defaults(scope, apply->pool, element.base);
        apply_mapping(apply, &element, &child->children[i]);
    }
    char *member = (char *)section->base + option->offset;
    memcpy(member, &elements, sizeof elements);
    memcpy(member + sizeof elements, &child->count, sizeof child->count);
}

static void apply_option(const struct config_apply *apply, const struct config_option *option,
                         const struct section *section, const char *actual,
                         const struct tree_node *child)
{
    if (option->flags & OPTION_NOT_IN_FILE) {
        report(apply, child->key_place, "%s is not set in this file; it is taken %s", actual,
               option->help);
    } else if (config_option_is_list(option->type)) {
        apply_list(apply, option, section, child);
    } else if (option->flags & OPTION_OR_LIST && child->kind == TREE_SEQUENCE) {
        apply_list(apply, option + 1, section, child);
    } else {
        apply_value(apply, option, section, actual, child);
    }
}

/*
 * One key: an option, a section that leads to options, or a mistake. Sections are not
 * declared anywhere; they are what stands before a dot in options.def.
 */
static void apply_child(const struct config_apply *apply, const struct section *section,
                        const struct tree_node *child)
{
    char pattern[PATH_SIZE];
    char actual[PATH_SIZE];

    join(pattern, section->pattern, child->key);
    join(actual, section->actual, child->key);
    // "api.url: x" at the top would find the option, and be another spelling of it
    bool is_path = strpbrk(child->key, ".[") != NULL;
    const struct config_option *option = is_path ? NULL : config_option_find(pattern);
    if (option)
        apply_option(apply, option, section, actual, child);
    else if (is_path || *child->key == '\0' || !config_option_is_section(pattern))
        report_unknown(apply, section, child);
    else if (!tree_is_null(child)) // a section whose every line is a comment
        apply_mapping(apply, &(struct section){pattern, actual, section->base}, child);
}

/* The options that stand directly in this section and have to be written. */
static void check_needed(const struct config_apply *apply, const struct section *section,
                         const struct tree_node *node)
{
    size_t size = strlen(section->pattern);
    size_t count;
    const struct config_option *rows = config_option_rows(&count);

    for (size_t i = 0; i < count; i++) {
        const char *dot = strrchr(rows[i].path, '.');
        const char *key = dot ? dot + 1 : rows[i].path;
        size_t parent = dot ? (size_t)(dot - rows[i].path) : 0;

        if (!(rows[i].flags & OPTION_NEEDED) || parent != size ||
            strncmp(rows[i].path, section->pattern, size) != 0 || tree_child(node, key))
            continue;
        if (size > 0)
            report(apply, node->place, "%s has no %s; add it", section->actual, key);
        else
            report(apply, node->place, "the file has no %s; add \"%s: %s\"", key, key,
                   rows[i].fallback);
    }
}

static void apply_mapping(const struct config_apply *apply, const struct section *section,
                          const struct tree_node *node)
{
    if (node->kind != TREE_MAPPING) {
        report(apply, node->place, "%s is no mapping; write its keys as \"key: value\"",
               *section->actual ? section->actual : "the file");
        return;
    }
    check_needed(apply, section, node);
    for (size_t i = 0; i < node->count; i++)
        apply_child(apply, section, &node->children[i]);
}

void config_apply_defaults(enum config_option_scope scope, struct config_pool *pool, void *base)
{
    size_t count;
    const struct config_option *rows = config_option_rows(&count);

    for (size_t i = 0; i < count; i++) {
        struct err err;

        if (rows[i].scope != scope || !rows[i].fallback)
            continue;
        bool ok = config_value_read_text(&rows[i], rows[i].fallback, pool, base, &err);
        assert(ok); // a default that its own check refuses is a mistake in options.def
        (void)ok;
    }
}

void config_apply_tree(const struct config_apply *apply, const struct tree_node *root,
                       struct config *config)
{
    const struct section top = {"", "", config};

    apply_mapping(apply, &top, root);
}
