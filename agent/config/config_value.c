#include "config/config_value.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/config_measure.h"
#include "config/config_scalar.h"
#include "config/config_url.h"
#include "config/config_words.h"

/* Items of a list have no row of their own. */
static const struct config_option item_option = {.type = OPTION_TEXT};

static const char *const kind_texts[] = {
    [TREE_SCALAR] = "a single value", [TREE_SEQUENCE] = "a list", [TREE_MAPPING] = "a mapping"};

static void *member_of(const struct config_option *option, void *base)
{
    return (char *)base + option->offset;
}

/* Copies the member out: no cast of a byte pointer has to be aligned. */
static void take(const struct config_option *option, const void *base, void *value, size_t size)
{
    memcpy(value, (const char *)base + option->offset, size);
}

/*
 * "/srv/link/../x" is not "/srv/x" when link leads elsewhere, so the paths that are
 * compared here (what lies in which watch) must not climb.
 */
static bool has_dots(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")); at += 2) {
        if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return true;
    }
    return false;
}

/* What only the file's spelling tells: quotes around a number, a path that climbs. */
static bool check_spelling(const struct config_option *option, const struct tree_node *node,
                           struct err *err)
{
    bool is_number = option->type == OPTION_COUNT || option->type == OPTION_SHARE;

    if ((is_number || option->type == OPTION_BOOL) && !node->is_plain)
        return err_set(err, ERR_CONFIG, "a quoted text is no %s; write it without quotes",
                       option->type == OPTION_BOOL ? "true or false" : "number");
    if (option->type == OPTION_PATH && has_dots(node->text))
        return err_set(err, ERR_CONFIG, "a path with a .. in it; write the folder that it means");
    return true;
}

static bool refuse_kind(const struct tree_node *node, const char *right, struct err *err)
{
    return err_set(err, ERR_CONFIG, "%s is not accepted; write %s", kind_texts[node->kind], right);
}

static const char *scalar_right(const struct config_option *option)
{
    return option->flags & OPTION_OR_LIST ? "a single value or a list" : "a single value";
}

static bool check_item(const struct tree_node *item, const struct tree_node **where,
                       struct err *err)
{
    *where = item;
    if (item->kind != TREE_SCALAR)
        return refuse_kind(item, "a text", err);
    if (tree_is_null(item))
        return err_set(err, ERR_CONFIG, "the item has no value; write one or remove it");
    return true;
}

static bool read_texts(const struct config_option *option, const struct tree_node *node,
                       struct config_pool *pool, void *base, const struct tree_node **where,
                       struct err *err)
{
    if (node->count < (size_t)option->least || node->count > (size_t)option->most)
        return err_set(err, ERR_CONFIG, "%zu items; write %d to %d", node->count,
                       (int)option->least, (int)option->most);
    const char **items = config_pool_alloc(pool, node->count * sizeof *items);

    for (size_t i = 0; i < node->count; i++) {
        const struct tree_node *item = &node->children[i];

        if (!check_item(item, where, err) ||
            !config_scalar_read(&item_option, item->text, pool, &items[i], err))
            return false;
    }
    *where = node;
    const struct config_texts texts = {.items = items, .count = node->count};
    memcpy(member_of(option, base), &texts, sizeof texts);
    return true;
}

static bool read_events(const struct config_option *option, const struct tree_node *node,
                        void *base, const struct tree_node **where, struct err *err)
{
    uint32_t events = 0;

    if (node->count == 0)
        return err_set(err, ERR_CONFIG, "no event is named; name some or remove the line");
    for (size_t i = 0; i < node->count; i++) {
        uint32_t event = 0;

        if (!check_item(&node->children[i], where, err) ||
            !config_scalar_events(node->children[i].text, &event, err))
            return false;
        events |= event;
    }
    memcpy(member_of(option, base), &events, sizeof events);
    return true;
}

static json_t *texts_json(const struct config_texts *texts)
{
    json_t *list = json_array();

    for (size_t i = 0; i < texts->count; i++)
        json_array_append_new(list, json_string(texts->items[i]));
    return list;
}

/* "all" stays "all" when a version to come has more of them. */
static json_t *events_json(uint32_t events)
{
    if (events == (UINT32_C(1) << CONFIG_EVENT_COUNT) - 1)
        return json_string("all");
    json_t *list = json_array();
    for (unsigned i = 0; i < CONFIG_EVENT_COUNT; i++) {
        if (events >> i & 1)
            json_array_append_new(list, json_string(config_event_name((enum config_event)i)));
    }
    return list;
}

static json_t *date_json(int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    char text[sizeof "2027-03-01"];
    struct tm day;

    if (ms == 0)
        return json_null();
    gmtime_r(&seconds, &day);
    strftime(text, sizeof text, "%Y-%m-%d", &day);
    return json_string(text);
}

/* In the form that the file takes: what is shown can be copied. */
static json_t *number_json(const struct config_option *option, int64_t number)
{
    char text[UNITS_TEXT_SIZE];
    bool may_be_none = option->fallback && strcmp(option->fallback, "none") == 0;

    if (may_be_none && number == 0)
        return json_string("none");
    if (option->type == OPTION_COUNT)
        return json_integer(number);
    if (option->type == OPTION_DATE)
        return date_json(number);
    if (option->type == OPTION_MODE)
        return json_sprintf("0%03o", (unsigned)number);
    return json_string(config_measure_text(option->type, number, text));
}

/* A webhook's path is its password. */
static json_t *text_json(const struct config_option *option, const char *text)
{
    if (!text)
        return json_null();
    if (!(option->flags & OPTION_SECRET))
        return json_string(text);
    auto_free char *shown = config_url_shown(text);
    return json_string(shown);
}

static json_t *keep_json(const struct config_keep *keep)
{
    char text[UNITS_TEXT_SIZE];

    return json_string(config_measure_keep_text(keep, text));
}

static json_t *word_json(const struct config_option *option, unsigned index)
{
    auto_free char *word = config_words_at(option->words, index);

    return json_string(word);
}

bool config_value_read_text(const struct config_option *option, const char *text,
                            struct config_pool *pool, void *base, struct err *err)
{
    if (option->type != OPTION_TEXTS)
        return config_scalar_read(option, text, pool, member_of(option, base), err);
    const char **items = config_pool_alloc(pool, sizeof *items);
    const struct config_texts texts = {.items = items, .count = 1};

    if (!config_scalar_read(&item_option, text, pool, items, err))
        return false;
    memcpy(member_of(option, base), &texts, sizeof texts);
    return true;
}

bool config_value_read_node(const struct config_option *option, const struct tree_node *node,
                            struct config_pool *pool, void *base, const struct tree_node **where,
                            struct err *err)
{
    *where = node;
    if (tree_is_null(node))
        return err_set(err, ERR_CONFIG, "there is no value; write one or remove the line");
    if (option->type == OPTION_TEXTS && node->kind != TREE_SEQUENCE)
        return refuse_kind(node, "a list, as in [\"one\", \"two\"]", err);
    if (option->type == OPTION_TEXTS)
        return read_texts(option, node, pool, base, where, err);
    if (option->type == OPTION_EVENTS && node->kind == TREE_SEQUENCE)
        return read_events(option, node, base, where, err);
    if (node->kind != TREE_SCALAR)
        return refuse_kind(node, scalar_right(option), err);
    return check_spelling(option, node, err) &&
           config_scalar_read(option, node->text, pool, member_of(option, base), err);
}

json_t *config_value_json(const struct config_option *option, const void *base)
{
    union {
        const char *text;
        int64_t number;
        bool flag;
        unsigned word;
        struct config_keep keep;
        uint32_t events;
        struct config_texts texts;
    } value;

    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_URL:
    case OPTION_NAME:
        take(option, base, &value.text, sizeof value.text);
        return text_json(option, value.text);
    case OPTION_DURATION:
    case OPTION_RATE:
    case OPTION_BUDGET:
    case OPTION_CLOCK:
    case OPTION_SHARE:
    case OPTION_COUNT:
    case OPTION_DATE:
    case OPTION_MODE:
        take(option, base, &value.number, sizeof value.number);
        return number_json(option, value.number);
    case OPTION_BOOL:
        take(option, base, &value.flag, sizeof value.flag);
        return json_boolean(value.flag);
    case OPTION_WORD:
        take(option, base, &value.word, sizeof value.word);
        return word_json(option, value.word);
    case OPTION_KEEP:
        take(option, base, &value.keep, sizeof value.keep);
        return keep_json(&value.keep);
    case OPTION_EVENTS:
        take(option, base, &value.events, sizeof value.events);
        return events_json(value.events);
    case OPTION_TEXTS:
        take(option, base, &value.texts, sizeof value.texts);
        // a list that may not be written empty is not set
        return value.texts.count == 0 && option->least > 0 ? json_null() : texts_json(&value.texts);
    case OPTION_WATCHES:
    case OPTION_WINDOWS:
    case OPTION_FORMATS:
    case OPTION_EXPORTS:
    case OPTION_TARGETS:
        break;
    }
    // lists are shown element by element
    return json_null();
}

bool config_value_equal(const struct config_option *option, const void *base, const void *other)
{
    auto_json json_t *left = config_value_json(option, base);
    auto_json json_t *right = config_value_json(option, other);

    return json_equal(left, right) == 1;
}
