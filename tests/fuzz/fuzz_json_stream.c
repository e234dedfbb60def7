/*
 * The same bytes, whole and in pieces of many sizes, must give the same events or the same
 * error; and jansson must say the same of them.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_stream.h"

enum { DEPTH_MAX = 32, TEXT_MAX = 16 };

/* A running hash of the events: order, kind, depth and text. */
struct trace {
    uint64_t hash;
    size_t open;
};

static void mix(struct trace *trace, uint64_t value)
{
    trace->hash = (trace->hash ^ value) * 1099511628211U;
}

static bool on_event(void *owner, const struct json_stream_event *event, struct err *err)
{
    struct trace *trace = owner;

    (void)err;
    if (event->text[event->size] != '\0' || event->depth > DEPTH_MAX || event->total < event->size)
        abort();
    if (event->kind == JSON_STREAM_OBJECT_END || event->kind == JSON_STREAM_ARRAY_END)
        trace->open--;
    if (trace->open != event->depth)
        abort();
    if (event->kind == JSON_STREAM_OBJECT || event->kind == JSON_STREAM_ARRAY)
        trace->open++;
    mix(trace, (uint64_t)event->kind);
    mix(trace, event->depth);
    mix(trace, event->total);
    for (size_t i = 0; i < event->size; i++)
        mix(trace, (unsigned char)event->text[i]);
    return true;
}

static bool parse(const uint8_t *bytes, size_t size, size_t step,
                  struct json_stream_options options, struct trace *trace, struct err *err)
{
    bool good = true;

    *trace = (struct trace){.hash = 14695981039346656037U};
    options.on_event = on_event;
    options.owner = trace;
    auto_json_stream struct json_stream *stream = json_stream_new(&options);
    for (size_t at = 0; good && at < size; at += step)
        good = json_stream_feed(stream, bytes + at, size - at < step ? size - at : step, err);
    return good && json_stream_finish(stream, err);
}

static void compare(const uint8_t *bytes, size_t size, struct json_stream_options options)
{
    struct trace whole;
    struct err whole_err = {0};
    bool good = parse(bytes, size, size ? size : 1, options, &whole, &whole_err);

    for (size_t step = 1; step <= 16; step += 1 + step / 4) {
        struct trace cut;
        struct err err = {0};

        if (parse(bytes, size, step, options, &cut, &err) != good || cut.hash != whole.hash ||
            strcmp(err.message, whole_err.message) != 0)
            abort();
    }
}

/* What jansson reads otherwise: a NUL is its end, a mark is an error, numbers have a range. */
static void compare_with_jansson(const uint8_t *bytes, size_t size,
                                 struct json_stream_options options)
{
    struct trace trace;
    struct err err = {0};
    json_error_t error;

    if (memchr(bytes, 0, size) || bytes[0] == 0xef)
        return;
    json_t *tree = json_loadb((const char *)bytes, size, JSON_DECODE_ANY, &error);
    bool taken = parse(bytes, size, size ? size : 1, options, &trace, &err);
    if (tree && !taken && !strstr(err.message, "nested"))
        abort();
    if (taken && !tree && json_error_code(&error) != json_error_numeric_overflow)
        abort();
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct json_stream_options strict = {.max_depth = DEPTH_MAX, .max_text = 1 << 16};
    const struct json_stream_options pieces = {
        .max_depth = DEPTH_MAX, .max_text = TEXT_MAX, .wants_pieces = true, .allows_nul = true};
    const struct json_stream_options shortened = {.max_depth = DEPTH_MAX, .max_text = TEXT_MAX};

    if (size == 0)
        return 0;
    compare(bytes, size, strict);
    compare(bytes, size, pieces);
    compare(bytes, size, shortened);
    compare_with_jansson(bytes, size, strict);
    return 0;
}
