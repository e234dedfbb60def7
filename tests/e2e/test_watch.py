"""Watching: events only make it early. Whatever happens to them, no file is lost or sent twice."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import harness
from harness import (SLOW, assert_done_once, make_image, sha256_of, uploads_by_digest,
                     wait_until)

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


class Limits:
    """Limits of inotify for the agent alone: in a user namespace, nobody else meets them."""

    def __init__(self, workspace, monkeypatch):
        self._workspace, self._monkeypatch = workspace, monkeypatch

    def lower(self, name, value):
        wrapper = self._workspace / "limited"
        wrapper.write_text("#!/bin/sh\nexec unshare --user --map-root-user sh -c "
                           f"'echo {value} > /proc/sys/user/{name} && exec \"$0\" \"$@\"' "
                           f"'{harness.BINARY}' \"$@\"\n")
        wrapper.chmod(0o755)
        told = subprocess.run([wrapper, "--version"], capture_output=True, text=True, check=False)
        if told.returncode != 0:
            pytest.skip(f"a user namespace cannot be made here: {told.stderr.strip()}")
        self._monkeypatch.setattr(harness, "BINARY", wrapper)

    @staticmethod
    def change(daemon, name, value):
        subprocess.run(["nsenter", "--user", "--preserve-credentials", f"--target={daemon.pid}",
                        "sh", "-c", f"echo {value} > /proc/sys/user/{name}"], check=True)


@pytest.fixture
def limits(workspace, monkeypatch):
    return Limits(workspace, monkeypatch)


def only_events(agent):
    """A rescan that is not due within the test: what is found was told by events."""
    agent.configure(watch={"rescan": "1h"})


def sent(platform):
    return uploads_by_digest(platform)


def watch_status(agent):
    row, = agent.status()["watches"]
    return row


def end(agent, platform, daemon, images):
    agent.wait_items({"done": len(images)})
    assert daemon.terminate() == 0
    assert_done_once(agent, platform, images)
    agent.check_ledger()


# --- limits ------------------------------------------------------------------------------------------

def test_an_overflow_of_the_queue_ends_in_a_rescan(agent, platform):
    only_events(agent)
    agent.configure(analysis={"wait": False})
    room = int(QUEUE.read_text())
    if room > 200_000:
        pytest.skip(f"{QUEUE} is {room}: filling it would take too long")
    images = agent.images(1)
    folder = agent.builds / "router/1.0"
    daemon = agent.run()
    agent.wait_items({"done": 1})
    daemon.send(signal.SIGSTOP)  # as a loop that is late
    for number in range(room + 100):  # in turn, since equal events in a row become one
        os.close(os.open(folder / f".noise{number % 2}", os.O_WRONLY | os.O_CREAT))
    for number in range(20):
        path = f"router/1.0/late{number}.bin"
        images[path] = agent.image(path, 300)
    daemon.send(signal.SIGCONT)
    agent.wait_items({"done": 21}, 60)
    assert "watch_overflow" in daemon.log()
    assert sent(platform) == dict.fromkeys(images.values(), 1)
    assert daemon.terminate() == 0


def test_without_watches_left_it_polls_and_says_so(agent, platform, limits):
    agent.configure(watch={"rescan": "500ms"})
    limits.lower("max_inotify_watches", 1)
    images = agent.images(3)
    daemon = agent.run()
    agent.wait_items({"done": 3})
    degraded = watch_status(agent)["degraded"]
    assert degraded and "max_user_watches" in degraded
    alert = agent.wait_alert("watch_degraded")
    assert "max_user_watches" in alert["text"]
    images["late/1.0/fw.bin"] = agent.image("late/1.0/fw.bin")
    agent.wait_items({"done": 4})
    assert len(agent.alerts("watch_degraded")) == 1, "it was told again and again"

    limits.change(daemon, "max_inotify_watches", 1000)
    wait_until(lambda: not watch_status(agent)["degraded"], 20, "it recovers by itself")
    end(agent, platform, daemon, images)


def test_without_inotify_instances_it_polls_and_says_so(agent, platform, limits):
    agent.configure(watch={"rescan": "500ms"})
    limits.lower("max_inotify_instances", 0)
    images = agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    wait_until(lambda: watch_status(agent)["degraded"], 10, "the watch is degraded")
    assert "max_user_instances" in watch_status(agent)["degraded"]
    images["late/1.0/fw.bin"] = agent.image("late/1.0/fw.bin")
    end(agent, platform, daemon, images)


# --- the root goes away ----------------------------------------------------------------------------------

def test_a_root_that_is_moved_away_and_back_is_found_again(agent, platform):
    agent.configure(watch={"rescan": "500ms"})
    images = agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    aside = agent.directory / "aside"
    agent.builds.rename(aside)
    wait_until(lambda: watch_status(agent)["degraded"], 20, "the missing folder is told")
    assert agent.wait_alert("watch_degraded")["action"]
    make_image(aside / "router/9.9/meanwhile.bin")
    images["router/9.9/meanwhile.bin"] = sha256_of(aside / "router/9.9/meanwhile.bin")
    aside.rename(agent.builds)
    wait_until(lambda: not watch_status(agent)["degraded"], 30, "the folder is found again")
    only_when_watched = "router/9.9/after.bin"
    images[only_when_watched] = agent.image(only_when_watched)
    end(agent, platform, daemon, images)


def test_a_root_that_is_made_anew_is_watched_anew(agent, platform):
    agent.configure(watch={"rescan": "500ms"})
    first = agent.image("router/1.0/old.bin")
    daemon = agent.run()
    agent.wait_items({"done": 1})
    shutil.rmtree(agent.builds)
    second = agent.image("router/2.0/new.bin")
    agent.wait_items({"done": 2}, 40)
    third = agent.image("router/3.0/late.bin")
    agent.wait_items({"done": 3}, 40)
    assert sent(platform) == {first: 1, second: 1, third: 1}
    assert daemon.terminate() == 0


def test_another_folder_in_the_roots_place_is_not_mistaken_for_it(agent, platform):
    agent.configure(watch={"rescan": "500ms"})
    images = agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    other = agent.directory / "other"
    images["router/5.0/other.bin"] = make_image(other / "router/5.0/other.bin")
    old = agent.directory / "old"
    agent.builds.rename(old)
    other.rename(agent.builds)
    agent.wait_items({"done": 2}, 40)
    stray = make_image(old / "router/6.0/stray.bin")  # no longer below the root
    images["router/7.0/late.bin"] = agent.image("router/7.0/late.bin")
    agent.wait_items({"done": 3}, 40)
    assert stray not in sent(platform)
    assert daemon.terminate() == 0


def test_a_root_that_is_not_there_at_the_start_is_waited_for(agent, platform):
    agent.configure(watch={"rescan": "500ms"})
    shutil.rmtree(agent.builds)
    daemon = agent.run()
    wait_until(lambda: watch_status(agent)["degraded"], 20, "the missing folder is told")
    images = agent.images(2)
    agent.wait_items({"done": 2}, 40)
    end(agent, platform, daemon, images)


# --- folders that move -------------------------------------------------------------------------------------

def test_a_folder_that_is_moved_goes_on_being_watched(agent, platform):
    only_events(agent)
    first = agent.image("router/1.0/fw.bin")
    daemon = agent.run()
    agent.wait_items({"done": 1})
    (agent.builds / "router").rename(agent.builds / "gateway")
    second = agent.image("gateway/1.0/second.bin")
    (agent.builds / "gateway/2.0/deep/er").mkdir(parents=True)
    third = agent.image("gateway/2.0/deep/er/third.bin")
    wait_until(lambda: sent(platform) == {first: 1, second: 1, third: 1}, 20,
               "what was put into the moved folder is sent")
    wait_until(lambda: agent.items().get("done") == 3, 20, "all is done")
    row = next(row for row in agent.list() if row["sha256"] == second)
    assert row["path"] == str(agent.builds / "gateway/1.0/second.bin")
    assert daemon.terminate() == 0


def test_a_folder_that_is_moved_in_brings_its_files(agent, platform):
    only_events(agent)
    daemon = agent.run()
    images, outside = {}, agent.directory / "outside"
    for number in range(5):
        path = f"router/1.{number}/sub/fw.bin"
        images[path] = make_image(outside / path)
    (outside / "router").rename(agent.builds / "router")
    agent.wait_items({"done": 5})
    images["router/1.0/sub/later.bin"] = agent.image("router/1.0/sub/later.bin")
    end(agent, platform, daemon, images)


def test_a_folder_that_is_moved_out_is_no_longer_watched(agent, platform):
    only_events(agent)
    images = agent.images(2)
    daemon = agent.run()
    agent.wait_items({"done": 2})
    (agent.builds / "router/1.0").rename(agent.directory / "gone")
    stray = make_image(agent.directory / "gone/stray.bin")
    images["router/1.1/last.bin"] = agent.image("router/1.1/last.bin")
    agent.wait_items({"done": 3})
    assert stray not in sent(platform)
    assert not [row for row in agent.list() if "stray" in row["path"]]
    assert daemon.terminate() == 0


def test_folders_made_and_filled_in_a_hurry_lose_nothing(agent, platform):
    only_events(agent)
    agent.configure(analysis={"wait": False})
    daemon = agent.run()
    images = {}
    for number in range(120):
        path = f"p{number % 10}/{number}/a/b/c/fw.bin"
        images[path] = agent.image(path, 200)
    agent.wait_items({"done": 120}, 40)
    assert sent(platform) == dict.fromkeys(images.values(), 1)
    assert daemon.terminate() == 0


# --- ways of watching -----------------------------------------------------------------------------------------

def test_mode_poll_needs_no_inotify(agent, platform, limits):
    limits.lower("max_inotify_instances", 0)
    agent.configure(watch={"mode": "poll", "rescan": "300ms"})
    images = agent.images(2)
    daemon = agent.run()
    agent.wait_items({"done": 2})
    assert (watch_status(agent)["mode"], watch_status(agent)["degraded"]) == ("poll", None)
    images["late/1.0/fw.bin"] = agent.image("late/1.0/fw.bin")
    agent.wait_items({"done": 3})
    assert not agent.alerts("watch_degraded")
    end(agent, platform, daemon, images)


@pytest.mark.parametrize("how", ["SIGUSR1", "rescan"])
def test_a_rescan_is_done_when_it_is_asked_for(agent, platform, how):
    agent.configure(watch={"mode": "poll", "rescan": "1h"})
    images = agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    images["late/1.0/fw.bin"] = agent.image("late/1.0/fw.bin")
    assert agent.items() == {"done": 1}
    if how == "rescan":
        agent.command("rescan").ok()
    else:
        daemon.send(signal.SIGUSR1)
    agent.wait_items({"done": 2})
    end(agent, platform, daemon, images)


def test_a_tree_of_five_thousand_files_is_taken_in_and_not_hashed_again(make_agent, platform):
    agent = make_agent(analysis={"wait": False}, log={"level": "info"})
    agent.configure(watch={"existing": "ignore"})
    for number in range(5000):
        path = agent.builds / f"p{number % 50}/{number}/fw.bin"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"%d" % number)
    daemon = agent.run()
    agent.wait_items({"ignored": 5000}, 60)
    assert watch_status(agent)["directories"] == 5051
    new = agent.image("p1/new/fw.bin")
    agent.wait_items({"ignored": 5000, "done": 1})
    assert sent(platform) == {new: 1}

    read_before = io_bytes(daemon)
    began = time.monotonic()
    agent.command("rescan").ok()
    late = agent.image("p2/new/fw.bin")
    wait_until(lambda: late in sent(platform), 20, "a new image is sent during a rescan")
    assert time.monotonic() - began < 10 * SLOW
    assert io_bytes(daemon) - read_before < 2_000_000, "known files were read again"
    agent.wait_items({"ignored": 5000, "done": 2})
    assert daemon.terminate() == 0


def io_bytes(daemon):
    for line in Path(f"/proc/{daemon.pid}/io").read_text().splitlines():
        if line.startswith("rchar:"):
            return int(line.split()[1])
    raise AssertionError("no rchar")


def test_two_watches_keep_their_files_apart(make_agent, platform, workspace):
    agent = make_agent()
    other = workspace / "second"
    other.mkdir()
    second = dict(agent.config["watch"][0], name="second", path=str(other))
    agent.configure(watches=[agent.config["watch"][0], second])
    one = agent.image("router/1.0/one.bin")
    two = make_image(other / "router/1.0/two.bin")
    agent.once().ok()
    assert {row["watch"]: row["sha256"] for row in agent.list()} == {"release": one, "second": two}
    assert [row["sha256"] for row in agent.list("--watch", "second")] == [two]
    assert sent(platform) == {one: 1, two: 1}


def test_touching_a_file_sends_nothing_again(agent, platform):
    images = agent.images(2)
    daemon = agent.run()
    agent.wait_items({"done": 2})
    for path in images:
        os.utime(agent.builds / path)
        (agent.builds / path).chmod(0o600)
    agent.command("rescan").ok()
    late = agent.image("router/9.0/late.bin")
    wait_until(lambda: late in sent(platform), 20, "a later image is sent")
    wait_until(lambda: set(agent.items()) <= {"done", "duplicate"}, 20, "all is at rest")
    assert sent(platform) == dict.fromkeys([*images.values(), late], 1)
    assert daemon.terminate() == 0
