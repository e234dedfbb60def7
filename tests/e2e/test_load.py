"""A thousand images: each once, in little memory, and a token that expires on the way."""

import pytest

from harness import SANITIZED, assert_done_once, wait_until

#: What is to be shown is shown by the plain build; a sanitizer looks at the same paths.
IMAGES = 250 if SANITIZED else 1000
SIZE = 100_000
RSS_LIMIT_KIB = 48 * 1024


@pytest.fixture
def many(agent):
    """As an archive has them: some products, many versions."""
    agent.configure(log={"level": "info"})
    return {path: agent.image(path, SIZE)
            for path in (f"product{n % 7}/{n}.0/fw.bin" for n in range(IMAGES))}


def test_a_thousand_images_go_through_one_pass_in_little_memory(platform, agent, many):
    # As a person would set it: how many questions there are follows from it and from the time.
    agent.configure(analysis={"poll_interval": "5s"})
    code, peak_kib = agent.start("once").wait_peak(180)

    assert code == 0, repr(agent.daemons[-1])
    assert_done_once(agent, platform, many, attempts=0)
    assert len(list(agent.sboms.rglob("*.cdx.json"))) == IMAGES
    assert len(platform.requests(operation="upload-firmware")) == IMAGES
    assert SANITIZED or 1000 < peak_kib < RSS_LIMIT_KIB, f"{peak_kib} KiB"
    # Analyses are asked for in batches: far fewer questions than firmwares.
    polls = [r for r in platform.requests() if "firmware" in r["fields"]]
    assert len(polls) < IMAGES / 10, f"{len(polls)} polls"
    agent.check_ledger()


def test_a_token_that_expires_after_a_hundred_of_a_thousand_costs_nothing(platform, agent, many,
                                                                          tokens):
    # By the time: the pass is stopped in the middle, wherever it is then.
    process = agent.start("once")
    platform.wait_for(lambda state: len(state["uploads"]) >= 100, 60)
    platform.expire_token()
    code, _ = process.wait_peak(60)
    assert code == 77, repr(process)
    sent = len(platform.state()["uploads"])
    assert 100 <= sent < IMAGES
    refused_by_pass = platform.state()["tokens"]["default"]["refused"]

    # The restart, as a daemon: it asks once, and alerts no more.
    daemon = agent.run()
    wait_until(lambda: agent.status()["state"] == "auth_paused", 20, "it is paused again")
    wait_until(lambda: agent.items().get("hashing", 0) == 0, 60, "hashing goes on while paused")
    assert platform.state()["tokens"]["default"]["refused"] <= refused_by_pass + 2
    assert len(platform.state()["uploads"]) == sent
    assert len(agent.alerts("auth_paused")) == 1

    agent.set_token(platform.add_token("renewed", tokens.make()))
    agent.wait_items({"done": IMAGES}, seconds=180)
    wait_until(lambda: agent.alerts("auth_resumed"), 10, "the end of the pause is told")
    daemon.terminate()

    assert_done_once(agent, platform, many, attempts=0)
    assert [a["event"] for a in agent.alerts()] == ["auth_paused", "auth_resumed"]
    agent.check_ledger()
