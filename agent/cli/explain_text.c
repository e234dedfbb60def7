/*
 * explain_text.c - lines of "  label       text". What a file would be sent as is of no
 * interest while it is not taken at all, so the rest is left out then.
 */
#include "cli/explain_text.h"

#include <stdint.h>

#include "cli/request_view.h"
#include "cli/row.h"
#include "cli/text.h"

static void label(struct out *out, const char *name)
{
    out_print(out, "  %-12s", name);
}

void explain_text_line(struct out *out, const char *name, const char *text)
{
    if (!text)
        return;
    label(out, name);
    out_name(out, text);
    out_print(out, "\n");
}

static void write_file(struct out *out, const json_t *object)
{
    const char *kind = row_string(object, "kind");
    const char *target = row_string(object, "target");
    const json_t *size = json_object_get(object, "size");
    char text[TEXT_SIZE];

    label(out, "file");
    out_print(out, "%s", kind ? kind : "does not exist: judged by its name alone");
    if (json_is_integer(size))
        out_print(out, ", %s", text_bytes(json_integer_value(size), text));
    if (row_string(object, "modified"))
        out_print(out, ", modified %s", text_when(row_string(object, "modified"), text));
    if (target) {
        out_print(out, ", a link to ");
        out_name(out, target);
    }
    out_print(out, "\n");
}

static void write_watch(struct out *out, const json_t *object)
{
    label(out, "watch");
    out_name(out, row_string(object, "watch"));
    out_print(out, ", ");
    out_name(out, row_string(object, "relpath"));
    out_print(out, " in ");
    out_name(out, row_string(object, "folder"));
    out_print(out, "\n");
}

static void write_rule(struct out *out, const json_t *object)
{
    bool is_taken = json_is_true(json_object_get(object, "taken"));

    label(out, "rule");
    out_print(out, "%s: ", is_taken ? "taken" : "not taken");
    out_name(out, row_string(object, "rule"));
    if (row_string(object, "rule_place")) {
        out_print(out, "   (");
        out_name(out, row_string(object, "rule_place"));
        out_print(out, ")");
    }
    out_print(out, "\n");
}

static void write_companion(struct out *out, const json_t *object, const char *name)
{
    const json_t *companion = json_object_get(object, name);
    const char *text = row_string(companion, "text");

    if (!json_is_object(companion))
        return;
    label(out, name);
    out_name(out, row_string(companion, "path"));
    out_print(out, ": %s",
              json_is_true(json_object_get(companion, "exists")) ? "is there" : "is missing");
    if (text)
        out_print(out, "; %s", text);
    out_print(out, "\n");
}

static void write_match(struct out *out, const json_t *object)
{
    const json_t *match = json_object_get(object, "match");
    json_t *groups = json_object_get(match, "groups");
    const char *name;
    const json_t *value;

    if (!json_is_object(match))
        return;
    label(out, "match");
    out_print(out, "%s",
              json_is_true(json_object_get(match, "matched")) ? "matches"
                                                              : "does not "
                                                                "match");
    json_object_foreach(groups, name, value)
    {
        out_print(out, ", %s=", name);
        out_name(out, json_is_string(value) ? json_string_value(value) : "");
    }
    out_print(out, "\n");
}

static void write_metadata(struct out *out, const json_t *object)
{
    const json_t *list = json_object_get(object, "metadata");
    size_t index;
    const json_t *field;

    label(out, "metadata");
    out_print(out, "\n");
    json_array_foreach(list, index, field)
    {
        const char *value = row_string(field, "value");

        out_print(out, "    %-24s", row_string(field, "field"));
        out_name(out, value ? value : "-");
        out_print(out, "   (");
        out_name(out, row_string(field, "origin"));
        if (row_string(field, "place")) {
            out_print(out, ", ");
            out_name(out, row_string(field, "place"));
        }
        out_print(out, ")\n");
    }
    explain_text_line(out, "error", row_string(object, "metadata_error"));
}

static void write_settle(struct out *out, const json_t *object)
{
    const char *settle = row_string(object, "settle");

    label(out, "settles");
    out_name(out, settle ? settle : "-");
    if (row_string(object, "settle_state")) {
        out_print(out, "; ");
        out_name(out, row_string(object, "settle_state"));
    }
    out_print(out, "\n");
}

void explain_text(struct out *out, const json_t *object)
{
    write_watch(out, object);
    write_file(out, object);
    write_rule(out, object);
    if (json_is_true(json_object_get(object, "taken"))) {
        write_settle(out, object);
        write_companion(out, object, "marker");
        write_companion(out, object, "sidecar");
        write_companion(out, object, "attachment");
        write_match(out, object);
        write_metadata(out, object);
        if (json_is_object(json_object_get(object, "request")))
            request_view_write(out, json_object_get(object, "request"));
    }
    explain_text_line(out, "next", row_string(object, "next"));
}
