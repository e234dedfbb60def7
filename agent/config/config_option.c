#include "config/config_option.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "config/config.h"

#define OPTION_MS(n)      ((int64_t)(n))
#define OPTION_MINUTES(n) (INT64_C(60000) * (n))
#define OPTION_HOURS(n)   (INT64_C(3600000) * (n))
#define OPTION_DAYS(n)    (INT64_C(86400000) * (n))
#define OPTION_KIB(n)     (INT64_C(1024) * (n))

#define MEMBERS_ROOT   struct config
#define MEMBERS_WATCH  struct config_watch
#define MEMBERS_WINDOW struct config_window
#define MEMBERS_FORMAT struct config_sbom_format
#define MEMBERS_EXPORT struct config_export
#define MEMBERS_TARGET struct config_alert_target

#define OPTION(scope_, path_, type_, member_, fallback_, least_, most_, words_, flags_, help_)     \
    {.path = (path_),                                                                              \
     .type = OPTION_##type_,                                                                       \
     .scope = SCOPE_##scope_,                                                                      \
     .offset = offsetof(MEMBERS_##scope_, member_),                                                \
     .fallback = (fallback_),                                                                      \
     .least = (least_),                                                                            \
     .most = (most_),                                                                              \
     .words = (words_),                                                                            \
     .flags = (flags_),                                                                            \
     .help = (help_)},

/* Listed once, there: struct members are the only other place that knows an option. */
static const struct config_option rows[] = {
#include "config/options.def"
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0], KEY_SIZE = 64 };

/* The list types write pointer and count through one offset. */
#define COUNT_FOLLOWS(type, items, count)                                                          \
    _Static_assert(offsetof(type, count) == offsetof(type, items) + sizeof(void *),                \
                   #count " follows " #items)
COUNT_FOLLOWS(struct config, watches, watch_count);
COUNT_FOLLOWS(struct config, transfers.windows, transfers.window_count);
COUNT_FOLLOWS(struct config, sbom.formats, sbom.format_count);
COUNT_FOLLOWS(struct config, exports, export_count);
COUNT_FOLLOWS(struct config, alerts.targets, alerts.target_count);

/* What follows "section." in path; path itself for ""; NULL when it is elsewhere. */
static const char *rest_in(const char *section, const char *path)
{
    size_t size = strlen(section);

    if (size == 0)
        return path;
    return strncmp(path, section, size) == 0 && path[size] == '.' ? path + size + 1 : NULL;
}

static const char *last_part(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot ? dot + 1 : path;
}

/* Offers the keys that stand directly in the section; copies the best into room. */
static const char *nearest_key(const char *section, const char *key, char *room, size_t size)
{
    struct suggest suggest = {.word = key};
    char keys[ROW_COUNT][KEY_SIZE];

    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char *rest = rest_in(section, rows[i].path);
        if (!rest || rows[i].flags & OPTION_NOT_IN_FILE)
            continue;
        snprintf(keys[i], KEY_SIZE, "%.*s", (int)strcspn(rest, ".["), rest);
        suggest_offer(&suggest, keys[i]);
    }
    if (!suggest.best)
        return NULL;
    snprintf(room, size, "%s", suggest.best);
    return room;
}

const struct config_option *config_option_rows(size_t *count)
{
    *count = ROW_COUNT;
    return rows;
}

const struct config_option *config_option_find(const char *path)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(rows[i].path, path) == 0)
            return &rows[i];
    }
    return NULL;
}

bool config_option_is_section(const char *path)
{
    assert(*path);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rest_in(path, rows[i].path))
            return true;
    }
    return false;
}

const char *config_option_suggest(const char *section, const char *key, char *room, size_t size)
{
    const char *near = nearest_key(section, key, room, size);

    if (near)
        return near;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strcmp(last_part(rows[i].path), key) == 0)
            return rows[i].path;
    }
    return NULL;
}

bool config_option_is_list(enum config_option_type type)
{
    return type >= OPTION_WATCHES;
}

enum config_option_scope config_option_element(enum config_option_type type, size_t *size)
{
    static const struct {
        enum config_option_scope scope;
        size_t size;
    } elements[] = {
        [OPTION_WATCHES] = {SCOPE_WATCH, sizeof(struct config_watch)},
        [OPTION_WINDOWS] = {SCOPE_WINDOW, sizeof(struct config_window)},
        [OPTION_FORMATS] = {SCOPE_FORMAT, sizeof(struct config_sbom_format)},
        [OPTION_EXPORTS] = {SCOPE_EXPORT, sizeof(struct config_export)},
        [OPTION_TARGETS] = {SCOPE_TARGET, sizeof(struct config_alert_target)},
    };

    assert(config_option_is_list(type));
    *size = elements[type].size;
    return elements[type].scope;
}
