"""One API request on its way: what was received, what it is about, and how it ended."""

from __future__ import annotations

import time
from typing import Any, AsyncIterator, Dict, List, Optional, Set

from aiohttp import web

from onekey_standin import wire
from onekey_standin.effects import Effect
from onekey_standin.model import Part
from onekey_standin.platform_state import Platform
from onekey_standin.wire import Answer


class Exchange:
    """A request with its fault, its place in the log, and access to its body."""

    def __init__(self, request: web.Request, platform: Platform) -> None:
        self.request = request
        self.platform = platform
        self.effect = Effect()
        self.fault_kind: Optional[str] = None
        #: Was there a body still to be read when the fault hit?
        self.body_pending = False
        #: The GraphQL operation's name, or "upload-firmware", "sbom", "version".
        self.operation: Optional[str] = None
        #: Top-level fields of the GraphQL operation.
        self.fields: List[str] = []
        #: Names of the firmwares that the request is about, as far as it tells.
        self.firmware_names: Set[str] = set()
        #: The ID in the path.
        self.path_id = ""
        #: The body of a GraphQL request.
        self.payload: Optional[bytes] = None
        self.parts: List[Part] = []
        self.received = 0
        self.body_sha256: Optional[str] = None
        self.status: Optional[int] = None
        #: How it ended; the first value stays when the stand-in stops, or has an error of its own.
        self.outcome = "aborted"
        self._arrived = time.time()
        self._started = time.monotonic()
        token = platform.tokens.find(request.headers.get("Authorization"))
        self.token_label = token.label if token else self._unknown_label()

    def _unknown_label(self) -> Optional[str]:
        return "(unknown)" if "Authorization" in self.request.headers else None

    @property
    def expects_continue(self) -> bool:
        return self.request.headers.get("Expect", "").lower() == "100-continue"

    def afflict(self, kind: str, effect: Effect) -> None:
        """Let a fault take effect from here on."""
        self.fault_kind, self.effect = kind, effect
        self.body_pending = self.request.can_read_body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; says 100 Continue first when the client waits for it."""
        if self.expects_continue and not self.effect.withholds_continue:
            await self.request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for chunk in self.request.content.iter_any():
            self.received += len(chunk)
            await self.effect.on_body(self, len(chunk))
            yield chunk

    async def read(self, limit: int) -> Optional[bytes]:
        """The whole body, or None when it is longer than `limit`."""
        kept: List[bytes] = []
        async for chunk in self.chunks():
            if self.received > limit:
                return None
            kept.append(chunk)
        return b"".join(kept)

    async def drain(self) -> None:
        """Receive the rest of the body and drop it."""
        if not self.request.content.at_eof():
            async for _chunk in self.chunks():
                pass

    async def send(self, answer: Answer) -> web.StreamResponse:
        """Send the answer in the way the fault wants it."""
        self.status = answer.status
        response = await self.effect.send(self, answer)
        self.outcome = "answered"
        return response

    async def cut(self, how: str) -> web.StreamResponse:
        """End the connection without an answer."""
        self.outcome = f"cut ({how})"
        return await wire.cut_connection(self.request, how)

    def entry(self) -> Dict[str, Any]:
        """The line of the request log."""
        peer = self.request.get_extra_info("peername")
        return {
            "time": self._arrived,
            "seconds": round(time.monotonic() - self._started, 6),
            "method": self.request.method,
            "path": self.request.path,
            "query": self.request.query_string,
            "operation": self.operation,
            "fields": self.fields,
            "token": self.token_label,
            "status": self.status,
            "outcome": self.outcome,
            "fault": self.fault_kind,
            "received": self.received,
            "content_length": self.request.content_length,
            "expect_continue": self.expects_continue,
            "body_sha256": self.body_sha256,
            "parts": {part.name: part.as_json() for part in self.parts},
            "user_agent": self.request.headers.get("User-Agent"),
            "peer_port": peer[1] if peer else None,
        }
