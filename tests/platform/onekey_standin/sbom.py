"""SBOM documents in the formats that a platform may deliver.

Documented: an export is CycloneDX or SPDX, VEX content is optional, and the documentation's example
request has no parameters. No parameter's name is known, `format=` is a guess; so is the default.
Serial number, timestamp and order differ at each call, as real exports do.
"""

from __future__ import annotations

import datetime
import json
import random
import uuid
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple
from xml.sax.saxutils import escape, quoteattr

from onekey_standin.contents import Component

_TOOL = "onekey-standin"
DEFAULT_FORMAT = "cyclonedx"


@dataclass(frozen=True)
class Sbom:
    """One export: the content, and what is unique to this download."""

    name: str
    version: str
    components: Sequence[Component]
    vex: int
    serial: str
    created: str


def new_export(name: str, version: str, found: Sequence[Component], vex: int) -> Sbom:
    """An export with a fresh serial number and timestamp, and its components in any order."""
    shuffled = random.SystemRandom().sample(list(found), len(found))
    now = datetime.datetime.now(datetime.timezone.utc)
    return Sbom(name, version, shuffled, vex, str(uuid.uuid4()), now.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document)


def _cyclonedx_json(sbom: Sbom) -> str:
    document: Dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{sbom.serial}",
        "version": 1,
        "metadata": {
            "timestamp": sbom.created,
            "tools": {"components": [{"type": "application", "name": _TOOL}]},
            "component": {"type": "firmware", "bom-ref": "firmware", "name": sbom.name,
                          "version": sbom.version},
        },
        "components": [
            {"type": "library", "bom-ref": c.purl, "name": c.name, "version": c.version,
             "purl": c.purl, "licenses": [{"license": {"id": c.licence}}],
             "hashes": [{"alg": "SHA-256", "content": c.sha256}]}
            for c in sbom.components
        ],
    }
    if sbom.vex:
        document["vulnerabilities"] = [
            {"id": f"CVE-2024-{10000 + number}", "analysis": {"state": "in_triage"}}
            for number in range(sbom.vex)
        ]
    return _json(document)


def _cyclonedx_xml(sbom: Sbom) -> str:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<bom xmlns="http://cyclonedx.org/schema/bom/1.6" '
        f'serialNumber="urn:uuid:{sbom.serial}" version="1">',
        f"<metadata><timestamp>{sbom.created}</timestamp>"
        f'<component type="firmware" bom-ref="firmware"><name>{escape(sbom.name)}</name>'
        f"<version>{escape(sbom.version)}</version></component></metadata>",
        "<components>",
    ]
    for c in sbom.components:
        lines.append(
            f'<component type="library" bom-ref={quoteattr(c.purl)}><name>{escape(c.name)}</name>'
            f"<version>{escape(c.version)}</version>"
            f'<hashes><hash alg="SHA-256">{c.sha256}</hash></hashes>'
            f"<licenses><license><id>{c.licence}</id></license></licenses>"
            f"<purl>{escape(c.purl)}</purl></component>"
        )
    return "\n".join([*lines, "</components>", "</bom>", ""])


def _spdx_ids(sbom: Sbom) -> List[Tuple[str, Component]]:
    return [(f"SPDXRef-Package-{c.sha256[:16]}", c) for c in sbom.components]


def _spdx_namespace(sbom: Sbom) -> str:
    return f"https://standin.example/spdx/{sbom.serial}"


def _spdx_json(sbom: Sbom) -> str:
    packages = [
        {"SPDXID": spdx_id, "name": c.name, "versionInfo": c.version,
         "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
         "licenseConcluded": "NOASSERTION", "licenseDeclared": c.licence,
         "checksums": [{"algorithm": "SHA256", "checksumValue": c.sha256}],
         "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                           "referenceLocator": c.purl}]}
        for spdx_id, c in _spdx_ids(sbom)
    ]
    return _json({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": sbom.name,
        "documentNamespace": _spdx_namespace(sbom),
        "creationInfo": {"created": sbom.created, "creators": [f"Tool: {_TOOL}"]},
        "packages": packages,
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
             "relatedSpdxElement": package["SPDXID"]} for package in packages
        ],
    })


def _spdx_tag_value(sbom: Sbom) -> str:
    lines = [
        "SPDXVersion: SPDX-2.3", "DataLicense: CC0-1.0", "SPDXID: SPDXRef-DOCUMENT",
        f"DocumentName: {sbom.name}", f"DocumentNamespace: {_spdx_namespace(sbom)}",
        f"Creator: Tool: {_TOOL}", f"Created: {sbom.created}",
    ]
    for spdx_id, c in _spdx_ids(sbom):
        lines += [
            "", f"PackageName: {c.name}", f"SPDXID: {spdx_id}", f"PackageVersion: {c.version}",
            "PackageDownloadLocation: NOASSERTION", "FilesAnalyzed: false",
            f"PackageChecksum: SHA256: {c.sha256}", "PackageLicenseConcluded: NOASSERTION",
            f"PackageLicenseDeclared: {c.licence}",
            f"ExternalRef: PACKAGE-MANAGER purl {c.purl}",
            f"Relationship: SPDXRef-DOCUMENT DESCRIBES {spdx_id}",
        ]
    return "\n".join([*lines, ""])


def _spdx3(sbom: Sbom) -> str:
    base = _spdx_namespace(sbom)
    packages = [
        {"type": "software_Package", "spdxId": f"{base}#{spdx_id}", "creationInfo": "_:creation",
         "name": c.name, "software_packageVersion": c.version, "software_packageUrl": c.purl,
         "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": c.sha256}]}
        for spdx_id, c in _spdx_ids(sbom)
    ]
    header = [
        {"type": "CreationInfo", "@id": "_:creation", "specVersion": "3.0.1",
         "created": sbom.created, "createdBy": [f"{base}#agent"]},
        {"type": "SoftwareAgent", "spdxId": f"{base}#agent", "name": _TOOL,
         "creationInfo": "_:creation"},
        {"type": "SpdxDocument", "spdxId": f"{base}#document", "name": sbom.name,
         "creationInfo": "_:creation", "profileConformance": ["core", "software"],
         "rootElement": [package["spdxId"] for package in packages]},
    ]
    return _json({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
                  "@graph": header + packages})


#: `format=` value -> (content type, renderer)
FORMATS: Dict[str, Tuple[str, Callable[[Sbom], str]]] = {
    DEFAULT_FORMAT: ("application/vnd.cyclonedx+json", _cyclonedx_json),
    "cyclonedx-xml": ("application/vnd.cyclonedx+xml", _cyclonedx_xml),
    "spdx": ("application/spdx+json", _spdx_json),
    "spdx-tv": ("text/spdx", _spdx_tag_value),
    "spdx3": ("application/ld+json", _spdx3),
}


def is_importable(head: bytes) -> bool:
    """Would the platform take this as SBOM? Documented: CycloneDX JSON and XML, no SPDX."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return b'"bomFormat"' in head and b"CycloneDX" in head
    return start.startswith(b"<") and b"http://cyclonedx.org/schema/bom/" in head
