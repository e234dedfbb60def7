"""What every end-to-end test gets: a stand-in, an agent, and a look for the token at the end."""

import os
import random
import secrets
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "platform"))

from harness import BINARY, Agent, Hook, Step, files_with  # noqa: E402
from standin_client import StandIn, make_token  # noqa: E402


def pytest_sessionstart(session):
    if not BINARY.is_file():
        raise pytest.UsageError(f"{BINARY} is not there: build it, or name it in "
                                "ONEKEY_AGENT_BINARY")


def pytest_collection_modifyitems(config, items):
    """ONEKEY_TESTS_SAMPLE=PERCENT/SEED: so many of the tests, the same ones for the same seed."""
    sample = os.environ.get("ONEKEY_TESTS_SAMPLE")
    if not sample:
        return
    percent, _, seed = sample.partition("/")
    drawn = [random.Random(f"{seed} {item.nodeid}").randrange(100) < int(percent)
             for item in items]
    config.hook.pytest_deselected(items=[one for one, keep in zip(items, drawn) if not keep])
    items[:] = [one for one, keep in zip(items, drawn) if keep]


#: What a stand-in is like unless a test says otherwise: quick analyses.
USUAL = {"analysis_seconds": 0.2}


def fresh_secret():
    return f"e2e{secrets.token_hex(16)}"


class Pool:
    """The next usual stand-in starts while a test runs: that takes half a second each."""

    def __init__(self, folders):
        self._folders = folders
        self._thread = ThreadPoolExecutor(1)
        self._order()

    def _order(self):
        # The folder is made here: pytest's factory is not made for threads.
        self._next = self._thread.submit(self._start, self._folders.mktemp("standin"))

    @staticmethod
    def _start(folder):
        secret = fresh_secret()
        return StandIn.start(directory=folder, tokens={"default": make_token(secret)},
                             **USUAL), secret

    def take(self):
        """A stand-in that nobody has used, and the secret part of its token."""
        taken = self._next.result()
        self._order()
        return taken

    def close(self):
        end_platform(self._next.result()[0])
        self._thread.shutdown()


def end_platform(platform):
    """At once: its log is written line by line, and nobody asks how it ended."""
    platform.process.kill()
    platform.stop()


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    kept = Pool(tmp_path_factory)
    yield kept
    kept.close()


class Tokens:
    """Tokens of this test, with a secret part that can be looked for, and where they may stand."""

    def __init__(self):
        self.secrets = []
        self.files = set()
        self.folders = []

    def make(self, tenant="stand-in"):
        """A fresh token; equal `tenant` gives the same tenant."""
        self.secrets.append(fresh_secret())
        return make_token(self.secrets[-1], tenant)


@pytest.fixture
def workspace(tmp_path):
    """The folder of this test; all that any process of it writes is below."""
    return tmp_path


@pytest.fixture
def tokens(workspace):
    """At the end of EVERY test: no secret stands in any file but the token files."""
    kept = Tokens()
    kept.files.add(workspace / "token")
    kept.folders.append(workspace)
    yield kept
    needles = [secret.encode() for secret in kept.secrets]
    for folder in kept.folders:
        found = set(files_with(folder, *needles)) - kept.files
        assert not found, f"the token's secret part stands in {sorted(map(str, found))}"


@pytest.fixture
def start_platform(workspace, tokens, pool):
    """Starts stand-ins: keywords as StandIn.start(), USUAL ones unless said otherwise."""
    started = []

    def start(**keys):
        if keys:
            keys = {**USUAL, "tokens": {"default": tokens.make()}, **keys}
            platform = StandIn.start(directory=workspace / f"standin{len(started)}", **keys)
        else:
            platform, secret = pool.take()
            tokens.secrets.append(secret)
            tokens.folders.append(platform.directory)
        started.append(platform)
        return platform

    yield start
    for platform in started:
        end_platform(platform)


@pytest.fixture
def platform(start_platform):
    return start_platform()


@pytest.fixture
def make_agent(workspace, platform):
    """Makes agents: keywords as Agent(); ended at the end, whatever the test did."""
    made = []

    def make(directory=None, **keys):
        made.append(Agent(directory or workspace, keys.pop("platform", platform), **keys))
        return made[-1]

    yield make
    for agent in made:
        agent.stop_all()


@pytest.fixture
def agent(make_agent):
    return make_agent()


@pytest.fixture
def step(agent):
    """A pipeline's step that shares its state with nobody."""
    return Step(agent)


@pytest.fixture
def shared(agent):
    """Steps of one --state-dir: that of the agent, which runs there or does not."""
    return Step(agent, state=agent.state_dir)


@pytest.fixture
def hook():
    server = Hook()
    yield server
    server.stop()
