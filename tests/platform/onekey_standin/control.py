"""Control of the stand-in by tests, under /_control: JSON, no token."""

from __future__ import annotations

import json
from typing import Any, Awaitable, Callable, Dict

from aiohttp import web

from onekey_standin.faults import FaultBook
from onekey_standin.platform_state import ControlError, Platform
from onekey_standin.request_log import RequestLog
from onekey_standin.settings import SettingError
from onekey_standin.tokens import TokenError

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Handlers of the control API; README.md describes them."""

    def __init__(self, platform: Platform, faults: FaultBook, log: RequestLog) -> None:
        self._platform = platform
        self._faults = faults
        self._log = log

    def add_routes(self, router: web.UrlDispatcher) -> None:
        for method, path, handler in (
            ("GET", "/state", self._state),
            ("GET", "/counts", self._counts),
            ("GET", "/faults", self._list_faults),
            ("POST", "/faults", self._add_fault),
            ("DELETE", "/faults", self._clear_faults),
            ("DELETE", "/faults/{id}", self._clear_faults),
            ("POST", "/settings", self._settings),
            ("POST", "/tokens", self._token),
            ("DELETE", "/tokens/{label}", self._delete_token),
            ("POST", "/firmwares", self._add_firmwares),
            ("PATCH", "/firmwares", self._change_firmwares),
            ("POST", "/firmwares/{id}", self._change_firmware),
        ):
            router.add_route(method, "/_control" + path, _guarded(handler))

    async def _state(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({**self._platform.as_json(), "faults": self._faults.as_json()})

    async def _counts(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"counts": self._log.counts})

    async def _list_faults(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"faults": self._faults.as_json()})

    async def _add_fault(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": self._faults.add(await _body(request))})

    async def _clear_faults(self, request: web.Request) -> web.StreamResponse:
        wanted = request.match_info.get("id")
        return web.json_response({"cleared": self._faults.clear(int(wanted) if wanted else None)})

    async def _settings(self, request: web.Request) -> web.StreamResponse:
        self._platform.settings.update(await _body(request))
        return web.json_response(vars(self._platform.settings))

    async def _token(self, request: web.Request) -> web.StreamResponse:
        keys = await _body(request)
        label = str(keys.pop("label", ""))
        value = keys.pop("value", None)
        if value is not None:
            self._platform.add_token(label, str(value))
        token = self._platform.tokens.get(label)
        token.change(keys)
        return web.json_response(token.as_json())

    async def _delete_token(self, request: web.Request) -> web.StreamResponse:
        self._platform.tokens.delete(request.match_info["label"])
        return web.json_response({})

    async def _add_firmwares(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"ids": self._platform.import_firmwares(await _body(request))})

    async def _change_firmwares(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"ids": self._platform.change_firmwares(await _body(request))})

    async def _change_firmware(self, request: web.Request) -> web.StreamResponse:
        self._platform.change_firmware(request.match_info["id"], await _body(request))
        return web.json_response({})


async def _body(request: web.Request) -> Dict[str, Any]:
    value = json.loads(await request.text())
    if not isinstance(value, dict):
        raise ControlError("a JSON object was expected")
    return value


def _guarded(handler: _Handler) -> _Handler:
    """Turn what makes no sense into a 400 that says why."""
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ControlError, SettingError, TokenError, TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)

    return guarded
