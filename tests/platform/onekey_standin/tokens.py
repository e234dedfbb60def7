"""API tokens: form, expiry, rights.

Documented: a token is "<tenant uuid>/<secret>" sent whole as Bearer; an expired or deleted one gets
401 on every request; it has permissions of its own; a right can be given per product group. It
belongs to a user, whose e-mail the official client asks for.
"""

from __future__ import annotations

import hmac
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

#: Everywhere, nowhere, or in these product groups only.
Right = Union[bool, List[str]]

#: Times of refused requests kept per token (or for unknown ones).
REFUSALS_KEPT = 1000


class TokenError(ValueError):
    """A token or a change of one that makes no sense."""


@dataclass
class Token:
    """One API token and what became of it."""

    label: str
    value: str
    email: str
    upload: Right = True
    view: Right = True
    expired: bool = False
    expires_at: Optional[float] = None
    requests_left: Optional[int] = None
    requests: int = 0
    refused: int = 0
    refused_at: List[float] = field(default_factory=list)

    @property
    def tenant_id(self) -> str:
        return self.value.partition("/")[0]

    def accept(self, now: float) -> bool:
        """Count one request; False when the token has expired."""
        over = self.expires_at is not None and now >= self.expires_at
        if self.expired or over or self.requests_left == 0:
            self.refuse(now)
            return False
        if self.requests_left is not None:
            self.requests_left -= 1
        self.requests += 1
        return True

    def refuse(self, now: float) -> None:
        self.refused += 1
        if len(self.refused_at) < REFUSALS_KEPT:
            self.refused_at.append(now)

    def may(self, right: str, product_group: str) -> bool:
        """Does the token hold "upload" or "view" for this product group?"""
        given: Right = getattr(self, right)
        return given if isinstance(given, bool) else product_group in given

    def change(self, keys: Mapping[str, Any]) -> None:
        """Apply a control request's keys (README.md: POST /_control/tokens)."""
        unknown = set(keys) - {"expired", "expires_at", "expire_after_requests", "email", "rights"}
        if unknown:
            raise TokenError(f"unknown keys {sorted(unknown)}")
        if keys.get("expired") is False:
            self.expires_at = self.requests_left = None
        self.expired = bool(keys.get("expired", self.expired))
        self.expires_at = keys.get("expires_at", self.expires_at)
        self.requests_left = keys.get("expire_after_requests", self.requests_left)
        self.email = keys.get("email", self.email)
        rights = keys.get("rights", {})
        self.upload = rights.get("upload", self.upload)
        self.view = rights.get("view", self.view)

    def as_json(self) -> Dict[str, Any]:
        """For /_control/state: everything but the secret."""
        return {
            "label": self.label, "tenant_id": self.tenant_id, "email": self.email,
            "rights": {"upload": self.upload, "view": self.view},
            "expired": self.expired, "expires_at": self.expires_at,
            "expire_after_requests": self.requests_left,
            "requests": self.requests, "refused": self.refused, "refused_at": self.refused_at,
        }


class TokenStore:
    """All tokens, by label and by value."""

    def __init__(self) -> None:
        self._by_label: Dict[str, Token] = {}
        #: Requests with no token, or one that nobody issued (deleted ones included).
        self.unknown = Token(label="(unknown)", value="", email="")

    def __iter__(self) -> Iterator[Token]:
        return iter(self._by_label.values())

    def add(self, label: str, value: str) -> Token:
        token = Token(label, _checked(value), email=f"{label}@standin.example")
        self._by_label[label] = token
        return token

    def get(self, label: str) -> Token:
        try:
            return self._by_label[label]
        except KeyError:
            raise TokenError(f"no token is called {label!r}") from None

    def delete(self, label: str) -> None:
        self.get(label)
        del self._by_label[label]

    def find(self, authorization: Optional[str]) -> Optional[Token]:
        """The token that an Authorization header carries, whatever its state."""
        scheme, _, value = (authorization or "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        sent = value.strip().encode()
        for token in self._by_label.values():
            if hmac.compare_digest(token.value.encode(), sent):
                return token
        return None

    def admit(self, authorization: Optional[str]) -> Optional[Token]:
        """Count the request; the token when it may pass, else None (which means 401)."""
        token = self.find(authorization)
        now = time.time()
        if token is None:
            self.unknown.refuse(now)
            return None
        return token if token.accept(now) else None


def _checked(value: str) -> str:
    tenant, slash, secret = value.partition("/")
    try:
        uuid.UUID(tenant)
    except ValueError:
        slash = ""
    if not slash or not secret:
        raise TokenError("a token has the form <tenant uuid>/<secret>")
    return value
