"""The schema's text, and what a platform of another day may lack of it."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import FrozenSet, Iterable, Tuple

from onekey_standin import graphql_shim


@functools.lru_cache(1)
def sdl() -> str:
    """The whole schema."""
    return Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8")


@functools.lru_cache(1)
def _removable() -> FrozenSet[str]:
    return graphql_shim.removable(sdl())


def lacking(names: Iterable[str]) -> Tuple[str, ...]:
    """`names` ("Type.field") in order; ValueError when the schema cannot do without them."""
    lacks = frozenset(names)
    if lacks - _removable():
        raise ValueError(f"no field to leave out: {', '.join(sorted(lacks - _removable()))}")
    left = {name.partition(".")[0] for name in _removable() - lacks}
    bare = {name.partition(".")[0] for name in lacks} - left
    if bare:
        raise ValueError(f"no field would be left of {', '.join(sorted(bare))}")
    return tuple(sorted(lacks))
