#include "watch/metadata_sidecar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/suggest.h"
#include "base/yaml_tree.h"

enum { DEPTH_MAX = 2 }; /* flat; one more, so that nesting is told by its key */

static bool refuse(const char *file, struct tree_place place, const char *what, struct err *err)
{
    auto_free char *shown = printable_new(file);

    return err_set(err, ERR_INPUT, "%s:%zu:%zu: %s", shown, place.line, place.column, what);
}

static bool refuse_key(const char *file, const struct tree_node *node, struct err *err)
{
    struct suggest suggest = {.word = node->key};
    auto_free char *key = printable_new(node->key);
    auto_free char *what = NULL;

    for (size_t field = 0; field < METADATA_FIELD_COUNT; field++)
        suggest_offer(&suggest, metadata_field_key((enum metadata_field)field));
    if (suggest.best)
        what = xasprintf("unknown key \"%s\"; did you mean \"%s\"?", key, suggest.best);
    else
        what = xasprintf("unknown key \"%s\"", key);
    return refuse(file, node->key_place, what, err);
}

static const char *value_fault(const struct tree_node *node, enum metadata_field field)
{
    if (node->kind != TREE_SCALAR)
        return "is not a single value";
    if (tree_is_null(node))
        return "has no value; write \"\" to leave the field out";
    return metadata_field_fault(field, node->text);
}

static bool read_field(const char *file, const struct tree_node *node,
                       struct metadata_sidecar *sidecar, struct err *err)
{
    auto_free char *shown = printable_new(file);
    enum metadata_field field;

    if (!metadata_field_find(node->key, &field))
        return refuse_key(file, node, err);
    const char *fault = value_fault(node, field);

    if (fault) {
        auto_free char *what = xasprintf("%s %s", node->key, fault);

        return refuse(file, node->place, what, err);
    }
    assert(!sidecar->value[field]); /* the tree has no duplicate keys */
    sidecar->value[field] = xstrdup(node->text);
    sidecar->place[field] = xasprintf("%s:%zu:%zu", shown, node->place.line, node->place.column);
    return true;
}

bool metadata_sidecar_parse(const char *bytes, size_t size, const char *file,
                            struct metadata_sidecar *out, struct err *err)
{
    const struct tree_source source = {.name = file,
                                       .bytes = bytes,
                                       .size = size,
                                       .max_bytes = METADATA_SIDECAR_MAX_BYTES,
                                       .max_depth = DEPTH_MAX};
    auto_tree struct tree_node *root = NULL;

    *out = (struct metadata_sidecar){0};
    if (!tree_parse(&source, &root, err)) {
        err->kind = ERR_INPUT; /* the file's own fault, not the configuration's */
        return false;
    }
    if (!root)
        return true;
    if (root->kind != TREE_MAPPING)
        return refuse(file, root->place, "a sidecar is lines of \"key: value\"", err);
    for (size_t i = 0; i < root->count; i++) {
        if (!read_field(file, &root->children[i], out, err))
            return false;
    }
    return true;
}

void metadata_sidecar_release(struct metadata_sidecar *sidecar)
{
    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        free(sidecar->value[i]);
        free(sidecar->place[i]);
    }
    *sidecar = (struct metadata_sidecar){0};
}
