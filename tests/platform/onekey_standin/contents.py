"""What an analysis "finds": components, issues and CVEs.

All of it follows from the firmware's content digest, its revision and the seed, so the same image
has the same findings at every download and in every run; issues and CVEs can be set, too.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Set

from onekey_standin.model import Firmware

_NAMES = (
    "busybox", "openssl", "dropbear", "dnsmasq", "linux", "u-boot", "zlib", "curl", "glibc",
    "musl", "expat", "libxml2", "lighttpd", "mbedtls", "sqlite", "iptables", "hostapd", "openvpn",
    "samba", "avahi", "ppp", "pppd", "libpcap", "tcpdump", "bash", "ncurses", "readline", "libpng",
    "freetype", "mosquitto", "lua", "uhttpd", "json-c", "libubox", "procd", "e2fsprogs",
    "strongswan", "nettle", "gnutls", "libnl",
)
_LICENCES = ("GPL-2.0-only", "MIT", "Apache-2.0", "BSD-3-Clause", "LGPL-2.1-or-later", "Zlib")
_SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL")
_ISSUE_TYPES = ("HardcodedPassword", "PrivateKey", "WeakPermissions", "CommandInjection")
_ISSUES = 6
_CVES = 4


@dataclass(frozen=True)
class Component:
    """One software component of an image; documents leave out what is None."""

    name: str
    version: Optional[str]
    licence: Optional[str]
    sha256: str
    purl: Optional[str]

    @property
    def ref(self) -> str:
        """Its name inside of a document."""
        return self.purl or f"{self.name}@{self.version}"


def _random(firmware: Firmware, seed: int, purpose: str) -> random.Random:
    return random.Random(f"{seed}/{purpose}/{firmware.sha256 or firmware.id}")


def components(firmware: Firmware, seed: int) -> List[Component]:
    """The firmware's components, in a fixed order."""
    if firmware.components_list is not None:
        return firmware.components_list
    source = _random(firmware, seed, "components")
    first = source.randrange(len(_NAMES))
    found = []
    for index in range(firmware.components):
        round_number, position = divmod(first + index, len(_NAMES))
        name = _NAMES[position] + (f"-{round_number}" if index >= len(_NAMES) else "")
        patch = source.randrange(30) + _bumps(index, firmware.revision)
        version = f"{source.randrange(5)}.{source.randrange(20)}.{patch}"
        found.append(Component(name, version, source.choice(_LICENCES), _digest(name, version),
                               _purl(name, version)))
    return found


def component(keys: Mapping[str, Any]) -> Component:
    """A component as a test describes it: "name", and as it likes "version", "purl", "licence",
    "sha256". Without a purl it gets a generic one; null leaves it out."""
    _check(keys, {"name", "version", "purl", "licence", "sha256"}, "name")
    name, version = str(keys["name"]), _text(keys.get("version"))
    return Component(name, version, _text(keys.get("licence")),
                     str(keys.get("sha256", _digest(name, version))),
                     _text(keys.get("purl", _purl(name, version))))


def _text(value: Any) -> Optional[str]:
    return None if value is None else str(value)


def _digest(name: str, version: Optional[str]) -> str:
    return hashlib.sha256(f"{name} {version}".encode("utf-8", "replace")).hexdigest()


def _purl(name: str, version: Optional[str]) -> str:
    return f"pkg:generic/{name}" + (f"@{version}" if version is not None else "")


def _bumps(index: int, revision: int) -> int:
    """How many of the first `revision` revisions moved component `index`: each moves a fifth."""
    return sum(1 for number in range(1, revision + 1) if index % 5 == number % 5)


def issues(firmware: Firmware, seed: int) -> List[Dict[str, Any]]:
    """The firmware's issues, as the GraphQL schema wants them."""
    if firmware.issues is not None:
        return firmware.issues
    source = _random(firmware, seed, "issues")
    return [_issue(source, elf=index % 2 == 1) for index in range(_ISSUES)]


def _issue(source: random.Random, elf: bool) -> Dict[str, Any]:
    kind = source.choice(_ISSUE_TYPES)
    path = f"/usr/{'bin' if elf else 'share'}/item{source.randrange(12)}"
    return {
        "__typename": "ElfIssue" if elf else "FileIssue",
        "id": f"{source.getrandbits(64):016x}",
        "severity": source.choice(_SEVERITIES),
        "confidence": source.choice(("HIGH", "MEDIUM", "LOW")),
        "status": source.choice(("NEW", "NEW", "FALSE_POSITIVE", "ACCEPTED_RISK")),
        "type": kind,
        "summary": f"{kind} in {path}",
        "file": {"path": path},
    }


def issue(keys: Mapping[str, Any]) -> Dict[str, Any]:
    """An issue as a test describes it: "id", and as it likes "severity", "type", "file", "elf"."""
    _check(keys, {"id", "severity", "type", "file", "elf"})
    elf = bool(keys.get("elf", False))
    kind, path = str(keys.get("type", _ISSUE_TYPES[0])), str(keys.get("file", "/etc/set"))
    return {
        "__typename": "ElfIssue" if elf else "FileIssue", "id": str(keys["id"]),
        "severity": str(keys.get("severity", "HIGH")), "confidence": "HIGH", "status": "NEW",
        "type": kind, "summary": f"{kind} in {path}", "file": {"path": path},
    }


def cve(keys: Mapping[str, Any]) -> Dict[str, Any]:
    """A CVE as a test describes it: "id", and as it likes "severity", "description"."""
    _check(keys, {"id", "severity", "description"})
    return {"id": str(keys["id"]), "severity": str(keys.get("severity", "HIGH")),
            "description": str(keys.get("description", "A flaw"))}


def _check(keys: Mapping[str, Any], known: Set[str], required: str = "id") -> None:
    if set(keys) - known or required not in keys:
        raise ValueError(f"keys {sorted(keys)}: want {required}, and of {sorted(known)} what you "
                         "like")
    if keys.get("severity", "SEVERE") not in ("SEVERE", *_SEVERITIES):
        raise ValueError(f"severity {keys['severity']!r} is not in the schema")


def cve_matches(firmware: Firmware, seed: int) -> List[Dict[str, Any]]:
    """CVEs of some of the firmware's components."""
    if firmware.cves is not None:
        return [{"component": {"name": "set", "version": None}, "cve": cve}
                for cve in firmware.cves]
    source = _random(firmware, seed, "cves")
    found = components(firmware, seed)
    matches = []
    for component in found[:_CVES]:
        identifier = f"CVE-{source.randrange(2015, 2025)}-{source.randrange(1000, 60000)}"
        matches.append({
            "component": {"name": component.name, "version": component.version},
            "cve": {"id": identifier, "severity": source.choice(_SEVERITIES),
                    "description": f"A flaw in {component.name} {component.version}"},
        })
    return matches
