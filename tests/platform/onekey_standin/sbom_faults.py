"""What can be wrong with one firmware's SBOM, download after download.

Unlike the faults of effects.py these belong to a firmware, and end when a test takes them away.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Sequence

from onekey_standin import wire
from onekey_standin.contents import Component
from onekey_standin.wire import Answer

#: What comes in the place of the document.
INSTEAD: Dict[str, Callable[[], Answer]] = {
    "html": lambda: wire.html_answer(200),
    "json": lambda: wire.json_answer({"status": "ok", "items": [{"name": "not a component"}]}),
    "empty": lambda: Answer(200),
    "404": lambda: wire.errors_answer(404, "not_found", "no SBOM"),
    "403": lambda: wire.errors_answer(403, "auth.forbidden", "missing permission: view firmware"),
    "500": lambda: wire.errors_answer(500, "internal", "the export failed"),
}

#: Which components are left in a document that is sound otherwise.
_KEPT: Dict[str, Callable[[Sequence[Component]], Sequence[Component]]] = {
    "no_components": lambda found: [],
    "half_components": lambda found: found[:len(found) // 2],
}

_TRUNCATED = "truncated"
KINDS = (*INSTEAD, *_KEPT, _TRUNCATED)


def checked(kind: object) -> Optional[str]:
    """A kind as a control request names it; null for none."""
    if kind is None:
        return None
    if str(kind) not in KINDS:
        raise ValueError(f"sbom_fault {kind!r} is none of {', '.join(KINDS)}")
    return str(kind)


def kept(kind: Optional[str], found: Sequence[Component]) -> List[Component]:
    """The components that the fault leaves; the first half is always the same one."""
    return list(_KEPT[kind](found) if kind in _KEPT else found)


def cut(kind: Optional[str], body: bytes) -> bytes:
    """The part of a document that the fault leaves; Content-Length will tell of no loss."""
    return body[:len(body) // 2] if kind == _TRUNCATED else body
