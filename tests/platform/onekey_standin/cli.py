"""Command line of the stand-in."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import List, Optional, Tuple

from onekey_standin.platform_state import Platform
from onekey_standin.request_log import RequestLog
from onekey_standin.server import ListenOptions, serve
from onekey_standin.settings import SettingError, Settings
from onekey_standin.tls import write_self_signed
from onekey_standin.tokens import TokenError

#: Used when no --token is given, so that a first try needs no options. It opens nothing real.
DEFAULT_TOKEN = "11111111-2222-4333-8444-555555555555/standin-secret"


def _pair(text: str) -> Tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="standin",
        description="Stand-in for the ONEKEY API: GraphQL, uploads, analyses, SBOMs, and faults "
        "on request through /_control.",
    )
    add = parser.add_argument
    listening = parser.add_argument_group("listening")
    listening.add_argument("--host", default="127.0.0.1", help="address (default %(default)s)")
    listening.add_argument("--port", type=int, default=0, help="port; 0 takes a free one (default)")
    listening.add_argument("--port-file", type=Path, metavar="FILE",
                           help="write the port number here once listening (atomically)")
    listening.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve TLS: certificate")
    listening.add_argument("--tls-key", type=Path, metavar="FILE", help="serve TLS: its key")
    listening.add_argument("--tls-self-signed", type=Path, metavar="DIR",
                           help="serve TLS with a new certificate for localhost and --host; "
                           "writes DIR/ca.pem, DIR/cert.pem, DIR/key.pem")
    add("--log", type=Path, metavar="FILE", help="append one JSON line per request")
    add("--exit-after", type=float, metavar="SECONDS", help="end by itself after this time")
    add("--token", type=_pair, action="append", metavar="NAME=UUID/SECRET", default=[],
        help="accept this API token, called NAME in the log (repeatable; the first is the "
        f"default one; without any: {DEFAULT_TOKEN})")
    add("--tenant", default="Stand-in", help="name of the tenant (default %(default)s)")
    add("--product-group", action="append", metavar="NAME", help="default: Default, Routers")
    add("--analysis-configuration", action="append", metavar="NAME", help="default: Default, Fast")
    add("--fail-product", action="append", metavar="NAME", default=[],
        help="analyses of this product end FAILED (repeatable)")
    add("--analysis-seconds", type=float, metavar="SECONDS", default=Settings.analysis_seconds,
        help="from the upload to state DONE (default %(default)s)")
    add("--sbom-components", type=int, metavar="N", default=Settings.sbom_components,
        help="components per SBOM (default %(default)s)")
    add("--seed", type=int, default=0, help="changes IDs, components and findings")
    add("--set", type=_pair, action="append", metavar="SETTING=VALUE", default=[],
        help="choose a variant of undocumented behaviour; see README.md")
    return parser


def _platform(options: argparse.Namespace) -> Platform:
    settings = Settings()
    settings.update({"analysis_seconds": options.analysis_seconds,
                     "sbom_components": options.sbom_components})
    settings.update(dict(options.set))
    platform = Platform(
        settings,
        tenant_name=options.tenant,
        product_groups=options.product_group or ["Default", "Routers"],
        analysis_configurations=options.analysis_configuration or ["Default", "Fast"],
        fail_products=options.fail_product,
        seed=options.seed,
    )
    for label, value in options.token or [("default", DEFAULT_TOKEN)]:
        platform.add_token(label, value)
    return platform


def main(argv: Optional[List[str]] = None) -> int:
    """Run the stand-in until it is told to stop; returns the exit status."""
    parser = _parser()
    options = parser.parse_args(argv)
    if bool(options.tls_cert) != bool(options.tls_key):
        parser.error("--tls-cert and --tls-key go together")
    try:
        platform = _platform(options)
    except (SettingError, TokenError) as error:
        parser.error(str(error))
    if options.tls_self_signed:
        options.tls_cert, options.tls_key = write_self_signed(options.tls_self_signed, options.host)
    listen = ListenOptions(
        host=options.host, port=options.port, port_file=options.port_file,
        tls_cert=options.tls_cert, tls_key=options.tls_key, exit_after=options.exit_after,
    )
    try:
        with RequestLog(options.log) as log:
            asyncio.run(serve(platform, log, listen))
    except OSError as error:
        print(f"standin: {error}", file=sys.stderr)
        return 1
    return 0
