/*
 * item_text.c - the list has fixed columns and the path last: rows are printed as they come,
 * so nobody knows the widest one. Rows of a newer daemon may have more fields: `show`
 * prints whatever there is, by its type.
 */
#include "cli/item_text.h"

#include <stdint.h>
#include <string.h>

#include "cli/row.h"
#include "cli/text.h"

/* Only what still waits for something, or for somebody: an old error of a done item is history. */
static const char *present_error(json_t *row)
{
    const char *state = row_string(row, "state");
    const char *error = row_string(row, "error");

    if (!state || strcmp(state, "done") == 0 || strcmp(state, "duplicate") == 0)
        return NULL;
    return error && *error ? error : NULL;
}

void item_text_line(struct out *out, json_t *row)
{
    const char *state = row_string(row, "state");
    const char *id = row_string(row, "firmware_id");
    const char *path = row_string(row, "path");
    const char *error = present_error(row);
    char size[TEXT_SIZE];
    char when[TEXT_SIZE];

    if (out->rows++ == 0)
        out_print(out, "%-11s  %10s  %-20s  %-36s  %s\n", "STATE", "SIZE", "FOUND", "FIRMWARE ID",
                  "PATH");
    out_print(out, "%-11s  %10s  %-20s  %-36s  ", state ? state : "-",
              text_bytes(row_number(row, "size"), size),
              text_when(row_string(row, "found_at"), when), id ? id : "-");
    out_name(out, path ? path : "-");
    out_print(out, "\n");
    if (!error)
        return;
    out_print(out, "%-11s  ", "");
    out_name(out, error);
    out_print(out, "\n");
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t end_size = strlen(end);

    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static void write_number(struct out *out, const char *key, int64_t number)
{
    char text[TEXT_SIZE];

    out_print(out, "%jd", (intmax_t)number);
    if (strcmp(key, "size") == 0)
        out_print(out, " (%s)", text_bytes(number, text));
}

static void write_scalar(struct out *out, const char *key, json_t *value)
{
    const char *string = json_string_value(value);
    char text[TEXT_SIZE];

    if (string)
        out_name(out, ends_with(key, "_at") ? text_when(string, text) : string);
    else if (json_is_boolean(value))
        out_print(out, "%s", json_is_true(value) ? "yes" : "no");
    else
        write_number(out, key, json_integer_value(value));
}

static void write_sbom(struct out *out, json_t *sbom)
{
    const char *const texts[] = {"format", "kind", "spec_version"};
    const char *file = row_string(sbom, "file");
    char when[TEXT_SIZE];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const char *text = row_string(sbom, texts[i]);

        out_print(out, "%s", i && text ? " " : "");
        out_name(out, text ? text : "");
    }
    if (json_is_integer(json_object_get(sbom, "components")))
        out_print(out, ", %jd components", (intmax_t)row_number(sbom, "components"));
    out_print(out, ", fetched %s", text_when(row_string(sbom, "fetched_at"), when));
    if (file) {
        out_print(out, ", ");
        out_name(out, file);
    }
}

/* Each entry on a line of its own, the name before the first. */
static void write_list(struct out *out, const char *key, json_t *list)
{
    size_t index;
    json_t *entry;

    json_array_foreach(list, index, entry)
    {
        out_print(out, "%-24s", index == 0 ? key : "");
        if (json_is_object(entry))
            write_sbom(out, entry);
        else
            write_scalar(out, key, entry);
        out_print(out, "\n");
    }
}

void item_text_whole(struct out *out, json_t *row)
{
    const char *key;
    json_t *value;

    if (out->rows++ > 0)
        out_print(out, "\n");
    json_object_foreach(row, key, value)
    {
        if (json_is_array(value)) {
            write_list(out, key, value);
        } else if (!json_is_null(value) && !json_is_object(value)) {
            out_print(out, "%-24s", key);
            write_scalar(out, key, value);
            out_print(out, "\n");
        }
    }
}
