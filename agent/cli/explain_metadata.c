/*
 * explain_metadata.c - what a file would be sent as, where each field comes from, and the
 * requests that follow from them.
 */
#include <string.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cli/explain_parts.h"
#include "cli/request_view.h"
#include "cli/row.h"
#include "control/answer_json.h"

/* True with an empty *sidecar where there is none. */
static bool read_sidecar(struct explaining *explaining, struct metadata_sidecar *sidecar,
                         struct err *err)
{
    auto_free char *relpath = rule_sidecar_path(explaining->source->rules, explaining->relpath);
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
    auto_buf struct buf bytes = {.max = METADATA_SIDECAR_MAX_BYTES};

    if (!explain_companion(explaining, "sidecar", relpath, "the templates decide"))
        return true;
    return beneath_open_file(explaining->root_fd, relpath, explaining->source->links, &file, err) &&
           buf_read_fd(&bytes, file.fd, err) &&
           metadata_sidecar_parse(bytes.bytes ? bytes.bytes : "", bytes.size, relpath, sidecar,
                                  err);
}

static bool resolve(const struct explaining *explaining, const struct metadata_sidecar *sidecar,
                    struct metadata *metadata, struct err *err)
{
    const struct beneath_facts facts = beneath_facts_of(&explaining->file.facts);
    const struct metadata_facts known = {
        .path = explaining->asked->path,
        .relpath = explaining->relpath,
        .sha256 = row_string(explaining->asked->row, "sha256"),
        .mtime_ms = facts.mtime_ns / 1000000,
        .size = (uint64_t)facts.size,
    };

    return source_metadata(explaining->source, &known, sidecar, metadata, err);
}

/* NULL where the value of the configuration is nobody's. */
static char *place_of(const struct explaining *explaining, enum metadata_field field)
{
    auto_free char *option = xasprintf("metadata.%s", metadata_field_key(field));

    return explain_place(explaining, option);
}

/* To a watch its defaults are templates as any other. */
static bool is_default(const struct metadata *metadata, enum metadata_field field,
                       const char *place)
{
    return metadata->origin[field] == METADATA_TEMPLATE && !place;
}

static void add_fields(const struct explaining *explaining, const struct metadata *metadata)
{
    json_t *list = json_array();

    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        enum metadata_field field = (enum metadata_field)i;
        auto_free char *origin = metadata_origin_text(metadata, field);
        auto_free char *place = place_of(explaining, field);
        json_t *one = json_object();

        answer_json_put_text(one, "field", metadata_field_key(field));
        answer_json_put_text(one, "value", metadata->value[i]);
        answer_json_put_text(one, "origin",
                             is_default(metadata, field, place) ? "default" : origin);
        answer_json_put_text(one, "place", place);
        json_array_append_new(list, one);
    }
    answer_json_put(explaining->object, "metadata", list);
}

static bool add_request(const struct explaining *explaining, const struct metadata *metadata,
                        struct err *err)
{
    const struct request_view view = {
        .api_url = explaining->asked->config->api.url,
        .vendor = metadata->value[METADATA_VENDOR],
        .product = metadata->value[METADATA_PRODUCT],
        .name = metadata->value[METADATA_NAME],
        .version = metadata->value[METADATA_VERSION],
        .category = metadata->value[METADATA_PRODUCT_CATEGORY],
        .release_date = metadata->value[METADATA_RELEASE_DATE],
        .notes = metadata->value[METADATA_NOTES],
        .product_group = metadata->value[METADATA_PRODUCT_GROUP],
        .analysis_configuration = metadata->value[METADATA_ANALYSIS_CONFIGURATION],
        .monitoring = metadata->monitoring,
        .firmware = {.file_name = explain_base_name(explaining->relpath),
                     .size = explaining->exists ? explaining->file.facts.st_size : -1},
        .sbom = {.file_name = explaining->attachment, .size = explaining->attachment_size},
    };
    json_t *request = request_view_new(&view, err);

    if (request)
        answer_json_put(explaining->object, "request", request);
    return request != NULL;
}

static bool is_sendable(const struct explaining *explaining)
{
    return explaining->is_taken && (explaining->is_regular || explaining->is_missing);
}

void explain_metadata(struct explaining *explaining)
{
    auto_metadata_sidecar struct metadata_sidecar sidecar = {0};
    auto_metadata struct metadata metadata = {0};
    struct err err;

    explaining->has_metadata =
        read_sidecar(explaining, &sidecar, &err) && resolve(explaining, &sidecar, &metadata, &err);
    add_fields(explaining, &metadata);
    if (explaining->has_metadata && is_sendable(explaining))
        explaining->has_metadata = add_request(explaining, &metadata, &err);
    if (!explaining->has_metadata)
        answer_json_put_text(explaining->object, "metadata_error", err.message);
}
