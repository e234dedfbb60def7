"""The platform's memory: tenants, tokens, uploads, firmwares, and a record of what was done."""

from __future__ import annotations

import random
import time
import uuid
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence

from onekey_standin import firmware_changes, sbom
from onekey_standin.model import Firmware, Named, Part, Product, Tenant, UploadMetadata
from onekey_standin.settings import Settings
from onekey_standin.tokens import Token, TokenStore

#: What import_firmwares() takes for texts that a request leaves out; {n} is a number.
_IMPORTED = {"name": "imported-{n}", "version": "1.0.{n}", "product": "Imported",
             "vendor": "Imported"}


class ControlError(ValueError):
    """A control request that makes no sense."""


class Platform:
    """One ONEKEY platform with its tenants."""

    def __init__(
        self,
        settings: Settings,
        *,
        tenant_name: str = "Stand-in",
        product_groups: Sequence[str] = ("Default", "Routers"),
        analysis_configurations: Sequence[str] = ("Default", "Fast"),
        fail_products: Sequence[str] = (),
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.tokens = TokenStore()
        self.tenants: Dict[str, Tenant] = {}
        self.metadata: Dict[str, UploadMetadata] = {}
        self.firmwares: Dict[str, Firmware] = {}
        self.mutations: List[Dict[str, Any]] = []
        self.uploads: List[Dict[str, Any]] = []
        self.downloads: List[Dict[str, Any]] = []
        self.seed = seed
        self.now = clock
        self._tenant_name = tenant_name
        self._group_names = tuple(product_groups)
        self._configuration_names = tuple(analysis_configurations)
        self._fail_products = frozenset(fail_products)
        self._random = random.Random(seed)

    # -- tenants and tokens ----------------------------------------------------------------------

    def add_token(self, label: str, value: str) -> Token:
        """Accept a token; a new UUID on its left brings a new tenant."""
        token = self.tokens.add(label, value)
        if token.tenant_id not in self.tenants:
            number = len(self.tenants) + 1
            name = self._tenant_name if number == 1 else f"{self._tenant_name} {number}"
            self.tenants[token.tenant_id] = self._new_tenant(token.tenant_id, name)
        return token

    def tenant_of(self, token: Token) -> Tenant:
        return self.tenants[token.tenant_id]

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def _new_tenant(self, tenant_id: str, name: str) -> Tenant:
        groups = [Named(self.new_id(), group) for group in self._group_names]
        configurations = [Named(self.new_id(), item) for item in self._configuration_names]
        return Tenant(tenant_id, name, groups, configurations)

    # -- uploads ---------------------------------------------------------------------------------

    def register_upload(self, tenant: Tenant, fields: Mapping[str, Any], group: Named,
                        configuration: Named) -> UploadMetadata:
        """Keep what createFirmwareUpload was told; `fields` is its input."""
        firmware, product = fields["firmware"], fields["product"]
        metadata = UploadMetadata(
            id=self.new_id(), tenant=tenant,
            name=firmware["name"], version=firmware.get("version"),
            release_date=firmware.get("releaseDate"), notes=firmware.get("notes"),
            monitoring=bool(firmware.get("enableMonitoring")),
            vendor=product["vendor"], product=product["name"], category=product.get("category"),
            group=group, configuration=configuration,
        )
        self.metadata[metadata.id] = metadata
        return metadata

    def take_upload(self, metadata: UploadMetadata, firmware: Part, imported: Optional[Part],
                    token: Token) -> Firmware:
        """A body has arrived whole: the firmware exists and its analysis starts."""
        same = self.settings.firmware_id == "same"
        product = metadata.tenant.product(metadata.product, metadata.vendor, metadata.category,
                                          metadata.group)
        created = self._add_firmware(
            metadata.tenant, metadata.id if same else self.new_id(), metadata.name,
            metadata.version, product, firmware.sha256,
        )
        # Documented: an SBOM is checked by the analysis, not at the upload.
        if imported is not None and not sbom.is_importable(imported.head):
            created.result = "FAILED"
        self.uploads.append({
            "time": time.time(), "token": token.label, "firmware_id": created.id,
            "metadata_id": metadata.id, **firmware.as_json(),
            "sbom": imported.as_json() if imported else None,
            "name": metadata.name, "version": metadata.version,
            "vendor": metadata.vendor, "product": metadata.product,
            "category": metadata.category, "product_group": metadata.group.name,
            "analysis_configuration": metadata.configuration.name,
            "release_date": metadata.release_date, "notes": metadata.notes,
            "monitoring": metadata.monitoring,
        })
        return created

    def _add_firmware(self, tenant: Tenant, firmware_id: str, name: str, version: Optional[str],
                      product: Product, sha256: Optional[str]) -> Firmware:
        firmware = Firmware(
            id=firmware_id, tenant=tenant, product=product, name=name, version=version,
            sha256=sha256, created=self.now(),
            analysis_seconds=self.settings.analysis_seconds,
            components=self.settings.sbom_components,
            result="FAILED" if product.name in self._fail_products else "COMPLETE",
        )
        self.firmwares[firmware.id] = firmware
        product.firmwares.append(firmware)
        return firmware

    # -- firmwares -------------------------------------------------------------------------------

    def visible(self, firmware: Firmware) -> bool:
        """Do queries show it? Not for a moment after the upload, as the official client expects."""
        return not firmware.vanished and firmware.phase(self.now()).visible

    def firmware(self, tenant: Tenant, firmware_id: str) -> Optional[Firmware]:
        """A visible firmware of the tenant."""
        found = self.firmwares.get(firmware_id)
        if found is None or found.tenant is not tenant or not self.visible(found):
            return None
        return found

    def firmwares_of(self, tenant: Tenant) -> Iterator[Firmware]:
        for firmware in self.firmwares.values():
            if firmware.tenant is tenant and self.visible(firmware):
                yield firmware

    def import_firmwares(self, keys: Mapping[str, Any]) -> List[str]:
        """POST /_control/firmwares: firmwares with a finished analysis that nobody uploaded."""
        wanted = dict(keys)
        first, count = int(wanted.pop("first", 1)), int(wanted.pop("count", 1))
        texts = [str(wanted.pop(key, usual)) for key, usual in _IMPORTED.items()]
        tenant = self._tenant_for(wanted.pop("token", None))
        group = tenant.group(wanted.pop("product_group", None))
        changes = firmware_changes.checked(wanted)
        ids = []
        for number in range(first, first + count):
            name, version, product, vendor = (t.replace("{n}", str(number)) for t in texts)
            firmware = self._add_firmware(tenant, self.new_id(), name, version,
                                          tenant.product(product, vendor, None, group), None)
            firmware.analysis_seconds = 0.0
            firmware_changes.apply(firmware, changes, self.now())
            ids.append(firmware.id)
        return ids

    def _tenant_for(self, label: Optional[str]) -> Tenant:
        if label is None:
            return next(iter(self.tenants.values()))
        return self.tenant_of(self.tokens.get(label))

    def change_firmware(self, firmware_id: str, keys: Mapping[str, Any]) -> None:
        """POST /_control/firmwares/{id}."""
        self._change([self._known(firmware_id)], keys)

    def change_firmwares(self, keys: Mapping[str, Any]) -> List[str]:
        """PATCH /_control/firmwares: those of `ids` (or all) that `match`; returns their IDs."""
        if set(keys) - {"ids", "match", "change"}:
            raise ControlError(f"keys {sorted(keys)}: known are change, ids, match")
        ids = keys.get("ids")
        known = self.firmwares.values() if ids is None else [self._known(one) for one in ids]
        chosen = firmware_changes.chosen(known, keys.get("match") or {})
        self._change(chosen, keys.get("change") or {})
        return [firmware.id for firmware in chosen]

    def _known(self, firmware_id: str) -> Firmware:
        firmware = self.firmwares.get(firmware_id)
        if firmware is None:
            raise ControlError(f"no firmware has the ID {firmware_id!r}")
        return firmware

    def _change(self, firmwares: Iterable[Firmware], keys: Mapping[str, Any]) -> None:
        changes, now = firmware_changes.checked(keys), self.now()
        for firmware in firmwares:
            firmware.succeeded |= firmware.phase(now).complete
            firmware_changes.apply(firmware, changes, now)

    def name_of(self, identifier: str) -> Optional[str]:
        """The firmware name behind a metadata or firmware ID."""
        known = self.metadata.get(identifier) or self.firmwares.get(identifier)
        return known.name if known else None

    # -- record ----------------------------------------------------------------------------------

    def as_json(self) -> Dict[str, Any]:
        """GET /_control/state."""
        return {
            "tenants": [
                {"id": t.id, "name": t.name,
                 "product_groups": {g.name: g.id for g in t.product_groups},
                 "analysis_configurations": {c.name: c.id for c in t.analysis_configurations},
                 "products": list(t.products)}
                for t in self.tenants.values()
            ],
            "tokens": {t.label: t.as_json() for t in [*self.tokens, self.tokens.unknown]},
            "mutations": self.mutations,
            "uploads": self.uploads,
            "firmwares": [self._firmware_json(f) for f in self.firmwares.values()],
            "sbom_downloads": self.downloads,
            "settings": vars(self.settings),
        }

    def _firmware_json(self, firmware: Firmware) -> Dict[str, Any]:
        phase = firmware.phase(self.now())
        return {
            "id": firmware.id, "name": firmware.name, "version": firmware.version,
            "product": firmware.product.name, "vendor": firmware.product.vendor,
            "product_group": firmware.product.group.name, "tenant": firmware.tenant.name,
            "sha256": firmware.sha256, "state": phase.state, "result": phase.result,
            "visible": self.visible(firmware), "components": firmware.component_count,
            "revision": firmware.revision, "vex": firmware.vex,
            "sbom_fault": firmware.sbom_fault, "spec_version": firmware.spec_version,
            "sbom_downloads": firmware.downloads,
        }
