"""The request log: one JSON line per request, without any secret."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Mapping, Optional, Type


def kind(entry: Mapping[str, Any]) -> str:
    """What a request is counted as: "allFirmwares", "tenant,user", "sbom", "other", ...; and what
    did not end well apart from that: "sbom 404", "sbom unanswered"."""
    fields = ",".join(sorted(set(entry["fields"])))
    about = fields or entry["operation"] or "other"
    if entry["outcome"] != "answered":
        return f"{about} unanswered"
    return about if 200 <= entry["status"] < 300 else f"{about} {entry['status']}"


class RequestLog:
    """Counts, and appends to a file if there is one."""

    def __init__(self, path: Optional[Path]) -> None:
        self._file: Optional[IO[str]] = open(path, "a", encoding="utf-8") if path else None
        #: Requests by kind() since the start.
        self.counts: Counter[str] = Counter()

    def write(self, entry: Mapping[str, Any]) -> None:
        self.counts[kind(entry)] += 1
        if self._file:
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()

    def __enter__(self) -> "RequestLog":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        if self._file:
            self._file.close()
