#include "flow/export_index_row.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/printable.h"

static const char *const columns[] = {
    "firmware_id", "name",     "vendor",       "product",     "version", "product_group",
    "format",      "kind",     "spec_version", "file",        "sha256",  "size",
    "components",  "revision", "fetched_at",   "vanished_at",
};

enum { COLUMN_COUNT = sizeof columns / sizeof columns[0] };

struct cell {
    const char *text; /* NULL: the number counts, or nothing is known */
    int64_t number;
    bool is_number;
};

struct cells {
    struct cell cells[COLUMN_COUNT];
    char fetched_at[CLOCK_TEXT_SIZE];
    char vanished_at[CLOCK_TEXT_SIZE];
};

static struct cell of_text(const char *text)
{
    return (struct cell){.text = text && *text ? text : NULL};
}

static struct cell of_number(int64_t number)
{
    return (struct cell){.number = number, .is_number = number >= 0};
}

static struct cell of_time(int64_t wall_ms, char text[CLOCK_TEXT_SIZE])
{
    return of_text(wall_ms ? clock_text(wall_ms, text) : NULL);
}

/* In the order of the columns. */
static void fill(struct cells *cells, const struct export_index_row *row)
{
    const struct sbom_row *sbom = row->sbom;
    const struct firmware_row *firmware = row->firmware;
    const struct cell values[COLUMN_COUNT] = {
        of_text(sbom->firmware_id),
        of_text(firmware->name),
        of_text(firmware->vendor),
        of_text(firmware->product),
        of_text(firmware->version),
        of_text(firmware->product_group),
        of_text(sbom->format),
        of_text(sbom->kind),
        of_text(sbom->spec_version),
        of_text(row->file),
        of_text(sbom->sha256),
        of_number(sbom->size),
        of_number(sbom->components),
        of_number(sbom->revision),
        of_time(sbom->fetched_at, cells->fetched_at),
        of_time(firmware->vanished_at, cells->vanished_at),
    };

    memcpy(cells->cells, values, sizeof values);
}

/* ---- JSON ---- */

static json_t *json_cell(const struct cell *cell)
{
    if (cell->is_number)
        return json_integer(cell->number);
    if (!cell->text)
        return json_null();
    json_t *text = json_string(cell->text);
    if (text)
        return text;
    auto_free char *shown = printable_new(cell->text); /* no UTF-8: a name that was cut */
    return json_string(shown);
}

bool export_index_json(struct buf *out, const struct export_index_row *row, struct err *err)
{
    auto_json json_t *object = json_object();
    struct cells cells;

    fill(&cells, row);
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        json_object_set_new(object, columns[i], json_cell(&cells.cells[i]));
    auto_free char *text = json_dumps(object, JSON_COMPACT);
    if (!text)
        abort(); /* only out of memory */
    return buf_add_text(out, text, err);
}

/* ---- CSV ---- */

static bool is_formula(const char *text)
{
    return *text && strchr("=+-@\t\r", *text);
}

static bool add_quoted(struct buf *out, const char *text, struct err *err)
{
    for (const char *quote; (quote = strchr(text, '"')); text = quote + 1) {
        if (!buf_add(out, text, (size_t)(quote - text), err) || !buf_add_text(out, "\"\"", err))
            return false;
    }
    return buf_add_text(out, text, err);
}

static bool add_text(struct buf *out, const char *text, struct err *err)
{
    auto_free char *shown = printable_new(text);
    bool quotes = strpbrk(shown, ",\"") != NULL;
    const char *quote = quotes ? "\"" : "";

    return buf_add_text(out, quote, err) && buf_add_text(out, is_formula(text) ? "'" : "", err) &&
           add_quoted(out, shown, err) && buf_add_text(out, quote, err);
}

static bool add_cell(struct buf *out, const struct cell *cell, struct err *err)
{
    char digits[24];

    if (cell->text)
        return add_text(out, cell->text, err);
    snprintf(digits, sizeof digits, "%" PRId64, cell->number);
    return !cell->is_number || buf_add_text(out, digits, err);
}

static const char *separator(size_t column)
{
    return column + 1 < COLUMN_COUNT ? "," : "\r\n";
}

bool export_index_csv_header(struct buf *out, struct err *err)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (!buf_add_text(out, columns[i], err) || !buf_add_text(out, separator(i), err))
            return false;
    }
    return true;
}

bool export_index_csv(struct buf *out, const struct export_index_row *row, struct err *err)
{
    struct cells cells;

    fill(&cells, row);
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        if (!add_cell(out, &cells.cells[i], err) || !buf_add_text(out, separator(i), err))
            return false;
    }
    return true;
}

/* ---- SHA256SUMS ---- */

static const char *sum_escape(char byte)
{
    if (byte == '\\')
        return "\\\\";
    if (byte == '\n')
        return "\\n";
    return byte == '\r' ? "\\r" : NULL;
}

bool export_index_sum(struct buf *out, const char *sha256, const char *file, struct err *err)
{
    bool escapes = strpbrk(file, "\\\n\r") != NULL;

    if (!buf_add_text(out, escapes ? "\\" : "", err) || !buf_add_text(out, sha256, err) ||
        !buf_add_text(out, "  ", err))
        return false;
    for (const char *at = file; *at; at++) {
        const char *escape = sum_escape(*at);

        if (!(escape ? buf_add_text(out, escape, err) : buf_add(out, at, 1, err)))
            return false;
    }
    return buf_add_text(out, "\n", err);
}
