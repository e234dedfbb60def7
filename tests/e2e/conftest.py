"""What every end-to-end test gets: a stand-in, an agent, and a look for the token at the end."""

import secrets
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "platform"))

from harness import BINARY, Agent, Hook, files_with  # noqa: E402
from standin_client import StandIn, make_token  # noqa: E402


def pytest_sessionstart(session):
    if not BINARY.is_file():
        raise pytest.UsageError(f"{BINARY} is not there: build it, or name it in "
                                "ONEKEY_AGENT_BINARY")


class Tokens:
    """Tokens of this test, with a secret part that can be looked for, and where they may stand."""

    def __init__(self):
        self.secrets = []
        self.files = set()

    def make(self, tenant="stand-in"):
        """A fresh token; equal `tenant` gives the same tenant."""
        self.secrets.append(f"e2e{secrets.token_hex(16)}")
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
    yield kept
    for secret in kept.secrets:
        found = set(files_with(workspace, secret.encode())) - kept.files
        assert not found, f"the token's secret part stands in {sorted(map(str, found))}"


@pytest.fixture
def start_platform(workspace, tokens):
    """Starts stand-ins: keywords as StandIn.start(), quick analyses unless said otherwise."""
    started = []

    def start(**keys):
        keys = {"analysis_seconds": 0.2, "tokens": {"default": tokens.make()}, **keys}
        started.append(StandIn.start(directory=workspace / f"standin{len(started)}", **keys))
        return started[-1]

    yield start
    for platform in started:
        platform.stop()


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
def hook():
    server = Hook()
    yield server
    server.stop()
