"""The request log: one JSON line per request, without any secret."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Mapping, Optional, Type


class RequestLog:
    """Appends to a file, or does nothing without one."""

    def __init__(self, path: Optional[Path]) -> None:
        self._file: Optional[IO[str]] = open(path, "a", encoding="utf-8") if path else None

    def write(self, entry: Mapping[str, Any]) -> None:
        if self._file:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()

    def __enter__(self) -> "RequestLog":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if self._file:
            self._file.close()
