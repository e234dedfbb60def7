#include "sbom/sbom_rules.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* The rows of a scope stand together; SCOPE_ANY's hold in every scope, after its own. */
static const struct sbom_rule rules[] = {
    /* The document. What names it and the moment of its making is no content. */
    {SCOPE_ROOT, "bomFormat", ROLE_FORMAT, SCOPE_ANY},
    {SCOPE_ROOT, "specFormat", ROLE_FORMAT, SCOPE_ANY}, /* its name from CycloneDX 2.0 on */
    {SCOPE_ROOT, "specVersion", ROLE_SPEC_VERSION, SCOPE_ANY},
    {SCOPE_ROOT, "serialNumber", ROLE_SKIP, SCOPE_ANY},
    {SCOPE_ROOT, "version", ROLE_SKIP, SCOPE_ANY},
    {SCOPE_ROOT, "metadata", ROLE_NONE, SCOPE_METADATA},
    {SCOPE_ROOT, "components", ROLE_NONE, SCOPE_COMPONENTS},
    /* Nothing but references in these two, also as bare strings in arrays. */
    {SCOPE_ROOT, "compositions", ROLE_ID, SCOPE_ANY},
    {SCOPE_ROOT, "dependencies", ROLE_ID, SCOPE_ANY},
    /* SPDX 2. Tools put a new UUID in the name, too. */
    {SCOPE_ROOT, "spdxVersion", ROLE_SPDX_VERSION, SCOPE_ANY},
    {SCOPE_ROOT, "documentNamespace", ROLE_SKIP, SCOPE_ANY},
    {SCOPE_ROOT, "name", ROLE_ID, SCOPE_ANY},
    {SCOPE_ROOT, "packages", ROLE_NONE, SCOPE_PACKAGES},
    {SCOPE_ROOT, "creationInfo", ROLE_NONE, SCOPE_CREATION},
    {SCOPE_ROOT, "documentDescribes", ROLE_ID, SCOPE_ANY},
    {SCOPE_ROOT, "hasExtractedLicensingInfos", ROLE_LICENCE_TEXT, SCOPE_ANY},
    /* SPDX 3. Any string in the graph may be the address of an element. */
    {SCOPE_ROOT, "@context", ROLE_CONTEXT, SCOPE_CONTEXT},
    {SCOPE_ROOT, "@graph", ROLE_ID, SCOPE_GRAPH},
    /* SPDX 2 tag-value: its tags are keys, and a section has its first tag's. */
    {SCOPE_ROOT, "SPDXVersion", ROLE_SPDX_VERSION, SCOPE_ANY},
    {SCOPE_ROOT, "DocumentNamespace", ROLE_SKIP, SCOPE_ANY},
    {SCOPE_ROOT, "DocumentName", ROLE_ID, SCOPE_ANY},
    {SCOPE_ROOT, "Created", ROLE_SKIP, SCOPE_ANY},
    {SCOPE_ROOT, "Relationship", ROLE_ID, SCOPE_ANY},
    {SCOPE_ROOT, "SPDXREF", ROLE_ID, SCOPE_ANY},
    {SCOPE_ROOT, "PackageName", ROLE_NONE, SCOPE_PACKAGE},
    {SCOPE_ROOT, "LicenseID", ROLE_LICENCE_TEXT, SCOPE_ANY},

    {SCOPE_METADATA, "timestamp", ROLE_SKIP, SCOPE_ANY},

    /* CycloneDX. metadata.component and its parts are the firmware, not in it. */
    {SCOPE_COMPONENTS, NULL, ROLE_NONE, SCOPE_COMPONENT},
    {SCOPE_COMPONENT, "purl", ROLE_PURL, SCOPE_ANY},
    {SCOPE_COMPONENT, "cpe", ROLE_CPE, SCOPE_ANY},
    {SCOPE_COMPONENT, "name", ROLE_NAME, SCOPE_ANY},
    {SCOPE_COMPONENT, "group", ROLE_GROUP, SCOPE_ANY},
    {SCOPE_COMPONENT, "supplier", ROLE_SUPPLIER, SCOPE_PARTY},
    {SCOPE_COMPONENT, "publisher", ROLE_PUBLISHER, SCOPE_ANY},
    {SCOPE_COMPONENT, "version", ROLE_VERSION, SCOPE_ANY},
    {SCOPE_COMPONENT, "hashes", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_COMPONENT, "licenses", ROLE_DETAIL, SCOPE_LICENCES},
    {SCOPE_COMPONENT, "components", ROLE_NONE, SCOPE_COMPONENTS},
    /* The supplier counts whole; what it is called is its name. */
    {SCOPE_PARTY, "name", ROLE_SUPPLIER, SCOPE_ANY},
    /* A licence is its text or name; tools number them anew at each export. */
    {SCOPE_LICENCES, "bom-ref", ROLE_SKIP, SCOPE_ANY},
    {SCOPE_LICENCES, NULL, ROLE_NONE, SCOPE_LICENCES},

    /* SPDX 2. Files do not count as components: a package's verification code covers them. */
    {SCOPE_PACKAGES, NULL, ROLE_NONE, SCOPE_PACKAGE},
    {SCOPE_PACKAGE, "name", ROLE_NAME, SCOPE_ANY},
    {SCOPE_PACKAGE, "supplier", ROLE_SUPPLIER, SCOPE_ANY},
    {SCOPE_PACKAGE, "versionInfo", ROLE_VERSION, SCOPE_ANY},
    {SCOPE_PACKAGE, "licenseConcluded", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "licenseDeclared", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "licenseInfoFromFiles", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "checksums", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "packageVerificationCode", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "externalRefs", ROLE_NONE, SCOPE_REFS},
    {SCOPE_PACKAGE, "PackageName", ROLE_NAME, SCOPE_ANY},
    {SCOPE_PACKAGE, "PackageSupplier", ROLE_SUPPLIER, SCOPE_ANY},
    {SCOPE_PACKAGE, "PackageVersion", ROLE_VERSION, SCOPE_ANY},
    {SCOPE_PACKAGE, "PackageLicenseConcluded", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "PackageLicenseDeclared", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "PackageLicenseInfoFromFiles", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "PackageChecksum", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "PackageVerificationCode", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_PACKAGE, "ExternalRef", ROLE_REF_LINE, SCOPE_ANY},

    /* SPDX 2 and 3 say the same with different words. */
    {SCOPE_REFS, NULL, ROLE_NONE, SCOPE_REF},
    {SCOPE_REF, "referenceType", ROLE_REF_TYPE, SCOPE_ANY},
    {SCOPE_REF, "referenceLocator", ROLE_REF_LOCATOR, SCOPE_ANY},
    {SCOPE_REF, "externalIdentifierType", ROLE_REF_TYPE, SCOPE_ANY},
    {SCOPE_REF, "identifier", ROLE_REF_LOCATOR, SCOPE_ANY},

    {SCOPE_CREATION, "created", ROLE_SKIP, SCOPE_ANY},
    {SCOPE_CREATION, "specVersion", ROLE_CREATION_VERSION, SCOPE_ANY},
    {SCOPE_CONTEXT, NULL, ROLE_CONTEXT, SCOPE_ANY},

    /* SPDX 3. One scope for all: what an element is, its type says, perhaps at its end. */
    {SCOPE_GRAPH, NULL, ROLE_NONE, SCOPE_ELEMENT},
    {SCOPE_ELEMENT, "type", ROLE_TYPE, SCOPE_ANY},
    {SCOPE_ELEMENT, "@type", ROLE_TYPE, SCOPE_ANY},
    {SCOPE_ELEMENT, "name", ROLE_NAME, SCOPE_ANY},
    {SCOPE_ELEMENT, "suppliedBy", ROLE_SUPPLIER_REF, SCOPE_ANY},
    {SCOPE_ELEMENT, "software_packageVersion", ROLE_VERSION, SCOPE_ANY},
    {SCOPE_ELEMENT, "software_packageUrl", ROLE_PURL, SCOPE_ANY},
    {SCOPE_ELEMENT, "verifiedUsing", ROLE_DETAIL, SCOPE_ANY},
    {SCOPE_ELEMENT, "externalIdentifier", ROLE_NONE, SCOPE_REFS},
    {SCOPE_ELEMENT, "relationshipType", ROLE_RELATION, SCOPE_ANY},
    {SCOPE_ELEMENT, "creationInfo", ROLE_NONE, SCOPE_CREATION},
    {SCOPE_ELEMENT, "created", ROLE_SKIP, SCOPE_ANY},
    {SCOPE_ELEMENT, "specVersion", ROLE_CREATION_VERSION, SCOPE_ANY},

    /* Identifiers, and references to them, wherever they stand. */
    {SCOPE_ANY, "bom-ref", ROLE_ID, SCOPE_ANY},
    {SCOPE_ANY, "ref", ROLE_ID, SCOPE_ANY},
    {SCOPE_ANY, "subjects", ROLE_ID, SCOPE_ANY},
    {SCOPE_ANY, "SPDXID", ROLE_ID, SCOPE_ANY},
    {SCOPE_ANY, "spdxElementId", ROLE_ID, SCOPE_ANY},
    {SCOPE_ANY, "relatedSpdxElement", ROLE_ID, SCOPE_ANY},
    {SCOPE_ANY, "hasFiles", ROLE_ID, SCOPE_ANY},
};

static const struct sbom_rule no_rule = {SCOPE_ANY, NULL, ROLE_NONE, SCOPE_ANY};

/* Some eighty comparisons of a number at most: cheaper than the digest that follows. */
static const struct sbom_rule *find_in(enum sbom_scope scope, const char *key)
{
    bool among = false;

    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct sbom_rule *rule = &rules[i];

        if (rule->scope != scope) {
            if (among)
                break;
            continue;
        }
        among = true;
        if (!rule->key || (key && strcmp(rule->key, key) == 0))
            return rule;
    }
    return NULL;
}

const struct sbom_rule *sbom_rule_find(enum sbom_scope scope, const char *key)
{
    const struct sbom_rule *rule = scope == SCOPE_ANY ? NULL : find_in(scope, key);

    if (!rule && key)
        rule = find_in(SCOPE_ANY, key);
    return rule ? rule : &no_rule;
}
