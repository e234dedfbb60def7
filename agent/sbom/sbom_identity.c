#include "sbom/sbom_identity.h"

#include <string.h>

#include "sbom/sbom_purl.h"
#include "sbom/sbom_text.h"

enum { SEPARATOR = '\x1f' };

/* --- for people ------------------------------------------------------------------------------- */

/* What does not fit is left out, and what follows a NUL: these are C's strings. */
static void show(char shown[SBOM_SHOWN_SIZE], const char *text, size_t size)
{
    size_t used = strlen(shown);
    size_t kept = sbom_text_cut(text, strnlen(text, size), SBOM_FIELD_MAX - used);

    memcpy(shown + used, text, kept);
    shown[used + kept] = '\0';
}

static void show_field(char shown[SBOM_SHOWN_SIZE], const struct sbom_field_text *field)
{
    show(shown, field->bytes, field->size);
}

static void show_name(const struct sbom_component *component, char shown[SBOM_SHOWN_SIZE])
{
    const struct sbom_field_text *group = &component->fields[SBOM_FIELD_GROUP];

    if (group->size > 0) {
        show_field(shown, group);
        show(shown, "/", 1);
    }
    show_field(shown, &component->fields[SBOM_FIELD_NAME]);
}

/* --- for comparing ---------------------------------------------------------------------------- */

/* The digest's first words: 128 bits tell any two components apart, and 64 two versions of one. */
static void end_key(struct digest *digest, uint64_t *key, size_t words)
{
    struct sbom_sum sum = sbom_sum_end(digest);

    memcpy(key, sum.words, words * sizeof *key);
}

static void add_rest(const struct sbom_field_text *field, struct digest *digest)
{
    if (field->is_cut && field->size > 0)
        sbom_sum_digest(&field->whole, 1, digest);
}

/* by: 'p' or 'c', so that no two ways of naming ever meet. parsed is NULL for what is none. */
static void key_by(char by, const struct sbom_field_text *field, const struct sbom_purl *parsed,
                   struct digest *digest)
{
    digest_add(digest, &by, 1);
    if (parsed)
        digest_add(digest, parsed->key, parsed->key_size);
    else
        digest_add(digest, field->bytes, field->size);
    if (!parsed || !parsed->has_end)
        add_rest(field, digest);
}

/*
 * SPDX 2 says what the supplier is, and how to write to it: "Organization: Acme
 * (sales@acme.example)". CycloneDX just has the name.
 */
static void add_supplier(const struct sbom_field_text *field, struct digest *digest)
{
    static const char *const prefixes[] = {"Organization:", "Person:"};
    const char *text = field->bytes;
    size_t size = field->size;

    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t prefix = strlen(prefixes[i]);

        if (size < prefix || memcmp(text, prefixes[i], prefix) != 0)
            continue;
        text += prefix;
        size -= prefix;
        const char *address = memchr(text, '(', size);
        if (address && text[size - 1] == ')')
            size = (size_t)(address - text);
        break;
    }
    for (; size > 0 && *text == ' '; size--)
        text++;
    while (size > 0 && text[size - 1] == ' ')
        size--;
    if (size != strlen("NOASSERTION") || memcmp(text, "NOASSERTION", size) != 0)
        digest_add(digest, text, size);
    add_rest(field, digest);
}

static void key_by_name(const struct sbom_component *component, struct digest *digest)
{
    static const char separator = SEPARATOR;
    const struct sbom_field_text *group = &component->fields[SBOM_FIELD_GROUP];
    const struct sbom_field_text *name = &component->fields[SBOM_FIELD_NAME];
    const struct sbom_field_text *supplier = &component->fields[SBOM_FIELD_SUPPLIER];

    if (supplier->size == 0)
        supplier = &component->fields[SBOM_FIELD_PUBLISHER];
    digest_add(digest, "n", 1);
    if (supplier->size > 0)
        add_supplier(supplier, digest);
    digest_add(digest, &separator, 1);
    digest_add(digest, group->bytes, group->size);
    add_rest(group, digest);
    digest_add(digest, &separator, 1);
    digest_add(digest, name->bytes, name->size);
    add_rest(name, digest);
}

/* The component's own, or what identifies it says. A cut one counts with all its bytes. */
static void take_version(const struct sbom_field_text *field, const struct sbom_purl *parsed,
                         struct digest *digest, struct sbom_identity *identity)
{
    bool is_own = field->size > 0 || !parsed;
    const char *text = is_own ? field->bytes : parsed->version;
    size_t size = is_own ? field->size : parsed->version_size;

    show(identity->version, text, size);
    digest_add(digest, text, size);
    add_rest(field, digest);
    end_key(digest, &identity->version_key, 1);
}

void sbom_identity_take(const struct sbom_component *component, struct digest *digest,
                        struct sbom_identity *identity)
{
    const struct sbom_field_text *purl = &component->fields[SBOM_FIELD_PURL];
    const struct sbom_field_text *cpe = &component->fields[SBOM_FIELD_CPE];
    struct sbom_purl parsed;
    bool is_parsed = false;

    identity->name[0] = identity->identity[0] = identity->version[0] = '\0';
    show_name(component, identity->name);
    if (purl->size > 0) {
        is_parsed = sbom_purl_parse(purl->bytes, purl->size, &parsed);
        show_field(identity->identity, purl);
        key_by('p', purl, is_parsed ? &parsed : NULL, digest);
    } else if (cpe->size > 0) {
        is_parsed = sbom_cpe_parse(cpe->bytes, cpe->size, &parsed);
        show_field(identity->identity, cpe);
        key_by('c', cpe, is_parsed ? &parsed : NULL, digest);
    } else {
        memcpy(identity->identity, identity->name, sizeof identity->identity);
        key_by_name(component, digest);
    }
    end_key(digest, identity->key, 2);
    take_version(&component->fields[SBOM_FIELD_VERSION], is_parsed ? &parsed : NULL, digest,
                 identity);
}
