/*
 * answer_arguments.h - the arguments of a request: checked once, then plain values.
 *
 * They come from another program, perhaps of another version: names and types are
 * checked against the command's list, and what is not in it is refused (ERR_USAGE).
 */
#ifndef CONTROL_ANSWER_ARGUMENTS_H
#define CONTROL_ANSWER_ARGUMENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum argument_type {
    ARGUMENT_TEXT,
    ARGUMENT_PATH, /* a text, or in hex under "<name>_bytes" */
    ARGUMENT_FLAG,
    ARGUMENT_COUNT, /* 1 or more */
    ARGUMENT_TIME,  /* RFC 3339, or milliseconds since 1970 */
    ARGUMENT_OBJECT,
};

struct argument {
    const char *name; /* NULL ends a list */
    enum argument_type type;
};

bool arguments_check(json_t *arguments, const struct argument *list, struct err *err);

/* Of checked arguments; borrowed from them. NULL, false, 0: not given. */
const char *arguments_text(const json_t *arguments, const char *name);
bool arguments_flag(const json_t *arguments, const char *name);
int64_t arguments_count(const json_t *arguments, const char *name);

char *arguments_path_new(const json_t *arguments, const char *name); /* the caller's */
bool arguments_time(const json_t *arguments, const char *name, int64_t *ms, struct err *err);

/* Pure: "2026-11-23", "2026-11-23T14:44:00.5Z", "...+01:00". */
bool arguments_parse_time(const char *text, int64_t *ms);

/* The file's bytes as they are in JSON: a text, or "" and hex beside it. */
void arguments_put_path(json_t *arguments, const char *name, const char *path);

bool arguments_is_utf8(const char *text);
char *arguments_hex_new(const char *bytes);

#endif
