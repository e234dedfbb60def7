"""The ledger of SBOMs from the command line: history, diff, verify, accept, export; each with and
without a daemon, as both answer by the same code."""

import json
import os
import signal
import sqlite3
import subprocess
from contextlib import closing

import pytest

from harness import BINARY, the_line, wait_until
from tenant import Tenant, export_job

#: Two components that stay, and what a test adds.
KEPT = [{"name": "zlib", "version": "1.2.11", "licence": "Zlib"},
        {"name": "busybox", "version": "1.36.0"}]


@pytest.fixture(params=["alone", "daemon"])
def ask(request, agent):
    """Commands, with nobody else or with a daemon that answers; `ask.starts()` begins."""
    class Asking:
        daemon = None
        by_daemon = request.param == "daemon"

        def starts(self):
            if self.by_daemon:
                # A missed slot would be made up for at the start, in the way of the test.
                agent.configure(export=[export_job(catch_up=False)])
                self.daemon = agent.run()

        def __call__(self, *words, code=0):
            told = agent.command("sbom", *words)
            assert told.code == code, repr(told)
            return told

        def stops(self):
            if self.daemon:
                self.daemon.terminate()

    return Asking()


@pytest.fixture
def tenant(agent):
    """One firmware in three revisions: components KEPT; lua added; lua renewed."""
    made = Tenant(agent, 1)
    for lua in (None, "5.3", "5.4"):
        extra = [{"name": "lua", "version": lua, "purl": f"pkg:generic/lua@{lua}"}] if lua else []
        made.platform.set_components(made.ids[0], KEPT + extra)
        made.export()
    return made


def only_file(tenant):
    path, = tenant.documents()
    return tenant.folder / path


def flip(path, at=100):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(bytes(content))


def ledger_write(agent, query, *values):
    """Into the ledger of a stopped agent, as a disk that loses bits would."""
    with closing(sqlite3.connect(agent.state_dir / "ledger.db")) as db:
        assert db.execute(query, values).rowcount == 1
        db.commit()


# --- history --------------------------------------------------------------------------------------


def test_a_history_has_every_revision_and_its_document(agent, tenant, ask):
    firmware_id, = tenant.ids
    ask.starts()

    rows = json.loads(ask("history", firmware_id, "--json").out)

    assert [(row["revision"], row["current"], row["components"]) for row in rows] == [
        (1, False, 2), (2, False, 3), (3, True, 3)]
    # What was served is what was kept, byte for byte.
    assert [row["sha256"] for row in rows] == tenant.served()[firmware_id]
    assert rows[2]["file"] == str(only_file(tenant))
    assert {(row["firmware_id"], row["name"]) for row in rows} == {(firmware_id, "fw-1")}
    text = ask("history", firmware_id).out
    assert [line.split()[0] for line in text.splitlines()[2:5]] == ["1", "2", "3"]
    assert " current" in text.splitlines()[4] and str(only_file(tenant)) in text


def test_a_history_of_nothing_says_what_to_do(agent, tenant, ask):
    ask.starts()
    line = the_line(ask("history", "5b8f0d9e-7c1a", code=66))
    assert "onekey-agent sbom get 5b8f0d9e-7c1a --output FILE" in line
    assert "in format nope" in the_line(ask("history", tenant.ids[0], "--format", "nope", code=66))
    assert "no firmware ID" in ask("history", "../etc", code=64).err


# --- diff -----------------------------------------------------------------------------------------


def test_an_id_alone_compares_its_last_two_revisions(tenant, ask):
    firmware_id, = tenant.ids
    ask.starts()

    told = ask("diff", firmware_id, code=1)

    assert told.out.splitlines() == [
        f"--- {firmware_id}@2", f"+++ {firmware_id}@3",
        "~ lua 5.3 -> 5.4  (pkg:generic/lua@5.4)",
        "0 added, 0 removed, 1 changed in version, 0 in licences or hashes"]
    assert told.err == ""


def test_revisions_and_files_compare_with_each_other(tenant, ask):
    firmware_id, = tenant.ids
    ask.starts()

    def names(*operands, code=1):
        told = json.loads(ask("diff", *operands, "--json", code=code).out)
        counts = [len(told[key]) for key in ("added", "removed", "changed", "detail")]
        assert list(told["counts"].values()) == counts
        return [[row["name"] for row in told[key]] for key in ("added", "removed", "changed")]

    assert names(f"{firmware_id}@1", f"{firmware_id}@3") == [["lua"], [], []]
    assert names(f"{firmware_id}@3", f"{firmware_id}@1") == [[], ["lua"], []]
    assert names(f"{firmware_id}@2", firmware_id) == [[], [], ["lua"]]
    assert names(f"{firmware_id}@2") == [["lua"], [], []]
    # The file is the third revision.
    assert names(firmware_id, only_file(tenant), code=0) == [[], [], []]
    assert names(only_file(tenant), f"{firmware_id}@1") == [[], ["lua"], []]


def test_other_licences_are_a_difference_of_their_own(agent, ask):
    made = Tenant(agent, 1)
    for licence in ("Zlib", "MIT"):
        made.platform.set_components(made.ids[0], [{**KEPT[0], "licence": licence}])
        made.export()
    ask.starts()

    told = ask("diff", made.ids[0], code=1)

    assert told.out.splitlines()[2].startswith("* zlib 1.2.11  licences or hashes differ")
    assert told.out.splitlines()[3].startswith("0 added, 0 removed, 0 changed in version, 1 ")


def test_equal_components_are_no_difference_whatever_the_serial_number(tenant, workspace):
    again = workspace / "again.json"
    tenant.agent.command("sbom", "get", tenant.ids[0], "--output", again).ok()
    assert again.read_bytes() != only_file(tenant).read_bytes()

    told = tenant.agent.command("sbom", "diff", only_file(tenant), again).ok()

    assert told.out.splitlines()[-1] == "no difference in 3 components"


def test_a_pipe_is_a_document_too(tenant):
    script = '"$0" sbom diff <(cat "$1") "$1"'
    told = subprocess.run(["bash", "-c", script, BINARY, only_file(tenant)], capture_output=True,
                          text=True, timeout=60, env=tenant.agent.environment(), check=False)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("operands, code, part", [
    (["{dir}/none.json", "{file}"], 66, "No such file"),
    (["none.json", "{file}"], 66, "no such file, and it is no firmware ID"),
    (["{dir}", "{file}"], 66, "that is a folder"),
    (["{html}", "{file}"], 65, "is an HTML page, not an SBOM"),
    (["{newer}", "{file}"], 65, "1.99"),
    (["{id}@9"], 66, "no such revision"),
    (["{id}@1"], 66, "is the first one"),
    (["{id}@x"], 64, "ID@2"),
    (["{id}@0"], 64, "ID@2"),
    (["{file}"], 64, "name two"),
    (["5b8f0d9e"], 66, "sbom get 5b8f0d9e --output FILE"),
    (["{id}", "--format", "spdx"], 66, "in format spdx"),
])
def test_what_cannot_be_compared_says_why_in_a_line(tenant, workspace, operands, code, part):
    html, newer = workspace / "page.html", workspace / "newer.json"
    html.write_text("<html></html>")
    newer.write_text('{"bomFormat": "CycloneDX", "specVersion": "1.99", "components": []}')
    names = {"dir": workspace, "file": only_file(tenant), "html": html, "newer": newer,
             "id": tenant.ids[0]}

    told = tenant.agent.command("sbom", "diff", *(word.format(**names) for word in operands))

    assert told.code == code, repr(told)
    assert part in the_line(told)


def test_names_of_others_cannot_move_the_cursor(agent):
    made = Tenant(agent, 1)
    made.platform.set_components(made.ids[0], KEPT)
    made.export()
    made.platform.set_components(made.ids[0], KEPT + [{"name": "\x1b[2Jé\u202e", "version": "1"}])
    made.export()

    told = agent.command("sbom", "diff", made.ids[0])

    assert told.code == 1 and "\x1b" not in told.out and "\\x1b[2Jé" in told.out
    as_json = agent.command("sbom", "diff", made.ids[0], "--json").json()
    assert as_json["added"][0]["name"].startswith("\x1b[2Jé")


# --- verify ---------------------------------------------------------------------------------------


def test_verify_finds_nothing_where_nothing_is(agent, ask):
    ask.starts()
    assert ask("verify").out == "0 documents and 0 files were looked at: all as they should be\n"


def test_verify_finds_a_flipped_byte_a_missing_and_a_foreign_file(agent, ask):
    tenant = Tenant(agent, 5)
    tenant.export()
    ask.starts()
    assert ask("verify").out == "5 documents and 5 files were looked at: all as they should be\n"
    flipped, missing, *_ = sorted(tenant.documents())
    flip(tenant.folder / flipped)
    (tenant.folder / missing).unlink()
    foreign = tenant.folder / "Product-3" / "foreign.json"
    foreign.write_text("{}")

    told = ask("verify", code=65)

    *found, summary = told.out.splitlines()
    assert [line.split()[:2] for line in sorted(found)] == [
        ["changed", str(tenant.folder / flipped)], ["extra", str(foreign)],
        ["missing", str(tenant.folder / missing)]]
    digest = tenant.sums()[flipped]
    assert f"expected {digest}, found " in "".join(found)
    assert summary == "5 documents and 5 files were looked at: 1 missing, 1 changed, 1 extra"
    assert "3 findings: take changed files away; onekey-agent sbom export" in the_line_of(told)
    # What the line says mends it.
    (tenant.folder / flipped).unlink()
    foreign.unlink()
    ask("export")
    assert ask("verify").out.endswith("all as they should be\n")
    tenant.assert_whole(5)


def the_line_of(told):
    """Its one line on stderr, whatever stands on stdout."""
    lines = told.err.splitlines()
    assert len(lines) == 1, repr(told)
    return lines[0]


def test_verify_finds_a_flipped_byte_in_the_ledger_s_own_copy(tenant, agent, ask):
    piece, = agent.ledger("SELECT bytes FROM document_piece p JOIN document d ON d.id = "
                          "p.document_id WHERE p.position = 0 ORDER BY d.id LIMIT 1")[0]
    broken = bytearray(piece)
    broken[len(broken) // 2] ^= 1
    ledger_write(agent, "UPDATE document_piece SET bytes = ? WHERE bytes = ?", bytes(broken),
                 piece)
    ask.starts()

    told = ask("verify", code=65)

    first = tenant.served()[tenant.ids[0]][0]
    assert told.out.splitlines()[0].startswith(f"damaged     expected {first}")
    assert told.out.splitlines()[1] == "3 documents and 1 file were looked at: 1 damaged"
    assert "take it from a backup" in the_line_of(told)
    # The others are sound, and the damaged one does not pass for a document.
    assert "damaged" in the_line(ask("diff", tenant.ids[0] + "@1", tenant.ids[0], code=65))
    ask("diff", tenant.ids[0], code=1)


def test_verify_finds_a_piece_that_is_missing(tenant, agent, ask):
    ledger_write(agent, "DELETE FROM document_piece WHERE document_id = "
                        "(SELECT max(id) FROM document)")
    ask.starts()

    assert json.loads(ask("verify", "--json", code=65).out)["counts"]["damaged"] == 1


def test_verify_holds_the_sums_against_the_ledger(agent, ask):
    tenant = Tenant(agent, 3)
    tenant.export()
    ask.starts()
    sums = tenant.folder / "SHA256SUMS"
    times = sums.stat()
    flip(sums, at=5)
    os.utime(sums, ns=(times.st_atime_ns, times.st_mtime_ns))

    told = ask("verify", code=65)

    assert told.out.splitlines()[0].startswith("sums ") and len(told.out.splitlines()) == 2
    assert "onekey-agent sbom export" in the_line_of(told)
    ask("export")
    ask("verify")


def test_an_upload_s_sbom_after_the_export_is_no_finding(agent, platform):
    tenant = Tenant(agent, 1, jobs=[])
    tenant.export("--all")
    agent.image("router/1.0/fw.bin")
    agent.once().ok()
    assert len(tenant.documents()) == 2 and len(tenant.sums()) == 3  # one, and two indexes

    assert agent.command("sbom", "verify").ok().out.startswith("2 documents and 2 files")


def test_a_link_in_the_folder_is_extra_and_leads_nowhere(tenant, agent, workspace):
    outside = workspace / "outside"
    outside.mkdir()
    (outside / "file.json").write_text("{}")
    (tenant.folder / "link").symlink_to(outside)

    told = agent.command("sbom", "verify")

    assert told.code == 65 and "file.json" not in told.out
    assert told.out.splitlines()[0].split()[:2] == ["extra", str(tenant.folder / "link")]


# --- accept ---------------------------------------------------------------------------------------


def shrunk(agent, **keys):
    tenant = Tenant(agent, 1, **keys)
    tenant.export()
    tenant.platform.break_sbom(tenant.ids[0], "no_components")
    before = tenant.files()
    tenant.export(code=3)
    assert tenant.documents() == {path: before[path] for path in tenant.documents()}
    return tenant


def test_what_is_accepted_is_current_in_ledger_and_folder(agent, ask):
    tenant = shrunk(agent)
    firmware_id, = tenant.ids
    ask.starts()
    assert "in quarantine since" in ask("history", firmware_id).out
    assert agent.status()["quarantined"] == 1
    (alert,) = agent.alerts("sbom_quarantined")
    assert f"onekey-agent sbom accept {firmware_id} --reason TEXT" in alert["action"]

    told = ask("accept", firmware_id, "--reason", "the kernel was taken out", "--by", "kim")

    assert told.out.startswith(f"accepted as revision 2 of firmware {firmware_id}")
    assert told.err == ""
    first, second = json.loads(ask("history", firmware_id, "--json").out)
    assert (first["current"], second["current"]) == (False, True)
    assert (second["accepted_by"], second["accepted_why"]) == ("kim", "the kernel was taken out")
    assert second["components"] == 0
    wait_until(lambda: tenant.documents()[next(iter(tenant.documents()))].sha256 ==
               second["sha256"], 20, "its file is the accepted document")
    status = agent.status()
    assert status["quarantined"] == 0
    assert [alert["event"] for alert in status["alerts"]] == []
    ask("verify")
    # The platform still says so: that is the last good one now.
    ask("export")
    assert json.loads(ask("history", firmware_id, "--json").out)[1]["revision"] == 2
    tenant.assert_whole(1)
    assert "nothing of firmware" in the_line(ask("accept", firmware_id, "--reason", "x", code=66))


def test_what_is_no_sbom_cannot_be_accepted(agent, ask):
    tenant = Tenant(agent, 1)
    tenant.export()
    tenant.platform.break_sbom(tenant.ids[0], "json")
    tenant.export(code=3)
    before = tenant.files()
    ask.starts()

    line = the_line(ask("accept", tenant.ids[0], "--reason", "x", code=65))

    assert "is no SBOM and cannot be accepted" in line
    assert tenant.files() == before


def test_who_accepted_is_the_caller_unless_said(agent):
    tenant = shrunk(agent)
    agent.command("sbom", "accept", tenant.ids[0], "--reason", "x").ok()
    row = agent.json("sbom", "history", tenant.ids[0])[-1]
    assert row["accepted_by"] == subprocess.run(["id", "-un"], capture_output=True, text=True,
                                                check=True).stdout.strip()


def test_an_acceptance_without_a_reason_is_refused(agent):
    tenant = shrunk(agent)
    told = agent.command("sbom", "accept", tenant.ids[0])
    assert told.code == 64 and "--reason TEXT" in told.err
    told = agent.command("sbom", "accept", tenant.ids[0], "--reason", "a\nb")
    assert told.code == 64 and "one line" in the_line(told)
    assert agent.status()["quarantined"] == 1


def test_a_document_of_another_kind_gets_a_file_of_its_kind(agent):
    tenant = shrunk(agent)
    old, = tenant.documents()
    agent.configure(sbom={"formats": [{"name": "default", "query": "format=spdx"}]})
    tenant.export(code=3)

    agent.command("sbom", "accept", tenant.ids[0], "--reason", "x").ok()

    row = agent.json("sbom", "history", tenant.ids[0])[-1]
    assert row["kind"] == "spdx-json"
    assert row["file"] == str(tenant.folder / old.replace(".cdx.json", ".spdx.json"))
    assert json.loads((tenant.folder / old.replace(".cdx.", ".spdx.")).read_text())["SPDXID"]


def test_a_file_that_cannot_be_written_is_told_and_made_up_for(agent):
    tenant = shrunk(agent)
    path = only_file(tenant)
    folder = path.parent
    path.unlink()
    folder.rmdir()
    folder.write_text("in the way")

    told = agent.command("sbom", "accept", tenant.ids[0], "--reason", "x")

    assert told.code == 74 and "accepted, but its file is not written yet" in told.err
    found = agent.command("sbom", "verify")
    assert found.code == 65 and found.out.startswith("unplaced ")
    folder.unlink()
    tenant.export()
    agent.command("sbom", "verify").ok()


# --- export ---------------------------------------------------------------------------------------


def test_every_configured_export_runs_and_is_summed_up_in_a_line_each(agent, ask):
    tenant = Tenant(agent, 4, product="Router")
    tenant.add(2, product="Switch")
    jobs = [export_job(filter={"product": "Router"}, catch_up=False),
            export_job(name="switches", filter={"product": "Switch"}, catch_up=False)]
    tenant.schedule(*jobs)
    if ask.by_daemon:
        ask.daemon = agent.run()

    assert ask("export").out.splitlines() == [
        "nightly: 4 firmwares, 4 written, 0 unchanged, 0 failed",
        "switches: 2 firmwares, 2 written, 0 unchanged, 0 failed"]
    assert ask("export", "--job", "switches").out.splitlines() == [
        "switches: 2 firmwares, 0 written, 2 unchanged, 0 failed"]
    tenant.add(1, product="Bridge")
    everything, = json.loads(ask("export", "--all", "--json").out)["exports"]
    assert (everything["listed"], everything["written"], everything["unchanged"]) == (7, 1, 6)
    assert (everything["phase"], everything["left"], everything["error"]) == ("idle", 0, None)
    tenant.assert_whole(7)
    assert "is called weekly" in ask("export", "--job", "weekly", code=66).err


def test_what_failed_is_3_and_why_is_on_stderr(agent, ask):
    tenant = Tenant(agent, 3)
    tenant.platform.break_sbom(tenant.ids[0], "500")
    ask.starts()

    told = ask("export", code=3)

    assert told.out == "nightly: 3 firmwares, 2 written, 0 unchanged, 1 failed\n"
    assert told.err.splitlines()[-1].startswith("onekey-agent: export nightly: 1 of 3 firmwares")
    told = agent.command("status", "--check")
    assert told.code == (3 if ask.by_daemon else 69)
    assert "failed: 1 of 3 firmwares failed" in told.out


def test_without_any_configured_export_there_is_a_hint(agent):
    told = agent.command("sbom", "export")
    assert told.code == 78 and "use --all" in the_line(told)
    assert agent.command("sbom", "export", "--all", "--job", "x").code == 64


def test_a_refused_token_is_its_own_exit_code(agent, platform, ask):
    Tenant(agent, 1)
    ask.starts()
    platform.expire_token()

    assert "token" in ask("export", code=77).err


def test_a_signal_ends_the_following_but_not_the_export(agent, platform):
    tenant = Tenant(agent, 2)
    agent.configure(export=[export_job(catch_up=False)])
    agent.run()
    stall = platform.fault("stall", operation="sbom", count=None)
    command = tenant.start_export()
    wait_until(lambda: platform.faults()[0]["hits"], 20, "the agent fetches")

    command.send(signal.SIGINT)

    assert command.wait(20) == 130
    assert command.out() == "" and "the agent goes on with the export" in command.log()
    platform.clear_faults(stall)
    wait_until(lambda: agent.status()["exports"][0]["last_success"], 30, "the export went on")
    tenant.assert_whole(2)


def test_status_says_when_each_export_was_and_will_be(agent):
    tenant = Tenant(agent, 2)
    tenant.export()
    stopped, = agent.status()["exports"]
    assert stopped["name"] == "nightly" and stopped["next"] is None and stopped["listed"] == 2
    assert stopped["last_success"] and stopped["phase"] == "idle" and stopped["error"] is None
    agent.run()

    running, = agent.status()["exports"]

    assert running["next"].endswith("T00:00:00.000Z") and running["next"] > running["last_success"]
    line, = [line for line in agent.command("status").ok().out.splitlines() if "nightly" in line]
    assert line.startswith("exports     nightly  last success 2") and ", next 2" in line
