/*
 * control_line.c - one buffer; lines are looked at in place, and what was taken is moved
 * out only when more comes, so that many lines in one read are not copied again and again.
 */
#include "control/control_line.h"

#include <assert.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"

void control_line_init(struct control_line *line, size_t max)
{
    /* What follows a line in the same read is kept too, so there is room for both. */
    *line = (struct control_line){.max = max, .buf = {.max = 2 * max}};
}

void control_line_release(struct control_line *line)
{
    buf_release(&line->buf);
}

static void drop_taken(struct control_line *line)
{
    struct buf *buf = &line->buf;

    if (line->at == 0)
        return;
    memmove(buf->bytes, buf->bytes + line->at, buf->size - line->at);
    buf->size -= line->at;
    line->scanned -= line->at;
    line->at = 0;
}

/* The end of the first line that was not taken; NULL while it is not there. */
static const char *find_end(struct control_line *line)
{
    const struct buf *buf = &line->buf;

    if (line->scanned == buf->size)
        return NULL;
    const char *end = memchr(buf->bytes + line->scanned, '\n', buf->size - line->scanned);
    line->scanned = end ? (size_t)(end - buf->bytes) : buf->size;
    return end;
}

bool control_line_add(struct control_line *line, const void *bytes, size_t size, struct err *err)
{
    assert(size <= line->max);
    drop_taken(line);
    if (!buf_add(&line->buf, bytes, size, err))
        return false;
    const char *end = find_end(line);
    size_t length = end ? (size_t)(end - line->buf.bytes) : line->buf.size;
    if (length > line->max)
        return err_set(err, ERR_PROTOCOL, "read a line: it is over %zu bytes", line->max);
    return true;
}

bool control_line_take(struct control_line *line, json_t **object, struct err *err)
{
    const char *end = find_end(line);

    *object = NULL;
    if (!end)
        return true;
    const char *begin = line->buf.bytes + line->at;
    size_t length = (size_t)(end - begin);
    line->at += length + 1;
    line->scanned = line->at;
    if (length > line->max)
        return err_set(err, ERR_PROTOCOL, "read a line: it is over %zu bytes", line->max);
    auto_json json_t *value = json_loadb(begin, length, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(value))
        return err_set(err, ERR_PROTOCOL, "read a line: it is not a JSON object");
    *object = auto_take(value);
    return true;
}

void control_line_put(struct buf *out, const char *key, json_t *take_value)
{
    auto_json json_t *object = json_pack("{s:o}", key, take_value);
    auto_free char *text = json_dumps(object, JSON_COMPACT);
    struct err err;

    assert(text); /* what cannot be written is not put into rows: no invalid UTF-8, no NaN */
    bool fits = buf_add_text(out, text, &err) && buf_add(out, "\n", 1, &err);
    assert(fits);
    (void)fits;
}

json_t *control_line_end(int exit, const char *error)
{
    auto_free char *text = error ? printable_new(error) : NULL;

    return json_pack("{s:i, s:s?}", "exit", exit, "error", text);
}
