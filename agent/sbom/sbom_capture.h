/*
 * sbom_capture.h - keeps the texts of the components that are open in an observed walk.
 *
 * sbom_tree tells it what begins, what is said and what ends; `level` is the tree's level
 * of the component. One component per level is held, about 4 KiB each, and of a level
 * that never held one nothing is touched.
 */
#ifndef SBOM_SBOM_CAPTURE_H
#define SBOM_SBOM_CAPTURE_H

#include "sbom/sbom_component.h"
#include "sbom/sbom_rules.h"
#include "sbom/sbom_tree.h"
#include "sbom/sbom_value.h"

struct sbom_capture;

struct sbom_capture *sbom_capture_new(sbom_component_fn *component, void *owner);
void sbom_capture_free(struct sbom_capture *capture); /* NULL is fine */

void sbom_capture_begin(struct sbom_capture *capture, size_t level);
void sbom_capture_begin_ref(struct sbom_capture *capture, size_t level);

/* The first piece of a text that is too long for a leaf: all that will be kept of it. */
void sbom_capture_piece(struct sbom_capture *capture, const struct sbom_leaf *leaf);

/* role: of the leaf or, in XML, of the element around it. */
struct sbom_capture_value {
    enum sbom_role role;
    bool in_pieces; /* sbom_capture_piece() was called for it */
    const struct sbom_leaf *leaf;
    const struct sbom_sum *whole;
};

void sbom_capture_leaf(struct sbom_capture *capture, size_t level,
                       const struct sbom_capture_value *value);

/* The reference that began last was one of that type. */
void sbom_capture_end_ref(struct sbom_capture *capture, size_t level, enum sbom_ref ref);

/* Hands the component over. */
void sbom_capture_end(struct sbom_capture *capture, size_t level, enum sbom_family family,
                      const struct sbom_sum *change);

#endif
