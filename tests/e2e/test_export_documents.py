"""What is let into the folder, what is kept of it, and who hears of it: revisions, changes,
quarantine, `sbom verify`."""

import contextlib
import hashlib
import json
import shutil
import sqlite3

import pytest

from harness import sha256_of
from tenant import INDEXES, Tenant, export_job

SOME_FAILED, BAD_DATA = 3, 65
BUSYBOX = {"name": "busybox", "version": "1.36.1"}
TWO = [{"name": "default"}, {"name": "spdx", "query": "format=spdx"}]
ZLIB = {"name": "zlib", "version": "1.2.13", "licence": "Zlib"}


def open_quarantines(agent):
    return [alert for alert in agent.status()["alerts"] if alert["event"] == "sbom_quarantined"]


# --- what changed -------------------------------------------------------------------------------


def test_a_change_of_components_is_told_with_what_came_went_and_moved(agent):
    tenant = Tenant(agent, 3)
    one = tenant.ids[1]
    agent.platform.set_components(one, [BUSYBOX, ZLIB, {"name": "dropbear", "version": "2022.83"}])
    tenant.export()
    before = tenant.files()
    agent.platform.set_components(one, [ZLIB, {"name": "busybox", "version": "1.37.0"},
                                        {"name": "openssl", "version": "3.0.15"}])

    assert tenant.counted()["written"] == 1

    (alert,) = agent.alerts("sbom_changed")
    assert alert["severity"] and alert["host"] and alert["since"]
    assert one in alert["text"] and "fw-2" in alert["text"] and one in alert["action"]
    for word in ("openssl 3.0.15", "dropbear 2022.83", "busybox 1.36.1 -> 1.37.0"):
        assert word in alert["text"], alert["text"]
    assert "zlib" not in alert["text"]
    changed = {path for path, seen in tenant.files().items() if before[path] != seen}
    assert changed == {tenant.row(one)["file"], *INDEXES}
    difference = agent.command("sbom", "diff", one)
    assert difference.code == 1
    lines = sorted(line[:1] + line.split()[1] for line in difference.out.splitlines()
                   if line[:2] in ("+ ", "- ", "~ ", "* "))
    assert lines == ["+openssl", "-dropbear", "~busybox"], difference.out
    tenant.assert_whole(3)
    (environment,) = agent.alert_environments()
    assert "ONEKEY_TOKEN" not in environment


NOT_NEWS = [
    ("serial number, time and order", {}, 1, 0),
    ("assessments of vulnerabilities", {"vex": 3}, 2, 0),
    ("a licence", {"components_list": [BUSYBOX, {**ZLIB, "licence": "MIT"}]}, 2, 1),
    ("a hash", {"components_list": [{**BUSYBOX, "sha256": "00" * 32}, ZLIB]}, 2, 1),
    ("a version", {"components_list": [BUSYBOX, {**ZLIB, "version": "1.3"}]}, 2, 1),
    ("the order of components", {"components_list": [ZLIB, BUSYBOX]}, 1, 0),
]


@pytest.mark.parametrize("change, revisions, alerts", [case[1:] for case in NOT_NEWS],
                         ids=[case[0] for case in NOT_NEWS])
@pytest.mark.parametrize("query", [None, "format=spdx", "format=cyclonedx-xml"],
                         ids=["json", "spdx", "xml"])
def test_what_is_a_revision_and_what_is_news(agent, query, change, revisions, alerts):
    if query == "format=spdx" and "vex" in change:
        pytest.skip("SPDX documents of the stand-in have no assessments")
    if query == "format=cyclonedx-xml" and "vex" in change:
        pytest.skip("XML documents of the stand-in have no assessments")
    if query:
        agent.configure(sbom={"formats": [{"name": "default", "query": query}]})
    tenant = Tenant(agent, 1, components_list=[BUSYBOX, ZLIB])
    tenant.export()
    files = tenant.files()
    if change:
        agent.platform.change_firmware(tenant.ids[0], **change)
    tenant.export()
    assert [row["revision"] for row in tenant.history()] == list(range(1, revisions + 1))
    assert len(agent.alerts("sbom_changed")) == alerts
    assert (tenant.files() == files) == (revisions == 1)
    tenant.assert_whole(1)


def test_a_change_of_many_components_is_told_in_bounds_and_without_control_characters(agent):
    tenant = Tenant(agent, 1, components=200)
    tenant.export()
    agent.platform.set_components(tenant.ids[0], [
        {"name": f"evil\x1b[2J\u202e{number}" + "n" * 300, "version": "1\n2", "purl": None}
        for number in range(300)])
    tenant.export()
    (alert,) = agent.alerts("sbom_changed")
    assert len(alert["text"]) < 2000 and "300 added, 200 removed" in alert["text"]
    assert alert["text"].isprintable() and "\u202e" not in alert["text"]
    told = agent.command("sbom", "diff", tenant.ids[0])
    assert told.code == 1 and "\x1b" not in told.out and "\u202e" not in told.out


def test_a_specification_that_is_too_new_is_kept_with_unknown_components(agent):
    tenant = Tenant(agent, 2)
    agent.platform.change_firmware(tenant.ids[0], spec_version="1.99")
    told = tenant.counted()
    assert (told["written"], told["failed"], told["quarantined"]) == (2, 0, 0)
    row = tenant.row(tenant.ids[0])
    assert (row["spec_version"], row["components"]) == ("1.99", None)
    assert json.loads(tenant.document(tenant.ids[0]).read_text())["specVersion"] == "1.99"
    files = tenant.files()
    assert tenant.counted()["unchanged"] == 2 and tenant.files() == files
    tenant.assert_whole(2)


# --- quarantine ---------------------------------------------------------------------------------

BAD = ["html", "json", "truncated", "empty", "no_components", "half_components"]


@pytest.mark.parametrize("fault", BAD)
def test_what_must_not_replace_a_good_document_is_kept_apart_and_told_once(agent, fault):
    tenant = Tenant(agent, 4, components=41)  # half of it is less than half
    one = tenant.ids[2]
    tenant.export()
    before = tenant.documents()
    agent.platform.break_sbom(one, fault)

    told = tenant.counted(code=SOME_FAILED)

    assert (told["unchanged"], told["quarantined"], told["failed"]) == (3, 1, 0), told
    assert tenant.documents() == before
    tenant.assert_whole(4)
    (alert,) = agent.alerts("sbom_quarantined")
    assert one in alert["text"] and alert["action"]
    status = agent.status()
    assert status["quarantined"] == 1 and len(open_quarantines(agent)) == 1
    assert "quarantine" in agent.command("sbom", "history", one).ok().out

    tenant.export(code=SOME_FAILED)
    tenant.export(code=SOME_FAILED)
    assert len(agent.alerts("sbom_quarantined")) == 1, "told at every run"
    assert tenant.documents() == before
    assert agent.ledger("SELECT count(*) FROM document")[0][0] <= 5, "each one was kept"

    agent.platform.break_sbom(one, None)
    assert tenant.counted()["unchanged"] == 4
    assert tenant.documents() == before and open_quarantines(agent) == []
    assert agent.status()["quarantined"] == 0
    assert agent.ledger("SELECT count(*) FROM document") == [(4,)]
    assert agent.alerts("sbom_changed") == [] and agent.alerts("export_failed") == []


@pytest.mark.parametrize("fault", BAD[:4])
def test_a_first_document_that_is_no_sbom_gets_no_name(agent, fault):
    tenant = Tenant(agent, 3)
    agent.platform.break_sbom(tenant.ids[0], fault)
    told = tenant.counted(code=SOME_FAILED)
    assert told["written"] == 2 and told["quarantined"] + told["failed"] == 1
    tenant.assert_whole(2)
    assert len(agent.alerts("sbom_quarantined")) + len(agent.alerts("export_failed")) >= 1
    agent.platform.break_sbom(tenant.ids[0], None)
    tenant.export()
    tenant.assert_whole(3)
    assert open_quarantines(agent) == []
    assert [a for a in agent.status()["alerts"] if a["event"] == "export_failed"] == []


def test_a_first_document_without_components_is_kept_and_told_once(agent):
    tenant = Tenant(agent, 2)
    agent.platform.break_sbom(tenant.ids[0], "no_components")
    tenant.export()
    tenant.assert_whole(2)
    assert tenant.row(tenant.ids[0])["components"] == 0
    assert len(agent.alerts("sbom_empty")) == 1
    tenant.export()
    assert len(agent.alerts("sbom_empty")) == 1
    agent.platform.break_sbom(tenant.ids[0], None)
    tenant.export()
    assert tenant.row(tenant.ids[0])["components"] == 40
    assert len(agent.alerts("sbom_changed")) == 1


@pytest.mark.parametrize("before, now, quarantined", [(10, 5, 0), (10, 4, 1), (2, 1, 0), (1, 0, 1)])
def test_the_share_that_is_too_little_is_exact(agent, before, now, quarantined):
    tenant = Tenant(agent, 1, components=before)
    tenant.export()
    agent.platform.change_firmware(tenant.ids[0], components=now)
    assert tenant.counted(code=SOME_FAILED * quarantined)["quarantined"] == quarantined


def test_a_share_of_zero_lets_everything_in(agent):
    agent.configure(sbom={"min_components_ratio": 0})
    tenant = Tenant(agent, 1)
    tenant.export()
    agent.platform.break_sbom(tenant.ids[0], "no_components")
    assert tenant.counted()["written"] == 1
    assert tenant.row(tenant.ids[0])["components"] == 0


@pytest.mark.parametrize("daemon_runs", [False, True], ids=["no-daemon", "daemon"])
def test_a_person_accepts_what_shrank_and_stands_in_its_history(agent, daemon_runs):
    tenant = Tenant(agent, 3)
    one = tenant.ids[0]
    tenant.export()
    agent.platform.break_sbom(one, "half_components")
    agent.platform.change_firmware(one, components=31)
    tenant.export(code=SOME_FAILED)
    good = sha256_of(tenant.document(one))
    if daemon_runs:
        agent.run()

    agent.command("sbom", "accept", one, "--by", "J. Doe", "--reason",
                  "modules were taken out").ok()

    if daemon_runs:
        tenant.export()
        agent.daemons[-1].terminate()
    new = sha256_of(tenant.document(one))
    assert new != good
    history = tenant.history()
    assert [row["revision"] for row in history] == [1, 2]
    assert [row["accepted_by"] for row in history] == [None, "J. Doe"]
    assert history[1]["accepted_why"] == "modules were taken out" and history[1]["current"]
    assert history[1]["sha256"] == new and history[1]["components"] == 15
    assert open_quarantines(agent) == [] and agent.status()["quarantined"] == 0

    told = tenant.counted()
    assert (told["unchanged"], told["written"], told["quarantined"]) == (3, 0, 0)
    tenant.assert_whole(3)
    assert sha256_of(tenant.document(one)) == new and tenant.row(one)["revision"] == 2
    assert agent.command("sbom", "verify").ok()


def test_nothing_in_quarantine_or_no_sbom_cannot_be_accepted(agent):
    tenant = Tenant(agent, 2)
    tenant.export()
    before = tenant.documents()
    nothing = agent.command("sbom", "accept", tenant.ids[0], "--reason", "because")
    assert nothing.code == 66 and nothing.err.count("\n") == 1, repr(nothing)
    agent.platform.break_sbom(tenant.ids[0], "truncated")
    tenant.export(code=SOME_FAILED)
    cut = agent.command("sbom", "accept", tenant.ids[0], "--reason", "because")
    assert cut.code == BAD_DATA and cut.err.count("\n") == 1, repr(cut)
    assert tenant.documents() == before and len(open_quarantines(agent)) == 1


def test_one_format_that_is_good_again_does_not_hide_another_that_is_not(agent):
    agent.configure(sbom={"formats": TWO})
    tenant = Tenant(agent, 1)
    one = tenant.ids[0]
    tenant.export()
    agent.platform.break_sbom(one, "half_components")
    agent.platform.change_firmware(one, components=31)
    assert tenant.counted(code=SOME_FAILED)["quarantined"] == 2
    ambiguous = agent.command("sbom", "accept", one, "--reason", "which?")
    assert ambiguous.code == 64, repr(ambiguous)
    agent.platform.break_sbom(one, None)
    # The first format comes well, the second not at all.
    agent.platform.fault("status", operation="sbom", after=1, count=None, status=500)
    tenant.export(code=SOME_FAILED)
    agent.platform.clear_faults()
    kept = agent.ledger("SELECT format FROM quarantine")
    assert kept == [("spdx",)]
    assert len(open_quarantines(agent)) == 1, "spdx is in quarantine, and nobody is told"
    tenant.export()
    assert open_quarantines(agent) == [] and agent.ledger("SELECT format FROM quarantine") == []


# --- what is kept -------------------------------------------------------------------------------


def test_three_of_five_revisions_are_kept_and_the_first_one(agent):
    agent.configure(sbom={"keep": 3})
    tenant = Tenant(agent, 2)
    digests = []
    for revision in range(5):
        agent.platform.change_firmware(tenant.ids[0], revision=revision)
        tenant.export()
        digests.append(sha256_of(tenant.document(tenant.ids[0])))
    history = tenant.history()
    assert [row["revision"] for row in history] == [1, 3, 4, 5]
    assert [row["sha256"] for row in history] == [digests[0], *digests[2:]]
    assert [row["current"] for row in history] == [False, False, False, True]
    assert len(tenant.history(tenant.ids[1])) == 1
    assert agent.ledger("SELECT count(*) FROM document") == [(5,)], "bytes nobody needs went"
    assert agent.command("sbom", "diff", f"{tenant.ids[0]}@1", f"{tenant.ids[0]}@5").code == 1
    gone = agent.command("sbom", "diff", f"{tenant.ids[0]}@1", f"{tenant.ids[0]}@2")
    assert gone.code == 66, repr(gone)
    assert agent.command("sbom", "verify").ok()


# --- verify -------------------------------------------------------------------------------------


def findings(agent):
    told = agent.command("sbom", "verify", "--json")
    assert told.code in (0, BAD_DATA), repr(told)
    return told, {(one["what"], one["path"]) for one in told.json()["findings"]}


def test_verify_finds_a_flipped_byte_a_missing_and_a_foreign_file_and_the_next_export_mends(agent):
    tenant = Tenant(agent, 5)
    tenant.export()
    assert agent.command("sbom", "verify").ok()
    flipped, missing = (tenant.document(one) for one in tenant.ids[:2])
    good = {path: path.read_bytes() for path in (flipped, missing)}
    content = bytearray(good[flipped])
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    missing.unlink()
    foreign = tenant.folder / "Product-1" / "foreign.cdx.json"
    foreign.write_text("{}")

    told, found = findings(agent)

    assert told.code == BAD_DATA
    assert {kind for kind, _ in found} >= {"changed", "missing", "extra"}
    assert {str(path).rpartition("/")[2] for kind, path in found if kind != "sums"} == {
        flipped.name, missing.name, foreign.name}
    assert tenant.try_sums().returncode != 0
    text = agent.command("sbom", "verify")
    assert text.code == BAD_DATA and all(p.name in text.out for p in (flipped, missing, foreign))

    # What it says that mends it does: a changed file is taken away, then exported again.
    flipped.unlink()
    foreign.unlink()
    told = tenant.counted()
    assert (told["restored"], told["written"], told["failed"]) == (2, 0, 0)
    assert {path: path.read_bytes() for path in good} == good
    assert agent.command("sbom", "verify").ok()
    assert agent.ledger("SELECT max(revision) FROM sbom") == [(1,)]


def test_verify_finds_damage_of_the_ledgers_own_copy(agent):
    tenant = Tenant(agent, 3)
    tenant.export()
    with contextlib.closing(sqlite3.connect(agent.state_dir / "ledger.db")) as db, db:
        document, piece = db.execute(
            "SELECT document_id, bytes FROM document_piece LIMIT 1").fetchone()
        broken = bytearray(piece)
        broken[len(broken) // 2] ^= 0x10
        db.execute("UPDATE document_piece SET bytes = ? WHERE document_id = ?",
                   (bytes(broken), document))
    told = agent.command("sbom", "verify", "--json")
    assert told.code == BAD_DATA
    assert [one["what"] for one in told.json()["findings"]] == ["damaged"]


def test_a_file_of_the_folder_is_put_back_byte_for_byte_without_a_revision(agent):
    tenant = Tenant(agent, 6)
    tenant.export()
    before = {path: (tenant.folder / path).read_bytes() for path in tenant.documents()}
    victims = sorted(before)[:3]
    (tenant.folder / victims[0]).unlink()
    shutil.rmtree(tenant.folder / victims[1].split("/")[0])
    (tenant.folder / victims[2]).write_bytes(b"")
    mark = tenant.mark()
    told = tenant.counted()
    assert (told["restored"], told["written"], told["failed"]) == (3, 0, 0)
    assert {path: (tenant.folder / path).read_bytes() for path in tenant.documents()} == before
    assert len(mark.served()) == 6
    assert agent.ledger("SELECT max(revision) FROM sbom") == [(1,)]
    tenant.assert_whole(6)


def test_a_file_is_put_back_also_while_the_platform_has_no_document(agent):
    """The ledger has the bytes: an auditor's folder need not wait for an analysis."""
    tenant = Tenant(agent, 3)
    tenant.export()
    before = tenant.documents()
    path = tenant.document(tenant.ids[0])
    good = path.read_bytes()
    path.unlink()
    agent.platform.analyse_again(tenant.ids[0])
    tenant.export()
    assert path.exists() and path.read_bytes() == good
    assert set(tenant.documents()) == set(before)
    tenant.assert_whole(3)


def test_the_index_is_mended_when_somebody_wrote_into_it(agent):
    tenant = Tenant(agent, 3)
    tenant.export()
    before = {name: (tenant.folder / name).read_bytes() for name in INDEXES}
    (tenant.folder / "index.json").write_text("[]")
    (tenant.folder / "index.csv").unlink()
    (tenant.folder / "SHA256SUMS").write_text("nonsense\n")
    tenant.export()
    assert {name: (tenant.folder / name).read_bytes() for name in INDEXES} == before
    tenant.assert_whole(3)


def test_another_folder_gets_everything_without_a_download_more(agent, workspace):
    agent.configure(sbom={"formats": TWO})
    tenant = Tenant(agent, 10)
    tenant.export()
    old = tenant.folder
    before = {path: (old / path).read_bytes() for path in tenant.documents()}
    old_files = tenant.files()
    tenant.folder = workspace / "elsewhere" / "sboms"
    agent.configure(sbom={"directory": str(tenant.folder)})
    mark = tenant.mark()
    told = tenant.counted()
    assert (told["restored"], told["written"]) == (20, 0)
    assert mark.counts()["sbom"] == 20
    assert {path: (tenant.folder / path).read_bytes() for path in tenant.documents()} == before
    tenant.assert_whole(20)
    assert agent.ledger("SELECT max(revision) FROM sbom") == [(1,)]
    files = tenant.files()
    assert tenant.counted()["unchanged"] == 20 and tenant.files() == files
    tenant.folder = old
    assert tenant.files() == old_files, "the old folder is nobody's business any more"


def test_another_folder_gets_also_what_the_platform_has_no_longer(agent, workspace):
    tenant = Tenant(agent, 12, jobs=[export_job(on_vanished="mark")])
    tenant.export()
    agent.platform.vanish(tenant.ids[0])
    tenant.export()
    good = sha256_of(tenant.document(tenant.ids[0]))
    tenant.folder = workspace / "elsewhere"
    agent.configure(sbom={"directory": str(tenant.folder)})
    tenant.export()
    assert sha256_of(tenant.document(tenant.ids[0])) == good
    assert tenant.row(tenant.ids[0])["vanished_at"]
    tenant.assert_whole(12)


def test_a_document_of_another_kind_takes_the_place_of_the_one_before(agent):
    tenant = Tenant(agent, 3)
    tenant.export()
    agent.configure(sbom={"formats": [{"name": "default", "query": "format=cyclonedx-xml"}]})
    told = tenant.counted()
    assert (told["written"], told["quarantined"]) == (3, 0)
    assert all(path.endswith(".cdx.xml") for path in tenant.documents()), "the old one is stale"
    assert {row["kind"] for row in tenant.rows()} == {"cyclonedx-xml"}
    tenant.assert_whole(3)
    assert agent.command("sbom", "verify").ok()


def test_a_link_in_the_folder_leads_nobody_out_of_it(agent, workspace):
    tenant = Tenant(agent, 3)
    tenant.export()
    outside = workspace / "outside"
    shutil.copytree(tenant.folder / "Product-1", outside)
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    shutil.rmtree(tenant.folder / "Product-1")
    (tenant.folder / "Product-1").symlink_to(outside)
    agent.platform.change_firmwares({"revision": 1})
    told = tenant.agent.command("sbom", "export", "--json")
    assert told.code in (0, SOME_FAILED), repr(told)
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before
    assert told.json()["exports"][0]["written"] >= 2
    assert tenant.row(tenant.ids[1])["revision"] == 2
    if told.code == SOME_FAILED:
        assert "Product-1" in told.err and len(agent.alerts("export_failed")) == 1


# --- analyses -----------------------------------------------------------------------------------


def test_a_firmware_is_left_out_until_its_first_analysis_is_complete(agent):
    tenant = Tenant(agent, 2)
    late = tenant.add(1, stuck=True, analysis_seconds=0)[0]
    mark = tenant.mark()
    told = tenant.counted()
    assert (told["written"], told["not_ready"], told["failed"]) == (2, 1, 0)
    assert late not in mark.served() and mark.counts()["sbom"] == 2
    tenant.assert_whole(2)
    agent.platform.change_firmware(late, stuck=False)
    assert tenant.counted()["written"] == 1
    tenant.assert_whole(3)
    assert agent.alerts() == []


@pytest.mark.parametrize("meanwhile", ["404", "last"])
def test_an_analysis_under_way_keeps_the_last_document(agent, meanwhile):
    agent.platform.configure(sbom_while_analysing=meanwhile)
    tenant = Tenant(agent, 3)
    tenant.export()
    files = tenant.files()
    agent.platform.analyse_again(tenant.ids[0])
    told = tenant.counted()
    assert tenant.files() == files
    assert (told["failed"], told["quarantined"]) == (0, 0)
    assert agent.alerts() == []
    agent.platform.analyse_again(tenant.ids[0], 0)
    agent.platform.change_firmware(tenant.ids[0], revision=1)
    assert tenant.counted()["written"] == 1
    tenant.assert_whole(3)


def test_an_analysis_that_failed_does_not_take_the_last_document_away(agent):
    tenant = Tenant(agent, 3)
    tenant.export()
    files = tenant.files()
    agent.platform.change_firmware(tenant.ids[0], result="FAILED", analysis_seconds=0, restart=True)
    tenant.export()
    assert tenant.files() == files and agent.alerts("sbom_quarantined") == []


def test_the_bytes_in_the_folder_were_served_by_the_platform(agent):
    tenant = Tenant(agent, 10)
    for revision in range(3):
        agent.platform.change_firmwares({"revision": revision})
        tenant.export()
    served = tenant.served()
    for one in tenant.ids:
        assert hashlib.sha256(tenant.document(one).read_bytes()).hexdigest() == served[one][-1]
