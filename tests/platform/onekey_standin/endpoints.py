"""What all endpoints of the API have in common."""

from __future__ import annotations

from typing import Pattern, Protocol

from onekey_standin.exchange import Exchange
from onekey_standin.tokens import Token
from onekey_standin.wire import Answer


class Endpoint(Protocol):
    """One path below /api."""

    operation: str
    method: str
    #: Its path; group 1 is the ID in it.
    pattern: Pattern[str]
    #: Served without a token.
    is_public: bool

    async def prepare(self, exchange: Exchange) -> None:
        """Note what the request is about, before faults are matched."""

    async def serve(self, exchange: Exchange, token: Token) -> Answer:
        """Answer the request of a known token."""
