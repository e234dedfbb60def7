"""What the end-to-end tests stand on: the real binary, the stand-in platform, both sides asserted.

    def test_an_image_reaches_the_platform(platform, agent):
        digest = agent.image("router/1.0/fw.bin")
        assert agent.once().code == 0
        assert_done_once(agent, platform, {"router/1.0/fw.bin": digest})

Nothing here sleeps and hopes: each wait has a condition, a bound and a text that says what was
awaited, and every process is ended when its time is over. Bounds are generous; under a sanitizer
they are `SLOW` times as long.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

from standin_client import StandIn

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("ONEKEY_AGENT_BINARY") or REPOSITORY / "build-dev/onekey-agent")

#: Built with AddressSanitizer: slower, and its memory says nothing.
SANITIZED = BINARY.is_file() and b"__asan_init" in BINARY.read_bytes()
SLOW = 4 if SANITIZED else 1

#: The agent's folder below a test's own, as `match` reads it: product/version/file.
MATCH = r"^(?<product>[^/]+)/(?<version>[^/]+)/(?:.*/)?[^/]+$"

COMMAND_SECONDS = 60.0
READY_SECONDS = 15.0

#: SPEC 10, word for word.
LIST_FIELDS = {
    "path", "watch", "sha256", "size", "state", "firmware_id", "name", "vendor", "product",
    "version", "product_group", "attempts", "error", "found_at", "uploaded_at", "analysed_at",
    "done_at", "aliases", "sboms",
}
SBOM_FIELDS = {
    "format", "kind", "spec_version", "components", "sha256", "size", "file", "fetched_at",
}
STATUS_FIELDS = {
    "version", "state", "pauses", "token", "items", "oldest_pending_seconds", "transfers",
    "watches", "exports",
}
STATES = {
    "found", "settling", "hashing", "pending", "registering", "uploading", "analysing", "fetching",
    "done", "duplicate", "unconfirmed", "held", "failed", "ignored", "gone",
}


# --- waiting, files -----------------------------------------------------------------------------


def wait_until(condition: Callable[[], Any], seconds: float, awaited: str) -> Any:
    """The first true value of `condition`; fails with what was `awaited` after `seconds`."""
    deadline = time.monotonic() + seconds * SLOW
    pause = 0.01
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * SLOW:.0f} s for this: {awaited}; "
                                 f"last seen: {value!r}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)


def image_bytes(size: int, seed: Any) -> bytes:
    """Bytes that look like firmware to nobody, the same for the same seed."""
    return random.Random(f"image {seed}").randbytes(size)


def make_image(path: Path, size: int = 20_000, seed: Any = None) -> str:
    """Writes a file in one go and returns its SHA-256; `seed` is the path unless given."""
    content = image_bytes(size, path if seed is None else seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def sha256_of(path: Path) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> Dict[str, Any]:
    """`base` with `over` laid upon it, mapping by mapping; None takes a key away."""
    out = dict(base)
    for key, value in over.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(out.get(key), Mapping):
            out[key] = merge(out[key], value)
        else:
            out[key] = value
    return out


# --- processes ----------------------------------------------------------------------------------


class Finished:
    """A command that ended: its exit code and what it wrote."""

    def __init__(self, args: Sequence[str], code: int, out: str, err: str) -> None:
        self.args, self.code, self.out, self.err = list(args), code, out, err

    def json(self) -> Any:
        return json.loads(self.out)

    def ok(self) -> "Finished":
        """Itself, after a look at the exit code."""
        assert self.code == 0, repr(self)
        return self

    def __repr__(self) -> str:
        return (f"{' '.join(self.args)} ended with {self.code}\n--- stdout\n{self.out[-3000:]}"
                f"\n--- stderr\n{self.err[-6000:]}")


class Daemon:
    """A process that goes on until it is told to end; normally `onekey-agent run`."""

    def __init__(self, agent: "Agent", process: "subprocess.Popen[bytes]", out: Path,
                 err: Path) -> None:
        self.agent, self.process, self.out_path, self.err_path = agent, process, out, err

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_ready(self, seconds: float = READY_SECONDS) -> "Daemon":
        """Until `status` is answered by a daemon."""
        def answers() -> bool:
            assert self.process.poll() is None, repr(self)
            # Asking before the socket is there would open the ledger in the daemon's way.
            if not (self.agent.state_dir / "control.sock").exists():
                return False
            asked = self.agent.command("--lock-wait", "1ms", "status", "--json")
            return asked.code == 0 and asked.json()["state"] != "stopped"

        wait_until(answers, seconds, "the daemon answers on its control socket")
        return self

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def log(self) -> str:
        return self.err_path.read_text(errors="replace")

    def out(self) -> str:
        return self.out_path.read_text(errors="replace")

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = 30.0) -> int:
        """Its exit code, negative for a signal; killed and failed when it does not come."""
        try:
            return self.process.wait(seconds * SLOW)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still there after {seconds * SLOW:.0f} s: {self!r}") from None

    def kill(self) -> None:
        """SIGKILL, as a power cut would: nothing is flushed."""
        self.process.kill()
        self.process.wait()

    def terminate(self, seconds: float = 30.0) -> int:
        """SIGTERM; a sound end is exit code 0, also for the sanitizers."""
        self.send(signal.SIGTERM)
        code = self.wait(seconds)
        assert code == 0, repr(self)
        return code

    def peak_rss_kib(self) -> int:
        """VmHWM of the process while it lives; 0 when it does no more. (Not ru_maxrss: that also
        counts what this Python held when it forked.)"""
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
        return 0

    def wait_peak(self, seconds: float) -> "tuple[int, int]":
        """Its exit code and the most memory it ever held, in KiB."""
        peak = [0]

        def ended() -> bool:
            peak[0] = max(peak[0], self.peak_rss_kib())
            return not self.is_alive()

        wait_until(ended, seconds, "the process ends by itself")
        return self.process.returncode, peak[0]

    def __repr__(self) -> str:
        return f"daemon {self.pid}, exit {self.process.poll()}\n--- stderr\n{self.log()[-6000:]}"


# --- the agent ----------------------------------------------------------------------------------

_ALERT_SCRIPT = """#!/bin/sh
# One line per alert, the environment beside it. The line is written whole or not at all.
payload=$(cat)
env > "$1.env.$$"
printf '%s\\n' "$payload" >> "$1"
"""


class Agent:
    """One agent with its configuration, folders and everything that it wrote.

    Keywords are sections of the configuration, laid upon the defaults of `_defaults()`; `watch` is
    laid upon the one watched folder, `watches` replaces the list.
    """

    def __init__(self, directory: Path, platform: StandIn, *, token: Optional[str] = None,
                 **sections: Any) -> None:
        self.directory = Path(directory)
        self.platform = platform
        self.builds = self.directory / "builds"
        self.state_dir = self.directory / "state"
        self.sboms = self.directory / "sboms"
        self.token_file = self.directory / "token"
        self.config_path = self.directory / "config.yaml"
        self.alerts_path = self.directory / "alerts.jsonl"
        self.captured = self.directory / "captured"
        self.token = platform.token if token is None else token
        self.daemons: List[Daemon] = []
        self._commands = 0
        for folder in (self.builds, self.captured):
            folder.mkdir(parents=True, exist_ok=True)
        self._write_script()
        self.set_token(self.token)
        self.config = self._defaults()
        self.configure(**sections)

    def _write_script(self) -> None:
        self.alert_script = self.directory / "alert.sh"
        self.alert_script.write_text(_ALERT_SCRIPT)
        self.alert_script.chmod(0o755)

    def _defaults(self) -> Dict[str, Any]:
        """Everything that takes time in earnest takes as little as the program permits."""
        return {
            "version": 1,
            "api": {"url": self.platform.url, "token_file": str(self.token_file),
                    "requests_per_second": 0},
            "state_dir": str(self.state_dir),
            "transfers": {"retry": {"base": "50ms", "cap": "400ms"}},
            "analysis": {"poll_interval": "200ms"},
            "watch": [{
                "name": "release", "path": str(self.builds), "include": ["**/*.bin"],
                "settle": "0s", "match": MATCH,
                "metadata": {"vendor": "Acme", "product": "{product}", "version": "{version}",
                             "name": "{vendor}-{product}-{version}-{stem}"},
            }],
            "sbom": {"directory": str(self.sboms)},
            "alerts": {"targets": [{"command": [str(self.alert_script), str(self.alerts_path)]}]},
            "log": {"level": "debug"},
            "shutdown_grace": "10s",
        }

    # -- configuration and input --------------------------------------------------------------

    def configure(self, *, watch: Optional[Mapping[str, Any]] = None,
                  watches: Optional[Sequence[Mapping[str, Any]]] = None, **sections: Any) -> None:
        """Lays sections upon the configuration and writes the file; JSON is YAML."""
        self.config = merge(self.config, sections)
        if watches is not None:
            self.config["watch"] = [dict(one) for one in watches]
        if watch is not None:
            self.config["watch"][0] = merge(self.config["watch"][0], watch)
        self.config_path.write_text(json.dumps(self.config, indent=2))

    def set_token(self, value: str) -> None:
        """Replaces the token file by rename, as its mode and an editor would."""
        fresh = self.token_file.with_name("token.new")
        fresh.write_text(value + "\n")
        fresh.chmod(0o600)
        fresh.rename(self.token_file)

    def image(self, relative: str, size: int = 20_000, seed: Any = None) -> str:
        """An image in the watched folder; returns its SHA-256."""
        return make_image(self.builds / relative, size, relative if seed is None else seed)

    def images(self, count: int, size: int = 20_000, folder: str = "router") -> Dict[str, str]:
        """`count` images, each of a version of its own: relative path to SHA-256."""
        paths = [f"{folder}/1.{number}/fw{number}.bin" for number in range(count)]
        return {path: self.image(path, size) for path in paths}

    # -- running it ------------------------------------------------------------------------------

    def environment(self, more: Optional[Mapping[str, str]] = None) -> Dict[str, str]:
        """Nobody's own ONEKEY_*, proxy or home takes part; sanitizer options do."""
        kept = {name: value for name, value in os.environ.items()
                if name == "PATH" or name.endswith("SAN_OPTIONS")}
        return {**kept, "HOME": str(self.directory), "LC_ALL": "C.UTF-8", **(more or {})}

    def _capture(self, words: Sequence[str]) -> "tuple[Path, Path]":
        self._commands += 1
        name = f"{self._commands:04d}-{'-'.join(w for w in words if w.isalpha())[:40]}"
        return self.captured / f"{name}.out", self.captured / f"{name}.err"

    def command(self, *words: Any, env: Optional[Mapping[str, str]] = None,
                seconds: float = COMMAND_SECONDS, stdin: str = "",
                with_config: bool = True) -> Finished:
        """A command to its end; stdout and stderr are also kept below the test's folder."""
        args = [str(BINARY), *(["--config", str(self.config_path)] if with_config else []),
                *(str(word) for word in words)]
        out, err = self._capture(args[1:])
        with open(out, "wb") as out_file, open(err, "wb") as err_file:
            process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=out_file,
                                       stderr=err_file, env=self.environment(env),
                                       cwd=self.directory)
            try:
                process.communicate(stdin.encode(), seconds * SLOW)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise AssertionError(f"{' '.join(args)} did not end within {seconds * SLOW:.0f} s\n"
                                     + err.read_text(errors="replace")[-6000:]) from None
        return Finished(args[1:], process.returncode, out.read_text(errors="replace"),
                        err.read_text(errors="replace"))

    def once(self, *words: Any, **keys: Any) -> Finished:
        return self.command("once", *words, **keys)

    def start(self, *words: Any, env: Optional[Mapping[str, str]] = None,
              with_config: bool = True) -> Daemon:
        """A process in the background; conftest.py ends what a test leaves behind."""
        args = [str(BINARY), *(["--config", str(self.config_path)] if with_config else []),
                *(str(word) for word in words)]
        out, err = self._capture(args[1:])
        with open(out, "wb") as out_file, open(err, "wb") as err_file:
            process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out_file,
                                       stderr=err_file, env=self.environment(env),
                                       cwd=self.directory)
        self.daemons.append(Daemon(self, process, out, err))
        return self.daemons[-1]

    def run(self, *words: Any, env: Optional[Mapping[str, str]] = None,
            ready: bool = True) -> Daemon:
        """The daemon; `ready`: wait until it answers."""
        daemon = self.start("run", *words, env=env)
        return daemon.wait_ready() if ready else daemon

    def stop_all(self) -> None:
        for daemon in self.daemons:
            if daemon.is_alive():
                daemon.kill()

    # -- what it says --------------------------------------------------------------------------

    def json(self, *words: Any) -> Any:
        """The document that a command prints with --json; it must succeed."""
        return self.command(*words, "--json").ok().json()

    def status(self) -> Dict[str, Any]:
        return dict(self.json("status"))

    def items(self) -> Dict[str, int]:
        """The states that any item is in, with how many."""
        return {state: count for state, count in self.status()["items"].items() if count}

    def list(self, *words: Any) -> List[Dict[str, Any]]:
        return list(self.json("list-firmwares", *words))

    def rows(self) -> Dict[str, Dict[str, Any]]:
        """list-firmwares by path relative to the watched folder; a path listed twice is a mistake
        here (a superseded row has the same path: use list() then)."""
        rows = self.list()
        paths = [self.relative(row["path"]) for row in rows]
        assert len(set(paths)) == len(paths), f"listed twice: {paths}"
        return dict(zip(paths, rows))

    def relative(self, path: str) -> str:
        return os.path.relpath(path, self.builds)

    def alerts(self, event: Optional[str] = None) -> List[Dict[str, Any]]:
        """What alerts.command got, in order."""
        if not self.alerts_path.exists():
            return []
        told = [json.loads(line) for line in self.alerts_path.read_text().splitlines()]
        return [alert for alert in told if event in (None, alert["event"])]

    def alert_environments(self) -> List[Dict[str, str]]:
        """The environment of each alert command."""
        texts = [path.read_text() for path in sorted(self.directory.glob("alerts.jsonl.env.*"))]
        return [dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
                for text in texts]

    def wait_items(self, wanted: Mapping[str, int], seconds: float = 30.0) -> None:
        """Until the states of all items are exactly these."""
        seen: List[Any] = [None]

        def reached() -> bool:
            seen[0] = self.items()
            return seen[0] == dict(wanted)

        try:
            wait_until(reached, seconds, f"items {dict(wanted)}")
        except AssertionError as error:
            raise AssertionError(f"{error}; items {seen[0]}; "
                                 + "; ".join(map(repr, self.daemons[-1:]))) from None

    def wait_alert(self, event: str, seconds: float = 20.0) -> Dict[str, Any]:
        return wait_until(lambda: self.alerts(event), seconds, f"an alert {event}")[0]

    def check_ledger(self) -> None:
        """The database of a stopped agent is sound."""
        with contextlib.closing(sqlite3.connect(self.state_dir / "ledger.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []

    def ledger(self, query: str, *values: Any) -> List[tuple]:
        """Reads the database of a stopped agent, as migrations/README.md invites people to."""
        with contextlib.closing(sqlite3.connect(self.state_dir / "ledger.db")) as db:
            return db.execute(query, values).fetchall()


# --- a pipeline's step ----------------------------------------------------------------------------


class Step:
    """upload-firmware as a pipeline calls it: no configuration file, the token in a file that the
    environment names. `state` is the --state-dir that its calls share, if any.

    Messages are a part of the product: `failed()` holds each to one line."""

    METADATA = ("--vendor", "Acme", "--product", "Router")

    def __init__(self, agent: Agent, *, state: Optional[Path] = None,
                 token_file: Optional[Path] = None) -> None:
        self.agent, self.platform = agent, agent.platform
        self.folder = agent.directory / "job"
        self.state = state
        self.env = {"ONEKEY_TOKEN_FILE": str(token_file or agent.token_file),
                    "ONEKEY_API_URL": agent.platform.url}

    def image(self, name: str = "fw.bin", size: int = 20_000, seed: Any = None) -> Path:
        path = self.folder / name
        make_image(path, size, name if seed is None else seed)
        return path

    def sbom(self, name: str = "fw.cdx.json", **fields: Any) -> Path:
        """A CycloneDX document that the platform imports, unless `fields` say otherwise."""
        document = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
                    "components": [{"type": "library", "name": "zlib", "version": "1.3"}]}
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(merge(document, fields)))
        return path

    def _words(self, words: Sequence[Any], metadata: Sequence[Any]) -> List[Any]:
        shared = ["--state-dir", self.state] if self.state else []
        return ["upload-firmware", *metadata, *shared, *words]

    def upload(self, *words: Any, metadata: Sequence[Any] = METADATA,
               env: Optional[Mapping[str, str]] = None, **keys: Any) -> Finished:
        return self.agent.command(*self._words(words, metadata), env={**self.env, **(env or {})},
                                  with_config=False, **keys)

    def start(self, *words: Any, metadata: Sequence[Any] = METADATA,
              env: Optional[Mapping[str, str]] = None) -> Daemon:
        return self.agent.start(*self._words(words, metadata), env={**self.env, **(env or {})},
                                with_config=False)

    def uploaded(self, *words: Any, **keys: Any) -> str:
        """The ID that a successful call printed, bare and alone, with nothing beside it."""
        told = self.upload(*words, **keys).ok()
        assert told.err == "", repr(told)
        return bare_id(told.out)

    def failed(self, code: int, *words: Any, **keys: Any) -> str:
        """The one line that says why a call ended with `code`."""
        told = self.upload(*words, **keys)
        assert told.code == code, repr(told)
        return the_line(told)

    def bodies(self) -> List[Dict[str, Any]]:
        """The requests that sent, or began to send, a file."""
        return self.platform.requests(operation="upload-firmware")


def bare_id(out: str) -> str:
    """stdout as a script takes it: an ID, a line end, no more."""
    text, end, rest = out.partition("\n")
    assert str(uuid.UUID(text)) == text and end == "\n" and rest == "", repr(out)
    return text


def the_line(told: Any) -> str:
    """Nothing on stdout, one line on stderr, without an escape sequence."""
    out, err = (told.out, told.err) if isinstance(told, Finished) else (told.out(), told.log())
    lines = err.splitlines()
    assert out == "" and len(lines) == 1 and lines[0].startswith("onekey-agent: "), repr(told)
    assert "\x1b" not in lines[0]
    return lines[0].partition(": ")[2]


# --- both sides ---------------------------------------------------------------------------------


def uploads_by_digest(platform: StandIn) -> Dict[str, int]:
    """How often the platform took each content."""
    return dict(Counter(upload["sha256"] for upload in platform.state()["uploads"]))


def assert_done_once(agent: Agent, platform: StandIn, images: Mapping[str, str],
                     **expected: Any) -> List[Dict[str, Any]]:
    """Each of `images` (relative path to SHA-256) is done in the ledger, on the platform exactly
    once, with the same ID and digest on both sides, and its SBOMs are valid files whose digest is
    the listed one. `expected` are further fields of every row. Returns the rows."""
    state = platform.state()
    taken = {upload["sha256"]: upload for upload in state["uploads"]}
    assert Counter(u["sha256"] for u in state["uploads"]) == Counter(set(images.values()))
    rows = agent.list()
    assert {agent.relative(r["path"]): r["sha256"] for r in rows} == dict(images)
    for row in rows:
        upload = taken[row["sha256"]]
        wanted = {"state": "done", "firmware_id": upload["firmware_id"], "size": upload["size"],
                  "name": upload["name"], "vendor": upload["vendor"],
                  "product": upload["product"], "version": upload["version"],
                  "product_group": upload["product_group"], "error": None, **expected}
        assert {key: row[key] for key in wanted} == wanted, row["path"]
        assert all(row[key] for key in ("found_at", "uploaded_at", "analysed_at", "done_at"))
        assert_sboms(agent, row)
    assert sum(f["sbom_downloads"] for f in state["firmwares"]) >= len(set(images.values()))
    return rows


def assert_sboms(agent: Agent, row: Mapping[str, Any]) -> None:
    """The row's SBOMs lie where it says, are what it says, and are valid."""
    assert row["sboms"], row
    for sbom in row["sboms"]:
        file = Path(sbom["file"])
        content = file.read_bytes()
        assert file.is_absolute() and file.is_relative_to(agent.sboms)
        assert (sbom["sha256"], sbom["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
        assert file.stat().st_mode & 0o777 == 0o644
        if sbom["kind"] == "cyclonedx-json":
            assert sbom["components"] == len(json.loads(content)["components"])


# --- a place for webhooks -----------------------------------------------------------------------


class Hook:
    """A small HTTP server that keeps what was posted to it: (headers, JSON)."""

    def __init__(self) -> None:
        self.posts: List[tuple] = []
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802, the base class's name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append((dict(self.headers), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def events(self, event: Optional[str] = None) -> List[Dict[str, Any]]:
        return [body for _, body in self.posts if event in (None, body["event"])]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


# --- secrets ------------------------------------------------------------------------------------


def files_with(directory: Path, *needles: bytes) -> Iterator[Path]:
    """The files below `directory` that hold one of `needles`."""
    for folder, _, names in os.walk(directory):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                if any(needle in content for needle in needles):
                    yield path
