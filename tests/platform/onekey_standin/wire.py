"""Answers, and the ways to break a connection instead of giving one."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, NoReturn, Optional, Sequence

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

#: How long a connection closed by FIN goes on swallowing what its client still sends.
_DRAIN_SECONDS = 5.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)

SIGN_IN_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
    '<body><form action="/login"><input name="user"></form></body></html>\n'
)


@dataclass
class Answer:
    """A complete HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Dict[str, str] = field(default_factory=dict)


def json_answer(value: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode())


def html_answer(status: int, page: str = SIGN_IN_PAGE) -> Answer:
    return Answer(status, page.encode(), "text/html; charset=utf-8")


def errors_answer(status: int, kind: str, detail: str,
                  location: Optional[Sequence[str]] = None) -> Answer:
    """The REST error body of ONEKEY's own mock server; `location` comes with 422."""
    entry: Dict[str, Any] = {"type": kind, "detail": detail}
    if location is not None:
        entry["location"] = list(location)
    return json_answer({"errors": [entry]}, status)


class Cut(Exception):
    """Raised wherever a request is being served to end its connection without an answer."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class NoAnswer(web.Response):
    """Tells aiohttp that the connection is gone and nothing can be sent."""

    async def prepare(self, request: web.BaseRequest) -> Optional[AbstractStreamWriter]:
        self._raise()

    @staticmethod
    def _raise() -> NoReturn:
        raise ConnectionResetError("cut on purpose")


async def cut_connection(request: web.Request, how: str) -> NoAnswer:
    """End the connection with "rst", or with "fin" as a process that closes its socket."""
    transport = request.transport
    if transport is not None:
        raw: socket.socket = transport.get_extra_info("socket")
        with suppress(OSError):
            if how == "rst":
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                transport.abort()
            else:
                # Closing with unread data would send RST: end our side, swallow theirs.
                raw.shutdown(socket.SHUT_WR)
                await swallow(request, _DRAIN_SECONDS)
                transport.close()
    return NoAnswer()


async def swallow(request: web.Request, seconds: float) -> None:
    """Read and drop the rest of the body, for a limited time."""
    with suppress(asyncio.TimeoutError, ConnectionError, web.RequestPayloadError):
        async with asyncio.timeout(seconds):
            while not request.content.at_eof():
                await request.content.readany()


async def send(request: web.Request, answer: Answer, *, close: bool = False) -> web.StreamResponse:
    """Send a whole answer."""
    response = web.Response(status=answer.status, body=answer.body, headers=_headers(answer))
    if close:
        response.force_close()
    await response.prepare(request)
    await response.write_eof()
    return response


async def start(request: web.Request, answer: Answer,
                announce: Optional[int]) -> web.StreamResponse:
    """Send an answer's head with Content-Length `announce` (None: chunked), to close later."""
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    response.content_length = announce
    response.force_close()
    await response.prepare(request)
    return response


def _headers(answer: Answer) -> Mapping[str, str]:
    return {"Content-Type": answer.content_type, **answer.headers}
