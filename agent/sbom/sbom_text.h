/*
 * sbom_text.h - a text that comes in parts, on its way to the tree: trimmed, in pieces of
 * a fixed size whatever the parts were.
 */
#ifndef SBOM_SBOM_TEXT_H
#define SBOM_SBOM_TEXT_H

#include "sbom/sbom_tree.h"

struct sbom_text {
    struct sbom_tree *tree;
    const char *key; /* of the leaf; must stay until it ends */
    size_t size;
    bool in_pieces; /* some of it went to the tree */
    char bytes[SBOM_TEXT_MAX];
};

/* White space before the first other character is left out. */
void sbom_text_add(struct sbom_text *text, const char *bytes, size_t size);

/*
 * Cuts white space at the end and shows what is left (of a long text: the rest) as a
 * leaf; false, and nothing to show, when all was blank. sbom_text_clear() goes on.
 */
bool sbom_text_leaf(struct sbom_text *text, struct sbom_leaf *leaf);
void sbom_text_clear(struct sbom_text *text);

/* How much of a text to keep where room bytes are; what is cut off begins with a character. */
size_t sbom_text_cut(const char *text, size_t size, size_t room);

#endif
