/*
 * request_view.c - the body is built as for sending, then taken apart again: no second list
 * of variables can fall behind the first.
 */
#include "cli/request_view.h"

#include <assert.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/mem.h"
#include "cli/row.h"
#include "cli/text.h"
#include "control/answer_json.h"
#include "onekey/named.h"
#include "onekey/upload.h"

#define HIDDEN_TOKEN "Bearer <token>"
#define UPLOAD_URL   "<uploadUrl of the answer>"
#define DEFAULT_NAME "Default" /* as the flows take an unset name */
#define EMPTY_PART   "upload"  /* the name that the official client gives an empty part */
#define PLAIN_BYTES  "application/octet-stream"

/* An ID that only the platform knows: what stands in its place, and what it stands for. */
struct stand_in {
    const char *variable;
    enum named_kind kind;
    const char *name;
    char *value;
};

static void fill_stand_in(struct stand_in *stand_in, const char *name)
{
    stand_in->name = name ? name : DEFAULT_NAME;
    stand_in->value = xasprintf("<ID of %s %s>", named_kind_text(stand_in->kind), stand_in->name);
}

static json_t *stand_in_json(const struct stand_in *stand_in)
{
    json_t *object = json_object();

    answer_json_put_text(object, "variable", stand_in->variable);
    answer_json_put_text(object, "kind", named_kind_text(stand_in->kind));
    answer_json_put_text(object, "name", stand_in->name);
    answer_json_put_text(object, "value", stand_in->value);
    return object;
}

/* query and variables of the body that would be sent */
static bool add_body(json_t *object, const struct upload_metadata *metadata, struct err *err)
{
    auto_free char *body = NULL;

    if (!upload_register_request(metadata, &body, err))
        return false;
    auto_json json_t *read = json_loads(body, 0, NULL);
    assert(read);
    /* A reference each: the request goes, they stay. */
    json_object_set(object, "query", json_object_get(read, "query"));
    json_object_set(object, "variables", json_object_get(read, "variables"));
    return true;
}

static bool add_registration(json_t *object, const struct request_view *view, struct err *err)
{
    struct stand_in group = {"productGroupID", NAMED_PRODUCT_GROUP, NULL, NULL};
    struct stand_in configuration = {"firmware.analysisConfigurationId",
                                     NAMED_ANALYSIS_CONFIGURATION, NULL, NULL};

    fill_stand_in(&group, view->product_group);
    fill_stand_in(&configuration, view->analysis_configuration);
    auto_free char *group_id = group.value;
    auto_free char *configuration_id = configuration.value;
    const struct upload_metadata metadata = {
        .name = view->name,
        .vendor = view->vendor,
        .product = view->product,
        .product_group_id = group_id,
        .analysis_configuration_id = configuration_id,
        .category = view->category,
        .version = view->version,
        .release_date = view->release_date,
        .notes = view->notes,
        .monitoring = view->monitoring,
    };
    if (!add_body(object, &metadata, err))
        return false;
    json_t *list = json_array();
    json_array_append_new(list, stand_in_json(&group));
    json_array_append_new(list, stand_in_json(&configuration));
    answer_json_put(object, "placeholders", list);
    return true;
}

static json_t *part_json(const char *field, const char *file_name,
                         const struct request_view_part *part)
{
    json_t *object = json_object();

    answer_json_put_text(object, "field", field);
    answer_json_put_text(object, "file_name", file_name);
    answer_json_put(object, "size", part->size < 0 ? json_null() : json_integer(part->size));
    answer_json_put_text(object, "content_type",
                         part->content_type ? part->content_type : PLAIN_BYTES);
    return object;
}

static const char *firmware_file(const struct request_view *view)
{
    return view->firmware.file_name ? view->firmware.file_name : EMPTY_PART;
}

static json_t *send_json(const struct request_view *view)
{
    json_t *object = json_object();
    json_t *parts = json_array();

    answer_json_put_text(object, "method", "POST");
    answer_json_put_text(object, "url", UPLOAD_URL);
    answer_json_put_text(object, "authorization", HIDDEN_TOKEN);
    json_array_append_new(parts, part_json("firmware", firmware_file(view), &view->firmware));
    if (view->sbom.file_name)
        json_array_append_new(parts, part_json("sbom", view->sbom.file_name, &view->sbom));
    answer_json_put(object, "parts", parts);
    return object;
}

/* ---- for people ---- */

static void write_name(struct out *out, const json_t *object, const char *key)
{
    const char *text = row_string(object, key);

    out_name(out, text ? text : "-");
}

/* "POST url" */
static void write_target(struct out *out, const char *label, const json_t *object)
{
    out_print(out, "  %-12s", label);
    write_name(out, object, "method");
    out_print(out, " ");
    write_name(out, object, "url");
}

/* As JSON: null, "null" and "" are three things. */
static void write_variable(struct out *out, const char *prefix, const char *name,
                           const json_t *value)
{
    auto_free char *text = json_dumps(value, JSON_ENCODE_ANY);
    auto_free char *left = xasprintf("%s%s", prefix, name);

    assert(text);
    out_print(out, "    %-36s", left);
    out_name(out, text);
    out_print(out, "\n");
}

/* The input object's fields behind its name: two levels are all that there is. */
static void write_variables(struct out *out, json_t *variables)
{
    for (void *at = json_object_iter(variables); at; at = json_object_iter_next(variables, at)) {
        const char *name = json_object_iter_key(at);
        json_t *value = json_object_iter_value(at);
        auto_free char *prefix = xasprintf("%s.", name);

        if (!json_is_object(value))
            write_variable(out, "", name, value);
        for (void *in = json_object_iter(value); in; in = json_object_iter_next(value, in))
            write_variable(out, prefix, json_object_iter_key(in), json_object_iter_value(in));
    }
}

static void write_part(struct out *out, const json_t *part)
{
    const json_t *size = json_object_get(part, "size");
    char text[TEXT_SIZE];

    out_print(out, "    %-12s", row_string(part, "field") ? row_string(part, "field") : "-");
    write_name(out, part, "file_name");
    out_print(out, ", %s, ",
              json_is_integer(size) ? text_bytes(json_integer_value(size), text)
                                    : "its size is not known yet");
    write_name(out, part, "content_type");
    out_print(out, "\n");
}

json_t *request_view_new(const struct request_view *view, struct err *err)
{
    auto_json json_t *object = json_object();
    auto_free char *url = xasprintf("%s/graphql", view->api_url);

    answer_json_put_text(object, "operation", "createFirmwareUpload");
    answer_json_put_text(object, "method", "POST");
    answer_json_put_text(object, "url", url);
    answer_json_put_text(object, "authorization", HIDDEN_TOKEN);
    answer_json_put_text(object, "file", firmware_file(view));
    if (!add_registration(object, view, err))
        return NULL;
    answer_json_put(object, "send", send_json(view));
    return auto_take(object);
}

void request_view_write(struct out *out, const json_t *request)
{
    const json_t *send = json_object_get(request, "send");
    size_t index;
    const json_t *part;

    write_target(out, "request", request);
    out_print(out, ", ");
    write_name(out, request, "operation");
    out_print(out, ", JSON with\n");
    write_variables(out, json_object_get(request, "variables"));
    write_target(out, "then", send);
    out_print(out, ", multipart/form-data with\n");
    json_array_foreach(json_object_get(send, "parts"), index, part)
    {
        write_part(out, part);
    }
    out_print(out, "  %-12s", "both with");
    out_print(out, "Authorization: ");
    write_name(out, request, "authorization");
    out_print(out, "\n");
}
