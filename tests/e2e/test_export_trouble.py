"""Trouble of an export that must neither be repeated without an end nor keep the agent awake."""

from __future__ import annotations

import re
import time

from harness import wait_until
from tenant import Tenant, export_job

IO_ERROR, TOKEN = 74, 77

#: As many as an attempt may be made of one firmware, and of a list.
TRIES = 6


def wake_ups(daemon) -> int:
    """How often its loop thread slept so far."""
    status = open(f"/proc/{daemon.pid}/status", encoding="ascii").read()
    return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.M)[1])


def test_an_export_that_is_due_and_may_not_begin_keeps_nobody_awake(agent):
    tenant = Tenant(agent, 3, jobs=[])
    daemon = agent.run()
    agent.command("pause", "--reason", "maintenance").ok()
    daemon.terminate()
    tenant.schedule(export_job())  # never ran: due at once
    daemon = agent.run()
    wait_until(lambda: agent.status()["state"] == "paused", 20, "the pause holds")
    before = wake_ups(daemon)
    time.sleep(2)
    # A timer of a millisecond makes two thousand; the agent's own clocks make some tens.
    assert wake_ups(daemon) - before < 400
    assert "allFirmwares" not in agent.platform.counts()
    agent.command("resume").ok()
    wait_until(lambda: agent.status()["exports"][0]["last_success"], 20, "it runs then")
    assert agent.platform.counts()["sbom"] == 3
    daemon.terminate()


def test_a_refusal_of_documents_with_a_token_that_works_has_an_end(agent, platform):
    tenant = Tenant(agent, 4)
    platform.fault("status", status=401, operation="sbom", count=None)
    told = tenant.export(code=3)
    assert "4 of 4" in told.err or "failed" in told.err
    assert platform.counts()["sbom 401"] <= 4 * TRIES
    platform.clear_faults()
    tenant.export()
    tenant.assert_whole(4)


def test_a_refusal_of_the_list_with_a_token_that_works_has_an_end(agent, platform):
    tenant = Tenant(agent, 4)
    platform.fault("status", status=401, operation="allFirmwares", count=None)
    told = agent.command("sbom", "export")
    assert told.code == TOKEN, repr(told)
    assert platform.counts()["allFirmwares 401"] <= TRIES
    platform.clear_faults()
    tenant.export()
    tenant.assert_whole(4)


def test_a_folder_that_cannot_be_written_ends_the_export_and_says_which(agent, workspace):
    tenant = Tenant(agent, 3)
    (workspace / "file").write_text("no folder")
    agent.configure(sbom={"directory": str(workspace / "file" / "sboms")})
    told = agent.command("sbom", "export")
    assert told.code in (3, IO_ERROR), repr(told)
    assert "file" in told.err
    agent.configure(sbom={"directory": str(agent.sboms)})
    tenant.export()
    tenant.assert_whole(3)


def test_one_firmware_whose_folder_is_a_file_does_not_keep_out_the_others(agent):
    tenant = Tenant(agent, 5)
    agent.sboms.mkdir(exist_ok=True)
    (agent.sboms / "Product-2").write_text("in the way")
    told = tenant.counted(code=3)
    assert (told["written"], told["failed"]) == (4, 1)
    (agent.sboms / "Product-2").unlink()
    tenant.export()
    tenant.assert_whole(5)


def test_the_other_formats_come_when_one_does_not(agent):
    formats = [{"name": "odd", "query": "format=nonsense"}, {"name": "default"}]
    agent.configure(sbom={"formats": formats, "path": "{firmware_id}-{format}.{ext}"})
    tenant = Tenant(agent, 3)
    told = tenant.counted(code=3)
    assert (told["written"], told["failed"]) == (3, 3)
    assert all(tenant.document(one).exists() for one in tenant.ids)


def test_a_quarantine_ends_when_its_firmware_is_no_longer_there(agent, platform):
    tenant = Tenant(agent, 12)
    tenant.export()
    platform.break_sbom(tenant.ids[0], "truncated")
    tenant.export(code=3)
    assert agent.ledger("SELECT count(*) FROM quarantine") == [(1,)]
    platform.vanish(tenant.ids[0])
    tenant.export()
    assert agent.ledger("SELECT count(*) FROM quarantine") == [(0,)]
    assert agent.ledger("SELECT 1 FROM alert WHERE event = 'sbom_quarantined'"
                        " AND cleared_at IS NULL") == []


def test_verify_sees_a_forged_sum_also_after_an_acceptance(agent, platform):
    tenant = Tenant(agent, 3)
    tenant.export()
    platform.change_firmware(tenant.ids[0], components=2)
    tenant.export(code=3)
    agent.command("sbom", "accept", tenant.ids[0], "--reason", "it is right").ok()
    agent.command("sbom", "verify").ok()
    tenant.export()
    tenant.export()
    sums = agent.sboms / "SHA256SUMS"
    good = tenant.sums()[tenant.row(tenant.ids[0])["file"]]
    sums.write_text(sums.read_text().replace(good, "0" * 64))
    assert agent.command("sbom", "verify").code == 65
