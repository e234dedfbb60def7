"""Steering and looking: through the daemon's socket while it runs, in the ledger without it."""

import json
import os
import signal
import stat
import time

import pytest

from harness import (LIST_FIELDS, STATES, STATUS_FIELDS, assert_done_once, uploads_by_digest,
                     wait_until)

WITH_AND_WITHOUT = pytest.mark.parametrize("daemon_runs", [True, False],
                                           ids=["daemon", "no-daemon"])


@pytest.fixture
def steer(agent, daemon_runs):
    """Starts a daemon, or not; `steer.settle()` lets what was changed have its effect."""
    class Steer:
        daemon = None

        def start(self):
            if daemon_runs:
                self.daemon = agent.run()

        def settle(self, wanted):
            """To these states: by the daemon, or by one pass."""
            if self.daemon:
                agent.wait_items(wanted)
            else:
                agent.once()
                assert agent.items() == wanted

        def stop(self):
            if self.daemon:
                self.daemon.terminate()
                self.daemon = None

    yield Steer()


# --- looking ------------------------------------------------------------------------------------


@WITH_AND_WITHOUT
def test_status_and_listing_say_the_same_with_and_without_a_daemon(platform, agent, steer,
                                                                   daemon_runs):
    images = agent.images(3)
    agent.once().ok()
    steer.start()

    status = agent.status()

    assert STATUS_FIELDS <= set(status) and set(status["items"]) == STATES
    assert status["state"] == ("running" if daemon_runs else "stopped")
    assert status["items"]["done"] == 3 and status["transfers"] == [] and status["exports"] == []
    watches = [(w["name"], w["path"], w["degraded"]) for w in status["watches"]]
    assert watches == ([("release", str(agent.builds), None)] if daemon_runs else [])
    assert agent.command("status", "--check").code == (0 if daemon_runs else 69)
    text = agent.command("status").ok().out
    assert "done" in text and agent.token.partition("/")[2] not in text
    assert_done_once(agent, platform, images)
    steer.stop()


def test_a_daemon_tells_mode_directories_token_and_transfers(platform, agent):
    agent.image("router/1.0/fw.bin", 12_000_000)
    platform.fault("slow_body", operation="upload-firmware", rate=6_000_000)
    daemon = agent.run()

    status = wait_until(lambda: (s := agent.status())["transfers"] and
                        s["transfers"][0]["bytes_done"] and s, 15, "a transfer is shown")

    transfer, = status["transfers"]
    assert set(transfer) == {"path", "direction", "bytes_done", "bytes_total", "rate"}
    assert transfer["path"].endswith("router/1.0/fw.bin") and transfer["direction"] == "up"
    assert 0 < transfer["bytes_done"] <= transfer["bytes_total"] == 12_000_000
    watch, = status["watches"]
    assert (watch["mode"], watch["directories"]) == ("events", 3)
    assert status["token"]["tenant"] == "Stand-in"
    assert status["token"]["email"] == "default@standin.example"
    assert len(status["token"]["fingerprint"]) >= 8
    assert status["oldest_pending_seconds"] is not None
    agent.wait_items({"done": 1})
    assert agent.status()["oldest_pending_seconds"] is None
    daemon.terminate()


@WITH_AND_WITHOUT
def test_the_list_is_filtered_by_state_watch_product_time_and_number(agent, platform, steer):
    agent.images(3)
    agent.image("camera/1.0/fw.bin")
    agent.image("camera/1.0/copy.bin", seed="camera/1.0/fw.bin")
    agent.once().ok()
    steer.start()

    def paths(*words):
        return {agent.relative(row["path"]) for row in agent.list(*words)}

    assert len(paths()) == 4 and len(paths("--state", "done")) == 4
    assert paths("--state", "failed") == set()
    assert len(paths("--product", "camera")) == 1
    assert paths("--watch", "release") == paths() and paths("--watch", "other") == set()
    assert len(paths("--limit", "2")) == 2
    assert len(paths("--since", "1h")) == 4 and paths("--since", "2036-01-01") == set()
    assert len(paths("--state", "duplicate")) == 1
    assert all(set(row) == LIST_FIELDS for row in agent.list())
    assert agent.command("list-firmwares", "--state", "nonsense").code == 64
    steer.stop()


@WITH_AND_WITHOUT
def test_show_finds_an_item_by_path_firmware_and_content(agent, platform, steer):
    digest = agent.image("router/1.0/fw.bin")
    agent.once().ok()
    steer.start()
    row, = agent.list()

    for what in (row["path"], row["firmware_id"], digest, digest[:8]):
        shown, = agent.json("show", what)
        assert {key: shown[key] for key in LIST_FIELDS} == row
    by_name = agent.command("show", "builds/router/1.0/fw.bin").ok()
    assert digest in by_name.out and row["firmware_id"] in by_name.out
    assert agent.command("show", agent.builds / "nothing.bin").code == 66
    steer.stop()


@WITH_AND_WITHOUT
def test_explain_says_why_a_file_is_taken_or_not_and_where_each_value_comes_from(agent, platform,
                                                                                 steer):
    agent.images(1)
    (agent.builds / "router/1.0/readme.txt").write_text("no firmware")
    agent.once().ok()
    steer.start()
    before = len(platform.requests())

    taken = agent.command("explain", agent.builds / "router/1.0/fw0.bin").ok()
    refused = agent.command("explain", agent.builds / "router/1.0/readme.txt")
    outside = agent.command("explain", "/etc/passwd")

    assert "Acme-router-1.0-fw0" in taken.out and "match" in taken.out and "done" in taken.out
    assert "include" in refused.out
    assert "watch" in outside.out + outside.err
    assert json.loads(agent.command("explain", agent.builds / "router/1.0/fw0.bin",
                                    "--json").ok().out)
    if not steer.daemon:
        assert len(platform.requests()) == before, "explain asked the platform"
    steer.stop()


# --- steering -----------------------------------------------------------------------------------


@WITH_AND_WITHOUT
def test_pause_holds_everything_over_restarts_until_resume(platform, agent, steer):
    steer.start()
    agent.command("pause", "--reason", "line is being repaired").ok()
    images = agent.images(2)

    pause, = agent.status()["pauses"]
    assert pause["kind"] == "operator" and pause["reason"] == "line is being repaired"
    assert pause["by"] and pause["since"]
    if steer.daemon:
        agent.wait_items({"pending": 2})
        assert agent.status()["state"] == "paused"
        assert agent.command("status", "--check").code == 75
        steer.stop()
    finished = agent.once()
    assert finished.code == 75 and "resume" in finished.err
    assert platform.state()["mutations"] == []
    again = agent.command("pause", "--reason", "still").ok()
    assert "already paused" in again.out and len(agent.status()["pauses"]) == 1

    agent.command("resume").ok()
    agent.command("resume").ok()  # lifting what is not there is no mistake

    assert agent.status()["pauses"] == []
    agent.once().ok()
    assert_done_once(agent, platform, images)


def test_a_pause_lets_the_transfer_under_way_end_and_starts_no_other(platform, agent):
    agent.configure(transfers={"uploads": 1})
    agent.image("router/1.0/a.bin", 12_000_000)
    agent.image("router/1.0/b.bin", 12_000_000)
    platform.fault("slow_body", operation="upload-firmware", rate=12_000_000)
    daemon = agent.run()
    wait_until(lambda: any(t["bytes_done"] for t in agent.status()["transfers"]), 15,
               "one is under way")

    agent.command("pause", "--reason", "enough").ok()

    wait_until(lambda: agent.status()["transfers"] == [], 15, "the transfer ends")
    assert agent.items() == {"analysing": 1, "pending": 1}
    assert len(platform.state()["uploads"]) == len(platform.state()["mutations"]) == 1
    agent.command("resume").ok()
    agent.wait_items({"done": 2})
    daemon.terminate()


def test_rescan_and_usr1_find_what_no_event_told(platform, agent):
    agent.configure(watch={"mode": "poll", "rescan": "1h"})
    daemon = agent.run()
    agent.wait_items({})

    agent.image("router/1.0/one.bin")
    agent.command("rescan").ok()
    agent.wait_items({"done": 1}, seconds=10)

    agent.image("router/1.0/two.bin")
    daemon.send(signal.SIGUSR1)
    agent.wait_items({"done": 2}, seconds=10)
    daemon.terminate()


def test_rescan_without_a_daemon_says_that_there_is_none(agent):
    finished = agent.command("rescan")

    assert finished.code == 69 and "run" in finished.err, repr(finished)


@WITH_AND_WITHOUT
def test_retry_begins_anew_with_what_failed(start_platform, make_agent, daemon_runs):
    platform = start_platform(fail_products=["router"])
    agent = make_agent(platform=platform)
    images = agent.images(2)
    assert agent.once().code == 3
    daemon = agent.run() if daemon_runs else None
    assert agent.items() == {"failed": 2}
    for firmware in platform.state()["firmwares"]:
        platform.change_firmware(firmware["id"], result="COMPLETE")

    one = agent.command("retry", agent.builds / "router/1.0/fw0.bin").ok()
    assert "analysis" in one.out
    if daemon:
        agent.wait_items({"failed": 1, "done": 1})
    else:
        agent.once().ok()
        assert agent.items() == {"failed": 1, "done": 1}
    everything = agent.json("retry", "--failed")
    assert everything["changed"] == 1
    if daemon:
        agent.wait_items({"done": 2})
        daemon.terminate()
    else:
        agent.once().ok()
    # Its analysis is asked for again; nothing is sent twice.
    assert_done_once(agent, platform, images)


@WITH_AND_WITHOUT
def test_retry_of_what_never_got_there_sends_it(platform, agent, steer):
    agent.configure(watch={"attach_sbom": {"path": "{dir}/{stem}.cdx.json",
                                           "if_missing": "fail"}})
    images = agent.images(1)
    path = agent.builds / "router/1.0/fw0.bin"
    assert agent.once().code == 3
    steer.start()
    path.with_name("fw0.cdx.json").write_text(
        '{"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "components": []}')

    agent.command("retry", path).ok()

    steer.settle({"done": 1})
    assert "nothing to retry" in agent.command("retry", path).ok().out
    assert agent.command("retry", agent.builds / "unknown.bin").code == 66
    steer.stop()
    assert_done_once(agent, platform, images, attempts=0)


@WITH_AND_WITHOUT
def test_forget_takes_a_row_off_the_list_and_its_content_stays_known(platform, agent, steer):
    images = agent.images(2)
    agent.once().ok()
    steer.start()
    path = agent.builds / "router/1.0/fw0.bin"
    path.unlink()

    agent.command("forget", path).ok()

    assert {agent.relative(row["path"]) for row in agent.list()} == {"router/1.1/fw1.bin"}
    assert agent.command("forget", agent.builds / "unknown.bin").code == 66
    # The same bytes come back: they are on the platform, so they are not sent again.
    agent.image("router/1.0/fw0.bin")
    steer.settle({"done": 1, "duplicate": 1})
    assert uploads_by_digest(platform) == {digest: 1 for digest in images.values()}
    steer.stop()
    agent.check_ledger()


def test_what_is_being_sent_cannot_be_forgotten(platform, agent):
    agent.image("router/1.0/fw.bin", 12_000_000)
    platform.fault("slow_body", operation="upload-firmware", rate=8_000_000)
    daemon = agent.run()
    wait_until(lambda: any(t["bytes_done"] for t in agent.status()["transfers"]), 15,
               "it is under way")

    refused = agent.command("forget", agent.builds / "router/1.0/fw.bin")

    assert refused.code == 75 and "being sent" in refused.err, repr(refused)
    agent.wait_items({"done": 1})
    daemon.terminate()


# --- one instance, its socket -------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["run", "once"])
def test_a_second_instance_ends_with_75_and_disturbs_nothing(platform, agent, mode):
    daemon = agent.run()

    started = time.monotonic()
    second = agent.command("--lock-wait", "200ms", mode)

    assert second.code == 75, repr(second)
    assert time.monotonic() - started < 10 and str(daemon.pid) in second.err
    agent.image("router/1.0/fw.bin")
    agent.wait_items({"done": 1})
    daemon.terminate()
    agent.check_ledger()


def test_the_socket_is_for_owner_and_group_and_goes_with_the_daemon(agent):
    daemon = agent.run()
    socket = agent.state_dir / "control.sock"

    assert stat.S_ISSOCK(socket.stat().st_mode) and socket.stat().st_mode & 0o777 == 0o660
    assert agent.state_dir.stat().st_mode & 0o777 == 0o700

    daemon.terminate()
    assert not socket.exists()
    assert agent.status()["state"] == "stopped"


def test_the_socket_lies_in_the_runtime_directory_where_there_is_one(agent):
    runtime = agent.directory / "runtime"
    runtime.mkdir()
    env = {"RUNTIME_DIRECTORY": str(runtime)}
    daemon = agent.run(env=env, ready=False)
    wait_until((runtime / "control.sock").exists, 10, "the socket is made there")

    asked = agent.command("status", "--json", env=env).ok().json()

    assert asked["state"] == "running"
    daemon.terminate()
    assert os.listdir(runtime) == []


def test_a_killed_daemons_socket_is_in_nobodys_way(platform, agent):
    agent.run().kill()
    assert (agent.state_dir / "control.sock").exists()

    assert agent.status()["state"] == "stopped"
    agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    daemon.terminate()


def test_commands_work_on_a_state_that_nobody_has_made_yet(agent):
    assert agent.status()["state"] == "stopped"
    assert agent.list() == []
    assert not (agent.state_dir / "ledger.db").exists(), "looking made a ledger"
    assert agent.command("retry", "--failed").code in (0, 66)


def test_many_commands_at_once_are_all_answered(platform, agent):
    agent.images(20)
    daemon = agent.run()

    processes = [agent.start("list-firmwares", "--json") for _ in range(12)]

    assert [process.wait(20) for process in processes] == [0] * 12
    assert all(isinstance(json.loads(process.out_path.read_text()), list)
               for process in processes)
    agent.wait_items({"done": 20})
    daemon.terminate()
