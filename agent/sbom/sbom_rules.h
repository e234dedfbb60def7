/*
 * sbom_rules.h - which places of an SBOM mean something: one table for all formats.
 *
 * A place is a scope (what the enclosing object or element is) and a key in it. The
 * table says what the value there is for (its role) and what scope lies within it. The
 * formats' keys do not collide, so a JSON document can be counted as all of them at
 * once until the key that tells which it is has come, be it the last one.
 */
#ifndef SBOM_SBOM_RULES_H
#define SBOM_SBOM_RULES_H

enum sbom_scope {
    SCOPE_ANY, /* nothing special */
    SCOPE_ROOT,
    SCOPE_METADATA,
    SCOPE_COMPONENTS,
    SCOPE_COMPONENT, /* CycloneDX */
    SCOPE_PARTY,     /* who supplies it */
    SCOPE_LICENCES,
    SCOPE_PACKAGES,
    SCOPE_PACKAGE, /* SPDX 2 */
    SCOPE_REFS,
    SCOPE_REF, /* an external identifier of a package: its type and locator */
    SCOPE_CREATION,
    SCOPE_CONTEXT,
    SCOPE_GRAPH,
    SCOPE_ELEMENT, /* SPDX 3: what it is, its own type says */
};

enum sbom_role {
    ROLE_NONE,
    ROLE_SKIP, /* differs at every export */
    ROLE_ID,   /* an identifier or references to some: UUIDs in it do not count */

    /* what a component is made of */
    ROLE_PURL,
    ROLE_CPE,
    ROLE_NAME, /* identifies where there is neither purl nor CPE, with the next three */
    ROLE_GROUP,
    ROLE_SUPPLIER,
    ROLE_SUPPLIER_REF, /* SPDX 3: an element elsewhere in the graph */
    ROLE_PUBLISHER,    /* is told where there is no supplier; does not count */
    ROLE_VERSION,      /* identifies as a name does, and a change of it is a change */
    ROLE_DETAIL,       /* licences, hashes */
    ROLE_REF_TYPE,
    ROLE_REF_LOCATOR,
    ROLE_REF_LINE, /* tag-value: category, type and locator in one */
    ROLE_TYPE,
    ROLE_RELATION,
    ROLE_LICENCE_TEXT, /* of the whole SPDX 2 document */

    /* what the document is */
    ROLE_FORMAT,
    ROLE_SPEC_VERSION,
    ROLE_SPDX_VERSION,
    ROLE_CONTEXT,
    ROLE_CREATION_VERSION,
};

struct sbom_rule {
    enum sbom_scope scope;
    const char *key; /* NULL: every other key, and elements of arrays */
    enum sbom_role role;
    enum sbom_scope within;
};

/* key is NULL for an element of an array and for text in XML. Never NULL. */
const struct sbom_rule *sbom_rule_find(enum sbom_scope scope, const char *key);

#endif
