"""Answers to the fields of schema.graphql.

Arguments bear the names of the schema, even where those hide a builtin.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Dict, Iterable, List, Mapping, Optional

from onekey_standin import contents
from onekey_standin.graphql_shim import ResolverMap
from onekey_standin.model import Firmware, Named, Product, Tenant
from onekey_standin.platform_state import Platform
from onekey_standin.tokens import Token


class Denied(Exception):
    """The token lacks a right. How that shows is a setting, since no source tells."""

    def __init__(self, right: str, group: str) -> None:
        super().__init__(f"missing permission: {right} firmware in product group {group}")


@dataclass(frozen=True)
class Caller:
    """Who asks, and where uploads go for them: the context of every resolver."""

    platform: Platform
    token: Token
    #: Scheme, host, port and base path by which the API was reached.
    base_url: str

    @property
    def tenant(self) -> Tenant:
        return self.platform.tenant_of(self.token)

    def denied(self, right: str, group: str) -> None:
        """Raise, unless a missing right is to show as a null object."""
        if self.platform.settings.denied_style != "null":
            raise Denied(right, group)


# -- queries -------------------------------------------------------------------------------------


def _tenant(_root: Any, caller: Caller) -> Dict[str, Any]:
    return {"name": caller.tenant.name}


def _user(_root: Any, caller: Caller) -> Dict[str, Any]:
    return {"email": caller.token.email}


def _named(items: Iterable[Named]) -> List[Dict[str, Any]]:
    return [{"id": item.id, "name": item.name} for item in items]


def _all_product_groups(_root: Any, caller: Caller) -> List[Dict[str, Any]]:
    return _named(caller.tenant.product_groups)


def _all_analysis_configurations(_root: Any, caller: Caller) -> List[Dict[str, Any]]:
    return _named(caller.tenant.analysis_configurations)


def _may_view(caller: Caller, firmware: Firmware) -> bool:
    return caller.token.may("view", firmware.product.group.name)


def _all_firmwares(_root: Any, caller: Caller) -> List[Firmware]:
    return [f for f in caller.platform.firmwares_of(caller.tenant) if _may_view(caller, f)]


def _firmware(_root: Any, caller: Caller, id: str) -> Optional[Firmware]:
    found = caller.platform.firmware(caller.tenant, id)
    if found is not None and not _may_view(caller, found):
        caller.denied("view", found.product.group.name)
        return None
    return found


def _compare(_root: Any, caller: Caller, base: str, other: str) -> Optional[Dict[str, Any]]:
    old, new = _firmware(None, caller, base), _firmware(None, caller, other)
    if old is None or new is None:
        return None
    seed = caller.platform.seed
    old_cves = [match["cve"] for match in contents.cve_matches(old, seed)]
    new_cves = [match["cve"] for match in contents.cve_matches(new, seed)]
    return {
        "issues": _difference(contents.issues(old, seed), contents.issues(new, seed)),
        "cveEntries": _difference(old_cves, new_cves),
    }


def _difference(old: List[Dict[str, Any]], new: List[Dict[str, Any]]) -> Dict[str, Any]:
    old_ids, new_ids = {item["id"] for item in old}, {item["id"] for item in new}
    return {"new": [item for item in new if item["id"] not in old_ids],
            "dropped": [item for item in old if item["id"] not in new_ids]}


# -- Firmware and Product ------------------------------------------------------------------------


def _latest_analysis(firmware: Firmware, caller: Caller) -> Optional[Dict[str, Any]]:
    phase = firmware.phase(caller.platform.now())
    return None if phase.state is None else {"state": phase.state, "result": phase.result}


def _latest_issues(firmware: Firmware, caller: Caller,
                   filter: Optional[Mapping[str, Any]] = None) -> List[Dict[str, Any]]:
    # Documented: from the latest successful analysis.
    if not firmware.phase(caller.platform.now()).complete:
        return []
    wanted = filter or {}
    return [issue for issue in contents.issues(firmware, caller.platform.seed)
            if _matches(issue, wanted)]


def _matches(issue: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    is_elf = issue["__typename"] == "ElfIssue"
    return (
        wanted.get("elf") in (None, is_elf)
        and wanted.get("severity") in (None, issue["severity"])
        and wanted.get("confidence") in (None, issue["confidence"])
        and issue["status"] not in ((wanted.get("status") or {}).get("exclude") or ())
    )


def _product_group(firmware: Firmware, _caller: Caller) -> Dict[str, Any]:
    group = firmware.product.group
    return {"id": group.id, "name": group.name}


def _cve_matches(firmware: Firmware, caller: Caller) -> List[Dict[str, Any]]:
    if not firmware.phase(caller.platform.now()).complete:
        return []
    return contents.cve_matches(firmware, caller.platform.seed)


def _timeline(product: Product, caller: Caller,
              count: Optional[int] = None) -> List[Dict[str, Any]]:
    # Documented: newest first; without `count` all of them.
    newest = [f for f in reversed(product.firmwares) if caller.platform.visible(f)]
    return [{"firmware": firmware} for firmware in newest[:count]]


# -- mutation ------------------------------------------------------------------------------------


def _create_firmware_upload(_root: Any, caller: Caller,
                            input: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
    tenant = caller.tenant
    firmware = input["firmware"]
    group = _by_id(tenant.product_groups, input["productGroup"]["id"])
    configuration: Optional[Named] = tenant.analysis_configurations[0]
    if firmware.get("analysisConfigurationId") is not None:
        configuration = _by_id(tenant.analysis_configurations, firmware["analysisConfigurationId"])
    complaints = [
        _complaint("must not be empty", *path)
        for path, value in ((("firmware", "name"), firmware["name"]),
                            (("product", "name"), input["product"]["name"]),
                            (("product", "vendor"), input["product"]["vendor"]))
        if not value.strip()
    ]
    if group is None:
        complaints.append(_complaint("unknown product group", "productGroup", "id"))
    if configuration is None:
        complaints.append(_complaint("unknown analysis configuration",
                                     "firmware", "analysisConfigurationId"))
    if complaints or group is None or configuration is None:
        return {"__typename": "MutationError", "count": len(complaints), "errors": complaints}
    if not caller.token.may("upload", group.name):
        caller.denied("upload", group.name)
        return None
    metadata = caller.platform.register_upload(tenant, input, group, configuration)
    caller.platform.mutations.append({
        "time": time.time(), "token": caller.token.label, "operation": "createFirmwareUpload",
        "metadata_id": metadata.id, "input": dict(input),
    })
    return {"__typename": "FirmwareUploadMetadata", "id": metadata.id,
            "uploadUrl": _upload_url(caller, metadata.id)}


def _by_id(items: Iterable[Named], wanted: str) -> Optional[Named]:
    return next((item for item in items if item.id == wanted), None)


def _complaint(message: str, *path: str) -> Dict[str, Any]:
    return {"__typename": "ValidationError", "message": message, "code": "VALIDATION_ERROR",
            "fieldPath": list(path)}


def _upload_url(caller: Caller, metadata_id: str) -> str:
    settings = caller.platform.settings
    bases = {"relative": "", "absolute": caller.base_url, "foreign": settings.foreign_origin}
    return f"{bases[settings.upload_url]}/upload-firmware/{metadata_id}"


def _attribute(name: str) -> Any:
    return lambda source, _caller: getattr(source, name)


RESOLVERS: ResolverMap = {
    "Query": {
        "tenant": _tenant,
        "user": _user,
        "allFirmwares": _all_firmwares,
        "firmware": _firmware,
        "allProductGroups": _all_product_groups,
        "allAnalysisConfigurations": _all_analysis_configurations,
        "compareFirmwareAnalyses": _compare,
    },
    "Mutation": {"createFirmwareUpload": _create_firmware_upload},
    "Firmware": {
        "id": _attribute("id"),
        "name": _attribute("name"),
        "version": _attribute("version"),
        "product": _attribute("product"),
        "productGroup": _product_group,
        "latestAnalysis": _latest_analysis,
        "latestIssues": _latest_issues,
        "cveMatches": _cve_matches,
    },
    "Product": {
        "name": _attribute("name"),
        "category": _attribute("category"),
        "vendor": _attribute("vendor"),
        "firmwareTimeline": _timeline,
    },
}
