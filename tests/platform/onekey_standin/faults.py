"""Which request gets which fault."""

from __future__ import annotations

import dataclasses
import fnmatch
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Type, TypeVar

from onekey_standin.effects import KINDS, Effect
from onekey_standin.exchange import Exchange
from onekey_standin.platform_state import ControlError

_Made = TypeVar("_Made")


@dataclass
class Match:
    """The requests that a fault is for; what is None fits all."""

    path_prefix: Optional[str] = None
    method: Optional[str] = None
    #: Operation name or top-level field (a pattern as in a shell); see Exchange.operation.
    operation: Optional[str] = None
    #: Name of a firmware that the request is about (a pattern as in a shell).
    firmware: Optional[str] = None
    #: Label of the token.
    token: Optional[str] = None
    #: Let this many fitting requests pass first.
    after: int = 0
    #: Then hit this many; None for all that follow.
    count: Optional[int] = 1
    #: Short for one hit, at the n-th fitting request (from 1).
    nth: Optional[int] = None

    def __post_init__(self) -> None:
        if self.nth is not None:
            self.after, self.count = self.nth - 1, 1

    def fits(self, exchange: Exchange) -> bool:
        operations = [exchange.operation or "", *exchange.fields]
        return (
            exchange.request.path.startswith(self.path_prefix or "")
            and self.method in (None, exchange.request.method)
            and self.token in (None, exchange.token_label)
            and _any_fits(self.operation, operations)
            and _any_fits(self.firmware, exchange.firmware_names)
        )


def _any_fits(pattern: Optional[str], names: Any) -> bool:
    return pattern is None or any(fnmatch.fnmatchcase(name, pattern) for name in names)


@dataclass
class Fault:
    """One fault that was asked for."""

    id: int
    kind: str
    match: Match
    effect: Effect
    seen: int = 0
    hits: int = 0

    def hit(self, exchange: Exchange) -> bool:
        """Is this request to be hit? Counts it either way."""
        if not self.match.fits(exchange):
            return False
        self.seen += 1
        left = self.match.count is None or self.hits < self.match.count
        if not left or self.seen <= self.match.after:
            return False
        self.hits += 1
        return True

    def as_json(self) -> Dict[str, Any]:
        params = {f.name: getattr(self.effect, f.name)
                  for f in dataclasses.fields(self.effect) if f.init}
        return {"id": self.id, "kind": self.kind, "match": dataclasses.asdict(self.match),
                "seen": self.seen, "hits": self.hits, **params}


class FaultBook:
    """The faults that are set, in the order in which they were added: the first that hits wins."""

    def __init__(self) -> None:
        self._faults: List[Fault] = []
        self._last_id = 0

    def add(self, request: Mapping[str, Any]) -> int:
        """POST /_control/faults: {"kind": ..., "match": {...}, parameters...}."""
        params = dict(request)
        kind = params.pop("kind", None)
        if kind not in KINDS:
            raise ControlError(f"unknown kind {kind!r} (known: {', '.join(KINDS)})")
        match = _made(Match, params.pop("match", {}))
        effect = _made(KINDS[kind], params)
        self._last_id += 1
        self._faults.append(Fault(self._last_id, kind, match, effect))
        return self._last_id

    def clear(self, fault_id: Optional[int] = None) -> int:
        """Remove one fault or all, waking what stalls in them; returns how many there were."""
        gone = [fault for fault in self._faults if fault_id in (None, fault.id)]
        for fault in gone:
            fault.effect.released.set()
            self._faults.remove(fault)
        return len(gone)

    def apply(self, exchange: Exchange) -> None:
        """Give the exchange the effect of the first fault that hits it."""
        for fault in self._faults:
            if fault.hit(exchange):
                exchange.afflict(fault.kind, fault.effect)
                return

    def as_json(self) -> List[Dict[str, Any]]:
        return [fault.as_json() for fault in self._faults]


def _made(kind: Type[_Made], params: Mapping[str, Any]) -> _Made:
    known = {f.name for f in dataclasses.fields(kind) if f.init}
    unknown = set(params) - known
    if unknown:
        raise ControlError(f"unknown keys {sorted(unknown)} (known: {sorted(known)})")
    return kind(**params)
