/*
 * out.c - stdio with a memory for errors. A result is complete or the exit code is 74; a
 * caller of this program in a pipe cannot tell a cut list from a short one otherwise.
 */
#include "cli/out.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/printable.h"

static void note(struct out *out, bool ok)
{
    if (!ok && !out->error)
        out->error = errno ? errno : EIO;
}

void out_init(struct out *out, FILE *stream)
{
    *out = (struct out){.stream = stream};
}

void out_print(struct out *out, const char *format, ...)
{
    va_list args;

    if (out->error)
        return;
    va_start(args, format);
    note(out, vfprintf(out->stream, format, args) >= 0);
    va_end(args);
}

void out_text(struct out *out, const char *text, size_t size)
{
    if (!out->error)
        note(out, fwrite(text, 1, size, out->stream) == size);
}

void out_name(struct out *out, const char *name)
{
    auto_free char *shown = printable_new(name);

    out_print(out, "%s", shown);
}

/* jansson escapes control characters; what is not UTF-8 cannot be in a json_t. */
static void dump(struct out *out, const json_t *value, size_t flags)
{
    auto_free char *text = json_dumps(value, flags | JSON_ENCODE_ANY);

    assert(text);
    out_print(out, "%s", text);
}

void out_json(struct out *out, const json_t *document)
{
    dump(out, document, JSON_INDENT(2));
    out_print(out, "\n");
}

void out_json_row(struct out *out, const json_t *row)
{
    out_print(out, out->rows++ ? ",\n " : "[");
    dump(out, row, JSON_COMPACT);
}

void out_json_end(struct out *out)
{
    out_print(out, out->rows ? "]\n" : "[]\n");
}

bool out_failed(const struct out *out)
{
    return out->error != 0;
}

bool out_finish(struct out *out, struct err *err)
{
    if (!out->error)
        note(out, fflush(out->stream) == 0);
    if (!out->error)
        return true;
    if (out->error == EPIPE) /* `| head` has what it wanted */
        return err_set(err, ERR_IO, "%s", "");
    return err_sys(err, out->error, "write the result to stdout");
}
