"""multipart/form-data, taken apart as it arrives.

aiohttp's own reader searches line by line and holds what it reads; this one feeds each part's
SHA-256 straight from the received chunks, so that neither time nor memory depend on the size.
"""

from __future__ import annotations

import enum
import hashlib
from email.message import Message
from email.parser import HeaderParser
from typing import List, Optional

from onekey_standin.model import Part

#: Bytes of each part that are kept, to tell what it is.
HEAD_BYTES = 16 * 1024
_HEADER_LIMIT = 16 * 1024
_PARTS_LIMIT = 16


class MultipartError(ValueError):
    """The body is no well-formed multipart/form-data."""


class _State(enum.Enum):
    PREAMBLE = enum.auto()
    DELIMITER = enum.auto()
    HEADERS = enum.auto()
    CONTENT = enum.auto()
    EPILOGUE = enum.auto()


class _OpenPart:
    """The part that is being received."""

    def __init__(self, headers: bytes) -> None:
        message = HeaderParser().parsestr(headers.decode("utf-8", "replace"))
        name = message.get_param("name", header="content-disposition")
        if message.get_content_disposition() != "form-data" or not isinstance(name, str):
            raise MultipartError("a part without Content-Disposition: form-data; name=...")
        self._name = name
        self._filename = message.get_filename()
        self._content_type: Optional[str] = message["Content-Type"]
        self._digest = hashlib.sha256()
        self._size = 0
        self._head = b""

    def feed(self, data: memoryview) -> None:
        self._digest.update(data)
        self._size += len(data)
        if len(self._head) < HEAD_BYTES:
            self._head += bytes(data[:HEAD_BYTES - len(self._head)])

    def close(self) -> Part:
        return Part(self._name, self._filename, self._content_type, self._size,
                    self._digest.hexdigest(), self._head)


class MultipartReader:
    """Push parser: `feed()` the body's chunks, then `finish()`."""

    def __init__(self, content_type: str) -> None:
        message = Message()
        message["Content-Type"] = content_type
        boundary = message.get_boundary()
        if message.get_content_type() != "multipart/form-data" or not boundary:
            raise MultipartError(f"not multipart/form-data with a boundary: {content_type!r}")
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        # A body starts with its first delimiter, without the line end that belongs to the others.
        self._rest = b"\r\n"
        self._state = _State.PREAMBLE
        self._part: Optional[_OpenPart] = None
        self._parts: List[Part] = []

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        data = self._rest + chunk
        position: Optional[int] = 0
        done = 0
        while position is not None:
            done = position
            if self._state in (_State.PREAMBLE, _State.CONTENT):
                position = self._to_delimiter(data, done)
                if position is None:
                    done = max(done, len(data) - len(self._delimiter) + 1)
            elif self._state is _State.DELIMITER:
                position = self._after_delimiter(data, done)
            elif self._state is _State.HEADERS:
                position = self._headers(data, done)
            else:
                done, position = len(data), None
        self._rest = data[done:]

    def finish(self) -> List[Part]:
        """The parts, once the body has ended."""
        if self._state is not _State.EPILOGUE:
            raise MultipartError("the body ends before its last delimiter")
        return self._parts

    # Each step consumes data from `start` and returns where the next one starts, or None when it
    # needs more bytes than there are.

    def _to_delimiter(self, data: bytes, start: int) -> Optional[int]:
        found = data.find(self._delimiter, start)
        # The last bytes may be the start of a delimiter that the next chunk completes.
        end = found if found >= 0 else max(start, len(data) - len(self._delimiter) + 1)
        if self._part:
            self._part.feed(memoryview(data)[start:end])
        if found < 0:
            return None
        if self._part:
            self._parts.append(self._part.close())
            self._part = None
        self._state = _State.DELIMITER
        return found + len(self._delimiter)

    def _after_delimiter(self, data: bytes, start: int) -> Optional[int]:
        mark = data[start:start + 2]
        if len(mark) < 2:
            return None
        if mark == b"--":
            self._state = _State.EPILOGUE
        elif mark == b"\r\n":
            if len(self._parts) == _PARTS_LIMIT:
                raise MultipartError(f"more than {_PARTS_LIMIT} parts")
            self._state = _State.HEADERS
        else:
            raise MultipartError("garbage after a delimiter")
        return start + 2

    def _headers(self, data: bytes, start: int) -> Optional[int]:
        end = data.find(b"\r\n\r\n", start)
        if end - start > _HEADER_LIMIT or (end < 0 and len(data) - start > _HEADER_LIMIT):
            raise MultipartError("a part's headers are too long")
        if end < 0:
            return None
        self._part = _OpenPart(data[start:end])
        self._state = _State.CONTENT
        return end + 4
