/*
 * out.h - the result on stdout, and whether it got there.
 *
 * Printing never fails at once: the first error is kept, later output is dropped, and
 * out_finish() tells. A long listing asks out_failed() between its rows and ends early.
 *
 * With JSON rows become one array, written as they come:
 *
 *     out_json_row(out, row); ... out_json_end(out);     [{...},
 *                                                        {...}]
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"

struct out {
    FILE *stream; /* borrowed */
    int error;    /* the first errno value; 0: none */
    size_t rows;
};

void out_init(struct out *out, FILE *stream);

void out_print(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void out_name(struct out *out, const char *name); /* others' text, as printable.h does */
void out_text(struct out *out, const char *text, size_t size);

/* One document, indented for people on a terminal's width; borrowed. */
void out_json(struct out *out, const json_t *document);

void out_json_row(struct out *out, const json_t *row);
void out_json_end(struct out *out); /* "[]" for no rows */

bool out_failed(const struct out *out);

/* False with ERR_IO or ERR_DISK_FULL, with an empty message for a pipe that nobody reads. */
bool out_finish(struct out *out, struct err *err);

#endif
