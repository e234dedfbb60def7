"""What each kind of fault does to a request.

An Effect has four hooks along a request's way; a kind overrides those it needs. Its dataclass
fields are the parameters of POST /_control/faults.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Dict, Optional, Type

from aiohttp import web

from onekey_standin import wire
from onekey_standin.wire import Answer, Cut

if TYPE_CHECKING:
    from onekey_standin.exchange import Exchange

#: A stalled request looks this often whether its client is still there.
_GONE_CHECK_SECONDS = 0.1
_SLICE_SECONDS = 0.05
#: How long an early answer's connection swallows the body before it is closed.
_LINGER_SECONDS = 10.0
_BLOCK = b" " * 65536


@dataclass
class Effect:
    """Does nothing: the effect of requests without a fault."""

    #: Set when the fault is cleared, so that stalled requests go on.
    released: asyncio.Event = field(default_factory=asyncio.Event, init=False, repr=False)

    withholds_continue = False

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        """Called before the request is served; an answer takes the place of serving it."""

    async def on_body(self, exchange: Exchange, size: int) -> None:
        """Called for each received chunk of the body."""

    async def change(self, exchange: Exchange, answer: Answer) -> Answer:
        """Called with the true answer; returns what to send instead."""
        return answer

    async def send(self, exchange: Exchange, answer: Answer) -> web.StreamResponse:
        """Puts the answer on the wire."""
        return await wire.send(exchange.request, answer)


def _body_bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


@dataclass
class Status(Effect):
    """Reads the body, executes nothing, answers with a status."""

    status: int = 503
    body: Any = None
    content_type: str = "application/json"
    headers: Dict[str, str] = field(default_factory=dict)

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        await exchange.drain()
        return self._answer()

    def _answer(self) -> Answer:
        if self.body is None:
            answer = wire.errors_answer(self.status, "auth.unavailable", f"status {self.status}")
            return Answer(self.status, answer.body, headers=self.headers)
        return Answer(self.status, _body_bytes(self.body), self.content_type, self.headers)


@dataclass
class EarlyStatus(Status):
    """Answers before the body is read, or after `after_bytes` of it, then closes.

    `close`: "linger" goes on swallowing the body for a while, as careful servers do; "rst" ends the
    connection at once, so that a client which is still sending may never see the answer.
    """

    status: int = 401
    after_bytes: int = 0
    close: str = "linger"

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        if self.after_bytes > 0:
            async for _chunk in exchange.chunks():
                if exchange.received >= self.after_bytes:
                    break
        return self._answer()

    async def send(self, exchange: Exchange, answer: Answer) -> web.StreamResponse:
        response = await wire.send(exchange.request, answer, close=True)
        if self.close == "linger":
            await wire.swallow(exchange.request, _LINGER_SECONDS)
        else:
            await wire.cut_connection(exchange.request, "rst")
        return response


@dataclass
class ResetBeforeBody(Effect):
    """Cuts the connection once the head of the request is there."""

    how: str = "rst"

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        raise Cut(self.how)


@dataclass
class ResetMidBody(Effect):
    """Cuts after `after_bytes` of the request's body, or of the answer's when it has none.

    "None" here and below includes GraphQL requests: their body has been read before a fault hits.
    """

    after_bytes: int = 1
    how: str = "rst"

    async def on_body(self, exchange: Exchange, size: int) -> None:
        if exchange.received >= self.after_bytes:
            raise Cut(self.how)

    async def send(self, exchange: Exchange, answer: Answer) -> web.StreamResponse:
        if exchange.body_pending:
            return await wire.send(exchange.request, answer)
        response = await wire.start(exchange.request, answer, len(answer.body))
        await response.write(answer.body[:self.after_bytes])
        raise Cut(self.how)


@dataclass
class LostAnswer(Effect):
    """Serves the request, then cuts instead of answering."""

    how: str = "fin"

    async def change(self, exchange: Exchange, answer: Answer) -> Answer:
        raise Cut(self.how)


async def _wait(exchange: Exchange, released: asyncio.Event, seconds: float) -> None:
    """Until released, the client has gone, or the time is over."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not released.is_set():
        left = deadline - asyncio.get_running_loop().time()
        transport = exchange.request.transport
        if left <= 0 or transport is None or transport.is_closing():
            return
        try:
            await asyncio.wait_for(released.wait(), min(left, _GONE_CHECK_SECONDS))
        except asyncio.TimeoutError:
            continue


@dataclass
class Stall(Effect):
    """Goes silent for `seconds` (or until cleared).

    `where`: "request" stops reading after `after_bytes` of the body; "answer" has served the
    request and sends nothing; "body" sends the answer's head and `after_bytes` of it, then nothing.
    After the silence the request goes on.
    """

    where: str = "request"
    after_bytes: int = 0
    seconds: float = 600.0

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        if self.where == "request" and (self.after_bytes == 0 or not exchange.body_pending):
            await _wait(exchange, self.released, self.seconds)
        return None

    async def on_body(self, exchange: Exchange, size: int) -> None:
        before = exchange.received - size
        if self.where == "request" and before < self.after_bytes <= exchange.received:
            await _wait(exchange, self.released, self.seconds)

    async def send(self, exchange: Exchange, answer: Answer) -> web.StreamResponse:
        if self.where == "body":
            response = await wire.start(exchange.request, answer, len(answer.body))
            await response.write(answer.body[:self.after_bytes])
            await _wait(exchange, self.released, self.seconds)
            await response.write(answer.body[self.after_bytes:])
            await response.write_eof()
            return response
        if self.where == "answer":
            await _wait(exchange, self.released, self.seconds)
        return await wire.send(exchange.request, answer)


@dataclass
class SlowBody(Effect):
    """Moves the body at `rate` bytes per second: the request's, or the answer's if it has none."""

    rate: float = 1000.0

    async def on_body(self, exchange: Exchange, size: int) -> None:
        await _wait(exchange, self.released, size / self.rate)

    async def send(self, exchange: Exchange, answer: Answer) -> web.StreamResponse:
        if exchange.body_pending:
            return await wire.send(exchange.request, answer)
        response = await wire.start(exchange.request, answer, len(answer.body))
        step = max(1, int(self.rate * _SLICE_SECONDS))
        for position in range(0, len(answer.body), step):
            # Not after the last slice: the client has all then, and the log must not lag behind.
            if position:
                await _wait(exchange, self.released, step / self.rate)
            await response.write(answer.body[position:position + step])
        await response.write_eof()
        return response


@dataclass
class HtmlSignIn(Effect):
    """A proxy's sign-in page with status 200; nothing is executed."""

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        await exchange.drain()
        return wire.html_answer(200)


@dataclass
class Truncate(Effect):
    """Sends the first `after_bytes` of the answer (default: half).

    With `honest` Content-Length says so and the message is complete, as from a server that wrote a
    partial file; without, it announces the whole and the connection ends (FIN) too early.
    """

    after_bytes: Optional[int] = None
    honest: bool = False

    async def send(self, exchange: Exchange, answer: Answer) -> web.StreamResponse:
        end = len(answer.body) // 2 if self.after_bytes is None else self.after_bytes
        announced = min(end, len(answer.body)) if self.honest else len(answer.body)
        response = await wire.start(exchange.request, answer, announced)
        await response.write(answer.body[:end])
        return response


@dataclass
class Oversize(Effect):
    """Pads the answer with blanks, which JSON allows, to `size` bytes."""

    size: int = 1 << 30
    #: False sends it chunked, so that its length shows only at its end.
    announce: bool = True

    async def send(self, exchange: Exchange, answer: Answer) -> web.StreamResponse:
        total = max(self.size, len(answer.body))
        response = await wire.start(exchange.request, answer, total if self.announce else None)
        await response.write(answer.body)
        left = total - len(answer.body)
        while left > 0:
            await response.write(_BLOCK[:left])
            left -= len(_BLOCK)
        await response.write_eof()
        return response


@dataclass
class DeepJson(Effect):
    """Answers with arrays nested `depth` levels deep."""

    depth: int = 100000

    async def change(self, exchange: Exchange, answer: Answer) -> Answer:
        return Answer(200, b"[" * self.depth + b"]" * self.depth)


@dataclass
class WrongJson(Effect):
    """Serves the request, but answers with JSON of another shape."""

    body: Any = field(default_factory=lambda: ["not", "what", "was", "asked", "for"])

    async def change(self, exchange: Exchange, answer: Answer) -> Answer:
        return wire.json_answer(self.body, answer.status)


@dataclass
class GraphqlErrors(Effect):
    """HTTP 200 with a GraphQL `errors` array; nothing is executed."""

    message: str = "Unauthorized"
    code: Optional[str] = None

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        await exchange.drain()
        error: Dict[str, Any] = {"message": self.message}
        if self.code:
            error["extensions"] = {"code": self.code}
        return wire.json_answer({"data": None, "errors": [error]})


@dataclass
class ForeignUploadUrl(Effect):
    """Executes createFirmwareUpload, but points `uploadUrl` elsewhere."""

    origin: Optional[str] = None

    async def change(self, exchange: Exchange, answer: Answer) -> Answer:
        origin = self.origin or exchange.platform.settings.foreign_origin
        value = json.loads(answer.body)
        created = (value.get("data") or {}).get("createFirmwareUpload") or {}
        if "uploadUrl" in created:
            created["uploadUrl"] = f"{origin}/upload-firmware/{created['id']}"
        return wire.json_answer(value, answer.status)


@dataclass
class Redirect(Effect):
    """Sends the client elsewhere; by default to the same path on another origin."""

    status: int = 307
    location: Optional[str] = None

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        await exchange.drain()
        foreign = exchange.platform.settings.foreign_origin + exchange.request.path_qs
        return Answer(self.status, headers={"Location": self.location or foreign})


@dataclass
class Delay(Effect):
    """Serves the request normally after `seconds`."""

    seconds: float = 1.0

    async def before(self, exchange: Exchange) -> Optional[Answer]:
        await _wait(exchange, self.released, self.seconds)
        return None


@dataclass
class NoContinue(Effect):
    """Never says 100 Continue; takes the body if it comes all the same."""

    withholds_continue = True


KINDS: Dict[str, Type[Effect]] = {
    "status": Status,
    "early_status": EarlyStatus,
    "reset_before_body": ResetBeforeBody,
    "reset_mid_body": ResetMidBody,
    "lost_answer": LostAnswer,
    "stall": Stall,
    "slow_body": SlowBody,
    "html_signin": HtmlSignIn,
    "truncate": Truncate,
    "oversize": Oversize,
    "deep_json": DeepJson,
    "wrong_json": WrongJson,
    "graphql_errors": GraphqlErrors,
    "foreign_upload_url": ForeignUploadUrl,
    "redirect": Redirect,
    "delay": Delay,
    "no_100_continue": NoContinue,
}
