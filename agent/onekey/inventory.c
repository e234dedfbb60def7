#include "onekey/inventory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/json_stream.h"
#include "base/mem.h"
#include "onekey/graphql.h"
#include "onekey/graphql_texts.h"
#include "onekey/inventory_entry.h"
#include "onekey/refusal.h"

enum {
    TEXT_MAX = 4096,  /* a longer name is handed on cut: it can be no name that we sent */
    ERRORS_KEPT = 16, /* the message counts no more than these */
};

/*
 * Depths of what is read: {"data": {"allFirmwares": [{"id", "product": {"name"}}]}},
 * {"errors": [{"extensions": {}}]}
 */
enum {
    ROOT_DEPTH,
    SECTION_DEPTH, /* data, errors */
    LIST_DEPTH,    /* allFirmwares; an error */
    ENTRY_DEPTH,   /* a firmware; an error's field */
    FIELD_DEPTH,   /* a firmware's field; one of an error's extensions */
    SUB_DEPTH,     /* a field of its product, productGroup or latestAnalysis */
};

struct inventory_reader {
    inventory_fn on_firmware;
    void *owner;
    struct json_stream *stream;
    struct err failure; /* ERR_OK as long as there was none */
    bool has_begun;     /* a byte that is no blank came */
    size_t mark_size;   /* bytes of a byte order mark that came before it */
    bool has_list;
    bool has_null; /* the list, or an entry, is null: not ours to see */
    bool lacks_field;
    size_t count;
    struct inventory_entry entry; /* the firmware being read */
    json_t *errors;               /* the first ERRORS_KEPT, as far as refusal.h looks at them */
    size_t errors_seen;
};

/* Something begins here: neither a key, nor an end, nor a piece. */
static bool is_value(const struct json_stream_event *event)
{
    return event->kind == JSON_STREAM_OBJECT || event->kind == JSON_STREAM_ARRAY ||
           event->kind == JSON_STREAM_STRING || event->kind == JSON_STREAM_NUMBER ||
           event->kind == JSON_STREAM_TRUE || event->kind == JSON_STREAM_FALSE ||
           event->kind == JSON_STREAM_NULL;
}

static bool end_firmware(struct inventory_reader *reader, struct err *err)
{
    struct inventory_firmware firmware;

    if (!inventory_entry_end(&reader->entry, &firmware, err))
        return false;
    reader->on_firmware(reader->owner, &firmware);
    reader->count++;
    return true;
}

static bool read_field(struct inventory_reader *reader, const struct json_stream_event *event,
                       struct err *err)
{
    const char *key = json_stream_key(reader->stream, ENTRY_DEPTH);
    const char *sub = NULL;

    if (event->depth > FIELD_DEPTH) {
        sub = json_stream_key(reader->stream, FIELD_DEPTH);
        if (!sub)
            return true; /* an element of a list that nobody asked for */
    }
    return inventory_entry_take(&reader->entry, key, sub, event, err);
}

static bool begin_list(struct inventory_reader *reader, const struct json_stream_event *event,
                       struct err *err)
{
    if (reader->has_list)
        return err_set(err, ERR_PROTOCOL, "read allFirmwares: it comes twice");
    if (event->kind != JSON_STREAM_ARRAY && event->kind != JSON_STREAM_NULL)
        return err_set(err, ERR_PROTOCOL, "read allFirmwares: want a list");
    reader->has_list = true;
    reader->has_null = event->kind == JSON_STREAM_NULL;
    return true;
}

static bool read_entry(struct inventory_reader *reader, const struct json_stream_event *event,
                       struct err *err)
{
    if (event->kind == JSON_STREAM_OBJECT) {
        inventory_entry_begin(&reader->entry, reader->count);
        return true;
    }
    if (event->kind == JSON_STREAM_OBJECT_END)
        return end_firmware(reader, err);
    if (event->kind != JSON_STREAM_NULL)
        return err_set(err, ERR_PROTOCOL, "read allFirmwares[%zu]: want an object", reader->count);
    reader->has_null = true;
    return true;
}

static bool is_in_list(const struct inventory_reader *reader, const struct json_stream_event *event)
{
    const char *key =
        event->depth > SECTION_DEPTH ? json_stream_key(reader->stream, SECTION_DEPTH) : NULL;

    return key && strcmp(key, "allFirmwares") == 0;
}

static bool read_data(struct inventory_reader *reader, const struct json_stream_event *event,
                      struct err *err)
{
    if (event->depth == SECTION_DEPTH && is_value(event) && event->kind != JSON_STREAM_OBJECT &&
        event->kind != JSON_STREAM_NULL)
        return err_set(err, ERR_PROTOCOL, "answer is JSON of another shape: data is no object");
    if (!is_in_list(reader, event))
        return true;
    if (event->depth == LIST_DEPTH && is_value(event))
        return begin_list(reader, event, err);
    if (event->depth == ENTRY_DEPTH)
        return read_entry(reader, event, err);
    return event->depth > SUB_DEPTH || !is_value(event) || read_field(reader, event, err);
}

/* Text of a string event; it may be cut, so within a character too. */
static json_t *event_text(const struct json_stream_event *event)
{
    return json_stringn_nocheck(event->text, event->size);
}

/* What refusal.h reads of an error; the rest is passed over, it can be large. */
static bool is_kept(const char *key)
{
    static const char *const kept[] = {"message", "code", "type", "detail"};

    for (size_t i = 0; key && i < sizeof kept / sizeof kept[0]; i++) {
        if (strcmp(key, kept[i]) == 0)
            return true;
    }
    return false;
}

static void keep_error_field(struct inventory_reader *reader, const struct json_stream_event *event)
{
    json_t *error = json_array_get(reader->errors, json_array_size(reader->errors) - 1);
    const char *key = json_stream_key(reader->stream, LIST_DEPTH);

    if (event->kind != JSON_STREAM_STRING)
        return;
    if (event->depth == FIELD_DEPTH && key && strcmp(key, "extensions") == 0)
        key = json_stream_key(reader->stream, ENTRY_DEPTH);
    else if (event->depth != ENTRY_DEPTH)
        return;
    if (is_kept(key) && !json_object_get(error, key))
        json_object_set_new(error, key, event_text(event));
}

static bool read_errors(struct inventory_reader *reader, const struct json_stream_event *event,
                        struct err *err)
{
    if (event->depth == SECTION_DEPTH && is_value(event) && event->kind != JSON_STREAM_ARRAY &&
        event->kind != JSON_STREAM_NULL)
        return err_set(err, ERR_PROTOCOL, "answer is JSON of another shape: errors is no list");
    if (event->depth == LIST_DEPTH && is_value(event)) {
        reader->errors_seen++;
        if (reader->errors_seen <= ERRORS_KEPT) {
            bool is_text = event->kind == JSON_STREAM_STRING;

            json_array_append_new(reader->errors, is_text ? event_text(event) : json_object());
        }
    } else if (event->depth > LIST_DEPTH && reader->errors_seen <= ERRORS_KEPT) {
        keep_error_field(reader, event);
    }
    return true;
}

static bool on_event(void *owner, const struct json_stream_event *event, struct err *err)
{
    struct inventory_reader *reader = owner;

    if (event->depth == ROOT_DEPTH && is_value(event) && event->kind != JSON_STREAM_OBJECT)
        return err_set(err, ERR_PROTOCOL, "answer is JSON of another shape: no object");
    if (event->depth == ROOT_DEPTH || event->kind == JSON_STREAM_KEY)
        return true;
    const char *section = json_stream_key(reader->stream, ROOT_DEPTH);
    if (strcmp(section, "data") == 0)
        return read_data(reader, event, err);
    if (strcmp(section, "errors") == 0)
        return read_errors(reader, event, err);
    return true;
}

/* May stand before the document: blanks, and a whole byte order mark at the very start. */
static bool skips(struct inventory_reader *reader, char byte, bool is_first)
{
    static const char mark[] = "\xef\xbb\xbf";

    if ((is_first || reader->mark_size > 0) && reader->mark_size < 3 &&
        byte == mark[reader->mark_size]) {
        reader->mark_size++;
        return true;
    }
    return reader->mark_size % 3 == 0 && byte && strchr(" \t\r\n", byte);
}

/* A sign-in page is told apart by its first character, before the parser calls it broken JSON. */
static bool check_beginning(struct inventory_reader *reader, const char *bytes, size_t size,
                            struct err *err)
{
    bool is_first = json_stream_offset(reader->stream) == 0;

    for (size_t at = 0; at < size && !reader->has_begun; at++) {
        if (skips(reader, bytes[at], is_first && at == 0))
            continue;
        reader->has_begun = true;
        if (bytes[at] == '<')
            return err_set(err, ERR_PROTOCOL, "answer is an HTML page, not JSON");
    }
    return true;
}

static bool judge_errors(struct inventory_reader *reader, struct err *err)
{
    refusal_of_errors(reader->errors, err);
    /* A missing right or trouble beside it would be met by a poorer question, too. */
    if (err->kind != ERR_PROTOCOL && err->kind != ERR_REJECTED)
        return false;
    for (size_t i = 0; i < json_array_size(reader->errors); i++)
        reader->lacks_field |= refusal_entry_is_about_field(json_array_get(reader->errors, i));
    return false;
}

static bool judge(struct inventory_reader *reader, struct err *err)
{
    if (!reader->has_begun)
        return err_set(err, ERR_PROTOCOL, "answer is empty, not JSON");
    if (!json_stream_finish(reader->stream, err))
        return false;
    if (json_array_size(reader->errors) > 0)
        return judge_errors(reader, err);
    if (!reader->has_list)
        return err_set(err, ERR_PROTOCOL, "answer is JSON of another shape: no allFirmwares");
    if (reader->has_null)
        return err_set(err, ERR_RIGHTS,
                       "read allFirmwares: something is null, the token lacks the right to it");
    return true;
}

char *inventory_request(enum inventory_detail detail)
{
    switch (detail) {
    case INVENTORY_PLAIN:
        return graphql_request(graphql_text_all_firmwares, NULL);
    case INVENTORY_GROUP:
        return graphql_request(graphql_text_all_firmwares_group, NULL);
    case INVENTORY_VENDOR:
        return graphql_request(graphql_text_all_firmwares_vendor, NULL);
    case INVENTORY_PRODUCT:
        return graphql_request(graphql_text_all_firmwares_product, NULL);
    case INVENTORY_NAMES:
        return graphql_request(graphql_text_all_firmwares_names, NULL);
    }
    abort(); /* no detail has another value */
}

bool inventory_next_detail(enum inventory_detail *detail)
{
    /* Neither has a field that is a guess. */
    if (*detail == INVENTORY_PLAIN || *detail == INVENTORY_NAMES)
        return false;
    *detail = (enum inventory_detail)(*detail + 1);
    return true;
}

struct inventory_reader *inventory_reader_new(inventory_fn on_firmware, void *owner)
{
    struct inventory_reader *reader = xcalloc(1, sizeof *reader);
    const struct json_stream_options options = {
        .max_depth = GRAPHQL_DEPTH_MAX,
        .max_text = TEXT_MAX,
        .mends_text = true, /* one strange name must not hide the whole tenant */
        .on_event = on_event,
        .owner = reader,
    };

    reader->on_firmware = on_firmware;
    reader->owner = owner;
    reader->errors = json_array();
    reader->stream = json_stream_new(&options);
    return reader;
}

bool inventory_reader_feed(struct inventory_reader *reader, const char *bytes, size_t size,
                           struct err *err)
{
    if (reader->failure.kind == ERR_OK &&
        (!check_beginning(reader, bytes, size, &reader->failure) ||
         !json_stream_feed(reader->stream, bytes, size, &reader->failure)))
        err_wrap(&reader->failure, "read inventory");
    if (reader->failure.kind == ERR_OK)
        return true;
    *err = reader->failure;
    return false;
}

bool inventory_reader_finish(struct inventory_reader *reader, size_t *count, struct err *err)
{
    if (reader->failure.kind == ERR_OK && !judge(reader, &reader->failure))
        err_wrap(&reader->failure, "read inventory");
    if (reader->failure.kind != ERR_OK) {
        *err = reader->failure;
        return false;
    }
    if (count)
        *count = reader->count;
    return true;
}

bool inventory_reader_lacks_field(const struct inventory_reader *reader)
{
    return reader->lacks_field;
}

void inventory_reader_free(struct inventory_reader *reader)
{
    if (!reader)
        return;
    json_stream_free(reader->stream);
    json_decref(reader->errors);
    inventory_entry_release(&reader->entry);
    free(reader);
}
