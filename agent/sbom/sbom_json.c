/*
 * sbom_json.c - JSON's events are the tree's.
 *
 * All three JSON formats are counted at once (see sbom_rules.h), as the key that names the
 * format may be the last one. Which it was is decided at the end.
 */
#include <stdlib.h>

#include "base/json_stream.h"
#include "base/mem.h"
#include "sbom/sbom_format.h"
#include "sbom/sbom_version.h"

struct json {
    struct json_stream *stream;
    struct sbom_tree *tree;
};

/* A key needs nothing done: its value's event finds it where the stream keeps it. */
static bool on_event(void *owner, const struct json_stream_event *event, struct err *err)
{
    struct json *json = owner;
    const char *key = event->depth > 0 ? json_stream_key(json->stream, event->depth - 1) : NULL;
    struct sbom_leaf leaf = {.key = key, .text = event->text, .size = event->size};

    (void)err;
    switch (event->kind) {
    case JSON_STREAM_KEY:
        return true;
    case JSON_STREAM_OBJECT:
    case JSON_STREAM_ARRAY:
        sbom_tree_enter(json->tree, key, event->kind == JSON_STREAM_ARRAY);
        return true;
    case JSON_STREAM_OBJECT_END:
    case JSON_STREAM_ARRAY_END:
        sbom_tree_leave(json->tree, key);
        return true;
    case JSON_STREAM_PIECE:
    case JSON_STREAM_STRING:
        leaf.type = 's';
        break;
    case JSON_STREAM_NUMBER:
        leaf.type = 'n';
        break;
    case JSON_STREAM_TRUE:
        leaf.type = 't';
        break;
    case JSON_STREAM_FALSE:
        leaf.type = 'f';
        break;
    case JSON_STREAM_NULL:
        leaf.type = 'z';
        break;
    }
    if (event->depth == 0) /* a document that is one value is no SBOM and has no tree */
        return true;
    if (event->kind == JSON_STREAM_PIECE)
        sbom_tree_piece(json->tree, &leaf);
    else
        sbom_tree_leaf(json->tree, &leaf);
    return true;
}

static void *json_new(struct sbom_tree *tree)
{
    struct json *json = xcalloc(1, sizeof *json);

    json->tree = tree;
    json->stream = json_stream_new(&(struct json_stream_options){
        .max_depth = SBOM_DEPTH_MAX,
        .max_text = SBOM_TEXT_MAX,
        .wants_pieces = true,
        .mends_text = true,
        .allows_nul = true, /* a property may hold what was found in a binary */
        .on_event = on_event,
        .owner = json,
    });
    return json;
}

static bool json_feed(void *format, const char *bytes, size_t size, struct err *err)
{
    struct json *json = format;

    if (json_stream_feed(json->stream, bytes, size, err))
        return true;
    err->kind = ERR_DATA; /* the platform answered, but with this */
    return err_wrap(err, "is not valid JSON");
}

/* Which of the JSON formats: the document said it somewhere, first or last. */
static bool json_identify(const struct sbom_findings *findings, struct sbom_facts *facts,
                          struct err *err)
{
    /* CreationInfo has the exact version; an address names it without the corrections. */
    const char *version3 =
        findings->creation_version[0] ? findings->creation_version : findings->context_version;

    if (findings->is_cyclonedx && !findings->spec_version[0])
        return err_set(err, ERR_DATA, "is CycloneDX JSON without a specVersion");
    if (findings->is_cyclonedx)
        return sbom_version_set(facts, SBOM_CYCLONEDX_JSON, findings->spec_version, err);
    if (findings->spdx_version[0])
        return sbom_version_set(facts, SBOM_SPDX_JSON, findings->spdx_version, err);
    if (findings->has_graph && findings->context_version[0])
        return sbom_version_set(facts, SBOM_SPDX3_JSON, version3, err);
    return err_set(err, ERR_DATA, "is JSON but no SBOM: neither bomFormat nor spdxVersion");
}

static bool json_finish(void *format, struct sbom_facts *facts, struct err *err)
{
    struct json *json = format;

    if (!json_stream_finish(json->stream, err))
        return err_set(err, ERR_DATA, "ends in the middle of the JSON document");
    return json_identify(sbom_tree_findings(json->tree), facts, err);
}

static void json_free(void *format)
{
    struct json *json = format;

    json_stream_free(json->stream);
    free(json);
}

const struct sbom_format sbom_json = {json_new, json_feed, json_finish, json_free};
