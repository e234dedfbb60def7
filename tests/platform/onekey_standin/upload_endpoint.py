"""POST /upload-firmware/{metadata_id}.

Documented by the official client: multipart/form-data with a part "firmware" (empty when an SBOM is
uploaded alone) and an optional part "sbom"; the JSON answer's "id" is the firmware's ID. That the
metadata are used up by the first try, and all refusals, are guesses on the strict side.
"""

from __future__ import annotations

import re
from typing import Dict, List, Optional, Union

from onekey_standin import wire
from onekey_standin.exchange import Exchange
from onekey_standin.model import Part, UploadMetadata
from onekey_standin.multipart import MultipartError, MultipartReader
from onekey_standin.platform_state import Platform
from onekey_standin.tokens import Token
from onekey_standin.wire import Answer


class UploadEndpoint:
    """Streams an upload to its digests and registers the firmware."""

    operation = "upload-firmware"
    method = "POST"
    pattern = re.compile(r"/upload-firmware/([^/]+)")
    is_public = False

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def prepare(self, exchange: Exchange) -> None:
        name = self._platform.name_of(exchange.path_id)
        exchange.firmware_names = {name} if name else set()

    async def serve(self, exchange: Exchange, token: Token) -> Answer:
        metadata = self._platform.metadata.get(exchange.path_id)
        if metadata is None or metadata.tenant is not self._platform.tenant_of(token):
            return wire.errors_answer(404, "not_found", "no such upload")
        refusal = _refusal(metadata, token)
        if refusal:
            return refusal
        metadata.used = True
        parts = await _receive(exchange)
        if isinstance(parts, Answer):
            return parts
        firmware = self._platform.take_upload(
            metadata, parts["firmware"], parts.get("sbom"), token)
        return wire.json_answer({"id": firmware.id})


def _refusal(metadata: UploadMetadata, token: Token) -> Optional[Answer]:
    if not token.may("upload", metadata.group.name):
        return wire.errors_answer(403, "auth.forbidden", "missing permission: upload firmware in "
                                  f"product group {metadata.group.name}")
    if metadata.used:
        return wire.errors_answer(409, "conflict", "this upload has been made or tried before")
    return None


async def _receive(exchange: Exchange) -> Union[Dict[str, Part], Answer]:
    """The parts by name, or what to answer to a body that is none."""
    try:
        reader = MultipartReader(exchange.request.headers.get("Content-Type", ""))
        async for chunk in exchange.chunks():
            reader.feed(chunk)
        exchange.parts = reader.finish()
    except MultipartError as error:
        await exchange.drain()
        return wire.errors_answer(422, "value_error.multipart", str(error), ["body"])
    return _checked(exchange.parts)


def _checked(received: List[Part]) -> Union[Dict[str, Part], Answer]:
    parts = {part.name: part for part in received}
    unknown = set(parts) - {"firmware", "sbom"}
    if unknown or len(parts) != len(received):
        return wire.errors_answer(422, "value_error.extra", "unknown or repeated part", ["body"])
    if "firmware" not in parts:
        return wire.errors_answer(422, "value_error.missing", "field required",
                                  ["body", "firmware"])
    if parts["firmware"].size == 0 and "sbom" not in parts:
        return wire.errors_answer(422, "value_error", "empty firmware and no SBOM",
                                  ["body", "firmware"])
    return parts
