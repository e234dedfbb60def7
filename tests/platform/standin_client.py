"""Starts the stand-in platform for a test and steers it.

    with StandIn.start(analysis_seconds=0.2) as platform:
        platform.fault("status", path_prefix="/api/upload-firmware/", status=503, count=2)
        run_agent("--api-url", platform.url, "--token", platform.token)
        assert len(platform.state()["uploads"]) == 1

Standard library only. Nothing here sleeps for a fixed time: every wait ends with its condition
and fails with TimeoutError at its bound.
"""

from __future__ import annotations

import json
import signal
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Type, Union

HERE = Path(__file__).resolve().parent
START_SECONDS = 20.0
STOP_SECONDS = 10.0

#: Keys of `StandIn.fault()` that say which requests a fault is for; all others are parameters.
MATCH_KEYS = frozenset(
    {"path_prefix", "operation", "method", "firmware", "token", "nth", "count", "after"}
)


class StandInError(RuntimeError):
    """The stand-in did not start, or refused a control request."""


def make_token(secret: str, tenant: str = "stand-in") -> str:
    """A token "<tenant uuid>/<secret>"; equal `tenant` gives the same tenant."""
    return f"{uuid.uuid5(uuid.NAMESPACE_DNS, tenant)}/{secret}"


class StandIn:
    """One running stand-in. Made by `start()`, ended by `stop()` or the `with` block's end."""

    def __init__(self, process: "subprocess.Popen[bytes]", directory: Path, scheme: str, host: str,
                 tokens: Mapping[str, str]) -> None:
        self.process = process
        self.directory = directory
        self.log_path = directory / "requests.jsonl"
        self.ca_file: Optional[Path] = directory / "ca.pem" if scheme == "https" else None
        self.tokens: Dict[str, str] = dict(tokens)
        self._scheme = scheme
        self._host = host
        self._temporary: Optional["tempfile.TemporaryDirectory[str]"] = None
        self.port = 0

    # -- life ------------------------------------------------------------------------------------

    @classmethod
    def start(
        cls,
        *,
        directory: Union[str, Path, None] = None,
        tokens: Optional[Mapping[str, str]] = None,
        tenant: str = "Stand-in",
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = False,
        analysis_seconds: float = 2.0,
        sbom_components: Optional[int] = None,
        seed: int = 0,
        product_groups: Sequence[str] = (),
        analysis_configurations: Sequence[str] = (),
        fail_products: Sequence[str] = (),
        settings: Optional[Mapping[str, Any]] = None,
        exit_after: float = 900.0,
    ) -> "StandIn":
        """Start a stand-in on a free port and wait until it listens.

        `directory` takes port file, request log and, with `tls`, the certificate; a temporary one
        is made (and removed by `stop()`) when it is not given. `tokens` maps labels to values; the
        first is `self.token`.
        """
        temporary = tempfile.TemporaryDirectory(prefix="standin.") if directory is None else None
        place = Path(temporary.name if temporary else str(directory))
        place.mkdir(parents=True, exist_ok=True)
        accepted = dict(tokens) if tokens else {"default": make_token("secret-" + str(seed))}
        port_file = place / "port"
        port_file.unlink(missing_ok=True)
        command: List[str] = [
            str(HERE / "standin"), "--host", host, "--port", str(port),
            "--port-file", str(port_file), "--log", str(place / "requests.jsonl"),
            "--tenant", tenant, "--analysis-seconds", str(analysis_seconds),
            "--seed", str(seed), "--exit-after", str(exit_after),
        ]
        if sbom_components is not None:
            command += ["--sbom-components", str(sbom_components)]
        if tls:
            command += ["--tls-self-signed", str(place)]
        for option, values in (
            ("--token", [f"{label}={value}" for label, value in accepted.items()]),
            ("--product-group", product_groups),
            ("--analysis-configuration", analysis_configurations),
            ("--fail-product", fail_products),
            ("--set", [f"{name}={','.join(value) if isinstance(value, (list, tuple)) else value}"
                       for name, value in (settings or {}).items()]),
        ):
            for value in values:
                command += [option, value]
        with open(place / "standin.err", "wb") as errors:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=errors)
        standin = cls(process, place, "https" if tls else "http", host, accepted)
        standin._temporary = temporary
        try:
            standin._await_port(port_file)
        except BaseException:
            standin.stop()
            raise
        return standin

    def _await_port(self, port_file: Path) -> None:
        def listening() -> bool:
            if self.process.poll() is not None:
                raise StandInError(f"stand-in ended with {self.process.returncode}: "
                                   + (self.directory / "standin.err").read_text())
            return port_file.exists()

        wait_until(listening, START_SECONDS, "the stand-in does not listen")
        self.port = int(port_file.read_text())

    def stop(self) -> int:
        """End it (SIGTERM, after a bound SIGKILL); returns its exit status. May be called again."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._temporary:
            self._temporary.cleanup()
            self._temporary = None
        return self.process.returncode

    def __enter__(self) -> "StandIn":
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.stop()

    # -- where and who ---------------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self._scheme}://{self._host}:{self.port}"

    @property
    def url(self) -> str:
        """The API's base, as in the agent's `api.url`."""
        return self.origin + "/api"

    @property
    def token(self) -> str:
        """The default token's value."""
        return next(iter(self.tokens.values()))

    # -- what happened ---------------------------------------------------------------------------

    def state(self) -> Dict[str, Any]:
        """Everything the platform knows: see GET /_control/state in README.md."""
        return dict(self._control("GET", "/state"))

    def requests(self, **wanted: Any) -> List[Dict[str, Any]]:
        """The request log, oldest first; keywords select by equality (`operation="..."`)."""
        if self.process.poll() is None:
            self.faults()  # A round trip: lines of all requests answered before it are written.
        entries = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [e for e in entries if all(e.get(key) == value for key, value in wanted.items())]

    def counts(self, since: Optional[Mapping[str, int]] = None) -> Dict[str, int]:
        """How many requests there were, by kind, from the start or since an earlier answer:

            mark = platform.counts()
            ...
            assert platform.counts(mark) == {"allFirmwares": 1, "sbom": 5000, "sbom 404": 1}

        Kinds are the GraphQL request's top-level fields ("tenant,user"), "sbom",
        "upload-firmware", "version", "keys", "other"; what had no 2xx is counted apart, under
        "sbom 404" or "sbom unanswered". No kind is there with 0."""
        found = Counter(self._control("GET", "/counts")["counts"])
        return dict(found - Counter(since or {}))

    def wait_for(self, condition: Callable[[Dict[str, Any]], Any], seconds: float = 30.0) -> Any:
        """Wait until `condition(state())` is true and return its value."""
        return wait_until(lambda: condition(self.state()), seconds, "the state was not reached")

    # -- misbehaviour ----------------------------------------------------------------------------

    def fault(self, kind: str, **keys: Any) -> int:
        """Add a fault; returns its number.

        Keys of MATCH_KEYS choose the requests, the others are the kind's parameters. Without
        `count` and `nth` it hits once; `count=None` hits until cleared.
        """
        match = {key: value for key, value in keys.items() if key in MATCH_KEYS}
        params = {key: value for key, value in keys.items() if key not in MATCH_KEYS}
        return int(self._control("POST", "/faults", {"kind": kind, "match": match, **params})["id"])

    def faults(self) -> List[Dict[str, Any]]:
        """The faults that are set, with how often each matched and hit."""
        return list(self._control("GET", "/faults")["faults"])

    def clear_faults(self, fault_id: Optional[int] = None) -> None:
        """Remove one fault, or all; a request that stalls in one goes on."""
        self._control("DELETE", "/faults" if fault_id is None else f"/faults/{fault_id}")

    def configure(self, **settings: Any) -> None:
        """Change settings (README.md lists them) while running."""
        self._control("POST", "/settings", settings)

    # -- tokens ----------------------------------------------------------------------------------

    def set_token(self, label: str, **keys: Any) -> None:
        """Change a token: expire_after_requests, expires_at, expired, rights, email."""
        self._control("POST", "/tokens", {"label": label, **keys})

    def add_token(self, label: str, value: Optional[str] = None, **keys: Any) -> str:
        """Accept one more token (of the default token's tenant unless the value's UUID differs)."""
        value = value or f"{self.token.partition('/')[0]}/secret-of-{label}"
        self.tokens[label] = value
        self.set_token(label, value=value, **keys)
        return value

    def expire_token(self, label: str = "default", *, after_requests: Optional[int] = None,
                     at: Optional[float] = None) -> None:
        """Let a token expire now, after some more requests, or at a time (seconds since 1970)."""
        if after_requests is not None:
            self.set_token(label, expire_after_requests=after_requests)
        elif at is not None:
            self.set_token(label, expires_at=at)
        else:
            self.set_token(label, expired=True)

    def revive_token(self, label: str = "default") -> None:
        """Undo every expiry of a token."""
        self.set_token(label, expired=False)

    # -- firmwares -------------------------------------------------------------------------------

    def add_firmwares(self, count: int = 1, **keys: Any) -> List[str]:
        """Create analysed firmwares that nobody uploaded; returns their IDs.

        `name`, `version`, `product` and `vendor` may have "{n}" in them, which counts from `first`
        (1 unless said); `product_group`, `token` and everything that change_firmware() takes."""
        return list(self._control("POST", "/firmwares", {"count": count, **keys})["ids"])

    def change_firmware(self, firmware_id: str, **keys: Any) -> None:
        """Change a firmware: result, vanished, components, revision, vex, stuck, restart, issues,
        cves, sbom_fault, name and more: see POST /firmwares/ID in README.md."""
        self._control("POST", f"/firmwares/{firmware_id}", keys)

    def change_firmwares(self, change: Mapping[str, Any], *, ids: Optional[Sequence[str]] = None,
                         **match: str) -> List[str]:
        """Change many at once, as change_firmware() does one; returns the IDs of those changed.

        They are those of `ids` (or all of every tenant) that fit the shell patterns `name`,
        `version`, `product`, `vendor`, `product_group`:

            platform.change_firmwares({"sbom_fault": "html"}, name="fw-1*")
        """
        body = {"change": dict(change), "match": match}
        if ids is not None:
            body["ids"] = list(ids)
        return list(self._control("PATCH", "/firmwares", body)["ids"])

    def break_sbom(self, firmware_id: str, kind: Optional[str]) -> None:
        """From now on its SBOM is "html", "json" (of another kind), "truncated", "empty",
        "no_components", "half_components" (the same half each time), "404", "403", "500"; None
        mends it."""
        self.change_firmware(firmware_id, sbom_fault=kind)

    def set_components(self, firmware_id: str,
                       components: Optional[Sequence[Mapping[str, Any]]]) -> None:
        """The exact components: {"name", "version", "purl", "licence", "sha256"}, all but the name
        as you like; without "purl" a generic one, with null none. None: made up as before."""
        self.change_firmware(firmware_id, components_list=None if components is None
                             else [dict(one) for one in components])

    def vanish(self, firmware_id: str, *, again: bool = False) -> None:
        """Take a firmware out of the tenant, or bring it back (`again`)."""
        self.change_firmware(firmware_id, vanished=not again)

    def analyse_again(self, firmware_id: str, seconds: float = 3600.0) -> None:
        """A new analysis starts, QUEUED then RUNNING, and takes that long; `seconds` 0 ends it."""
        self.change_firmware(firmware_id, analysis_seconds=seconds, restart=True)

    # -- transport -------------------------------------------------------------------------------

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.origin + "/_control" + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        context = ssl.create_default_context(cafile=str(self.ca_file)) if self.ca_file else None
        handlers: List[Any] = [urllib.request.ProxyHandler({})]
        if context:
            handlers.append(urllib.request.HTTPSHandler(context=context))
        try:
            with urllib.request.build_opener(*handlers).open(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise StandInError(f"{method} {path}: {error.read().decode()}") from None


def wait_until(condition: Callable[[], Any], seconds: float, complaint: str) -> Any:
    """Try `condition` every few milliseconds until it is true; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{complaint} within {seconds} s")
        time.sleep(0.01)
