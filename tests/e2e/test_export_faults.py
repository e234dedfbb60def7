"""The export when something is amiss: firmwares that vanish, tokens that end, platforms and disks
that fail. Nothing is lost, the rest is done, and somebody hears of it once."""

import contextlib
import datetime
import hashlib
import random
import signal
import sqlite3
import subprocess

import pytest

from harness import SANITIZED, wait_until
from tenant import EXPORT_SECONDS, Tenant, export_job
from test_disk import fill, small_disk  # noqa: F401

SOME_FAILED, BAD_DATA, IO_ERROR, TEMPORARY, TOKEN = 3, 65, 74, 75, 77
DOWNLOADS = 8  # transfers.downloads: so many are in flight at most


def open_alerts(agent, event):
    return [alert for alert in agent.status()["alerts"] if alert["event"] == event]


def job_of(agent, name="nightly"):
    (found,) = [one for one in agent.status()["exports"] if one["name"] == name]
    return found


def vanished(tenant):
    return {row["firmware_id"] for row in tenant.rows() if row["vanished_at"] is not None}


def wait_success(agent, seconds=40.0):
    return wait_until(lambda: job_of(agent)["last_success"], seconds, "the export succeeds")


# --- firmwares that are no longer there ---------------------------------------------------------


def marking(agent, count):
    tenant = Tenant(agent, count, jobs=[export_job(on_vanished="mark")])
    tenant.export()
    return tenant


def test_a_vanished_firmware_keeps_its_files_and_is_marked_until_it_is_back(agent):
    tenant = marking(agent, 20)
    before = tenant.documents()
    gone = set(tenant.ids[:2])
    for one in gone:
        agent.platform.vanish(one)
    told = tenant.counted()
    assert (told["listed"], told["vanished"], told["failed"]) == (18, 2, 0)
    assert vanished(tenant) == gone and tenant.documents() == before
    assert {row["firmware_id"] for row in tenant.table() if row["vanished_at"]} == gone
    tenant.assert_whole(20)
    files = tenant.files()
    assert tenant.counted()["vanished"] == 0, "it is marked already"
    assert tenant.files() == files
    agent.platform.vanish(tenant.ids[0], again=True)
    tenant.export()
    assert vanished(tenant) == {tenant.ids[1]} and tenant.documents() == before
    assert agent.alerts() == []


def test_what_vanished_is_not_marked_unless_that_was_asked_for(agent):
    tenant = Tenant(agent, 20)
    tenant.export()
    files = tenant.files()
    agent.platform.vanish(tenant.ids[0])
    told = tenant.counted()
    assert (told["listed"], told["vanished"]) == (19, 0)
    assert tenant.files() == files and vanished(tenant) == set()


@pytest.mark.parametrize("count, gone", [(20, 3), (5, 2), (20, 20)])
def test_more_than_a_tenth_at_once_is_refused_until_a_person_allows_it(agent, count, gone):
    tenant = marking(agent, count)
    before = tenant.files()
    for one in tenant.ids[:gone]:
        agent.platform.vanish(one)

    told = tenant.counted(code=SOME_FAILED)

    assert told["vanished"] == 0 and f"{gone} of {count}" in told["error"]
    assert tenant.files() == before
    (alert,) = agent.alerts("export_failed")
    assert "--allow-vanished" in alert["text"] + alert["action"]
    tenant.export(code=SOME_FAILED)
    assert len(agent.alerts("export_failed")) == 1, "told at every run"

    assert tenant.counted("--allow-vanished")["vanished"] == gone
    assert vanished(tenant) == set(tenant.ids[:gone])
    assert {path: seen for path, seen in tenant.documents().items()}.items() <= before.items()
    assert open_alerts(agent, "export_failed") == []
    tenant.assert_whole(count)


@pytest.mark.parametrize("kind, keys, code", [
    ("truncate", {}, 69), ("html_signin", {}, 76), ("wrong_json", {"body": "{\"data\": {}}"}, 76),
    ("wrong_json", {"body": "{\"data\": {\"allFirmwares\": null}}"}, 76),
    ("graphql_errors", {"message": "internal"}, BAD_DATA), ("status", {"status": 500}, 69),
], ids=["cut", "html", "no-list", "null", "errors", "500"])
def test_a_list_that_cannot_be_read_changes_nothing(agent, kind, keys, code):
    tenant = marking(agent, 6)
    before = tenant.files()
    agent.platform.fault(kind, operation="allFirmwares", count=None, **keys)
    told = tenant.export(code=code)
    assert told.err.splitlines()[-1].startswith("onekey-agent: export nightly: ")
    assert len(agent.alerts("export_failed")) == 1
    assert tenant.files() == before and vanished(tenant) == set()
    agent.platform.clear_faults()
    tenant.export()
    assert tenant.files() == before
    assert open_alerts(agent, "export_failed") == []


def test_a_filter_and_a_second_job_make_nothing_vanish(agent):
    tenant = Tenant(agent, 20, jobs=[
        export_job(name="all", on_vanished="mark"),
        export_job(name="few", on_vanished="mark", filter={"name": "fw-1"})])
    tenant.export()
    tenant.export("--job", "few")
    assert vanished(tenant) == set() and agent.alerts() == []
    tenant.schedule(export_job(on_vanished="mark", filter={"name": "nothing"}))
    tenant.export()
    assert vanished(tenant) == set()
    tenant.assert_whole(20)


# --- the platform -------------------------------------------------------------------------------


def test_a_platform_that_says_502_now_and_then_costs_nothing_but_time(agent):
    tenant = Tenant(agent, 60)
    for number in random.Random(5).sample(range(1, 60), 12):
        agent.platform.fault("status", operation="sbom", nth=number, status=502)
    agent.platform.fault("reset_mid_body", operation="sbom", nth=9)
    agent.platform.fault("truncate", operation="sbom", nth=17)
    told = tenant.counted()
    assert (told["written"], told["failed"], told["quarantined"]) == (60, 0, 0)
    tenant.assert_whole(60)
    assert agent.alerts() == []


@pytest.mark.parametrize("fault", ["403", "500"])
def test_one_firmware_that_cannot_be_fetched_does_not_stop_the_others(agent, fault):
    tenant = Tenant(agent, 12)
    agent.platform.break_sbom(tenant.ids[5], fault)
    told = tenant.counted(code=SOME_FAILED)
    assert (told["written"], told["failed"], told["left"]) == (11, 1, 0)
    tenant.assert_whole(11)
    (alert,) = agent.alerts("export_failed")
    assert "1 of 12" in alert["text"] and fault in alert["text"]
    job = job_of(agent)
    assert job["last_attempt"] and job["last_success"] is None and "1 of 12" in job["error"]
    line = tenant.export(code=SOME_FAILED)
    assert "1 failed" in line.out
    assert len(agent.alerts("export_failed")) == 1
    agent.platform.break_sbom(tenant.ids[5], None)
    assert tenant.counted()["failed"] == 0
    tenant.assert_whole(12)
    assert open_alerts(agent, "export_failed") == [] and job_of(agent)["last_success"]


def test_an_export_of_once_that_failed_in_part_is_its_exit_code(agent):
    tenant = Tenant(agent, 4)
    agent.platform.break_sbom(tenant.ids[0], "403")
    told = agent.once()
    assert told.code == SOME_FAILED, repr(told)
    tenant.assert_whole(3)


def test_an_operators_pause_is_not_broken_by_an_export(agent):
    tenant = Tenant(agent, 3)
    agent.command("pause", "--reason", "audit").ok()
    tenant.export(code=TEMPORARY)
    assert "sbom" not in tenant.platform.counts()
    agent.command("resume").ok()
    tenant.export()
    tenant.assert_whole(3)


# --- the token ----------------------------------------------------------------------------------


def test_a_token_that_ends_in_the_middle_pauses_the_export_which_goes_on(agent, platform, tokens):
    tenant = Tenant(agent, 200)
    platform.expire_token(after_requests=80)
    daemon = agent.run()
    alert = agent.wait_alert("auth_paused")
    assert "token" in alert["action"]
    wait_until(lambda: agent.status()["state"] == "auth_paused", 20, "the pause is told")
    had = sum(map(len, tenant.served().values()))
    assert 0 < had < 200 and job_of(agent)["last_success"] is None
    refused = platform.counts()

    agent.set_token(platform.add_token("fresh", tokens.make()))
    wait_success(agent)

    daemon.terminate()
    tenant.assert_whole(200)
    assert sum(map(len, tenant.served().values())) <= 200 + DOWNLOADS
    # Those in flight were refused, no more.
    assert refused.get("sbom 401", 0) <= 2 * DOWNLOADS
    assert len(agent.alerts("auth_paused")) == 1 and len(agent.alerts("auth_resumed")) == 1
    assert agent.alerts("export_failed") == []
    assert platform.counts()["allFirmwares"] <= 2, "the list was asked for again"


def test_a_command_ends_at_a_token_that_ended_and_the_next_one_goes_on(agent, platform, tokens):
    tenant = Tenant(agent, 100)
    platform.expire_token(after_requests=40)
    told = agent.command("sbom", "export")
    assert told.code == TOKEN, repr(told)
    assert "token" in told.err.splitlines()[-1]
    had = set(tenant.served())
    assert 0 < len(had) < 100
    agent.set_token(platform.add_token("fresh", tokens.make()))
    mark = tenant.mark()
    tenant.export()
    tenant.assert_whole(100)
    assert len(had & set(mark.served())) <= DOWNLOADS
    assert platform.counts()["allFirmwares"] == 1
    assert len(agent.alerts("auth_paused")) == 1


# --- ended in the middle ------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_and_the_next_one_goes_on(agent, number):
    tenant = Tenant(agent, 400)
    export = tenant.start_export()
    wait_until(lambda: tenant.platform.counts().get("sbom", 0) >= 40, 30, "40 documents")
    export.send(number)
    assert export.wait() == 128 + number
    had = len(tenant.served())
    assert had < 400
    tenant.export()
    tenant.assert_whole(400)
    assert sum(map(len, tenant.served().values())) <= 400 + DOWNLOADS
    assert tenant.platform.counts()["allFirmwares"] == 1


def test_a_daemon_that_is_stopped_in_the_middle_goes_on_at_its_next_start(agent):
    tenant = Tenant(agent, 400)
    daemon = agent.run(ready=False)
    wait_until(lambda: tenant.platform.counts().get("sbom", 0) >= 40, 30, "40 documents")
    daemon.terminate()
    daemon = agent.run()
    wait_success(agent)
    daemon.terminate()
    tenant.assert_whole(400)
    assert sum(map(len, tenant.served().values())) <= 400 + DOWNLOADS
    assert len(agent.ledger("SELECT 1 FROM sbom")) == 400


# --- the disk -----------------------------------------------------------------------------------


def test_a_full_disk_leaves_no_partial_file_and_the_export_goes_on(agent, small_disk):  # noqa: F811
    count = 80
    small_disk(agent.sboms, "640k")
    tenant = Tenant(agent, count)
    daemon = agent.run()
    alert = agent.wait_alert("disk_low", 30)
    assert str(agent.sboms) in alert["text"] and "room" in alert["action"]
    served = {digest for digests in tenant.served().values() for digest in digests}
    lying = [path for path in agent.sboms.rglob("*") if path.is_file()]
    whole = [hashlib.sha256(path.read_bytes()).hexdigest() for path in lying
             if not path.name.startswith(".")]
    assert 0 < len(whole) < count and set(whole) <= served
    assert daemon.is_alive() and job_of(agent)["last_success"] is None

    subprocess.run(["mount", "-o", "remount,size=16m", agent.sboms], check=True)
    wait_success(agent, 60)

    daemon.terminate()
    tenant.assert_whole(count)
    assert len(agent.alerts("disk_low")) == 1
    assert agent.ledger("SELECT count(*), max(revision) FROM sbom") == [(count, 1)]
    assert agent.ledger("SELECT 1 FROM alert WHERE event = 'disk_low' AND cleared_at IS NULL") == []


def test_a_disk_without_room_for_the_index_keeps_the_old_one_whole(agent, small_disk):  # noqa: F811
    small_disk(agent.sboms, "2m")
    tenant = Tenant(agent, 30)
    tenant.export()
    index = {name: (agent.sboms / name).read_bytes()
             for name in ("index.json", "index.csv", "SHA256SUMS")}
    agent.platform.change_firmwares({"revision": 1})
    filler = fill(agent.sboms)
    daemon = agent.start("sbom", "export")
    agent.wait_alert("disk_low", 30)
    assert {name: (agent.sboms / name).read_bytes() for name in index} == index
    tenant.check_sums()
    filler.unlink()
    if daemon.wait(60) != 0:
        assert daemon.process.returncode == IO_ERROR, repr(daemon)
        tenant.export()
    tenant.assert_whole(30)
    assert all(row["revision"] == 2 for row in tenant.rows())


# --- large documents ----------------------------------------------------------------------------


def exported_within(tenant, mib):
    """Exports; the agent never held more than that, however large the documents were."""
    code, peak = tenant.start_export().wait_peak(EXPORT_SECONDS)
    assert code == 0, repr(tenant.agent.daemons[-1])
    assert SANITIZED or 0 < peak < mib * 1024, f"{peak} KiB"


def test_a_document_of_100_mb_takes_no_memory_by_its_size(agent):
    agent.configure(log={"level": "info"})
    tenant = Tenant(agent, 1, components=330_000)
    exported_within(tenant, 64)
    row = tenant.row(tenant.ids[0])
    assert row["size"] > 100_000_000 and row["components"] == 330_000
    tenant.assert_whole(1)


def test_eight_documents_of_20000_components_that_change_at_once(agent):
    tenant = Tenant(agent, DOWNLOADS, components=20_000)
    exported_within(tenant, 64)
    agent.platform.change_firmwares({"revision": 1})
    exported_within(tenant, 64)
    tenant.assert_whole(DOWNLOADS)
    told = agent.alerts("sbom_changed")
    assert len(told) == DOWNLOADS
    assert all("0 added, 0 removed, 4000 in another version" in alert["text"] for alert in told)
    assert agent.ledger("SELECT count(*) FROM sbom") == [(2 * DOWNLOADS,)]


# --- at the same time ---------------------------------------------------------------------------


def test_exports_while_the_agent_uploads_the_same_firmwares_add_no_revision(agent, platform):
    tenant = Tenant(agent, 10, jobs=[export_job(), export_job(name="ours", scope="ledger")])
    daemon = agent.run()
    agent.images(25)
    while agent.items() != {"done": 25}:
        tenant.export()
        assert daemon.is_alive(), repr(daemon)
    tenant.export()
    daemon.terminate()
    assert len(platform.state()["uploads"]) == 25
    tenant.assert_whole(35)
    assert agent.ledger("SELECT count(*), max(revision) FROM sbom") == [(35, 1)]
    assert agent.ledger("SELECT count(*) FROM document") == [(35,)]
    assert agent.alerts() == [] and agent.items() == {"done": 25}
    agent.check_ledger()


def test_two_commands_at_a_daemon_share_one_run(agent, platform):
    tenant = Tenant(agent, 30, jobs=[export_job(catch_up=False)])
    daemon = agent.run()
    platform.fault("stall", operation="sbom", nth=3, where="answer")
    first = tenant.start_export("--json")
    wait_until(lambda: platform.counts().get("sbom", 0) >= 10, 30, "the run is on its way")
    second = tenant.start_export("--json")
    wait_until(lambda: "export-run" in daemon.log() or second.is_alive(), 20, "the second asks")
    assert first.is_alive() and second.is_alive()
    platform.clear_faults()
    assert (first.wait(), second.wait()) == (0, 0), repr(second)
    assert sum(map(len, tenant.served().values())) in (30, 31, 60)
    daemon.terminate()
    tenant.assert_whole(30)


def test_a_command_at_a_daemon_has_the_same_exit_code_and_words(agent):
    tenant = Tenant(agent, 5, jobs=[export_job(catch_up=False)])
    agent.platform.break_sbom(tenant.ids[0], "403")
    agent.run()
    told = tenant.export(code=SOME_FAILED)
    assert told.out == "nightly: 5 firmwares, 4 written, 0 unchanged, 1 failed\n"
    assert told.err.count("\n") == 1 and "1 of 5" in told.err, repr(told)
    assert agent.command("status", "--check").code == SOME_FAILED
    agent.platform.break_sbom(tenant.ids[0], None)
    told = tenant.export()
    assert told.out == "nightly: 5 firmwares, 1 written, 4 unchanged, 0 failed\n"
    assert told.err == ""
    assert agent.command("status", "--check").code == 0
    assert agent.command("sbom", "verify").ok()
    agent.daemons[-1].terminate()
    tenant.assert_whole(5)


# --- schedules ----------------------------------------------------------------------------------

DAY_MS = 24 * 60 * 60 * 1000


def set_last_slot(agent, last_slot_ms, name="nightly"):
    """As if the job's last slot had been that one; of a stopped agent."""
    with contextlib.closing(sqlite3.connect(agent.state_dir / "ledger.db")) as db, db:
        assert db.execute("UPDATE export_job SET last_slot = ? WHERE name = ?",
                          (last_slot_ms, name)).rowcount == 1


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def midnight_ms(days=0):
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    return int(today.timestamp() * 1000) + days * DAY_MS


def test_once_runs_what_is_due_and_nothing_else(agent):
    tenant = Tenant(agent, 3)
    agent.once().ok()
    tenant.assert_whole(3)
    mark = tenant.mark()
    agent.once().ok()
    assert "sbom" not in mark.counts(), "its slot of today was taken"
    # A month was missed: one run makes up for all of it.
    set_last_slot(agent, midnight_ms(-31))
    agent.once().ok()
    assert mark.counts()["sbom"] == 3
    assert agent.ledger("SELECT last_slot FROM export_job") == [(midnight_ms(),)]
    agent.once().ok()
    assert mark.counts()["sbom"] == 3


@pytest.mark.parametrize("catch_up", [True, False])
def test_a_daemon_makes_up_for_a_missed_slot_only_when_it_is_to(agent, catch_up):
    witness = export_job(name="witness", filter={"name": "fw-1"})
    tenant = Tenant(agent, 3, jobs=[export_job(catch_up=catch_up), witness])
    agent.once().ok()
    set_last_slot(agent, midnight_ms(-3))
    set_last_slot(agent, midnight_ms(-1), "witness")
    last = job_of(agent)["last_success"]
    mark = tenant.mark()
    daemon = agent.run()
    # The witness is due too, after the other: when it ran, the other had its chance.
    seen = job_of(agent, "witness")["last_success"]
    wait_until(lambda: job_of(agent, "witness")["last_success"] != seen or
               mark.counts().get("sbom", 0) >= 1, 30, "the witness runs")
    wait_until(lambda: all(one["phase"] == "idle" for one in agent.status()["exports"]), 30,
               "no export runs")
    job = job_of(agent)
    daemon.terminate()
    assert (job["last_success"] != last) == catch_up
    assert mark.counts()["sbom"] == (4 if catch_up else 1)
    assert instant(job["next"]) == datetime.datetime.fromtimestamp(midnight_ms(1) / 1000,
                                                                   datetime.timezone.utc)


def test_this_hosts_offset_is_always_the_same_and_within_the_spread(agent):
    tenant = Tenant(agent, 1, jobs=[export_job(catch_up=False, spread="2h", name="a"),
                                    export_job(catch_up=False, spread="2h", name="b")])
    seen = []
    for _ in range(2):
        daemon = agent.run()
        seen.append([one["next"] for one in agent.status()["exports"]])
        daemon.terminate()
    assert seen[0] == seen[1]
    slot = datetime.datetime.fromtimestamp(midnight_ms() / 1000, datetime.timezone.utc)
    for text in seen[0]:
        after = (instant(text) - slot) % datetime.timedelta(days=1)
        assert after < datetime.timedelta(hours=2) and instant(text) > now()
    assert "sbom" not in tenant.platform.counts()


def test_a_daemon_starts_a_job_at_its_minute_and_tells_when_the_next_one_is(agent):
    tenant = Tenant(agent, 2, jobs=[export_job(schedule="* * * * *", catch_up=False),
                                    export_job(name="other", schedule="every 1h", catch_up=False)])
    daemon = agent.run()
    job = job_of(agent)
    due = instant(job["next"])
    assert (job["last_success"], job["last_attempt"]) == (None, None)
    assert due.second == 0 and now() < due + datetime.timedelta(seconds=5)
    other = instant(job_of(agent, "other")["next"])
    assert (other.minute, other.second) == (0, 0)
    last = instant(wait_success(agent, 75))
    assert last >= due
    job = job_of(agent)
    assert instant(job["next"]) - due in (datetime.timedelta(minutes=1),
                                          datetime.timedelta(minutes=2))
    text = agent.command("status").ok().out
    assert "nightly" in text and "next" in text
    assert agent.command("status", "--check").code == 0
    daemon.terminate()
    tenant.assert_whole(2)
    assert set(job) >= {"name", "last_success", "last_attempt", "next"}


def test_once_that_only_lists_exports_nothing(agent):
    Tenant(agent, 3)
    agent.once("--dry-run").ok()
    assert "sbom" not in agent.platform.counts() and not agent.sboms.exists()
    agent.once().ok()
    assert agent.platform.counts()["sbom"] == 3


def test_a_job_that_a_reload_brings_runs_without_a_restart(agent):
    tenant = Tenant(agent, 3, jobs=[])
    daemon = agent.run()
    assert agent.status()["exports"] == []
    tenant.schedule(export_job())
    daemon.send(signal.SIGHUP)
    wait_until(lambda: agent.status()["exports"], 20, "the job is there")
    wait_success(agent)
    daemon.terminate()
    tenant.assert_whole(3)


@pytest.mark.parametrize("jobs", [[], [export_job(filter={"name": "fw-[1-9]"})],
                                  [export_job(name="other"), export_job(on_vanished="mark")]],
                         ids=["gone", "another-filter", "more"])
def test_a_reload_in_the_middle_of_an_export_harms_nothing(agent, platform, jobs):
    tenant = Tenant(agent, 40)
    platform.fault("stall", operation="sbom", after=10, count=DOWNLOADS, where="answer")
    daemon = agent.run()
    wait_until(lambda: platform.faults()[0]["hits"] == DOWNLOADS, 30, "all downloads stall")
    tenant.schedule(*jobs)
    daemon.send(signal.SIGHUP)
    wait_until(lambda: "config_accepted" in daemon.log(), 20, "the new configuration is read")
    platform.clear_faults()
    names = [job["name"] for job in jobs]
    wait_until(lambda: [one["name"] for one in agent.status()["exports"]
                        if one["phase"] == "idle" and one["last_success"]] == names,
               40, "the jobs of the new configuration have run")
    assert daemon.is_alive()
    daemon.terminate()
    tenant.export("--all")
    tenant.assert_whole(40)
    assert agent.ledger("SELECT count(*), max(revision) FROM sbom") == [(40, 1)]
    agent.check_ledger()


def test_a_job_that_is_no_longer_configured_leaves_its_files_and_no_trace_in_status(agent):
    tenant = Tenant(agent, 3)
    agent.platform.break_sbom(tenant.ids[0], "403")
    assert agent.once().code == SOME_FAILED
    tenant.schedule(export_job(name="weekly", schedule="@weekly"))
    agent.platform.break_sbom(tenant.ids[0], None)
    agent.once().ok()
    tenant.assert_whole(3)
    assert [one["name"] for one in agent.status()["exports"]] == ["weekly"]
    assert open_alerts(agent, "export_failed") == [], "nobody can end this alert any more"
