/*
 * sbom_value.c - the words of the specifications.
 *
 * Texts are compared with their sizes: they may hold NUL, and may be cut out of a line.
 */
#include "sbom/sbom_value.h"

#include <ctype.h>
#include <string.h>

enum { UUID_SIZE = 36, UUID_FIRST_DASH = 8 };

/* text has UUID_SIZE bytes at least. */
static bool is_uuid(const char *text)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    for (size_t i = 0; i < UUID_SIZE; i++) {
        if (shape[i] == 'x' ? !isxdigit((unsigned char)text[i]) : text[i] != '-')
            return false;
    }
    return true;
}

static bool equals(const struct sbom_leaf *leaf, const char *text)
{
    return leaf->size == strlen(text) && memcmp(leaf->text, text, leaf->size) == 0;
}

/* Steps over a prefix; false when the text begins otherwise. */
static bool skip_prefix(struct sbom_leaf *leaf, const char *prefix)
{
    size_t size = strlen(prefix);

    if (leaf->size < size || memcmp(leaf->text, prefix, size) != 0)
        return false;
    leaf->text += size;
    leaf->size -= size;
    return true;
}

/* Steps over a word and one blank after it; false when there is none. */
static bool skip_word(struct sbom_leaf *leaf)
{
    const char *blank = memchr(leaf->text, ' ', leaf->size);
    size_t size = blank ? (size_t)(blank - leaf->text) + 1 : 0;

    leaf->text += size;
    leaf->size -= size;
    return blank != NULL;
}

/* A version is short and plain; what is not becomes "?", which no check lets pass. */
static void keep_version(char version[SBOM_VERSION_SIZE], const char *text, size_t size)
{
    bool fits = size > 0 && size < SBOM_VERSION_SIZE;

    for (size_t i = 0; fits && i < size; i++)
        fits = isgraph((unsigned char)text[i]) != 0;
    if (!fits) {
        memcpy(version, "?", 2);
        return;
    }
    memcpy(version, text, size);
    version[size] = '\0';
}

/* "https://spdx.org/rdf/3.0.1/spdx-context.jsonld" */
static void keep_context(struct sbom_findings *findings, struct sbom_leaf leaf)
{
    if (!skip_prefix(&leaf, "https://spdx.org/rdf/") && !skip_prefix(&leaf, "http://spdx.org/rdf/"))
        return;
    const char *end = memchr(leaf.text, '/', leaf.size);
    if (end)
        keep_version(findings->context_version, leaf.text, (size_t)(end - leaf.text));
}

/* Without its prefix it is no SPDX version, and the document no SPDX. */
static void keep_spdx_version(struct sbom_findings *findings, struct sbom_leaf leaf)
{
    if (skip_prefix(&leaf, "SPDX-"))
        keep_version(findings->spdx_version, leaf.text, leaf.size);
}

enum sbom_ref sbom_value_ref(const struct sbom_leaf *leaf)
{
    if (equals(leaf, "purl") || equals(leaf, "packageUrl"))
        return SBOM_REF_PURL;
    if (equals(leaf, "cpe23Type") || equals(leaf, "cpe22Type") || equals(leaf, "cpe23") ||
        equals(leaf, "cpe22"))
        return SBOM_REF_CPE;
    return SBOM_REF_OTHER;
}

enum sbom_ref sbom_value_ref_line(const struct sbom_leaf *leaf)
{
    struct sbom_leaf type = *leaf;

    if (!skip_word(&type))
        return SBOM_REF_OTHER;
    const char *last = memchr(type.text, ' ', type.size);
    if (last)
        type.size = (size_t)(last - type.text);
    return sbom_value_ref(&type);
}

bool sbom_value_ref_locator(const struct sbom_leaf *leaf, struct sbom_leaf *locator)
{
    *locator = *leaf;
    for (size_t words = 0; words < 2; words++) { /* category and type */
        if (!skip_word(locator))
            return false;
    }
    while (skip_prefix(locator, " "))
        continue;
    return locator->size > 0;
}

enum sbom_element sbom_value_element(const struct sbom_leaf *leaf)
{
    struct sbom_leaf rest = *leaf;

    if (equals(leaf, "software_Package"))
        return SBOM_ELEMENT_PACKAGE;
    if (skip_prefix(&rest, "simplelicensing_") || skip_prefix(&rest, "expandedlicensing_"))
        return SBOM_ELEMENT_LICENCE;
    return SBOM_ELEMENT_OTHER;
}

bool sbom_value_links_licence(const struct sbom_leaf *leaf)
{
    return equals(leaf, "hasDeclaredLicense") || equals(leaf, "hasConcludedLicense");
}

void sbom_value_mask_uuids(char *text, size_t size)
{
    static const char nil[] = "00000000-0000-0000-0000-000000000000";
    char *end = text + size;

    for (char *dash = text; (dash = memchr(dash, '-', (size_t)(end - dash))); dash++) {
        char *start = dash - UUID_FIRST_DASH;

        if (dash - text >= UUID_FIRST_DASH && end - start >= UUID_SIZE && is_uuid(start))
            memcpy(start, nil, UUID_SIZE);
    }
}

void sbom_value_note(struct sbom_findings *findings, enum sbom_role role,
                     const struct sbom_leaf *leaf)
{
    if (role == ROLE_FORMAT)
        findings->is_cyclonedx = equals(leaf, "CycloneDX");
    else if (role == ROLE_SPEC_VERSION)
        keep_version(findings->spec_version, leaf->text, leaf->size);
    else if (role == ROLE_SPDX_VERSION)
        keep_spdx_version(findings, *leaf);
    else if (role == ROLE_CONTEXT)
        keep_context(findings, *leaf);
    else if (role == ROLE_CREATION_VERSION)
        keep_version(findings->creation_version, leaf->text, leaf->size);
}
