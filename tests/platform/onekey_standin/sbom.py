"""SBOM documents in the formats that a platform may deliver.

Documented: an export is CycloneDX or SPDX, VEX content is optional, and the documentation's example
request has no parameters. No parameter's name is known, `format=` is a guess; so is the default.
Serial number, timestamp and order differ at each call, as real exports do.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import random
import re
import uuid
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple
from xml.sax.saxutils import escape, quoteattr

from onekey_standin.contents import Component
from onekey_standin.model import Firmware

_TOOL = "onekey-standin"
DEFAULT_FORMAT = "cyclonedx"
#: Neither XML nor a line of text can hold these, whatever a name is made of.
_CONTROLS = re.compile("[\x00-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Sbom:
    """One export: the content, and what is unique to this download."""

    name: str
    version: str
    components: Sequence[Component]
    vex: int
    spec_version: Optional[str]
    serial: str
    created: str


def new_export(firmware: Firmware, found: Sequence[Component]) -> Sbom:
    """An export with a fresh serial number and timestamp, and its components in any order."""
    shuffled = random.SystemRandom().sample(list(found), len(found))
    now = datetime.datetime.now(datetime.timezone.utc)
    return Sbom(firmware.name, firmware.version or "", shuffled, firmware.vex,
                firmware.spec_version, str(uuid.uuid4()), now.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _plain(text: Optional[str]) -> str:
    return _CONTROLS.sub(" ", text or "")


def _xml(text: Optional[str]) -> str:
    return escape(_plain(text))


def _present(entry: Mapping[str, Any]) -> Dict[str, Any]:
    """Without what is not known."""
    return {key: value for key, value in entry.items() if value is not None}


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document)


def _cyclonedx_json(sbom: Sbom) -> str:
    document: Dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": sbom.spec_version or "1.6",
        "serialNumber": f"urn:uuid:{sbom.serial}",
        "version": 1,
        "metadata": {
            "timestamp": sbom.created,
            "tools": {"components": [{"type": "application", "name": _TOOL}]},
            "component": {"type": "firmware", "bom-ref": "firmware", "name": sbom.name,
                          "version": sbom.version},
        },
        "components": [
            _present({
                "type": "library", "bom-ref": c.ref, "name": c.name, "version": c.version,
                "purl": c.purl,
                "licenses": [{"license": {"id": c.licence}}] if c.licence else None,
                "hashes": [{"alg": "SHA-256", "content": c.sha256}],
            })
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
        f'<bom xmlns="http://cyclonedx.org/schema/bom/{sbom.spec_version or "1.6"}" '
        f'serialNumber="urn:uuid:{sbom.serial}" version="1">',
        f"<metadata><timestamp>{sbom.created}</timestamp>"
        f'<component type="firmware" bom-ref="firmware"><name>{_xml(sbom.name)}</name>'
        f"<version>{_xml(sbom.version)}</version></component></metadata>",
        "<components>",
    ]
    for c in sbom.components:
        licence = f"<licenses><license><id>{_xml(c.licence)}</id></license></licenses>"
        lines.append(
            f'<component type="library" bom-ref={quoteattr(_plain(c.ref))}>'
            f"<name>{_xml(c.name)}</name>"
            + (f"<version>{_xml(c.version)}</version>" if c.version is not None else "")
            + f'<hashes><hash alg="SHA-256">{c.sha256}</hash></hashes>'
            + (licence if c.licence else "")
            + (f"<purl>{_xml(c.purl)}</purl>" if c.purl else "") + "</component>"
        )
    return "\n".join([*lines, "</components>", "</bom>", ""])


def _spdx_ids(sbom: Sbom) -> List[Tuple[str, Component]]:
    return [(_spdx_id(component), component) for component in sbom.components]


def _spdx_id(component: Component) -> str:
    # Made of what the component is, not of its place: that differs at each download.
    text = _plain(f"{component.ref} {component.name} {component.version} {component.sha256}")
    return f"SPDXRef-Package-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _spdx_namespace(sbom: Sbom) -> str:
    return f"https://standin.example/spdx/{sbom.serial}"


def _spdx_json(sbom: Sbom) -> str:
    packages = [
        _present({
            "SPDXID": spdx_id, "name": c.name, "versionInfo": c.version,
            "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": c.licence or "NOASSERTION",
            "checksums": [{"algorithm": "SHA256", "checksumValue": c.sha256}],
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": c.purl}] if c.purl else None,
        })
        for spdx_id, c in _spdx_ids(sbom)
    ]
    return _json({
        "spdxVersion": f"SPDX-{sbom.spec_version or '2.3'}",
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
        f"SPDXVersion: SPDX-{sbom.spec_version or '2.3'}", "DataLicense: CC0-1.0",
        "SPDXID: SPDXRef-DOCUMENT",
        f"DocumentName: {_plain(sbom.name)}", f"DocumentNamespace: {_spdx_namespace(sbom)}",
        f"Creator: Tool: {_TOOL}", f"Created: {sbom.created}",
    ]
    for spdx_id, c in _spdx_ids(sbom):
        lines += ["", f"PackageName: {_plain(c.name)}", f"SPDXID: {spdx_id}"]
        if c.version is not None:
            lines.append(f"PackageVersion: {_plain(c.version)}")
        lines += [
            "PackageDownloadLocation: NOASSERTION", "FilesAnalyzed: false",
            f"PackageChecksum: SHA256: {c.sha256}", "PackageLicenseConcluded: NOASSERTION",
            f"PackageLicenseDeclared: {_plain(c.licence) or 'NOASSERTION'}",
        ]
        if c.purl:
            lines.append(f"ExternalRef: PACKAGE-MANAGER purl {_plain(c.purl)}")
        lines.append(f"Relationship: SPDXRef-DOCUMENT DESCRIBES {spdx_id}")
    return "\n".join([*lines, ""])


def _spdx3(sbom: Sbom) -> str:
    base = _spdx_namespace(sbom)
    packages = [
        _present({
            "type": "software_Package", "spdxId": f"{base}#{spdx_id}",
            "creationInfo": "_:creation", "name": c.name,
            "software_packageVersion": c.version, "software_packageUrl": c.purl,
            "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": c.sha256}],
        })
        for spdx_id, c in _spdx_ids(sbom)
    ]
    header = [
        {"type": "CreationInfo", "@id": "_:creation", "specVersion": sbom.spec_version or "3.0.1",
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
