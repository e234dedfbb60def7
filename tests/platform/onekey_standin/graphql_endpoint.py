"""POST /graphql: a JSON object with `query`, optional `variables` and `operationName`.

Documented by the official client: application errors come with a 2xx status and a top-level
`errors` array. The status of a document that does not validate is a setting.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Dict, Iterator, Optional, Tuple, Union

from onekey_standin import wire
from onekey_standin.exchange import Exchange
from onekey_standin.graphql_shim import Result, Schema
from onekey_standin.platform_state import Platform
from onekey_standin.resolvers import RESOLVERS, Caller, Denied
from onekey_standin.schema import sdl
from onekey_standin.tokens import Token
from onekey_standin.wire import Answer

_LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True)
class _Call:
    """A well-formed request body."""

    query: str
    variables: Dict[str, Any]
    operation: Optional[str]


@functools.lru_cache(16)
def _schema_without(lacks: Tuple[str, ...]) -> Schema:
    return Schema(sdl(), RESOLVERS, lacks)


class GraphqlEndpoint:
    """Executes queries and mutations against the schema."""

    operation = "graphql"
    method = "POST"
    pattern = re.compile(r"/(graphql)")
    is_public = False

    def __init__(self, platform: Platform, base_path: str) -> None:
        self._platform = platform
        self._base_path = base_path

    @property
    def _schema(self) -> Schema:
        return _schema_without(self._platform.settings.schema_lacks)

    async def prepare(self, exchange: Exchange) -> None:
        """Read the body: only it tells the operation that a fault may be for."""
        body = await exchange.read(_LIMIT)
        if body is None:
            return
        exchange.body_sha256 = hashlib.sha256(body).hexdigest()
        exchange.payload = body
        call = _parsed(body)
        if isinstance(call, _Call):
            name, exchange.fields = self._schema.describe(call.query, call.operation)
            exchange.operation = name or self.operation
            exchange.firmware_names = set(self._names(call.variables))

    def _names(self, value: Any) -> Iterator[str]:
        """All strings in the variables, and the firmware names behind those that are IDs."""
        if isinstance(value, str):
            yield value
            yield self._platform.name_of(value) or value
        elif isinstance(value, (dict, list)):
            for item in value.values() if isinstance(value, dict) else value:
                yield from self._names(item)

    async def serve(self, exchange: Exchange, token: Token) -> Answer:
        if exchange.payload is None:
            return _errors(413, f"more than {_LIMIT} bytes")
        if exchange.request.content_type != "application/json":
            return _errors(415, "Content-Type must be application/json")
        call = _parsed(exchange.payload)
        if not isinstance(call, _Call):
            return _errors(400, call)
        request = exchange.request
        base_url = f"{request.scheme}://{request.host}{self._base_path}"
        result = self._schema.execute(call.query, call.variables, call.operation,
                                      Caller(self._platform, token, base_url))
        return self._answer(result)

    def _answer(self, result: Result) -> Answer:
        settings = self._platform.settings
        denied = next((error for error in result.raised if isinstance(error, Denied)), None)
        if denied and settings.denied_style == "403":
            return wire.errors_answer(403, "auth.forbidden", str(denied))
        body: Dict[str, Any] = {"data": result.data} if result.valid else {}
        if result.errors:
            body["errors"] = result.errors
        return wire.json_answer(body, 200 if result.valid else settings.graphql_error_status)


def _errors(status: int, message: str) -> Answer:
    return wire.json_answer({"errors": [{"message": message}]}, status)


def _parsed(body: bytes) -> Union[_Call, str]:
    """The call, or what is wrong with it."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(value, dict) or not isinstance(value.get("query"), str):
        return "a JSON object with a string `query` was expected"
    variables, operation = value.get("variables"), value.get("operationName")
    if not isinstance(variables, (dict, type(None))):
        return "`variables` must be an object"
    if not isinstance(operation, (str, type(None))):
        return "`operationName` must be a string"
    return _Call(value["query"], variables or {}, operation)
