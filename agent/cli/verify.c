/*
 * verify.c - messages of the compiling layers begin with the option's key ("exclude[1]: ");
 * here that key becomes the place in the file where it stands.
 */
#include "cli/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/template.h"
#include "flow/source.h"
#include "onekey/named.h"
#include "run/setup.h"

enum { NAME_MAX_BYTES = METADATA_VALUE_MAX_BYTES };

static void add(struct verify_problems *problems, char *take_line)
{
    problems->lines = xrealloc(problems->lines, (problems->count + 1) * sizeof(char *));
    problems->lines[problems->count++] = take_line;
}

void verify_release(struct verify_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        free(problems->lines[i]);
    free(problems->lines);
    *problems = (struct verify_problems){0};
}

/* ---- where a problem stands ---- */

static bool is_written(const char *origin)
{
    return strcmp(origin, "default") != 0;
}

char *verify_origin(const struct config *config, size_t watch, const char *message)
{
    size_t key = strcspn(message, ":");
    bool is_metadata = strncmp(message, "metadata: ", strlen("metadata: ")) == 0;
    const char *field = is_metadata ? message + strlen("metadata: ") : "";
    auto_free char *path =
        is_metadata ? xasprintf("watch[%zu].metadata.%.*s", watch, (int)strcspn(field, ":"), field)
                    : xasprintf("watch[%zu].%.*s", watch, (int)key, message);
    char *origin = config_origin(config, path);

    /* What is missing has no place; the section that lacks it has. */
    while (!is_written(origin) && strrchr(path, '.')) {
        *strrchr(path, '.') = '\0';
        free(origin);
        origin = config_origin(config, path);
    }
    return origin;
}

static void add_watch(struct verify_problems *problems, const struct config *config, size_t watch,
                      const char *message)
{
    auto_free char *origin = verify_origin(config, watch, message);

    add(problems, xasprintf("%s: %s", origin, message));
}

void verify_watches(const struct config *config, struct verify_problems *problems)
{
    struct flow_settings settings;
    struct setup_sboms sboms;
    struct err err;

    for (size_t i = 0; i < config->watch_count; i++) {
        struct source *source = setup_source(&config->watches[i], &err);

        if (!source)
            add_watch(problems, config, i, err.message);
        source_free(source);
    }
    if (!setup_flow(config, &settings, &sboms, &err)) {
        auto_free char *origin = config_origin(config, "sbom.path");
        add(problems, xasprintf("%s: %s", origin, err.message));
    }
    setup_sboms_release(&sboms);
}

/* ---- names that the platform has to know ---- */

/* The text when no file can change it, else NULL. Caller frees. */
static char *fixed_text(const char *text)
{
    static const char *const no_names[] = {NULL};
    auto_buf struct buf out = {.max = NAME_MAX_BYTES};
    const char *missing;
    struct err err;
    auto_template struct template *template = text ? template_new(text, no_names, &err) : NULL;

    if (!template || !template_is_constant(template) ||
        !template_expand(template, NULL, NULL, &out, &missing, &err) || out.size == 0)
        return NULL;
    return xstrdup(out.bytes);
}

struct reading {
    enum named_kind kind;
    struct named_list list;
};

static bool read_names(void *owner, const char *bytes, size_t size, struct err *err)
{
    struct reading *reading = owner;

    return named_reply(reading->kind, bytes, size, &reading->list, err);
}

static const char *configured(const struct config_watch *watch, enum named_kind kind,
                              const char **key)
{
    switch (kind) {
    case NAMED_PRODUCT_GROUP:
        *key = "metadata: product_group";
        return watch->metadata.product_group;
    case NAMED_ANALYSIS_CONFIGURATION:
        *key = "metadata: analysis_configuration";
        return watch->metadata.analysis_configuration;
    }
    abort();
}

static void check_names(const struct config *config, const struct reading *reading,
                        struct verify_problems *problems)
{
    for (size_t i = 0; i < config->watch_count; i++) {
        const char *key;
        auto_free char *name = fixed_text(configured(&config->watches[i], reading->kind, &key));
        const char *id;
        struct err err;

        if (!name || named_id_find(&reading->list, name, &id, &err))
            continue;
        auto_free char *message = xasprintf("%s: %s", key, err.message);
        add_watch(problems, config, i, message);
    }
}

static bool verify_kind(const struct config *config, struct platform *platform,
                        enum named_kind kind, struct verify_problems *problems, struct err *err)
{
    struct reading reading = {.kind = kind};
    auto_free char *request = named_request(kind);

    if (!platform_ask(platform, request, read_names, &reading, err))
        return err_wrap(err, "ask for each %s", named_kind_text(kind));
    check_names(config, &reading, problems);
    named_list_release(&reading.list);
    return true;
}

bool verify_names(const struct config *config, struct platform *platform,
                  struct verify_problems *problems, struct err *err)
{
    return verify_kind(config, platform, NAMED_PRODUCT_GROUP, problems, err) &&
           verify_kind(config, platform, NAMED_ANALYSIS_CONFIGURATION, problems, err);
}
