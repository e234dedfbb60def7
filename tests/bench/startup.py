#!/usr/bin/python3
"""How long `list-tenants` takes to its first request, beside the official Python client.

    startup.py [--agent FILE] [--official DIR] [--python FILE] [--runs N]

Both are started in turn, N times each, against a small server on loopback in this process: first
over plain HTTP, then over TLS. The clock starts right before the process is made and stops when
its first request can be read (over TLS: after the handshake); so it holds loading, linking,
reading certificates, all that a pipeline waits for. One run of each, not counted, comes first:
what is on the disk is then in memory, and Python's byte code is written.

The peer is the official client, if DIR (a checkout of it) is given; else its lower bound: the
same interpreter imports the libraries that the client imports before it asks anything, and sends
the same first request. The output says which it was. Over TLS the agent verifies the server with
the system's certificates and one more; the peer does not, as it can be told of no authority but
its own, so the comparison is in the peer's favour.

Exit: 0 when neither ratio is above --at-most, 1 when one is, 69 when no peer can be run here.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import selectors
import signal
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, NamedTuple, NoReturn, Optional

REPOSITORY = Path(__file__).resolve().parents[2]
TOKEN = "11111111-2222-4333-8444-555555555555/bench"
RUN_SECONDS = 60.0
UNAVAILABLE = 69

#: What client.py and the cli/ folder of the official client import, then its first request.
LOWER_BOUND = """
import sys
from importlib import resources
import click
import httpx
from authlib.jose import jwt
from authlib.oidc.core import IDToken
from junit_xml import TestCase, TestSuite
from pydantic import BaseModel, parse_obj_as
client = httpx.Client(base_url=sys.argv[1], verify=sys.argv[2] != "unverified")
client.get("/id-token-public-key.pem").raise_for_status()
"""

#: Of what the times depend on; asked of the peer's own interpreter.
VERSIONS = """
import platform
from importlib.metadata import version
names = ["httpx", "pydantic", "authlib", "click"]
print(f"Python {platform.python_version()}", *(f"{n} {version(n)}" for n in names), sep=", ")
"""


class Candidate(NamedTuple):
    """Something that is started: how, and with what in its environment."""

    name: str
    words: List[str]
    environment: Dict[str, str]


class Ending(NamedTuple):
    """Of a process: when its first request came and when it ended, by our clock; its exit code."""

    first: Optional[float]
    end: float
    code: int


class Times(NamedTuple):
    """Of one run, in milliseconds."""

    request: float
    whole: float


def give_up(reason: str) -> NoReturn:
    print(f"startup.py: {reason}", file=sys.stderr)
    sys.exit(UNAVAILABLE)


# --- the server -----------------------------------------------------------------------------------


def answer_to(head: bytes) -> bytes:
    """Whose token it is; for the official client's two keys anything does: it only keeps them."""
    body = (json.dumps({"data": {"tenant": {"name": "Bench"}, "user": {"email": "a@b.c"}}})
            if head.startswith(b"POST") else "key")
    return (f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
            f"\r\n\r\n{body}").encode()


class Server:
    """Serves one process at a time, in this thread: nothing competes with the clock."""

    def __init__(self, tls: Optional[ssl.SSLContext]) -> None:
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/api"

    def serve(self, pid: int) -> Ending:
        """Until process `pid` ends."""
        first: Optional[float] = None
        process = os.pidfd_open(pid)
        deadline = time.monotonic() + RUN_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(process, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in
                         selector.select(max(0.0, deadline - time.monotonic()))]
                now = time.monotonic()
                if not ready:
                    os.kill(pid, signal.SIGKILL)
                if process in ready:
                    break
                if self._serve_ready(selector, ready) and first is None:
                    first = now
            self._close_all(selector)
        os.close(process)
        return Ending(first, now, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    def _serve_ready(self, selector: selectors.BaseSelector, ready: List[object]) -> bool:
        """Takes connections and answers; whether a request was among what came."""
        asked = False
        for connection in ready:
            if connection is self._listener:
                selector.register(self._accept(), selectors.EVENT_READ)
            elif self._answer(connection):
                asked = True
            else:
                selector.unregister(connection)
                connection.close()
        return asked

    def _accept(self) -> socket.socket:
        connection = self._listener.accept()[0]
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    @staticmethod
    def _answer(connection: socket.socket) -> bool:
        """Reads one request and answers it; false when the other side closed."""
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(65536)
            if not part:
                return False
            head += part
        head, _, body = head.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
        while length and len(body) < int(length[1]):
            body += connection.recv(65536)
        connection.sendall(answer_to(head))
        return True

    def _close_all(self, selector: selectors.BaseSelector) -> None:
        for key in list(selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket) and key.fileobj is not self._listener:
                key.fileobj.close()


def run_once(server: Server, candidate: Candidate) -> Times:
    null = os.open(os.devnull, os.O_RDWR)
    errors = os.memfd_create("stderr")
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1),
               (os.POSIX_SPAWN_DUP2, errors, 2)]
    start = time.monotonic()
    # Not fork(): how much memory this process holds has no part in it.
    pid = os.posix_spawn(candidate.words[0], candidate.words, candidate.environment,
                         file_actions=actions)
    ending = server.serve(pid)
    os.lseek(errors, 0, os.SEEK_SET)
    with os.fdopen(errors, errors="replace") as told:
        said = told.read().strip()
    os.close(null)
    if ending.code != 0 or ending.first is None:
        give_up(f"{candidate.name} ended with {ending.code}: {said[-500:]}")
    return Times((ending.first - start) * 1000, (ending.end - start) * 1000)


# --- who runs -------------------------------------------------------------------------------------


def make_tls(folder: Path) -> ssl.SSLContext:
    """A server's side with a new certificate, which is folder/cert.pem."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=bench",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def plain_environment(folder: Path, url: str) -> Dict[str, str]:
    """Nobody's own settings; Python's byte code is written here, not beside the sources."""
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8",
            "PYTHONPYCACHEPREFIX": str(folder / "pycache"),
            "ONEKEY_TOKEN": TOKEN, "ONEKEY_API_URL": url}


def make_candidates(options: argparse.Namespace, folder: Path, url: str) -> List[Candidate]:
    """The agent and its peer, for a server at `url`."""
    tls = url.startswith("https")
    agent = [str(options.agent), *(["--ca-file", str(folder / "cert.pem")] if tls else [])]
    if options.official:
        peer = [options.python, "-m", "onekey_client.cli.cli",
                *(["--disable-tls-verify"] if tls else []), "list-tenants"]
    else:
        peer = [options.python, "-c", LOWER_BOUND, url, "unverified" if tls else "verified"]
    environment = plain_environment(folder, url)
    with_client = {"PYTHONPATH": str(options.official.resolve())} if options.official else {}
    return [Candidate("onekey-agent", [*agent, "list-tenants"], environment),
            Candidate("official client" if options.official else "its lower bound", peer,
                      {**environment, **with_client})]


def describe(options: argparse.Namespace) -> str:
    asked = subprocess.run([options.python, "-c", VERSIONS], capture_output=True, text=True)
    if asked.returncode != 0:
        give_up(f"the peer cannot be run by {options.python}: "
                f"{asked.stderr.strip().splitlines()[-1]}; install python3-httpx python3-pydantic "
                "python3-authlib python3-click python3-junit.xml")
    what = (f"the official client in {options.official}" if options.official else
            "the official client's lower bound: its imports and its first request")
    return f"{what} ({asked.stdout.strip()})"


# --- figures --------------------------------------------------------------------------------------


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--agent", type=Path, default=REPOSITORY / "build/onekey-agent",
                        help="a Release build (build/onekey-agent)")
    parser.add_argument("--official", type=Path, help="a checkout of the official client")
    parser.add_argument("--python", default="/usr/bin/python3", help="what runs the peer")
    parser.add_argument("--runs", type=int, default=21, help="of each (21)")
    parser.add_argument("--at-most", type=float, default=0.1, metavar="SHARE",
                        help="of the peer's time to its first request (0.1)")
    options = parser.parse_args()
    if not options.agent.is_file():
        parser.error(f"{options.agent} is not there: build it, or name it with --agent")
    if options.runs < 1:
        parser.error("--runs must be 1 or more")
    return options


def measure(server: Server, candidates: List[Candidate], count: int) -> List[List[Times]]:
    """The runs of each candidate, taken in turn: what slows this machine down slows all of them."""
    for candidate in candidates:
        run_once(server, candidate)
    rounds = [[run_once(server, candidate) for candidate in candidates] for _ in range(count)]
    return [list(runs) for runs in zip(*rounds)]


def print_table(transport: str, candidates: List[Candidate], runs: List[List[Times]]) -> float:
    """Returns the ratio of the medians to the first request; medians, since others may use this
    machine and make single runs slow."""
    print(f"\n{transport:18}{'to its first request':>24}{'to its end':>24}")
    print(f"{'':18}" + f"{'min':>12}{'median':>12}" * 2)
    medians = []
    for candidate, times in zip(candidates, runs):
        columns = [[run.request for run in times], [run.whole for run in times]]
        medians.append([statistics.median(column) for column in columns])
        print(f"{candidate.name:18}" + "".join(
            f"{min(column):9.1f} ms{statistics.median(column):9.1f} ms" for column in columns))
    ratios = [ours / theirs for ours, theirs in zip(*medians)]
    print(f"{'ratio':18}" + "".join(f"{'':12}{ratio:12.3f}" for ratio in ratios))
    return ratios[0]


def main() -> int:
    options = read_options()
    print(f"peer: {describe(options)}\n{options.runs} runs each, in turn")
    ratios = []
    with tempfile.TemporaryDirectory(prefix="startup.") as name:
        for transport, tls in (("plain HTTP", None), ("TLS", make_tls(Path(name)))):
            server = Server(tls)
            candidates = make_candidates(options, Path(name), server.url)
            runs = measure(server, candidates, options.runs)
            ratios.append(print_table(transport, candidates, runs))
    reached = max(ratios) <= options.at_most
    print(f"\nat most {options.at_most} of the peer's time to the first request: "
          + ("reached" if reached else "NOT reached"))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
