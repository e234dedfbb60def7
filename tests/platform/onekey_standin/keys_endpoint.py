"""GET /id-token-public-key.pem and /tenant-token-public-key.pem.

The official client reads both before anything else, without a token, to check the signatures of
logins by password. There are none here: the keys are real ones that have signed nothing.
"""

from __future__ import annotations

import functools
import re
from typing import Optional

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from onekey_standin.exchange import Exchange
from onekey_standin.tokens import Token
from onekey_standin.wire import Answer


class KeysEndpoint:
    """Public keys, for everybody."""

    operation = "keys"
    method = "GET"
    pattern = re.compile(r"/(id|tenant)-token-public-key\.pem")
    is_public = True

    async def prepare(self, exchange: Exchange) -> None:
        pass

    async def serve(self, exchange: Exchange, token: Optional[Token]) -> Answer:
        return Answer(200, body=_public_key(exchange.path_id or ""),
                      content_type="application/x-pem-file")


@functools.lru_cache(maxsize=None)
def _public_key(_name: str) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo)
