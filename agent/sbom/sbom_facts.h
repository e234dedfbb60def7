/*
 * sbom_facts.h - what is known about one SBOM document: its kind, its version, its identity.
 */
#ifndef SBOM_SBOM_FACTS_H
#define SBOM_SBOM_FACTS_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

/* X(kind, name in JSON and in the database, file extension, what a person calls it) */
#define SBOM_KINDS(X)                                                                              \
    X(CYCLONEDX_JSON, "cyclonedx-json", "cdx.json", "CycloneDX JSON")                              \
    X(CYCLONEDX_XML, "cyclonedx-xml", "cdx.xml", "CycloneDX XML")                                  \
    X(SPDX_JSON, "spdx-json", "spdx.json", "SPDX JSON")                                            \
    X(SPDX_TAG_VALUE, "spdx-tag-value", "spdx", "SPDX tag-value")                                  \
    X(SPDX3_JSON, "spdx3-json", "spdx.json", "SPDX 3 JSON-LD")

enum sbom_kind {
#define X(kind, name, extension, title) SBOM_##kind,
    SBOM_KINDS(X)
#undef X
};

#define SBOM_KIND_COUNT (SBOM_SPDX3_JSON + 1) /* SPDX3_JSON is the last one */

enum { SBOM_VERSION_SIZE = 16 };

/*
 * components  CycloneDX: every component in `components`, with those nested in it,
 *             without metadata.component. SPDX 2: packages. SPDX 3: software_Package
 *             elements of @graph. -1 where `newer` is set.
 * newer       the specification version is above those that this program knows: the
 *             document is kept, but its components cannot be counted for sure.
 *
 * content_id and component_id are SHA-256 in hex over the normalised content. The order
 * of array elements, object members, XML elements and attributes never counts, nor do
 * white space between values and how a string was escaped. Two kinds of the same SBOM
 * have different ids; so have two spellings of one number (1.0, 1).
 *
 * content_id    equal: the document says the same; another one is a new revision.
 *     Everything counts (vulnerabilities, VEX, dependencies, tools, properties, spec
 *     version) but what differs at every export of the same thing:
 *       CycloneDX: serialNumber and version of the document, metadata.timestamp
 *       SPDX 2:    documentNamespace, creationInfo.created
 *       SPDX 3:    `created` of every CreationInfo
 *     and every UUID within an identifier or a reference to one (bom-ref, ref, dependsOn,
 *     SPDXID, SPDX 2's document name, every string in SPDX 3) counts as just "a UUID".
 *
 * component_id  equal: nothing changed that people want to be told of.
 *     The multiset of components, each with
 *       identity:  purl; without one CPE; without one name, group, version, supplier
 *       version, licences (the texts too), hashes.
 *     SPDX 2: the extracted licence texts too. SPDX 3: licence elements and the
 *     relationships that declare or conclude a licence.
 *     Nesting, descriptions, properties, bom-refs and all else outside do not count.
 *
 *     Of a `newer` document it is the content_id: what is not understood cannot be told
 *     to be no change.
 *
 * Both are kept in the database: another rule makes all documents look changed once.
 * They combine digests by addition modulo 2^256: made to tell documents of a trusted
 * platform apart, not to withstand somebody who constructs two that collide.
 */
struct sbom_facts {
    enum sbom_kind kind;
    char spec_version[SBOM_VERSION_SIZE]; /* "1.6", "2.3", "3.0.1" */
    int64_t components;
    bool newer;
    char content_id[DIGEST_HEX_SIZE];
    char component_id[DIGEST_HEX_SIZE];
};

const char *sbom_kind_name(enum sbom_kind kind);
const char *sbom_kind_ext(enum sbom_kind kind); /* without a leading dot */
const char *sbom_kind_title(enum sbom_kind kind);

/* false, and *kind untouched, for a name of another version of this program. */
bool sbom_kind_of_name(const char *name, enum sbom_kind *kind);

/*
 * Can the platform import this document beside a firmware? CycloneDX JSON 1.2 to 1.6
 * and XML 1.1 to 1.6 only; else ERR_DATA says what it is and what would be taken.
 */
bool sbom_importable(const struct sbom_facts *facts, struct err *err);

#endif
