/*
 * sbom_capture.c - a slot per level of the tree; a component is in the slot of its level.
 *
 * A nested component ends before the one around it, so the slots above stay as they are
 * meanwhile. The slots are one allocation that the system backs page by page as levels are
 * used: a flat document touches the first few.
 */
#include "sbom/sbom_capture.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sbom/sbom_text.h"

struct slot {
    struct sbom_component component;
    struct sbom_field_text locator; /* of the reference under way: its type may come after it */
};

struct sbom_capture {
    sbom_component_fn *component;
    void *owner;
    struct sbom_field_text piece; /* the beginning of the text that comes in pieces */
    struct slot slots[SBOM_DEPTH_MAX];
};

static void keep(struct sbom_field_text *field, const char *text, size_t size)
{
    field->size = sbom_text_cut(text, size, SBOM_FIELD_MAX);
    field->is_cut = field->size < size;
    memcpy(field->bytes, text, field->size);
}

/* The order of texts, then of their digests: some total order is all that is needed. */
static bool is_less(const struct sbom_field_text *a, const struct sbom_field_text *b)
{
    size_t size = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->bytes, b->bytes, size);

    if (order == 0 && a->size == b->size)
        return memcmp(a->whole.words, b->whole.words, sizeof a->whole.words) < 0;
    return order < 0 || (order == 0 && a->size < b->size);
}

static void offer(struct sbom_field_text *field, const struct sbom_field_text *text)
{
    if (text->size > 0 && (field->size == 0 || is_less(text, field)))
        *field = *text;
}

/* NULL: a role that is no text of a component. */
static struct sbom_field_text *field_of(struct slot *slot, enum sbom_role role)
{
    static const struct {
        enum sbom_role role;
        enum sbom_field field;
    } rows[] = {
        {ROLE_NAME, SBOM_FIELD_NAME},           {ROLE_VERSION, SBOM_FIELD_VERSION},
        {ROLE_PURL, SBOM_FIELD_PURL},           {ROLE_CPE, SBOM_FIELD_CPE},
        {ROLE_GROUP, SBOM_FIELD_GROUP},         {ROLE_SUPPLIER, SBOM_FIELD_SUPPLIER},
        {ROLE_PUBLISHER, SBOM_FIELD_PUBLISHER},
    };

    if (role == ROLE_REF_LOCATOR)
        return &slot->locator;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].role == role)
            return &slot->component.fields[rows[i].field];
    }
    return NULL;
}

static void offer_ref(struct slot *slot, enum sbom_ref ref, const struct sbom_field_text *locator)
{
    if (ref == SBOM_REF_PURL)
        offer(&slot->component.fields[SBOM_FIELD_PURL], locator);
    else if (ref == SBOM_REF_CPE)
        offer(&slot->component.fields[SBOM_FIELD_CPE], locator);
}

/* Tag-value: type and locator in one. A line over a piece's size identifies nothing. */
static void take_line(struct slot *slot, const struct sbom_capture_value *value)
{
    struct sbom_field_text text = {.whole = *value->whole};
    struct sbom_leaf locator;

    if (value->in_pieces || !sbom_value_ref_locator(value->leaf, &locator))
        return;
    keep(&text, locator.text, locator.size);
    offer_ref(slot, sbom_value_ref_line(value->leaf), &text);
}

struct sbom_capture *sbom_capture_new(sbom_component_fn *component, void *owner)
{
    struct sbom_capture *capture = xcalloc(1, sizeof *capture);

    capture->component = component;
    capture->owner = owner;
    return capture;
}

void sbom_capture_free(struct sbom_capture *capture)
{
    free(capture);
}

void sbom_capture_begin(struct sbom_capture *capture, size_t level)
{
    struct slot *slot = &capture->slots[level];

    for (size_t i = 0; i < SBOM_FIELD_COUNT; i++)
        slot->component.fields[i].size = 0;
    slot->locator.size = 0;
}

void sbom_capture_begin_ref(struct sbom_capture *capture, size_t level)
{
    capture->slots[level].locator.size = 0;
}

void sbom_capture_piece(struct sbom_capture *capture, const struct sbom_leaf *leaf)
{
    keep(&capture->piece, leaf->text, leaf->size);
    capture->piece.is_cut = true;
}

void sbom_capture_leaf(struct sbom_capture *capture, size_t level,
                       const struct sbom_capture_value *value)
{
    struct slot *slot = &capture->slots[level];

    if (value->role == ROLE_REF_LINE) {
        take_line(slot, value);
        return;
    }
    struct sbom_field_text *field = field_of(slot, value->role);
    if (!field)
        return;
    if (!value->in_pieces)
        keep(&capture->piece, value->leaf->text, value->leaf->size);
    capture->piece.whole = *value->whole;
    offer(field, &capture->piece);
}

void sbom_capture_end_ref(struct sbom_capture *capture, size_t level, enum sbom_ref ref)
{
    offer_ref(&capture->slots[level], ref, &capture->slots[level].locator);
}

void sbom_capture_end(struct sbom_capture *capture, size_t level, enum sbom_family family,
                      const struct sbom_sum *change)
{
    struct sbom_component *component = &capture->slots[level].component;

    component->family = family;
    component->change = *change;
    capture->component(capture->owner, component);
}
