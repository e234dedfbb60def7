"""Killed at any moment, the agent goes on where it was: nothing forgotten, nothing sent twice."""

import os
import random
import signal
import time

from harness import SANITIZED, assert_done_once, uploads_by_digest, wait_until

#: Kills of one run; printed with the seed, so that a failure can be repeated with ONEKEY_E2E_SEED.
MOMENTS = 50
IMAGES = 40


def test_sigkill_at_fifty_random_moments_loses_nothing_and_sends_nothing_twice(
        start_platform, make_agent, capsys):
    seed = int(os.environ.get("ONEKEY_E2E_SEED") or time.time_ns() % 1_000_000_000)
    dice = random.Random(seed)
    with capsys.disabled():
        print(f"\n[crash test: ONEKEY_E2E_SEED={seed}]", end=" ")
    platform = start_platform(analysis_seconds=0.3)
    # Work that lasts longer than the kills do: slow enough bodies, one transfer less than usual.
    platform.fault("delay", operation="upload-firmware", count=None, seconds=0.03)
    agent = make_agent(platform=platform, log={"level": "info"})
    images = {f"router/{n}.0/fw{n}.bin": "" for n in range(IMAGES)}
    waiting = list(images)
    kills = 0

    while kills < MOMENTS:
        # Files come while it runs, a few at a time, so that every moment has work of every kind.
        for _ in range(min(len(waiting), dice.randint(0, 2))):
            path = waiting.pop()
            images[path] = agent.image(path, dice.randint(1, 60_000), seed=(seed, path))
        daemon = agent.run(ready=False)
        # A stepping start, so that some die before they are ready and some in the middle of it.
        deadline = time.monotonic() + dice.choice((0.02, 0.06, 0.15, 0.4)) * dice.random() * 2 \
            * (2 if SANITIZED else 1)
        while time.monotonic() < deadline and daemon.is_alive():
            time.sleep(0.002)
        assert daemon.is_alive(), f"it ended by itself: {daemon!r}"
        daemon.kill()
        kills += 1
    for path in waiting:
        images[path] = agent.image(path, dice.randint(1, 60_000), seed=(seed, path))
    agent.check_ledger()

    daemon = agent.run()
    agent.wait_items({"done": IMAGES}, seconds=60)
    daemon.terminate()

    assert_done_once(agent, platform, images)
    assert agent.alerts("upload_unconfirmed") == []
    agent.check_ledger()
    again = agent.once("--json").ok()
    assert again.json()["sent"] == 0


def test_killed_between_the_answer_and_its_row_the_upload_is_found_again(platform, agent):
    """The moment that a random kill seldom meets: the platform has it, the ledger does not."""
    images = agent.images(1)
    fault = platform.fault("stall", operation="upload-firmware", where="answer", seconds=60)
    daemon = agent.run()
    wait_until(lambda: platform.state()["uploads"], 15, "the platform took it")
    daemon.kill()
    platform.clear_faults(fault)

    agent.once().ok()

    assert_done_once(agent, platform, images)
    agent.check_ledger()


def test_killed_in_the_middle_of_a_body_it_is_sent_again_once(platform, agent):
    images = {"router/1.0/fw.bin": agent.image("router/1.0/fw.bin", 24_000_000)}
    platform.fault("slow_body", operation="upload-firmware", rate=4_000_000)
    daemon = agent.run()
    wait_until(lambda: any(t["bytes_done"] for t in agent.status()["transfers"]), 15,
               "the body is under way")
    daemon.kill()
    assert agent.ledger("SELECT state FROM item") == [("uploading",)]
    assert platform.state()["uploads"] == []

    agent.once().ok()

    assert_done_once(agent, platform, images)
    assert agent.list()[0]["attempts"] == 0


def test_a_stop_during_a_transfer_ends_in_time_and_the_next_start_goes_on(platform, agent):
    agent.configure(shutdown_grace="1s")
    images = {"router/1.0/fw.bin": agent.image("router/1.0/fw.bin", 24_000_000)}
    platform.fault("slow_body", operation="upload-firmware", rate=2_000_000)
    daemon = agent.run()
    wait_until(lambda: any(t["bytes_done"] for t in agent.status()["transfers"]), 15,
               "the body is under way")

    started = time.monotonic()
    daemon.terminate(seconds=10)

    assert 0.8 < time.monotonic() - started < 8
    agent.check_ledger()
    agent.once().ok()
    assert_done_once(agent, platform, images)


def test_a_stop_lets_a_transfer_end_within_its_grace(platform, agent):
    images = {"router/1.0/fw.bin": agent.image("router/1.0/fw.bin", 12_000_000)}
    platform.fault("slow_body", operation="upload-firmware", rate=12_000_000)
    daemon = agent.run()
    wait_until(lambda: any(t["bytes_done"] for t in agent.status()["transfers"]), 15,
               "the body is under way")

    daemon.terminate(seconds=20)

    assert uploads_by_digest(platform) == {images["router/1.0/fw.bin"]: 1}
    assert agent.items() == {"analysing": 1}
    agent.once().ok()
    assert_done_once(agent, platform, images)


def test_a_second_signal_stops_at_once(platform, agent):
    agent.configure(shutdown_grace="1h")
    agent.image("router/1.0/fw.bin", 24_000_000)
    platform.fault("slow_body", operation="upload-firmware", rate=1_000_000)
    daemon = agent.run()
    wait_until(lambda: any(t["bytes_done"] for t in agent.status()["transfers"]), 15,
               "the body is under way")

    daemon.send(signal.SIGTERM)
    wait_until(lambda: "stopping" in daemon.log(), 5, "the first signal is taken")
    assert daemon.is_alive()
    daemon.send(signal.SIGINT)

    assert daemon.wait(10) == 0
    agent.check_ledger()


def test_a_single_pass_stops_at_once_with_128_plus_the_signal(platform, agent):
    images = {"router/1.0/fw.bin": agent.image("router/1.0/fw.bin", 24_000_000)}
    platform.fault("slow_body", operation="upload-firmware", rate=2_000_000)
    process = agent.start("once")
    wait_until(lambda: "upload_started" in process.log(), 15, "the upload has started")

    process.send(signal.SIGINT)

    assert process.wait(10) == 128 + signal.SIGINT
    platform.clear_faults()
    agent.once().ok()
    assert_done_once(agent, platform, images)
