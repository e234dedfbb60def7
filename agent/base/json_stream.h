/*
 * json_stream.h - a JSON document as a stream of events, of any length, in fixed memory.
 *
 * The caller pushes bytes as they come, in pieces of any size, and gets each key,
 * value, begin and end at the byte that completes it. Nothing of the document is
 * kept but the keys that lead to the current place, so memory is bounded by
 * max_depth * max_text, whatever the document's size.
 *
 * Promises:
 *  - exactly RFC 8259: UTF-8 is validated, surrogates are paired, numbers and literals
 *    are spelled as the grammar says, nothing but white space follows the document.
 *    One UTF-8 byte order mark at the very start is skipped: tools on Windows write it;
 *  - how the bytes were cut into pieces changes nothing;
 *  - a key met twice in one object is reported twice;
 *  - errors are ERR_PROTOCOL and name the byte offset; they stay: every later call
 *    fails with the same one.
 */
#ifndef BASE_JSON_STREAM_H
#define BASE_JSON_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum json_stream_kind {
    JSON_STREAM_OBJECT,
    JSON_STREAM_OBJECT_END,
    JSON_STREAM_ARRAY,
    JSON_STREAM_ARRAY_END,
    JSON_STREAM_KEY,   /* json_stream_key() knows it too while its value lasts */
    JSON_STREAM_PIECE, /* with wants_pieces: the next part of a long string, which is not over */
    JSON_STREAM_STRING,
    JSON_STREAM_NUMBER, /* as it was spelled */
    JSON_STREAM_TRUE,
    JSON_STREAM_FALSE,
    JSON_STREAM_NULL,
};

struct json_stream_event {
    enum json_stream_kind kind;
    size_t depth;     /* containers around this value, key or end; the root value has 0 */
    const char *text; /* key, string, number: decoded, NUL-terminated, gone after the call; or "" */
    size_t size;      /* bytes in text */
    uint64_t total;   /* bytes of the whole decoded text */
    bool truncated;   /* text is not all of it: its beginning, or one piece */
};

/* false, with *err filled, stops the reading with that error. */
typedef bool json_stream_event_fn(void *owner, const struct json_stream_event *event,
                                  struct err *err);

struct json_stream_options {
    size_t max_depth;  /* containers in each other; one more is an error */
    size_t max_text;   /* longest string or number kept; a longer key is an error */
    bool wants_pieces; /* longer strings come whole, in pieces, instead of truncated */
    bool allows_nul;   /* \u0000 becomes a NUL byte in text (use size); else it is an error */
    bool mends_text; /* \u0000 and half a surrogate pair become U+FFFD, but in keys; not with pieces
                      */
    json_stream_event_fn *on_event;
    void *owner;
};

struct json_stream;

struct json_stream *json_stream_new(const struct json_stream_options *options);
void json_stream_free(struct json_stream *stream); /* NULL is fine */

bool json_stream_feed(struct json_stream *stream, const void *bytes, size_t size, struct err *err);

/* The document is over: fails when it is not complete. */
bool json_stream_finish(struct json_stream *stream, struct err *err);

uint64_t json_stream_offset(const struct json_stream *stream); /* bytes read so far */

/*
 * Where the current event is; for use inside on_event.
 *
 * json_stream_key(): the key under which the container at that level (0 is the
 * root) holds the current place; NULL for an array and before an object's first
 * key. Level depth - 1 holds the event itself.
 *
 * json_stream_path_is(): compares the place with "data.allFirmwares[].id": keys
 * joined by dots, "[]" for an element of an array, "" for the root.
 */
const char *json_stream_key(const struct json_stream *stream, size_t level);
bool json_stream_path_is(const struct json_stream *stream, const char *path);

static inline void auto_json_stream_fn(struct json_stream **stream)
{
    json_stream_free(*stream);
}

#define auto_json_stream __attribute__((cleanup(auto_json_stream_fn)))

#endif
