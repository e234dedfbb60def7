/*
 * yaml_tree.h - a small YAML document as a tree in which every node knows its place.
 *
 * The language is cut down to what a person means when writing settings: one document,
 * mappings with scalar keys, sequences, scalars. Anchors, aliases, tags, directives,
 * further documents, duplicate keys and tabs (outside comments) are errors. No scalar is
 * given a type here, so that YAML's own guesses (no, 010, 1e3) never happen; is_plain
 * tells a word from a quoted text.
 *
 * Errors are ERR_CONFIG, "name:line:column: what is wrong; what is right".
 */
#ifndef BASE_YAML_TREE_H
#define BASE_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum tree_kind { TREE_SCALAR, TREE_SEQUENCE, TREE_MAPPING };

struct tree_place {
    size_t line; /* both from 1; the column counts characters */
    size_t column;
};

struct tree_node {
    enum tree_kind kind;
    bool is_plain;           /* a scalar without quotes, not a block scalar */
    char *text;              /* of a scalar: NUL-terminated, no NUL inside */
    struct tree_place place; /* of the value */
    char *key;               /* of a mapping's child, else NULL */
    struct tree_place key_place;
    struct tree_node *children; /* in the document's order */
    size_t count;
};

struct tree_source {
    const char *name; /* for messages; printed as printable.h does */
    const char *bytes;
    size_t size;
    size_t max_bytes; /* libyaml is quadratic in nesting: both caps are needed */
    size_t max_depth; /* nested mappings and sequences, at most 64 */
};

/* *root is NULL for an empty document; otherwise the caller frees it. */
bool tree_parse(const struct tree_source *source, struct tree_node **root, struct err *err);
void tree_free(struct tree_node *root); /* NULL is fine */

/* The child of that key; NULL when there is none, or node is no mapping or NULL. */
const struct tree_node *tree_child(const struct tree_node *node, const char *key);

/* The node at a dotted path with indexes, "watch[0].include[2]"; NULL when there is none. */
const struct tree_node *tree_find(const struct tree_node *root, const char *path);

/* True for what YAML reads as "no value": nothing, ~ or null without quotes. */
bool tree_is_null(const struct tree_node *node);

static inline void tree_free_fn(struct tree_node **root)
{
    tree_free(*root);
}

#define auto_tree __attribute__((cleanup(tree_free_fn)))

#endif
