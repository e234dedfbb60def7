"""GET /firmwares/{id}/sbom.

Documented: needs only the Authorization header. Everything else about it (parameters, content
types, the status while an analysis runs) is a guess; 404 stands for "not yet" here.
"""

from __future__ import annotations

import hashlib
import re
import time
from typing import Optional

from onekey_standin import contents, sbom, sbom_faults, wire
from onekey_standin.exchange import Exchange
from onekey_standin.model import Firmware
from onekey_standin.platform_state import Platform
from onekey_standin.tokens import Token
from onekey_standin.wire import Answer


class SbomEndpoint:
    """Renders a firmware's components as SBOM."""

    operation = "sbom"
    method = "GET"
    pattern = re.compile(r"/firmwares/([^/]+)/sbom")
    is_public = False

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def prepare(self, exchange: Exchange) -> None:
        name = self._platform.name_of(exchange.path_id)
        exchange.firmware_names = {name} if name else set()

    async def serve(self, exchange: Exchange, token: Token) -> Answer:
        wanted = exchange.request.query.get("format", sbom.DEFAULT_FORMAT)
        firmware = self._platform.firmware(self._platform.tenant_of(token), exchange.path_id)
        refusal = self._refusal(firmware, token, wanted)
        if refusal:
            return refusal
        assert firmware is not None
        if firmware.sbom_fault:
            exchange.fault_kind = exchange.fault_kind or f"sbom {firmware.sbom_fault}"
        if firmware.sbom_fault in sbom_faults.INSTEAD:
            return sbom_faults.INSTEAD[firmware.sbom_fault]()
        return self._document(firmware, token, wanted)

    def _refusal(self, firmware: Optional[Firmware], token: Token, wanted: str) -> Optional[Answer]:
        if wanted not in sbom.FORMATS:
            return wire.errors_answer(422, "value_error", f"one of {', '.join(sbom.FORMATS)}",
                                      ["query", "format"])
        if firmware is None:
            return wire.errors_answer(404, "not_found", "no such firmware")
        if not token.may("view", firmware.product.group.name):
            return wire.errors_answer(403, "auth.forbidden", "missing permission: view firmware")
        if not self._has_document(firmware):
            return wire.errors_answer(404, "not_found", "no completed analysis")
        return None

    def _has_document(self, firmware: Firmware) -> bool:
        last = self._platform.settings.sbom_while_analysing == "last" and firmware.succeeded
        return last or firmware.phase(self._platform.now()).complete

    def _document(self, firmware: Firmware, token: Token, wanted: str) -> Answer:
        content_type, render = sbom.FORMATS[wanted]
        found = sbom_faults.kept(firmware.sbom_fault,
                                 contents.components(firmware, self._platform.seed))
        export = sbom.new_export(firmware, found)
        # Half of a surrogate pair, which JSON names may bring along, has no place in UTF-8.
        body = sbom_faults.cut(firmware.sbom_fault, render(export).encode("utf-8", "replace"))
        firmware.downloads += 1
        self._platform.downloads.append({
            "time": time.time(), "token": token.label, "firmware_id": firmware.id,
            "format": wanted, "fault": firmware.sbom_fault,
            "size": len(body), "sha256": hashlib.sha256(body).hexdigest(),
        })
        return Answer(200, body, content_type)
