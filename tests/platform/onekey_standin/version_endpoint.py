"""GET /version. Documented to exist; what it answers is not known."""

from __future__ import annotations

import re

from onekey_standin import wire
from onekey_standin.exchange import Exchange
from onekey_standin.tokens import Token
from onekey_standin.wire import Answer


class VersionEndpoint:
    """Says that this is the stand-in."""

    operation = "version"
    method = "GET"
    pattern = re.compile(r"/(version)")
    is_public = False

    async def prepare(self, exchange: Exchange) -> None:
        pass

    async def serve(self, exchange: Exchange, token: Token) -> Answer:
        return wire.json_answer({"version": "stand-in"})
