"""What tests may change about firmwares: POST /_control/firmwares/ID and PATCH /_control/firmwares.
"""

from __future__ import annotations

import fnmatch
from typing import Any, Callable, Dict, Iterable, List, Mapping

from onekey_standin import contents, sbom_faults
from onekey_standin.model import Firmware


def _listed(maker: Callable[[Mapping[str, Any]], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else [maker(keys) for keys in value]


def _text_or_none(value: Any) -> Any:
    return None if value is None else str(value)


#: Fields of Firmware, by how a value is checked.
_FIELDS: Dict[str, Callable[[Any], Any]] = {
    "result": str, "vanished": bool, "components": int, "revision": int, "vex": int, "stuck": bool,
    "analysis_seconds": float, "name": str, "version": _text_or_none,
    "spec_version": _text_or_none, "sbom_fault": sbom_faults.checked,
    "components_list": _listed(contents.component),
    "issues": _listed(contents.issue), "cves": _listed(contents.cve),
}
#: What is no field of Firmware itself.
_OTHERS: Dict[str, Callable[[Any], Any]] = {
    "restart": bool, "product": str, "vendor": str, "product_group": str,
}

#: What firmwares can be chosen by, as shell patterns.
_PATTERNS: Dict[str, Callable[[Firmware], str]] = {
    "name": lambda firmware: firmware.name,
    "version": lambda firmware: firmware.version or "",
    "product": lambda firmware: firmware.product.name,
    "vendor": lambda firmware: firmware.product.vendor,
    "product_group": lambda firmware: firmware.product.group.name,
}


def checked(keys: Mapping[str, Any]) -> Dict[str, Any]:
    """Changes in the form that apply() takes; ValueError for those that make no sense."""
    known = {**_FIELDS, **_OTHERS}
    if set(keys) - set(known):
        raise ValueError(f"unknown keys {sorted(set(keys) - set(known))} (known: {sorted(known)})")
    return {key: known[key](value) for key, value in keys.items()}


def apply(firmware: Firmware, changes: Mapping[str, Any], now: float) -> None:
    """Carry out what checked() has seen."""
    group = firmware.tenant.group(changes["product_group"]) if "product_group" in changes else None
    for key in _FIELDS.keys() & changes.keys():
        setattr(firmware, key, changes[key])
    if "product" in changes:
        _move(firmware, changes["product"])
    # One name is one product: its vendor and group are those of all its firmwares.
    if "vendor" in changes:
        firmware.product.vendor = changes["vendor"]
    if group is not None:
        firmware.product.group = group
    if changes.get("restart"):
        firmware.analyse_again(now)


def _move(firmware: Firmware, product_name: str) -> None:
    old = firmware.product
    firmware.product = firmware.tenant.product(product_name, old.vendor, old.category, old.group)
    old.firmwares.remove(firmware)
    firmware.product.firmwares.append(firmware)


def chosen(firmwares: Iterable[Firmware], patterns: Mapping[str, str]) -> List[Firmware]:
    """The firmwares that fit all patterns."""
    if set(patterns) - set(_PATTERNS):
        raise ValueError(f"match {sorted(patterns)}: known are {sorted(_PATTERNS)}")
    return [firmware for firmware in firmwares
            if all(fnmatch.fnmatchcase(_PATTERNS[key](firmware), str(pattern))
                   for key, pattern in patterns.items())]
