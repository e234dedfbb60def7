/*
 * sbom_tree.c - a digest for every value, summed up level by level.
 *
 *   leaf       H(type key NUL text)
 *   container  H(type key NUL count sum), sum over its members' digests, modulo 2^256
 *   document   the root's digest: content_id
 *   component  H(by identity details), where these are sums of some of its members'
 *              digests, picked by their roles; the sum over all components: component_id
 *
 * So a member's digest is computed once and used for both ids. A component knows only at
 * its end by what it is identified (purl, else CPE, else name), since its keys come in any
 * order: the sums for all three are kept until then, in its level.
 *
 * A list of one element and the element itself differ by the type; a member moved to
 * another object differs by what it was summed into. Repeated equal elements count each:
 * a sum, unlike an exclusive or, does not cancel them out.
 */
#include "sbom/sbom_tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sbom/sbom_capture.h"
#include "sbom/sbom_rules.h"
#include "sbom/sbom_sum.h"
#include "sbom/sbom_value.h"

/* What a component is known by and what counts as its change; only where a scope is one. */
struct parts {
    struct sbom_sum purl;
    struct sbom_sum cpe;
    struct sbom_sum name;
    struct sbom_sum detail;
    bool has_purl;
    bool has_cpe;
    enum sbom_element element;
    bool links_licence; /* an SPDX 3 relationship between a package and its licence */
};

struct level {
    enum sbom_scope scope;
    enum sbom_role role;
    bool is_array;
    bool is_skipped;
    bool is_masked;   /* UUIDs in the strings below do not count */
    size_t component; /* the level of the component that this belongs to, or 0 */
    struct sbom_sum sum;
    uint64_t count;
    struct parts parts;
    enum sbom_ref ref;
    struct sbom_sum locator;
};

struct tally {
    int64_t components;
    struct sbom_sum sum;
};

struct sbom_tree {
    struct level levels[SBOM_DEPTH_MAX];
    size_t depth;
    bool in_piece; /* the digest holds the beginning of a leaf */
    struct digest *digest;
    struct sbom_sum content;
    struct tally tallies[SBOM_FAMILY_COUNT];
    struct sbom_findings findings;
    struct sbom_capture *capture; /* NULL: nobody wants the components */
    char masked[SBOM_TEXT_MAX];
};

/* --- components ------------------------------------------------------------------------------- */

/* The scopes whose level collects parts. */
static bool is_component(enum sbom_scope scope)
{
    return scope == SCOPE_COMPONENT || scope == SCOPE_PACKAGE || scope == SCOPE_ELEMENT;
}

static void add_ref(struct parts *parts, enum sbom_ref ref, const struct sbom_sum *locator)
{
    if (ref == SBOM_REF_PURL) {
        parts->has_purl = true;
        sbom_sum_add(&parts->purl, locator);
    } else if (ref == SBOM_REF_CPE) {
        parts->has_cpe = true;
        sbom_sum_add(&parts->cpe, locator);
    }
}

/* A component's change digest: the best identity there is, and its details. Its level is left. */
static void count_component(struct sbom_tree *tree, const struct parts *parts,
                            enum sbom_family family)
{
    const struct sbom_sum *identity = &parts->name;
    char by = 'n';

    if (parts->has_purl) {
        identity = &parts->purl;
        by = 'p';
    } else if (parts->has_cpe) {
        identity = &parts->cpe;
        by = 'c';
    }
    digest_add(tree->digest, &by, 1);
    sbom_sum_digest(identity, 1, tree->digest);
    sbom_sum_digest(&parts->detail, 1, tree->digest);
    struct sbom_sum sum = sbom_sum_end(tree->digest);
    sbom_sum_add(&tree->tallies[family].sum, &sum);
    tree->tallies[family].components++;
    if (tree->capture)
        sbom_capture_end(tree->capture, tree->depth, family, &sum);
}

/*
 * SPDX 3 keeps licences beside packages, joined by relationships: both count whole, with
 * their ids, as nothing else says which licence is whose.
 */
static void close_element(struct sbom_tree *tree, const struct parts *parts,
                          const struct sbom_sum *sum)
{
    if (parts->element == SBOM_ELEMENT_PACKAGE)
        count_component(tree, parts, SBOM_FAMILY_SPDX3);
    else if (parts->element == SBOM_ELEMENT_LICENCE || parts->links_licence)
        sbom_sum_add(&tree->tallies[SBOM_FAMILY_SPDX3].sum, sum);
}

static void close_ref(struct sbom_tree *tree, const struct level *level)
{
    add_ref(&tree->levels[level->component].parts, level->ref, &level->locator);
    if (tree->capture)
        sbom_capture_end_ref(tree->capture, level->component, level->ref);
}

/* What a finished object was is known by its scope; an array in its place is nothing. */
static void close_level(struct sbom_tree *tree, const struct level *level,
                        const struct sbom_sum *sum)
{
    if (level->is_array)
        return;
    if (level->scope == SCOPE_COMPONENT)
        count_component(tree, &level->parts, SBOM_FAMILY_CYCLONEDX);
    else if (level->scope == SCOPE_PACKAGE)
        count_component(tree, &level->parts, SBOM_FAMILY_SPDX2);
    else if (level->scope == SCOPE_ELEMENT)
        close_element(tree, &level->parts, sum);
    else if (level->scope == SCOPE_REF)
        close_ref(tree, level);
}

/* --- digests ---------------------------------------------------------------------------------- */

static bool is_naming(enum sbom_role role)
{
    return role == ROLE_NAME || role == ROLE_GROUP || role == ROLE_SUPPLIER ||
           role == ROLE_SUPPLIER_REF || role == ROLE_VERSION;
}

/* A member's digest is on its way to the level that holds it. */
static void settle(struct sbom_tree *tree, struct level *level, enum sbom_role role,
                   const struct sbom_sum *sum)
{
    struct parts *parts = &level->parts;

    sbom_sum_add(&level->sum, sum);
    level->count++;
    if (role == ROLE_PURL)
        add_ref(parts, SBOM_REF_PURL, sum);
    else if (role == ROLE_CPE)
        add_ref(parts, SBOM_REF_CPE, sum);
    else if (role == ROLE_DETAIL)
        sbom_sum_add(&parts->detail, sum);
    else if (role == ROLE_REF_LOCATOR)
        sbom_sum_add(&level->locator, sum);
    else if (role == ROLE_LICENCE_TEXT)
        sbom_sum_add(&tree->tallies[SBOM_FAMILY_SPDX2].sum, sum);
    if (is_naming(role))
        sbom_sum_add(&parts->name, sum);
    if (role == ROLE_VERSION)
        sbom_sum_add(&parts->detail, sum);
}

/* What a string says, beside its digest, is learnt from few roles only. */
static void observe(struct sbom_tree *tree, struct level *level, enum sbom_role role,
                    const struct sbom_leaf *leaf)
{
    if (role == ROLE_REF_TYPE)
        level->ref = sbom_value_ref(leaf);
    else if (role == ROLE_TYPE)
        level->parts.element = sbom_value_element(leaf);
    else if (role == ROLE_RELATION)
        level->parts.links_licence = sbom_value_links_licence(leaf);
    else
        sbom_value_note(&tree->findings, role, leaf);
}

/* The head of every digest: the type, and the key up to a NUL, which no key contains. */
static void digest_head(struct sbom_tree *tree, char type, const char *key)
{
    digest_add(tree->digest, &type, 1);
    if (key)
        digest_add(tree->digest, key, strlen(key));
    digest_add(tree->digest, "", 1);
}

/* All UUIDs are equal, in a copy. Long texts stay as they are. */
static const char *mask_uuids(struct sbom_tree *tree, const char *text, size_t size)
{
    if (size > SBOM_TEXT_MAX || !memchr(text, '-', size))
        return text;
    memcpy(tree->masked, text, size);
    sbom_value_mask_uuids(tree->masked, size);
    return tree->masked;
}

/* The level that is entered. */
static void capture_begin(struct sbom_tree *tree, enum sbom_scope scope)
{
    size_t component = tree->levels[tree->depth].component;

    if (is_component(scope))
        sbom_capture_begin(tree->capture, component);
    else if (scope == SCOPE_REF)
        sbom_capture_begin_ref(tree->capture, component);
}

/* The text of an XML element has no key: what it is for, its element says. */
static void capture_leaf(struct sbom_tree *tree, const struct level *level,
                         const struct sbom_capture_value *value)
{
    struct sbom_capture_value known = *value;

    if (!known.leaf->key)
        known.role = level->role;
    if (level->component > 0)
        sbom_capture_leaf(tree->capture, level->component, &known);
}

/* Of a leaf that came in pieces the digest has begun, and its text is not looked at. */
static void add_leaf(struct sbom_tree *tree, struct level *level, const struct sbom_leaf *leaf)
{
    const struct sbom_rule *rule = sbom_rule_find(level->scope, leaf->key);
    const char *text = leaf->text;
    bool in_pieces = tree->in_piece;

    if (level->is_skipped || rule->role == ROLE_SKIP)
        return;
    if (!tree->in_piece) {
        digest_head(tree, leaf->type, leaf->key);
        if (leaf->type == 's')
            observe(tree, level, rule->role, leaf);
        if (level->is_masked || rule->role == ROLE_ID)
            text = mask_uuids(tree, text, leaf->size);
    }
    tree->in_piece = false;
    digest_add(tree->digest, text, leaf->size);
    struct sbom_sum sum = sbom_sum_end(tree->digest);
    settle(tree, level, rule->role, &sum);
    if (tree->capture)
        capture_leaf(tree, level, &(struct sbom_capture_value){rule->role, in_pieces, leaf, &sum});
    /* The whole line stands for its locator: it holds the type, which is the same then. */
    if (rule->role == ROLE_REF_LINE)
        add_ref(&level->parts, sbom_value_ref_line(leaf), &sum);
}

static void begin_piece(struct sbom_tree *tree, const struct sbom_leaf *leaf)
{
    digest_head(tree, leaf->type, leaf->key);
    if (tree->capture)
        sbom_capture_piece(tree->capture, leaf);
}

/* The kind counts too: the ids of two kinds never meet. */
static void write_id(struct sbom_tree *tree, const char *kind, const struct sbom_sum *sum,
                     uint64_t count, char hex[DIGEST_HEX_SIZE])
{
    digest_head(tree, 'd', kind);
    sbom_sum_digest(sum, count, tree->digest);
    digest_hex(tree->digest, hex);
}

struct sbom_tree *sbom_tree_new(void)
{
    struct sbom_tree *tree = xcalloc(1, sizeof *tree);

    tree->digest = digest_new();
    return tree;
}

void sbom_tree_free(struct sbom_tree *tree)
{
    if (!tree)
        return;
    digest_free(tree->digest);
    sbom_capture_free(tree->capture);
    free(tree);
}

void sbom_tree_observe(struct sbom_tree *tree, sbom_component_fn *component, void *owner)
{
    assert(!tree->capture && tree->depth == 0);
    tree->capture = sbom_capture_new(component, owner);
}

void sbom_tree_enter(struct sbom_tree *tree, const char *key, bool is_array)
{
    static const struct sbom_rule root_rule = {SCOPE_ANY, NULL, ROLE_NONE, SCOPE_ROOT};
    static const struct level outside = {0};
    const struct level *above = tree->depth ? &tree->levels[tree->depth - 1] : &outside;
    const struct sbom_rule *rule = tree->depth ? sbom_rule_find(above->scope, key) : &root_rule;

    assert(tree->depth < SBOM_DEPTH_MAX && !tree->in_piece);
    tree->levels[tree->depth] = (struct level){
        .scope = rule->within,
        .role = rule->role,
        .is_array = is_array,
        .is_skipped = above->is_skipped || rule->role == ROLE_SKIP,
        .is_masked = above->is_masked || rule->role == ROLE_ID,
        .component = is_component(rule->within) ? tree->depth : above->component,
    };
    if (tree->capture)
        capture_begin(tree, rule->within);
    tree->depth++;
    if (rule->within == SCOPE_GRAPH && is_array)
        tree->findings.has_graph = true;
}

void sbom_tree_leave(struct sbom_tree *tree, const char *key)
{
    assert(tree->depth > 0 && !tree->in_piece);
    struct level *level = &tree->levels[--tree->depth];
    if (level->is_skipped)
        return;
    digest_head(tree, level->is_array ? 'a' : 'o', key);
    sbom_sum_digest(&level->sum, level->count, tree->digest);
    struct sbom_sum sum = sbom_sum_end(tree->digest);
    close_level(tree, level, &sum);
    if (tree->depth == 0)
        tree->content = sum;
    else
        settle(tree, level - 1, level->role, &sum);
}

void sbom_tree_leaf(struct sbom_tree *tree, const struct sbom_leaf *leaf)
{
    assert(tree->depth > 0);
    add_leaf(tree, &tree->levels[tree->depth - 1], leaf);
}

void sbom_tree_piece(struct sbom_tree *tree, const struct sbom_leaf *leaf)
{
    assert(tree->depth > 0);
    const struct level *level = &tree->levels[tree->depth - 1];
    if (level->is_skipped || sbom_rule_find(level->scope, leaf->key)->role == ROLE_SKIP)
        return;
    if (!tree->in_piece)
        begin_piece(tree, leaf);
    tree->in_piece = true;
    digest_add(tree->digest, leaf->text, leaf->size);
}

void sbom_tree_root_leaf(struct sbom_tree *tree, const struct sbom_leaf *leaf)
{
    assert(tree->depth > 0 && !tree->in_piece);
    add_leaf(tree, &tree->levels[0], leaf);
}

const struct sbom_findings *sbom_tree_findings(const struct sbom_tree *tree)
{
    return &tree->findings;
}

enum sbom_family sbom_tree_family(enum sbom_kind kind)
{
    static const enum sbom_family families[] = {
        [SBOM_CYCLONEDX_JSON] = SBOM_FAMILY_CYCLONEDX, [SBOM_CYCLONEDX_XML] = SBOM_FAMILY_CYCLONEDX,
        [SBOM_SPDX_JSON] = SBOM_FAMILY_SPDX2,          [SBOM_SPDX_TAG_VALUE] = SBOM_FAMILY_SPDX2,
        [SBOM_SPDX3_JSON] = SBOM_FAMILY_SPDX3,
    };

    assert(kind < SBOM_KIND_COUNT);
    return families[kind];
}

void sbom_tree_tally(struct sbom_tree *tree, enum sbom_kind kind, struct sbom_facts *facts)
{
    const struct tally *tally = &tree->tallies[sbom_tree_family(kind)];
    const char *name = sbom_kind_name(kind);

    assert(tree->depth == 0);
    facts->components = tally->components;
    write_id(tree, name, &tree->content, 1, facts->content_id);
    write_id(tree, name, &tally->sum, (uint64_t)tally->components, facts->component_id);
}
