"""Listens, tells where, and ends cleanly."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from aiohttp import web

from onekey_standin.api import BASE_PATH, Api
from onekey_standin.control import Control
from onekey_standin.faults import FaultBook
from onekey_standin.platform_state import Platform
from onekey_standin.request_log import RequestLog

#: Received bytes that wait for their handler before the socket is left alone.
_READ_AHEAD = 1 << 20
_CONTROL_BODY_LIMIT = 16 << 20
_BACKLOG = 1024
#: How long running requests may take at the end; one that stalls on request is not waited for.
_SHUTDOWN_SECONDS = 0.2


@dataclass(frozen=True)
class ListenOptions:
    """Where and how to listen."""

    host: str
    port: int
    port_file: Optional[Path] = None
    tls_cert: Optional[Path] = None
    tls_key: Optional[Path] = None
    exit_after: Optional[float] = None


async def serve(platform: Platform, log: RequestLog, options: ListenOptions) -> None:
    """Serve until SIGTERM, SIGINT or `exit_after`."""
    stop = _stop_event(options.exit_after)
    runner = web.AppRunner(_application(platform, log), access_log=None,
                           read_bufsize=_READ_AHEAD)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, ssl_context=_tls(options),
                           backlog=_BACKLOG, shutdown_timeout=_SHUTDOWN_SECONDS)
        await site.start()
        _announce(runner.addresses[0][1], options)
        await stop.wait()
    finally:
        await runner.cleanup()


def _application(platform: Platform, log: RequestLog) -> web.Application:
    faults = FaultBook()
    application = web.Application(client_max_size=_CONTROL_BODY_LIMIT)
    Control(platform, faults, log).add_routes(application.router)
    application.router.add_route("*", BASE_PATH + "/{path:.*}", Api(platform, faults, log).handle,
                                 expect_handler=_leave_expect_to_handler)
    return application


async def _leave_expect_to_handler(request: web.Request) -> None:
    """aiohttp would say 100 Continue at once; the handler says it when it wants the body."""


def _tls(options: ListenOptions) -> Optional[ssl.SSLContext]:
    if options.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.tls_cert, options.tls_key)
    return context


def _announce(port: int, options: ListenOptions) -> None:
    if options.port_file:
        partial = options.port_file.with_name(options.port_file.name + ".part")
        partial.write_text(f"{port}\n")
        os.replace(partial, options.port_file)
    scheme = "https" if options.tls_cert else "http"
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(f"listening on {scheme}://{host}:{port}{BASE_PATH}", flush=True)


def _stop_event(seconds: Optional[float]) -> asyncio.Event:
    """Set by the signals that end a server, or after some seconds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    return stop
