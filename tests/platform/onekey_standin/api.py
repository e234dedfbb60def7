"""The API under /api: finds the endpoint, checks the token, applies faults, writes the log."""

from __future__ import annotations

from typing import List, Optional

from aiohttp import http_exceptions, web

from onekey_standin import wire
from onekey_standin.endpoints import Endpoint
from onekey_standin.exchange import Exchange
from onekey_standin.faults import FaultBook
from onekey_standin.graphql_endpoint import GraphqlEndpoint
from onekey_standin.keys_endpoint import KeysEndpoint
from onekey_standin.platform_state import Platform
from onekey_standin.request_log import RequestLog
from onekey_standin.sbom_endpoint import SbomEndpoint
from onekey_standin.tokens import Token
from onekey_standin.upload_endpoint import UploadEndpoint
from onekey_standin.version_endpoint import VersionEndpoint
from onekey_standin.wire import Answer, Cut

BASE_PATH = "/api"


class Api:
    """Serves every request under /api."""

    def __init__(self, platform: Platform, faults: FaultBook, log: RequestLog) -> None:
        self._platform = platform
        self._faults = faults
        self._log = log
        self._endpoints: List[Endpoint] = [
            GraphqlEndpoint(platform, BASE_PATH), UploadEndpoint(platform), SbomEndpoint(platform),
            VersionEndpoint(), KeysEndpoint(),
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request and write its log line."""
        exchange = Exchange(request, self._platform)
        try:
            return await self._respond(exchange)
        except Cut as cut:
            return await exchange.cut(cut.how)
        except (ConnectionError, web.RequestPayloadError, http_exceptions.PayloadEncodingError):
            exchange.outcome = "client gone"
            return wire.NoAnswer()
        finally:
            self._log.write(exchange.entry())

    async def _respond(self, exchange: Exchange) -> web.StreamResponse:
        endpoint = self._find(exchange)
        if endpoint:
            exchange.operation = endpoint.operation
            await endpoint.prepare(exchange)
        self._faults.apply(exchange)
        answer = await exchange.effect.before(exchange)
        if answer is None:
            answer = await self._serve(exchange, endpoint)
            answer = await exchange.effect.change(exchange, answer)
        return await exchange.send(answer)

    def _find(self, exchange: Exchange) -> Optional[Endpoint]:
        path = exchange.request.path[len(BASE_PATH):]
        for endpoint in self._endpoints:
            found = endpoint.pattern.fullmatch(path)
            if found:
                exchange.path_id = found.group(1)
                return endpoint
        return None

    async def _serve(self, exchange: Exchange, endpoint: Optional[Endpoint]) -> Answer:
        token: Optional[Token] = None
        if endpoint is None or not endpoint.is_public:
            token = self._platform.tokens.admit(exchange.request.headers.get("Authorization"))
            if token is None:
                return self._unauthorized()
        if endpoint is None:
            return wire.errors_answer(404, "not_found", "no such path")
        if exchange.request.method != endpoint.method:
            return wire.errors_answer(405, "method_not_allowed", f"only {endpoint.method}")
        return await endpoint.serve(exchange, token)

    def _unauthorized(self) -> Answer:
        # Documented: 401 on every request. The body for API tokens is not known; the JSON form is
        # the one of ONEKEY's own login mocks.
        body = self._platform.settings.unauthorized_body
        if body == "html":
            return wire.html_answer(401)
        if body == "empty":
            return Answer(401, content_type="text/plain")
        return wire.errors_answer(401, "auth.failed", "Authentication failed")
