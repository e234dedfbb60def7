/*
 * control_line.h - JSON lines cut out of a stream of bytes, for both ends of the socket.
 *
 * Bytes go in as they come; complete lines come out. A line longer than max fails with
 * ERR_PROTOCOL as soon as that is sure, so a peer cannot fill memory.
 */
#ifndef CONTROL_CONTROL_LINE_H
#define CONTROL_CONTROL_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct control_line {
    struct buf buf;
    size_t at;      /* where the first line not yet taken begins */
    size_t scanned; /* no newline before it: a line that comes byte by byte is read once */
    size_t max;
};

void control_line_init(struct control_line *line, size_t max);
void control_line_release(struct control_line *line);

bool control_line_add(struct control_line *line, const void *bytes, size_t size, struct err *err);

/* The next complete line as an object; *object is NULL when there is none yet, else owned. */
bool control_line_take(struct control_line *line, json_t **object, struct err *err);

/* Appends {"key":value} and a newline; takes value. */
void control_line_put(struct buf *out, const char *key, json_t *take_value);

/* The value of the last line. error NULL for none; kept to UTF-8. */
json_t *control_line_end(int exit, const char *error);

#define auto_control_line __attribute__((cleanup(control_line_release)))

#endif
