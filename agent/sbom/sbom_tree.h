/*
 * sbom_tree.h - the tree of a document, walked once: digests, component counts, findings.
 *
 * The readers of the formats (sbom_json, sbom_xml, sbom_tag) report what they meet, in the
 * document's order; every value gets a digest, every object and array one of the sum of
 * its members. What a component is made of, and what does not count, sbom_rules.h says.
 * Memory is one level per depth; nothing of the document is kept but, in an observed walk,
 * the texts of the components that are open.
 */
#ifndef SBOM_SBOM_TREE_H
#define SBOM_SBOM_TREE_H

#include <stdbool.h>

#include "sbom/sbom_component.h"
#include "sbom/sbom_facts.h"

enum {
    SBOM_DEPTH_MAX = 128,
    SBOM_TEXT_MAX = 4096, /* longer texts come in pieces; references among them as they are */
};

/* What the values that name the format said; empty for none. */
struct sbom_findings {
    bool is_cyclonedx; /* bomFormat says so */
    bool has_graph;
    char spec_version[SBOM_VERSION_SIZE];
    char spdx_version[SBOM_VERSION_SIZE];    /* without "SPDX-" */
    char context_version[SBOM_VERSION_SIZE]; /* out of @context's address */
    char creation_version[SBOM_VERSION_SIZE];
};

/* A value without members. key is NULL in an array and for XML's text. */
struct sbom_leaf {
    const char *key;
    char type; /* 's' string, 'n' number, 't' true, 'f' false, 'z' null */
    const char *text;
    size_t size;
};

struct sbom_tree;

struct sbom_tree *sbom_tree_new(void);
void sbom_tree_free(struct sbom_tree *tree); /* NULL is fine */

/* Before the walk: component() gets every component of every family, at its end. */
void sbom_tree_observe(struct sbom_tree *tree, sbom_component_fn *component, void *owner);

/* At most SBOM_DEPTH_MAX levels in each other; the first is the document. */
void sbom_tree_enter(struct sbom_tree *tree, const char *key, bool is_array);
void sbom_tree_leave(struct sbom_tree *tree, const char *key); /* the same key */

void sbom_tree_leaf(struct sbom_tree *tree, const struct sbom_leaf *leaf);

/* Part of a long leaf; sbom_tree_leaf() with the same key and type and the rest ends it. */
void sbom_tree_piece(struct sbom_tree *tree, const struct sbom_leaf *leaf);

/* A leaf (of one piece) of the document itself, wherever the walk is. */
void sbom_tree_root_leaf(struct sbom_tree *tree, const struct sbom_leaf *leaf);

const struct sbom_findings *sbom_tree_findings(const struct sbom_tree *tree);

/* Whose components a document of that kind is made of. */
enum sbom_family sbom_tree_family(enum sbom_kind kind);

/* Fills components, content_id and component_id for a document of that kind, after its end. */
void sbom_tree_tally(struct sbom_tree *tree, enum sbom_kind kind, struct sbom_facts *facts);

#endif
