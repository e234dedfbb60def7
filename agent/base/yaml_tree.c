#include "base/yaml_tree.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"

enum { DEPTH_LIMIT = 64, MESSAGE_SIZE = 256 };

/*
 * Recursive descent over libyaml's events: read_value() takes one value with all that is
 * in it, read_items() and read_pairs() the inside of a collection up to its end event.
 * A node is linked into the tree before it is filled, so that one tree_free() at the top
 * releases a half-read document.
 */
struct reader {
    yaml_parser_t parser;
    const struct tree_source *source;
    size_t depth;
    struct err *err;
};

#define auto_event __attribute__((cleanup(yaml_event_delete)))

static bool refuse(const struct tree_source *source, struct tree_place place, struct err *err,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

static bool refuse(const struct tree_source *source, struct tree_place place, struct err *err,
                   const char *format, ...)
{
    auto_free char *name = printable_new(source->name);
    char what[MESSAGE_SIZE];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return err_set(err, ERR_CONFIG, "%s:%zu:%zu: %s", name, place.line, place.column, what);
}

static struct tree_place place_of(yaml_mark_t mark)
{
    return (struct tree_place){.line = mark.line + 1, .column = mark.column + 1};
}

/* Where the byte at offset stands; continuation bytes of UTF-8 are no columns. */
static struct tree_place place_at(const struct tree_source *source, size_t offset)
{
    struct tree_place place = {.line = 1, .column = 1};

    for (size_t i = 0; i < offset && i < source->size; i++) {
        if (source->bytes[i] == '\n')
            place = (struct tree_place){.line = place.line + 1, .column = 1};
        else if (((unsigned char)source->bytes[i] & 0xc0) != 0x80)
            place.column++;
    }
    return place;
}

/*
 * Tabs look like the spaces they are not, and libyaml takes some of them silently. In a
 * comment they do no harm: nothing is looked at behind a # that follows a blank.
 */
static bool check_tabs(const struct tree_source *source, struct err *err)
{
    bool in_comment = false;

    for (size_t i = 0; i < source->size; i++) {
        if (source->bytes[i] == '\t' && !in_comment) {
            return refuse(source, place_at(source, i), err,
                          "a tab; use spaces (in a quoted text \"\\t\")");
        }
        if (source->bytes[i] == '\n')
            in_comment = false;
        else if (source->bytes[i] == '#' && (i == 0 || strchr(" \n", source->bytes[i - 1])))
            in_comment = true;
    }
    return true;
}

/* libyaml's words say what it met; what to look for is said by us. */
static bool refuse_syntax(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "not readable";
    struct tree_place place = place_of(parser->problem_mark);

    if (parser->error == YAML_MEMORY_ERROR)
        abort();
    if (parser->error == YAML_READER_ERROR)
        return refuse(reader->source, place_at(reader->source, parser->problem_offset), reader->err,
                      "%s; save the file as UTF-8 text", problem);
    // "**/*.bin" without quotes is the mistake everybody makes once
    if (parser->context && (strcmp(parser->context, "while scanning an alias") == 0 ||
                            strcmp(parser->context, "while scanning an anchor") == 0))
        return refuse(reader->source, place_of(parser->context_mark), reader->err,
                      "a text that starts with * or & has no quotes; put it in quotes");
    return refuse(reader->source, place, reader->err,
                  "%s; look for a missing quote, colon, bracket or indentation here or above",
                  problem);
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
    return yaml_parser_parse(&reader->parser, event) || refuse_syntax(reader);
}

static bool refuse_event(struct reader *reader, const yaml_event_t *event, const char *what)
{
    return refuse(reader->source, place_of(event->start_mark), reader->err, "%s", what);
}

/*
 * Neither has a use in settings. Anchors would make a small file mean a large one, and a
 * tag asks for a type that only the reader of the option knows.
 */
static bool check_decoration(struct reader *reader, const yaml_event_t *event,
                             const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        return refuse_event(reader, event,
                            "anchors are not accepted; put a text that starts with & in quotes");
    if (tag)
        return refuse_event(reader, event,
                            "tags are not accepted; put a text that starts with ! in quotes");
    return true;
}

static bool copy_scalar(struct reader *reader, const yaml_event_t *event, char **text)
{
    const char *value = (const char *)event->data.scalar.value;

    if (!check_decoration(reader, event, event->data.scalar.anchor, event->data.scalar.tag))
        return false;
    if (memchr(value, '\0', event->data.scalar.length))
        return refuse_event(reader, event, "a text with a NUL character; remove it");
    *text = xstrndup(value, event->data.scalar.length);
    return true;
}

/* The array doubles whenever the count is a power of two. */
static struct tree_node *add_child(struct tree_node *node)
{
    if ((node->count & (node->count - 1)) == 0) {
        size_t room = node->count ? 2 * node->count : 1;

        node->children = xrealloc(node->children, room * sizeof *node->children);
    }
    struct tree_node *child = &node->children[node->count++];
    *child = (struct tree_node){.kind = TREE_SCALAR};
    return child;
}

struct entry {
    const struct tree_node *node;
};

static int compare_keys(const void *left, const void *right)
{
    const struct tree_node *a = ((const struct entry *)left)->node;
    const struct tree_node *b = ((const struct entry *)right)->node;
    int order = strcmp(a->key, b->key);

    if (order != 0)
        return order;
    return (a > b) - (a < b); // one array: the address is the order in the document
}

/* Sorted, as a hostile file may hold a mapping with 60,000 keys. */
static bool check_duplicates(struct reader *reader, const struct tree_node *node)
{
    if (node->count < 2)
        return true;
    struct entry *sorted = xcalloc(node->count, sizeof *sorted);
    const struct tree_node *first = NULL;
    const struct tree_node *again = NULL;

    for (size_t i = 0; i < node->count; i++)
        sorted[i].node = &node->children[i];
    qsort(sorted, node->count, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < node->count; i++) {
        const struct tree_node *before = sorted[i - 1].node;
        const struct tree_node *here = sorted[i].node;

        if (strcmp(before->key, here->key) == 0 && (!again || here < again)) {
            first = before;
            again = here;
        }
    }
    free(sorted);
    if (!again)
        return true;
    auto_free char *key = printable_new(again->key);
    return refuse(reader->source, again->key_place, reader->err,
                  "the key %.80s stands twice, first in line %zu; keep one", key,
                  first->key_place.line);
}

static bool fill_node(struct reader *reader, const yaml_event_t *event, struct tree_node *node);

static bool read_value(struct reader *reader, struct tree_node *node)
{
    auto_event yaml_event_t event = {0};

    return next_event(reader, &event) && fill_node(reader, &event, node);
}

static bool read_items(struct reader *reader, struct tree_node *node)
{
    for (;;) {
        auto_event yaml_event_t event = {0};

        if (!next_event(reader, &event))
            return false;
        if (event.type == YAML_SEQUENCE_END_EVENT)
            return true;
        if (!fill_node(reader, &event, add_child(node)))
            return false;
    }
}

static bool read_pairs(struct reader *reader, struct tree_node *node)
{
    for (;;) {
        auto_event yaml_event_t event = {0};
        char *key = NULL;

        if (!next_event(reader, &event))
            return false;
        if (event.type == YAML_MAPPING_END_EVENT)
            return check_duplicates(reader, node);
        if (event.type != YAML_SCALAR_EVENT)
            return refuse_event(reader, &event, "a key that is no text; write a name and a colon");
        if (!copy_scalar(reader, &event, &key))
            return false;
        struct tree_node *child = add_child(node);
        child->key = key;
        child->key_place = place_of(event.start_mark);
        if (!read_value(reader, child))
            return false;
    }
}

static bool fill_collection(struct reader *reader, struct tree_node *node)
{
    // the parser stops here, so libyaml never gets to scan the nesting that costs it so much
    if (reader->depth == reader->source->max_depth) {
        return refuse(reader->source, node->place, reader->err,
                      "nested deeper than %zu levels; remove brackets or indentation",
                      reader->source->max_depth);
    }
    reader->depth++;
    bool ok = node->kind == TREE_MAPPING ? read_pairs(reader, node) : read_items(reader, node);
    reader->depth--;
    return ok;
}

static bool fill_node(struct reader *reader, const yaml_event_t *event, struct tree_node *node)
{
    node->place = place_of(event->start_mark);
    if (event->type == YAML_SCALAR_EVENT) {
        node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return copy_scalar(reader, event, &node->text);
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        node->kind = TREE_SEQUENCE;
        return check_decoration(reader, event, event->data.sequence_start.anchor,
                                event->data.sequence_start.tag) &&
               fill_collection(reader, node);
    }
    if (event->type == YAML_MAPPING_START_EVENT) {
        node->kind = TREE_MAPPING;
        return check_decoration(reader, event, event->data.mapping_start.anchor,
                                event->data.mapping_start.tag) &&
               fill_collection(reader, node);
    }
    assert(event->type == YAML_ALIAS_EVENT);
    return refuse_event(reader, event,
                        "aliases are not accepted; put a text that starts with * in quotes");
}

/* Takes the events around the one root node: stream, document, and their ends. */
static bool read_document(struct reader *reader, struct tree_node **root)
{
    auto_event yaml_event_t stream = {0};
    auto_event yaml_event_t start = {0};
    auto_event yaml_event_t end = {0};
    auto_event yaml_event_t after = {0};

    if (!next_event(reader, &stream) || !next_event(reader, &start))
        return false;
    if (start.type == YAML_STREAM_END_EVENT)
        return true;
    if (start.data.document_start.version_directive ||
        start.data.document_start.tag_directives.start !=
            start.data.document_start.tag_directives.end)
        return refuse_event(reader, &start, "a % directive; remove it");
    *root = xcalloc(1, sizeof **root);
    if (!read_value(reader, *root) || !next_event(reader, &end) || !next_event(reader, &after))
        return false;
    if (after.type != YAML_STREAM_END_EVENT)
        return refuse_event(reader, &after, "a second document; keep one");
    return true;
}

static void release_node(struct tree_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        struct tree_node *child = &node->children[i];

        free(child->key);
        release_node(child);
    }
    free(node->text);
    free(node->children);
}

/* Reads "[12]" at text; NULL when there is no such thing. */
static const char *read_index(const char *text, size_t *index)
{
    size_t value = 0;
    const char *at = text + 1;

    for (; *at >= '0' && *at <= '9'; at++)
        value = value < SIZE_MAX / 100 ? value * 10 + (size_t)(*at - '0') : value;
    *index = value;
    return *at == ']' && at > text + 1 ? at + 1 : NULL;
}

static const struct tree_node *child_of(const struct tree_node *node, const char *key, size_t size)
{
    for (size_t i = 0; node->kind == TREE_MAPPING && i < node->count; i++) {
        const struct tree_node *child = &node->children[i];

        if (strncmp(child->key, key, size) == 0 && child->key[size] == '\0')
            return child;
    }
    return NULL;
}

static const struct tree_node *item_of(const struct tree_node *node, const char **path)
{
    size_t index;

    *path = read_index(*path, &index);
    if (!*path || node->kind != TREE_SEQUENCE || index >= node->count)
        return NULL;
    return &node->children[index];
}

bool tree_parse(const struct tree_source *source, struct tree_node **root, struct err *err)
{
    struct tree_source text = *source;
    struct reader reader = {.source = &text, .err = err};
    struct tree_node *tree = NULL;

    assert(source->max_depth > 0 && source->max_depth <= DEPTH_LIMIT);
    *root = NULL;
    if (source->size > source->max_bytes) {
        return refuse(source, (struct tree_place){1, 1}, err,
                      "%zu bytes are too many; at most %zu are accepted", source->size,
                      source->max_bytes);
    }
    // editors write it; libyaml would count it as a column and see an indented first line
    if (text.size >= 3 && memcmp(text.bytes, "\xef\xbb\xbf", 3) == 0) {
        text.bytes += 3;
        text.size -= 3;
    }
    if (text.size == 0)
        return true;
    if (!check_tabs(&text, err))
        return false;
    if (!yaml_parser_initialize(&reader.parser))
        abort();
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text.bytes, text.size);
    bool ok = read_document(&reader, &tree);
    yaml_parser_delete(&reader.parser);
    if (!ok) {
        tree_free(tree);
        return false;
    }
    *root = tree;
    return true;
}

void tree_free(struct tree_node *root)
{
    if (!root)
        return;
    release_node(root);
    free(root);
}

const struct tree_node *tree_child(const struct tree_node *node, const char *key)
{
    return node ? child_of(node, key, strlen(key)) : NULL;
}

const struct tree_node *tree_find(const struct tree_node *root, const char *path)
{
    const struct tree_node *node = root;

    while (node && *path) {
        if (*path == '[') {
            node = item_of(node, &path);
            continue;
        }
        path += *path == '.';
        size_t size = strcspn(path, ".[");
        node = child_of(node, path, size);
        path += size;
    }
    return node;
}

bool tree_is_null(const struct tree_node *node)
{
    return node->kind == TREE_SCALAR && node->is_plain &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
            strcmp(node->text, "null") == 0);
}
