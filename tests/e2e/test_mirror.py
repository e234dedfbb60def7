"""An archive goes to the platform once, and today's build does not wait for it."""

import contextlib
import os
import re
import signal
import sqlite3
import struct
import time
from datetime import datetime, timezone

import pytest

from harness import SANITIZED, assert_done_once, make_image, uploads_by_digest, wait_until

RSS_LIMIT_KIB = 48 * 1024

#: What is to be shown is shown by the plain build; a sanitizer looks at the same paths.
BACKLOG = 2_000 if SANITIZED else 20_000


# --- what the tests share -------------------------------------------------------------------------


def archive(agent, count, size=200, first=0):
    """`count` old images, a minute of file time apart, the last one the newest."""
    paths = {}
    for number in range(first, first + count):
        path = f"old{number % 50}/1.{number}/fw.bin"
        paths[path] = agent.image(path, size, seed=number)
        os.utime(agent.builds / path, (1_000_000_000 + 60 * number,) * 2)
    return paths


def drop(agent, path, size=3000, mtime=None):
    """A build as a build server leaves it: written aside, renamed into place, time kept."""
    aside = agent.builds / f".{path.replace('/', '-')}"
    digest = make_image(aside, size, path)
    if mtime is not None:
        os.utime(aside, (mtime, mtime))
    (agent.builds / path).parent.mkdir(parents=True, exist_ok=True)
    aside.rename(agent.builds / path)
    return digest


def sent(platform):
    """The names of what the platform took, in the order of taking."""
    return [upload["name"] for upload in platform.state()["uploads"]]


def mirror(document):
    """The report of the one watch."""
    (one,) = document["mirror"]
    assert one["watch"] == "release"
    assert one["known"] == one["sent"] + one["duplicate"] + one["failed"] + one["left"]
    return one


def wait_for_mirror(agent, condition, seconds, awaited):
    return wait_until(lambda: (lambda one: one if condition(one) else None)(mirror(agent.status())),
                      seconds, awaited)


def states(daemon):
    """(path, state moved to) of every line of the log that tells of a move, in its order."""
    return re.findall(r'item_state .*?path="?([^" ]+)"? .*?to=(\w+)', daemon.log())


def zone_file(folder, name, offset_s):
    """A time zone of its own, that many seconds ahead of UTC: there it is any time of the day."""
    sign = "-" if offset_s > 0 else ""
    hours, rest = divmod(abs(offset_s), 3600)
    footer = f"\n<XXX>{sign}{hours}:{rest // 60:02}:{rest % 60:02}\n".encode()
    counts = struct.pack(">6L", 0, 0, 0, 0, 1, 4)
    block = struct.pack(">lBB", offset_s, 0, 0) + b"XXX\0"
    header = b"TZif2" + bytes(15) + counts
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(header + block + header + block + footer)


def put_local_time(agent, second_of_day):
    """The agent's time zone: there it is that second of the day now, and the date of UTC."""
    zone_file(agent.directory / "zones", "Here", second_of_day - int(time.time()) % 86_400)
    usual = agent.environment
    agent.environment = lambda more=None: usual({"TZDIR": str(agent.directory / "zones"),
                                                 **(more or {})})
    agent.configure(transfers={"timezone": "Here"})


@pytest.fixture
def at_noon(agent):
    """No midnight comes between: the day's budget is the test's alone."""
    put_local_time(agent, 12 * 3600)
    return agent


# --- the build and the backlog --------------------------------------------------------------------


def registered(platform):
    """The names for which the platform was asked to take an image, in that order."""
    return [mutation["input"]["firmware"]["name"] for mutation in platform.state()["mutations"]]


def assert_nothing_overtook(agent, platform, daemon, path, name):
    """Once the build was ready, nothing of the backlog began before it; so at the platform only
    what had begun before came before it, and what may overtake it on the way: the other slots."""
    moves = states(daemon)
    full = str(agent.builds / path)
    ready, began = moves.index((full, "pending")), moves.index((full, "registering"))
    assert [move for move in moves[ready:began]
            if move[1] == "registering" and "/old" in move[0]] == []
    begun_before = sum(state == "registering" for _, state in moves[:began])
    assert registered(platform).index(name) <= begun_before + 3


def test_a_build_overtakes_a_backlog_of_twenty_thousand(platform, agent):
    agent.configure(analysis={"poll_interval": "5s"})
    archive(agent, BACKLOG)
    daemon = agent.run()
    wait_until(lambda: len(sent(platform)) >= 30, 60, "the backlog is under way")

    # Written now, with an old time kept; another one while the first is on its way.
    digests = [drop(agent, "build/2.0/fw.bin", mtime=1_000_000),
               drop(agent, "build/2.1/fw.bin")]
    wait_until(lambda: set(digests) <= set(uploads_by_digest(platform)), 60, "the builds are sent")

    peak_kib = daemon.peak_rss_kib()
    assert_nothing_overtook(agent, platform, daemon, "build/2.0/fw.bin", "Acme-build-2.0-fw")
    assert_nothing_overtook(agent, platform, daemon, "build/2.1/fw.bin", "Acme-build-2.1-fw")
    assert len(sent(platform)) < BACKLOG / 2, "the backlog was over: nothing was shown"
    assert SANITIZED or 1000 < peak_kib < RSS_LIMIT_KIB, f"{peak_kib} KiB"
    report = wait_for_mirror(agent, lambda one: one["seconds_left"] is not None, 30,
                             "it is known how long the rest takes")
    assert report["left"] > 0 and report["bytes_left"] > 0 and report["waits_for"] is None
    daemon.kill()
    agent.check_ledger()


def test_while_all_slots_would_be_taken_one_waits_for_builds(platform, agent):
    """Old images whose upload hangs: the build is sent beside them, not behind them."""
    archive(agent, 8)
    platform.fault("stall", operation="upload-firmware", where="request", seconds=60, count=3)
    daemon = agent.run()
    wait_until(lambda: platform.faults()[0]["hits"] == 3, 20, "three uploads hang")

    digest = drop(agent, "build/2.0/fw.bin", mtime=1_000_000)

    wait_until(lambda: uploads_by_digest(platform) == {digest: 1}, 20,
               "the build is sent, and nothing of the backlog in the fourth slot")
    platform.clear_faults()
    agent.wait_items({"done": 9}, seconds=60)
    assert sent(platform)[0] == "Acme-build-2.0-fw"
    daemon.terminate()


def test_what_a_rescan_finds_is_a_build_too(platform, agent):
    agent.configure(watch={"mode": "poll", "rescan": "300ms"}, transfers={"uploads": 1})
    archive(agent, 30)
    platform.fault("delay", operation="upload-firmware", seconds=0.2, count=None)
    daemon = agent.run()
    wait_until(lambda: len(sent(platform)) >= 2, 20, "the backlog is under way")

    drop(agent, "build/2.0/fw.bin", mtime=1_000_000)

    agent.wait_items({"done": 31}, seconds=60)
    assert sent(platform).index("Acme-build-2.0-fw") < 30
    assert_nothing_overtook(agent, platform, daemon, "build/2.0/fw.bin", "Acme-build-2.0-fw")
    daemon.terminate()
    assert dict(agent.ledger("SELECT backlog, count(*) FROM item GROUP BY backlog")) == {0: 1,
                                                                                        1: 30}


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_the_backlog_goes_by_the_files_times(platform, agent, order):
    agent.configure(watch={"order": order}, transfers={"uploads": 1})
    archive(agent, 8)
    platform.expire_token()  # until all is hashed, so that the order is that of sending alone
    daemon = agent.run()
    agent.wait_items({"pending": 8})
    platform.revive_token()
    agent.command("resume").ok()
    agent.wait_items({"done": 8})
    daemon.terminate()

    numbers = [int(name.split("-")[2].partition(".")[2]) for name in sent(platform)]
    assert numbers == sorted(numbers, reverse=order == "newest")


# --- the budget of a day --------------------------------------------------------------------------


def test_the_budget_stops_the_backlog_and_no_build_and_holds_over_a_kill(platform, at_noon):
    agent = at_noon
    agent.configure(transfers={"budget": "35KiB/day"})
    archive(agent, 6, 10_000)
    platform.fault("stall", operation="upload-firmware", where="answer", seconds=60, after=2)
    daemon = agent.run()
    wait_until(lambda: len(sent(platform)) == 3, 20, "the platform has three, and answered two")
    daemon.kill()
    platform.clear_faults()
    assert agent.ledger("SELECT bytes FROM upload_day") == [(30_000,)]

    daemon = agent.run()
    agent.wait_items({"done": 3, "pending": 3})
    report = wait_for_mirror(agent, lambda one: one["waits_for"] == "budget", 20, "it says so")
    assert (report["left"], report["bytes_left"]) == (3, 30_000)
    assert "waits for the next day's budget" in agent.command("status").ok().out
    drop(agent, "build/2.0/fw.bin", 20_000)
    agent.wait_items({"done": 4, "pending": 3})
    daemon.terminate()

    assert len(sent(platform)) == 4
    assert agent.ledger("SELECT bytes FROM upload_day") == [(50_000,)]
    assert daemon.log().count("budget_used_up") == 1


def test_at_midnight_the_next_budget_begins_by_itself(platform, at_noon):
    agent = at_noon
    agent.configure(transfers={"budget": "25KiB/day"})
    archive(agent, 4, 10_000)
    daemon = agent.run()
    agent.wait_items({"done": 2, "pending": 2})
    wait_for_mirror(agent, lambda one: one["waits_for"] == "budget", 20, "it is used up")

    # The same day, a few seconds before its end.
    put_local_time(agent, 86_400 - 4)
    daemon.send(signal.SIGHUP)
    agent.wait_items({"done": 4})
    daemon.terminate()
    assert agent.ledger("SELECT bytes FROM upload_day") == [(20_000,)]


def test_a_pass_ends_well_when_the_budget_is_used_up_and_goes_on_the_next_day(platform, at_noon):
    agent = at_noon
    agent.configure(transfers={"budget": "35KiB/day"})
    images = archive(agent, 7, 10_000)

    first = agent.once("--json").ok()
    report = mirror(first.json())
    assert {key: report[key] for key in ("known", "sent", "left", "waits_for")} == {
        "known": 7, "sent": 3, "left": 4, "waits_for": "budget"}
    assert first.json()["sent"] == 3
    assert "4 left (39.1 KiB); waits for the next day's budget" in first.err
    # The newest first; hours later there is still none for the others.
    assert sorted(sent(platform)) == [f"Acme-old{n}-1.{n}-fw" for n in (4, 5, 6)]
    assert agent.once("--json").ok().json()["sent"] == 0

    put_local_time(agent, 12 * 3600 + 1)
    day = int(agent.ledger("SELECT day FROM upload_day")[0][0])
    with contextlib.closing(sqlite3.connect(agent.state_dir / "ledger.db")) as db:
        db.execute("UPDATE upload_day SET day = ?", (day - 1,))  # as if that had been yesterday
        db.commit()
    assert agent.once("--json").ok().json()["sent"] == 3
    with contextlib.closing(sqlite3.connect(agent.state_dir / "ledger.db")) as db:
        db.execute("UPDATE upload_day SET day = ?", (day - 1,))
        db.commit()
    last = agent.once("--json").ok().json()
    assert (last["sent"], last["done"], mirror(last)["left"]) == (1, 7, 0)
    assert mirror(last)["waits_for"] is None
    assert_done_once(agent, platform, images)


# --- bandwidth by a timetable ---------------------------------------------------------------------


def test_a_timetable_limits_and_lets_go_at_its_border(platform, agent):
    """800 KiB at 4 KiB/s would take over three minutes; the window ends seconds from now."""
    agent.configure(transfers={"bandwidth": [{"from": "08:00", "to": "18:00", "rate": "4KiB"}]})
    digest = agent.image("router/1.0/fw.bin", 800 * 1024)
    put_local_time(agent, 18 * 3600 - (14 if SANITIZED else 8))
    daemon = agent.run()
    transfer = wait_until(lambda: agent.status()["transfers"], 8, "the upload is under way")[0]
    assert transfer["bytes_done"] < 400 * 1024

    wait_until(lambda: uploads_by_digest(platform) == {digest: 1}, 60, "it goes without a limit")
    daemon.terminate()

    rates = re.findall(r"bandwidth .*?bytes_per_second=(\d+)", daemon.log())
    assert rates == ["4096", "0"]


def test_a_timetable_holds_from_the_first_byte_after_a_restart(platform, agent):
    agent.configure(transfers={"bandwidth": [{"from": "22:00", "to": "06:00", "rate": "100KiB"}]})
    agent.image("router/1.0/fw.bin", 400 * 1024)
    put_local_time(agent, 3600)  # over midnight, in the window

    agent.once().ok()

    (body,) = platform.requests(operation="upload-firmware")
    assert body["seconds"] > 2


# --- limit_unanalysed -----------------------------------------------------------------------------


def unanalysed_at_most(platform, seconds):
    """How many the platform ever worked on at a time, by its own log: each for `seconds`."""
    ends = sorted(when(entry["time"]) + entry["seconds"]
                  for entry in platform.requests(operation="upload-firmware", status=200))
    return max(sum(end - seconds < other <= end for other in ends) for end in ends)


def when(text):
    if isinstance(text, (int, float)):
        return float(text)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp()


def test_no_more_than_the_limit_is_ever_unanalysed_also_over_a_kill(start_platform, make_agent):
    seconds = 0.5
    platform = start_platform(analysis_seconds=seconds)
    agent = make_agent(platform=platform, transfers={"limit_unanalysed": 5},
                       analysis={"poll_interval": "100ms"})
    images = archive(agent, 50)
    daemon = agent.run()
    wait_until(lambda: len(sent(platform)) >= 12, 30, "some are sent")
    wait_for_mirror(agent, lambda one: one["waits_for"] == "limit_unanalysed", 20, "it says so")
    daemon.kill()

    daemon = agent.run()
    agent.wait_items({"done": 50}, seconds=60)
    daemon.terminate()

    assert_done_once(agent, platform, images)
    assert unanalysed_at_most(platform, seconds) <= 5


# --- the report and the moved tree ----------------------------------------------------------------


def test_the_report_adds_up(platform, agent):
    archive(agent, 5)
    agent.image("copy/1.0/fw.bin", 200, seed=0)  # the same content as the first
    agent.image("alone.bin", 200)  # no product and version
    agent.configure(watch={"match": r"^(?<product>[^/]+)/(?<version>[^/]+)/[^/]+$"})

    told = agent.once("--json")

    assert told.code == 3
    report = mirror(told.json())
    assert report == {"watch": "release", "known": 7, "sent": 5, "duplicate": 1, "failed": 1,
                      "left": 0, "bytes_left": 0, "seconds_left": 0, "waits_for": None}
    # Without a daemon the ledger tells the same, but for what only an agent knows.
    assert mirror(agent.status()) == {**report, "seconds_left": None}
    assert "mirror      release: 7 known: 5 sent, 1 duplicate, 1 failed, 0 left" in \
        agent.command("status").ok().out


def test_a_report_says_that_a_person_or_a_token_is_waited_for(platform, agent):
    archive(agent, 3)
    agent.command("pause", "--reason", "maintenance").ok()
    daemon = agent.run()
    wait_for_mirror(agent, lambda one: one["waits_for"] == "operator", 20, "the pause is told")
    platform.expire_token()
    agent.command("resume").ok()
    wait_for_mirror(agent, lambda one: one["waits_for"] == "token", 20, "the token is told")
    platform.revive_token()
    agent.command("resume").ok()
    agent.wait_items({"done": 3})
    assert mirror(agent.status())["waits_for"] is None
    daemon.terminate()


def test_a_tree_that_is_moved_loses_nothing_over_kills(platform, agent):
    target = agent.directory / "sent"
    agent.configure(watch={"when_done": "move", "move_to": str(target)})
    images = archive(agent, 40)
    kills = 0
    while kills < 4:
        daemon = agent.run(ready=False)
        wanted = 8 * (kills + 1)
        wait_until(lambda: len(list(target.rglob("fw.bin"))) >= wanted, 30, f"{wanted} are moved")
        daemon.kill()
        kills += 1
    daemon = agent.run()
    agent.wait_items({"done": 40}, seconds=60)
    daemon.terminate()

    assert_done_once(agent, platform, images)
    assert sorted(str(path.relative_to(target)) for path in target.rglob("fw.bin")) == \
        sorted(images)
    assert list(agent.builds.rglob("*.bin")) == []
