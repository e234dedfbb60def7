#include "config/config_show.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "config/config_measure.h"
#include "config/config_option.h"
#include "config/config_value.h"
#include "config/config_words.h"

enum { PATH_SIZE = 128, SHOW_MAX = 64 * 1024 * 1024, INDENT = 2 };

/* One value on its way to the reader, with its real path ("watch[3].settle"). */
struct shown {
    const struct config_option *option;
    const void *base;
    const char *path;
    size_t element; /* where in path the element's own keys begin; 0 outside of lists */
    bool is_first;  /* of its element */
};

typedef void visit_fn(void *owner, const struct config *config, const struct shown *shown);

struct list {
    const char *elements;
    size_t count;
};

static struct list list_of(const struct config *config, const struct config_option *option)
{
    const char *member = (const char *)config + option->offset;
    struct list list;

    memcpy(&list.elements, member, sizeof list.elements);
    memcpy(&list.count, member + sizeof list.elements, sizeof list.count);
    return list;
}

/* "watch[3].settle" is the list's path, the index, and the row's path behind "[].". */
static void visit_element(const struct config *config, const struct config_option *list,
                          size_t index, visit_fn *visit, void *owner)
{
    size_t count;
    size_t size;
    const struct config_option *rows = config_option_rows(&count);
    enum config_option_scope scope = config_option_element(list->type, &size);
    size_t prefix = strlen(list->path) + strlen("[].");
    bool is_first = true;
    char path[PATH_SIZE];

    for (size_t i = 0; i < count; i++) {
        if (rows[i].scope != scope)
            continue;
        int start = snprintf(path, sizeof path, "%s[%zu].", list->path, index);
        snprintf(path + start, sizeof path - (size_t)start, "%s", rows[i].path + prefix);
        const struct shown shown = {&rows[i], list_of(config, list).elements + index * size, path,
                                    (size_t)start, is_first};
        visit(owner, config, &shown);
        is_first = false;
    }
}

/* Of an option that takes two forms, only the one that is used. */
static bool is_used(const struct config *config, const struct config_option *option)
{
    if (option->flags & OPTION_OR_LIST)
        return list_of(config, option + 1).count == 0;
    return !(option->flags & OPTION_OTHER_FORM) || list_of(config, option).count > 0;
}

/* Every value in the order of options.def; a list itself first, then its elements. */
static void visit_all(const struct config *config, visit_fn *visit, void *owner)
{
    size_t count;
    const struct config_option *rows = config_option_rows(&count);

    for (size_t i = 0; i < count; i++) {
        const struct shown shown = {&rows[i], config, rows[i].path, 0, false};

        if (rows[i].scope != SCOPE_ROOT || !is_used(config, &rows[i]))
            continue;
        visit(owner, config, &shown);
        if (!config_option_is_list(rows[i].type))
            continue;
        for (size_t j = 0; j < list_of(config, &rows[i]).count; j++)
            visit_element(config, &rows[i], j, visit, owner);
    }
}

/* Texts that YAML and this program read as the same text without quotes; 08:00 is 480 to some. */
static bool is_bare(const char *text)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-:";
    size_t size = strlen(text);
    bool is_clock = text[strspn(text, "0123456789")] == ':';

    return size > 0 && strspn(text, letters) == size && !strchr("-_:", text[0]) && !is_clock &&
           text[size - 1] != ':' && strcmp(text, "null") != 0;
}

/* JSON is YAML, so what is not plain enough stays as JSON writes it. Caller frees. */
static char *yaml_text(const json_t *value)
{
    if (json_is_string(value) && is_bare(json_string_value(value)))
        return xstrdup(json_string_value(value));
    return json_dumps(value, JSON_ENCODE_ANY);
}

struct writer {
    struct buf *out;
    char previous[PATH_SIZE];
};

static size_t dots_in(const char *text, size_t size)
{
    size_t dots = 0;

    for (size_t i = 0; i < size; i++)
        dots += text[i] == '.';
    return dots;
}

/* Of the keys of an element, or of the file's top. */
static int indent_of(const struct shown *shown)
{
    size_t list = strcspn(shown->path, "[");

    return shown->element ? INDENT * ((int)dots_in(shown->path, list) + 2) : 0;
}

/* The "section:" lines that lead from the previous value to this one. */
static int write_sections(struct writer *writer, const struct shown *shown)
{
    int indent = indent_of(shown);
    const char *key = shown->path + shown->element;

    for (const char *dot = strchr(key, '.'); dot; dot = strchr(key, '.')) {
        size_t size = (size_t)(dot - shown->path) + 1;

        if (strncmp(writer->previous, shown->path, size) != 0)
            buf_print(writer->out, "%*s%.*s:\n", indent, "", (int)(dot - key), key);
        indent += INDENT;
        key = dot + 1;
    }
    snprintf(writer->previous, sizeof writer->previous, "%s", shown->path);
    return indent;
}

/*
 * What is not set, or cannot be set in a file, is written as a comment: the whole output
 * is a configuration that means the same (but for the secrets that are left out).
 */
static void write_value(void *owner, const struct config *config, const struct shown *shown)
{
    struct writer *writer = owner;
    int indent = write_sections(writer, shown);
    const char *dot = strrchr(shown->path, '.');
    const char *key = dot ? dot + 1 : shown->path;
    auto_free char *origin = config_origin(config, shown->path);

    if (config_option_is_list(shown->option->type)) {
        const char *empty = list_of(config, shown->option).count ? "" : " []";
        buf_print(writer->out, "%*s%s:%s  # %s\n", indent, "", key, empty, origin);
        return;
    }
    auto_json json_t *value = config_value_json(shown->option, shown->base);
    auto_free char *text = yaml_text(value);
    if (shown->option->flags & OPTION_NOT_IN_FILE)
        buf_print(writer->out, "%*s# %s: %s  # %s\n", indent, "", key, text, origin);
    else if (json_is_null(value))
        buf_print(writer->out, "%*s# %s: not set\n", indent, "", key);
    else if (shown->is_first)
        buf_print(writer->out, "%*s- %s: %s  # %s\n", indent - INDENT, "", key, text, origin);
    else
        buf_print(writer->out, "%*s%s: %s  # %s\n", indent, "", key, text, origin);
}

static void add_value(void *owner, const struct config *config, const struct shown *shown)
{
    json_t *object = owner;
    bool is_list = config_option_is_list(shown->option->type);
    auto_free char *origin = config_origin(config, shown->path);

    if (is_list && list_of(config, shown->option).count > 0)
        return;
    json_t *value = is_list ? json_array() : config_value_json(shown->option, shown->base);
    json_object_set_new(object, shown->path,
                        json_pack("{s:o, s:s}", "value", value, "origin", origin));
}

static const char *const kind_names[] = {
    [OPTION_TEXT] = "text",
    [OPTION_PATH] = "absolute path",
    [OPTION_URL] = "URL",
    [OPTION_NAME] = "name",
    [OPTION_DURATION] = "duration",
    [OPTION_RATE] = "size per second",
    [OPTION_BUDGET] = "size per day",
    [OPTION_CLOCK] = "time of day",
    [OPTION_SHARE] = "decimal",
    [OPTION_COUNT] = "number",
    [OPTION_DATE] = "date",
    [OPTION_MODE] = "file mode",
    [OPTION_BOOL] = "true or false",
    [OPTION_WORD] = "one of",
    [OPTION_KEEP] = "all, a number, days or years",
    [OPTION_EVENTS] = "list of events",
    [OPTION_TEXTS] = "list of texts",
    [OPTION_WATCHES] = "list",
    [OPTION_WINDOWS] = "list",
    [OPTION_FORMATS] = "list",
    [OPTION_EXPORTS] = "list",
    [OPTION_TARGETS] = "list",
};

static void help_range(const struct config_option *option, struct buf *out)
{
    char least[UNITS_TEXT_SIZE];
    char most[UNITS_TEXT_SIZE];

    if (config_measure_has_range(option->type)) {
        buf_print(out, ", %s to %s", config_measure_text(option->type, option->least, least),
                  config_measure_text(option->type, option->most, most));
    }
}

static void help_row(const struct config_option *option, struct buf *out)
{
    buf_print(out, "%s\n    %s", option->path, kind_names[option->type]);
    if (option->type == OPTION_WORD) {
        auto_free char *words = config_words_listed(option->words);
        buf_print(out, " %s", words);
    }
    help_range(option, out);
    if (option->flags & OPTION_NEEDED)
        buf_print(out, "; required");
    else if (option->fallback)
        buf_print(out, "; default %s", option->fallback);
    if (option->flags & OPTION_RESTART)
        buf_print(out, "; a change needs a restart");
    buf_print(out, "\n    %s\n", option->help);
}

void config_show_text(const struct config *config, struct buf *out)
{
    struct writer writer = {.out = out};

    out->max = SHOW_MAX;
    visit_all(config, write_value, &writer);
}

json_t *config_show_json(const struct config *config)
{
    json_t *object = json_object();

    visit_all(config, add_value, object);
    return object;
}

void config_help(struct buf *out)
{
    size_t count;
    const struct config_option *rows = config_option_rows(&count);

    out->max = SHOW_MAX;
    for (size_t i = 0; i < count; i++)
        help_row(&rows[i], out);
}

const char *config_restart_reason(const struct config *running, const struct config *fresh)
{
    size_t count;
    const struct config_option *rows = config_option_rows(&count);

    for (size_t i = 0; i < count; i++) {
        if (rows[i].flags & OPTION_RESTART && !config_value_equal(&rows[i], running, fresh))
            return rows[i].path;
    }
    return NULL;
}
