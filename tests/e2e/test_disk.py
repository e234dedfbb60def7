"""The disk fills up, cannot be written, holds what is not ours, or is held by somebody else."""

import contextlib
import hashlib
import os
import signal
import sqlite3
import subprocess
import time

import pytest

from harness import SLOW, assert_done_once, uploads_by_digest, wait_until

IO_ERROR, BUSY = 74, 75


@pytest.fixture
def small_disk():
    """Mounts a small file system on a folder; the fixture is a function of path and size."""
    mounted = []

    def mount(path, size="24m"):
        path.mkdir(parents=True, exist_ok=True)
        told = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", path],
                              capture_output=True, text=True, check=False)
        if told.returncode != 0:
            pytest.skip(f"a file system cannot be mounted here: {told.stderr.strip()}")
        mounted.append(path)
        return path

    yield mount
    for path in mounted:
        subprocess.run(["umount", "-l", path], check=True)


def fill(path):
    """Takes all the room that is left below `path`, to the last byte."""
    filler = path / "filler"
    with contextlib.suppress(OSError), open(filler, "ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"x" * size)
    return filler


def bytes_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- full ---------------------------------------------------------------------------------------------

def test_a_full_state_disk_stops_work_and_loses_nothing(agent, platform, small_disk):
    small_disk(agent.state_dir)
    images = agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    filler = fill(agent.state_dir)
    for number in range(40):
        path = f"later/1.{number}/fw.bin"
        images[path] = agent.image(path, 3000)
    alert = agent.wait_alert("disk_low", 30)
    assert "room" in alert["action"]
    quiet_from = len(daemon.log())
    time.sleep(3)  # a loop would show: nothing can be done, so nothing may be tried
    assert daemon.is_alive()
    assert len(daemon.log()) - quiet_from < 20_000, daemon.log()[quiet_from:quiet_from + 3000]
    busy = cpu_seconds(daemon)
    time.sleep(1)
    assert cpu_seconds(daemon) - busy < 0.5 * SLOW, "it spins"
    assert agent.command("status", "--json").code == 0

    filler.unlink()
    agent.wait_items({"done": 41}, 60)
    assert daemon.terminate() == 0
    assert_done_once(agent, platform, images)
    agent.check_ledger()
    assert len(agent.alerts("disk_low")) == 1, "it was told again and again"
    assert open_alerts(agent) == []
    assert not agent.alerts("upload_failed")


def open_alerts(agent):
    return agent.ledger("SELECT event FROM alert WHERE cleared_at IS NULL AND event = 'disk_low'")


def cpu_seconds(daemon):
    with open(f"/proc/{daemon.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_agent_on_a_full_disk_can_be_stopped_and_started(agent, platform, small_disk):
    agent.configure(shutdown_grace="1s")
    small_disk(agent.state_dir)
    images = agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    filler = fill(agent.state_dir)
    for number in range(5):
        path = f"later/1.{number}/fw.bin"
        images[path] = agent.image(path, 3000)
    agent.wait_alert("disk_low", 30)
    daemon.send(signal.SIGTERM)
    assert daemon.wait(20) in (0, IO_ERROR)
    filler.unlink()
    agent.once().ok()
    assert_done_once(agent, platform, images)
    agent.check_ledger()


def test_a_disk_that_is_full_at_the_start_is_told(agent, platform, small_disk):
    small_disk(agent.state_dir)
    fill(agent.state_dir)
    agent.image("router/1.0/fw.bin")
    told = agent.once("--wait-timeout", "10s")
    assert told.code == IO_ERROR and "space" in told.err.lower() or "full" in told.err.lower()
    assert platform.state()["mutations"] == []
    (agent.state_dir / "filler").unlink()
    agent.once().ok()
    assert len(platform.state()["uploads"]) == 1


def test_a_full_disk_under_the_sboms_delays_them(agent, platform, small_disk):
    small_disk(agent.sboms, "1m")
    filler = fill(agent.sboms)
    images = agent.images(3)
    daemon = agent.run()
    agent.wait_items({"fetching": 3})
    alert = agent.wait_alert("disk_low", 20)
    assert "room" in alert["action"]
    size = len(daemon.log())
    time.sleep(2)
    assert len(daemon.log()) - size < 20_000, "it loops"
    assert all(row["attempts"] == 0 and row["sboms"] == [] for row in agent.list())
    filler.unlink()
    agent.wait_items({"done": 3}, 40)
    assert daemon.terminate() == 0
    assert_done_once(agent, platform, images)
    assert len([path for path in agent.sboms.rglob("*") if path.is_file()]) == 3, "rests are left"
    assert open_alerts(agent) == [], "it is told as if it still held"


# --- not writable ------------------------------------------------------------------------------------------

def test_a_read_only_state_folder_is_an_io_error(agent, platform, small_disk):
    small_disk(agent.state_dir)
    agent.images(1)
    subprocess.run(["mount", "-o", "remount,ro", agent.state_dir], check=True)
    for command in ("once", "run"):
        told = agent.command(command, seconds=20)
        assert told.code == IO_ERROR and str(agent.state_dir) in told.err, repr(told)
    assert platform.requests() == []


def test_a_ledger_that_becomes_read_only_is_an_io_error(agent, platform, small_disk):
    small_disk(agent.state_dir)
    agent.images(1)
    agent.once().ok()
    subprocess.run(["mount", "-o", "remount,ro", agent.state_dir], check=True)
    before = bytes_of(agent.state_dir / "ledger.db")
    assert agent.once(seconds=20).code == IO_ERROR
    assert bytes_of(agent.state_dir / "ledger.db") == before


def test_a_file_in_the_place_of_the_state_folder_is_an_io_error(agent, platform):
    agent.state_dir.write_text("not a folder")
    told = agent.once(seconds=20)
    assert told.code == IO_ERROR and str(agent.state_dir) in told.err
    assert agent.state_dir.read_text() == "not a folder"


# --- damaged, or not ours ----------------------------------------------------------------------------------

def flip(path):
    """Turns bytes of every page over, as a bad disk would."""
    content = bytearray(path.read_bytes())
    for page in range(4096, len(content), 4096):
        for at in range(page, min(page + 64, len(content))):
            content[at] ^= 0x5A
    path.write_bytes(content)


def no_header(path):
    with open(path, "r+b") as file:
        file.write(bytes(100))


def cut(path):
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2 // 4096 * 4096)


def no_database(path):
    path.write_bytes(b"This is a text, and long enough for a header. " * 200)


def empty(path):
    path.write_bytes(b"")


def newer(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 999")


def foreign(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE other (x); INSERT INTO other VALUES (1);"
                         "PRAGMA application_id = 7; PRAGMA user_version = 1")


def nameless(path):
    path.unlink()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript("CREATE TABLE other (x)")


@pytest.mark.parametrize("damage, saying", [
    (flip, "damaged"), (no_header, "damaged"), (cut, "damaged"), (no_database, "damaged"),
    (empty, "empty"), (newer, "newer"), (foreign, "not a database of onekey-agent"),
    (nameless, "not a database of onekey-agent"),
], ids=lambda value: getattr(value, "__name__", None))
def test_a_database_that_cannot_be_trusted_is_refused_and_kept(agent, platform, damage, saying):
    images = agent.images(3)
    agent.once().ok()
    assert_done_once(agent, platform, images)
    database = agent.state_dir / "ledger.db"
    damage(database)
    before = bytes_of(database)
    asked = len(platform.requests())
    agent.image("later/1.0/fw.bin")
    for words in (("once",), ("run",), ("list-firmwares",)):
        told = agent.command(*words, seconds=20)
        assert told.code == IO_ERROR, repr(told)
        assert saying in told.err, repr(told)
    assert bytes_of(database) == before, "the file was changed"
    assert len(platform.requests()) == asked, "work was done without a ledger"


def test_a_database_that_is_a_link_is_refused(agent, platform, workspace):
    agent.images(1)
    agent.once().ok()
    (agent.state_dir / "ledger.db").rename(workspace / "elsewhere.db")
    (agent.state_dir / "ledger.db").symlink_to(workspace / "elsewhere.db")
    assert agent.once(seconds=20).code == IO_ERROR


def test_a_damaged_ledger_moved_away_sends_nothing_twice_that_the_platform_knows(agent, platform):
    agent.configure(watch={"existing": "adopt"})
    images = agent.images(3)
    agent.once().ok()
    for path in agent.state_dir.glob("ledger.db*"):
        path.rename(path.with_name(f"old-{path.name}"))
    agent.once().ok()
    assert uploads_by_digest(platform) == {digest: 1 for digest in images.values()}
    assert agent.items() == {"done": 3}


# --- held by another ------------------------------------------------------------------------------------------

def test_a_second_instance_is_told_who_holds_the_state(agent, platform):
    images = agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    for words in (("--lock-wait", "100ms", "run"), ("--lock-wait", "100ms", "once")):
        told = agent.command(*words, seconds=20)
        assert told.code == BUSY and f"process {daemon.pid}" in told.err, repr(told)
    assert daemon.is_alive() and agent.status()["state"] == "running"
    assert daemon.terminate() == 0
    assert_done_once(agent, platform, images)


def test_a_killed_instance_leaves_no_lock(agent, platform):
    images = agent.images(1)
    daemon = agent.run()
    agent.wait_items({"done": 1})
    daemon.kill()
    again = agent.run()
    assert again.terminate() == 0
    assert_done_once(agent, platform, images)


def test_waiting_for_the_state_ends_when_it_is_free(agent, platform):
    daemon = agent.run()
    agent.image("router/1.0/fw.bin")
    agent.wait_items({"done": 1})
    waiting = agent.start("--lock-wait", "20s", "once")
    wait_until(lambda: os.path.exists(f"/proc/{waiting.pid}"), 5, "the second process")
    assert daemon.terminate() == 0
    assert waiting.wait(20) == 0
    assert len(platform.state()["uploads"]) == 1


def test_a_step_on_a_full_state_disk_says_so_and_sends_nothing(shared, platform, small_disk):
    small_disk(shared.state)
    shared.uploaded(shared.image("one.bin"))
    filler = fill(shared.state)
    second = shared.image("two.bin")
    line = shared.failed(IO_ERROR, second)
    assert "full" in line or "No space" in line, line
    assert len(shared.bodies()) == 1

    filler.unlink()
    shared.uploaded(second)
    assert len(uploads_by_digest(platform)) == 2
