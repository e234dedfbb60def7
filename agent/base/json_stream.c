/*
 * json_stream.c - the structure of the document; json_scalar decodes what is between.
 *
 *   AT_START -> AT_VALUE -> scalar, or '[' AT_FIRST_ELEMENT, or '{' AT_FIRST_KEY
 *   key -> AT_COLON -> AT_VALUE -> AT_AFTER -> ',' AT_VALUE or AT_KEY, or one level up
 *
 * The levels above the current place, each with its key, are the only stack.
 */
#include "base/json_stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_scalar.h"
#include "base/mem.h"

enum state {
    AT_START, /* a byte order mark may stand here */
    IN_MARK,
    AT_VALUE,
    AT_FIRST_ELEMENT,
    AT_FIRST_KEY,
    AT_KEY,
    AT_COLON,
    AT_AFTER,
    IN_KEY,
    IN_SCALAR,
};

struct level {
    bool is_array;
    bool has_key;
    size_t key_at; /* where its key starts in keys; the next level's follows */
};

struct json_stream {
    struct json_stream_options options;
    enum state state;
    uint64_t offset;
    size_t mark_size;  /* bytes of the byte order mark so far */
    struct err failed; /* kind OK: nothing failed yet */
    struct json_scalar scalar;
    struct level *levels;
    size_t depth;
    char *keys; /* the keys of all levels, each with its NUL */
    size_t keys_size;
    size_t keys_room;
};

/* The offset is that of the byte that cannot stand there. */
static bool fail(const struct json_stream *stream, const char *problem, struct err *err)
{
    return err_set(err, ERR_PROTOCOL, "parse JSON at byte %llu: %s",
                   (unsigned long long)stream->offset, problem);
}

static bool emit(struct json_stream *stream, enum json_stream_kind kind, struct err *err)
{
    const struct json_stream_event event = {.kind = kind, .depth = stream->depth, .text = ""};

    return stream->options.on_event(stream->options.owner, &event, err);
}

static bool emit_text(struct json_stream *stream, enum json_stream_kind kind, struct err *err)
{
    struct json_scalar *scalar = &stream->scalar;
    const struct json_stream_event event = {
        .kind = kind,
        .depth = stream->depth,
        .text = scalar->text,
        .size = scalar->size,
        .total = scalar->total,
        .truncated = scalar->cut || kind == JSON_STREAM_PIECE,
    };

    scalar->text[scalar->size] = '\0';
    return stream->options.on_event(stream->options.owner, &event, err);
}

/* ---- levels ---- */

/* Begins and ends are shown with the depth of their own value, outside of them. */
static bool enter(struct json_stream *stream, bool is_array, struct err *err)
{
    if (stream->depth == stream->options.max_depth)
        return fail(stream, "nested too deeply", err);
    if (!emit(stream, is_array ? JSON_STREAM_ARRAY : JSON_STREAM_OBJECT, err))
        return false;
    stream->levels[stream->depth] =
        (struct level){.is_array = is_array, .key_at = stream->keys_size};
    stream->depth++;
    stream->state = is_array ? AT_FIRST_ELEMENT : AT_FIRST_KEY;
    return true;
}

static bool leave(struct json_stream *stream, bool is_array, struct err *err)
{
    if (stream->levels[stream->depth - 1].is_array != is_array)
        return fail(stream, is_array ? "unexpected ']'" : "unexpected '}'", err);
    stream->depth--;
    stream->keys_size = stream->levels[stream->depth].key_at;
    stream->state = AT_AFTER;
    return emit(stream, is_array ? JSON_STREAM_ARRAY_END : JSON_STREAM_OBJECT_END, err);
}

/* An array's level takes no room among the keys, so the next key lies where it begins. */
static void keep_key(struct json_stream *stream)
{
    struct level *level = &stream->levels[stream->depth - 1];
    size_t end = level->key_at + stream->scalar.size + 1;

    if (end > stream->keys_room) {
        stream->keys_room = 2 * end;
        stream->keys = xrealloc(stream->keys, stream->keys_room);
    }
    memcpy(stream->keys + level->key_at, stream->scalar.text, stream->scalar.size);
    stream->keys[end - 1] = '\0';
    stream->keys_size = end;
    level->has_key = true;
}

/* ---- scalars ---- */

static bool begin_scalar(struct json_stream *stream, char byte, struct err *err)
{
    stream->scalar.wants_pieces = stream->options.wants_pieces && byte == '"';
    stream->scalar.allows_nul = stream->options.allows_nul;
    stream->scalar.mends = stream->options.mends_text;
    if (!json_scalar_begin(&stream->scalar, byte))
        return fail(stream, "a value is missing", err);
    stream->state = IN_SCALAR;
    return true;
}

/* Keys are kept as C strings and compared by their names: whole, and without a NUL. */
static bool begin_key(struct json_stream *stream, char byte, struct err *err)
{
    stream->scalar.wants_pieces = false;
    stream->scalar.allows_nul = false;
    stream->scalar.mends = false;
    if (byte != '"' || !json_scalar_begin(&stream->scalar, byte))
        return fail(stream, "a key is missing", err);
    stream->state = IN_KEY;
    return true;
}

static enum json_stream_kind scalar_kind(char first)
{
    if (first == '"')
        return JSON_STREAM_STRING;
    if (first == 't' || first == 'f')
        return first == 't' ? JSON_STREAM_TRUE : JSON_STREAM_FALSE;
    return first == 'n' ? JSON_STREAM_NULL : JSON_STREAM_NUMBER;
}

static bool end_scalar(struct json_stream *stream, struct err *err)
{
    if (stream->state == IN_SCALAR) {
        stream->state = AT_AFTER;
        return emit_text(stream, scalar_kind(stream->scalar.first), err);
    }
    if (stream->scalar.cut)
        return fail(stream, "key too long", err);
    keep_key(stream);
    stream->state = AT_COLON;
    return emit_text(stream, JSON_STREAM_KEY, err);
}

static bool take_scalar(struct json_stream *stream, const char *bytes, size_t size, size_t *used,
                        struct err *err)
{
    enum json_scalar_step step = json_scalar_take(&stream->scalar, bytes, size, used);

    stream->offset += *used;
    if (step == SCALAR_BAD)
        return fail(stream, stream->scalar.problem, err);
    if (step != SCALAR_MORE)
        return end_scalar(stream, err);
    if (!json_scalar_is_full(&stream->scalar))
        return true;
    if (!emit_text(stream, JSON_STREAM_PIECE, err))
        return false;
    json_scalar_drop(&stream->scalar);
    return true;
}

/* ---- structure ---- */

static bool take_mark(struct json_stream *stream, char byte, struct err *err)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};

    if (byte != mark[stream->mark_size])
        return fail(stream, "a value is missing", err);
    stream->mark_size++;
    stream->state = stream->mark_size < sizeof mark ? IN_MARK : AT_VALUE;
    return true;
}

static bool take_value(struct json_stream *stream, char byte, struct err *err)
{
    if (byte == ']' && stream->state == AT_FIRST_ELEMENT)
        return leave(stream, true, err);
    if (byte == '{' || byte == '[')
        return enter(stream, byte == '[', err);
    return begin_scalar(stream, byte, err);
}

static bool take_colon(struct json_stream *stream, char byte, struct err *err)
{
    if (byte != ':')
        return fail(stream, "a colon is missing", err);
    stream->state = AT_VALUE;
    return true;
}

/* After a value; at depth 0 that was the document. */
static bool take_after(struct json_stream *stream, char byte, struct err *err)
{
    if (stream->depth == 0)
        return fail(stream, "something follows the document", err);
    if (byte == ']' || byte == '}')
        return leave(stream, byte == ']', err);
    if (byte != ',')
        return fail(stream, "a comma is missing", err);
    stream->state = stream->levels[stream->depth - 1].is_array ? AT_VALUE : AT_KEY;
    return true;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

/* One byte between scalars. */
static bool take(struct json_stream *stream, char byte, struct err *err)
{
    if (stream->state == IN_MARK || (stream->state == AT_START && byte == '\xef'))
        return take_mark(stream, byte, err);
    if (is_blank(byte)) {
        if (stream->state == AT_START)
            stream->state = AT_VALUE;
        return true;
    }
    if (stream->state == AT_FIRST_KEY && byte == '}')
        return leave(stream, false, err);
    if (stream->state == AT_FIRST_KEY || stream->state == AT_KEY)
        return begin_key(stream, byte, err);
    if (stream->state == AT_COLON)
        return take_colon(stream, byte, err);
    if (stream->state == AT_AFTER)
        return take_after(stream, byte, err);
    return take_value(stream, byte, err);
}

static bool feed(struct json_stream *stream, const char *bytes, size_t size, struct err *err)
{
    for (size_t at = 0; at < size;) {
        size_t used = 1;

        if (stream->state == IN_KEY || stream->state == IN_SCALAR) {
            if (!take_scalar(stream, bytes + at, size - at, &used, err))
                return false;
        } else {
            if (!take(stream, bytes[at], err))
                return false;
            stream->offset++;
        }
        at += used;
    }
    return true;
}

static bool finish(struct json_stream *stream, struct err *err)
{
    /* A number at the root is over only when the document is. */
    if (stream->depth == 0 && stream->state == IN_SCALAR && json_scalar_is_whole(&stream->scalar) &&
        !end_scalar(stream, err))
        return false;
    if (stream->depth == 0 && stream->state == AT_AFTER)
        return true;
    return fail(stream, "the document ends in the middle", err);
}

struct json_stream *json_stream_new(const struct json_stream_options *options)
{
    struct json_stream *stream = xcalloc(1, sizeof *stream);

    assert(options->on_event && options->max_depth > 0 && options->max_text > 0);
    stream->options = *options;
    stream->levels = xcalloc(options->max_depth, sizeof *stream->levels);
    stream->scalar.max = options->max_text;
    stream->scalar.text = xcalloc(1, options->max_text + 5); /* a last character, and NUL */
    return stream;
}

void json_stream_free(struct json_stream *stream)
{
    if (!stream)
        return;
    free(stream->levels);
    free(stream->keys);
    free(stream->scalar.text);
    free(stream);
}

bool json_stream_feed(struct json_stream *stream, const void *bytes, size_t size, struct err *err)
{
    if (stream->failed.kind == ERR_OK && feed(stream, bytes, size, &stream->failed))
        return true;
    *err = stream->failed;
    return false;
}

bool json_stream_finish(struct json_stream *stream, struct err *err)
{
    if (stream->failed.kind == ERR_OK && finish(stream, &stream->failed))
        return true;
    *err = stream->failed;
    return false;
}

uint64_t json_stream_offset(const struct json_stream *stream)
{
    return stream->offset;
}

const char *json_stream_key(const struct json_stream *stream, size_t level)
{
    assert(level < stream->depth);
    if (!stream->levels[level].has_key)
        return NULL;
    return stream->keys + stream->levels[level].key_at;
}

bool json_stream_path_is(const struct json_stream *stream, const char *path)
{
    for (size_t level = 0; level < stream->depth; level++) {
        bool is_array = stream->levels[level].is_array;
        const char *key = is_array ? "[]" : json_stream_key(stream, level);

        if (!key || (level > 0 && !is_array && *path++ != '.'))
            return false;
        if (strncmp(path, key, strlen(key)) != 0)
            return false;
        path += strlen(key);
    }
    return *path == '\0';
}
