"""The main job: an image in a watched folder goes to the platform once, and its SBOM comes back."""

import hashlib
import json
import os
import threading
import time

import pytest

from harness import (LIST_FIELDS, SBOM_FIELDS, STATES, STATUS_FIELDS, assert_done_once,
                     image_bytes, make_image, sha256_of, uploads_by_digest, wait_until)

SBOM_DOCUMENT = json.dumps({
    "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
    "components": [{"type": "library", "name": "busybox", "version": "1.36.1"}],
})


def writes(platform):
    """Requests that change something on the platform."""
    return [r for r in platform.requests() if r["method"] == "POST"
            and (r["operation"] == "upload-firmware" or "createFirmwareUpload" in r["fields"])]


# --- one pass -----------------------------------------------------------------------------------


def test_once_brings_every_image_there_and_its_sbom_back(platform, agent):
    images = agent.images(3)
    images["camera/2.0/big.bin"] = agent.image("camera/2.0/big.bin", 3_000_000)

    done = agent.once("--json").ok()

    rows = assert_done_once(agent, platform, images, attempts=0, watch="release", aliases=[])
    assert done.json()["sent"] == done.json()["done"] == done.json()["sboms"] == 4
    for row in rows:
        document = json.loads(open(row["sboms"][0]["file"], "rb").read())
        assert document["bomFormat"] == "CycloneDX" and document["components"]
        assert row["sboms"][0]["kind"] == "cyclonedx-json"
        assert row["sboms"][0]["spec_version"] == document["specVersion"]
    agent.check_ledger()


def test_a_second_pass_finds_nothing_to_do_and_asks_for_nothing_but_the_token(platform, agent):
    images = agent.images(2)
    agent.once().ok()
    before, sboms = len(platform.requests()), sorted(agent.sboms.rglob("*.json"))
    written = {path: path.stat().st_mtime_ns for path in sboms}

    again = agent.once("--json").ok()

    assert again.json()["sent"] == 0 and again.json()["done"] == 2
    asked = platform.requests()[before:]
    assert [r["fields"] for r in asked] == [["tenant", "user"]]
    assert {path: path.stat().st_mtime_ns for path in agent.sboms.rglob("*.json")} == written
    assert_done_once(agent, platform, images)
    agent.check_ledger()


def test_the_json_fields_are_those_that_are_promised(platform, agent):
    agent.images(1)
    agent.once().ok()

    row, = agent.list()
    assert set(row) == LIST_FIELDS
    assert set(row["sboms"][0]) == SBOM_FIELDS
    assert row["path"] == str(agent.builds / "router/1.0/fw0.bin")
    for field in ("found_at", "uploaded_at", "analysed_at", "done_at"):
        time.strptime(row[field].split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
        assert row[field].endswith("Z")
    status = agent.status()
    assert STATUS_FIELDS <= set(status)
    assert set(status["items"]) == STATES
    assert set(status["token"]) == {"tenant", "email", "fingerprint", "expires"}
    assert status["state"] == "stopped" and status["pauses"] == []
    assert status["token"]["tenant"] == "Stand-in"


def test_absent_values_are_null_before_there_are_any(platform, agent):
    agent.images(1)
    platform.fault("graphql_errors", operation="createFirmwareUpload", count=None,
                   message="the product name is taken")

    agent.once("--wait-timeout", "3s")

    row, = agent.list()
    assert set(row) == LIST_FIELDS
    assert (row["firmware_id"], row["uploaded_at"], row["analysed_at"], row["done_at"]) == (
        None, None, None, None)
    assert row["sboms"] == [] and row["aliases"] == []
    assert "the product name is taken" in row["error"]


def test_a_dry_run_tells_what_would_be_sent_and_changes_nothing(platform, agent):
    images = agent.images(2)

    told = agent.once("--dry-run", "--json").ok().json()

    assert {agent.relative(row["path"]): row["sha256"] for row in told} == images
    assert {row["name"] for row in told} == {"Acme-router-1.0-fw0", "Acme-router-1.1-fw1"}
    assert all(row["size"] == 20_000 for row in told)
    assert writes(platform) == [] and agent.list() == []
    agent.once().ok()
    assert_done_once(agent, platform, images)


def test_a_dry_run_ends_though_a_file_is_never_ready_and_alerts_nobody(platform, agent):
    images = agent.images(1)
    (agent.builds / "router/1.0/empty.bin").touch()
    (agent.builds / "misplaced.bin").write_bytes(b"no product: it fails")

    told = agent.once("--dry-run", "--json").ok().json()

    states = {agent.relative(row["path"]): row["state"] for row in told}
    assert states == {**{path: "pending" for path in images}, "misplaced.bin": "failed"}
    assert agent.alerts() == [] and agent.items() == {} and platform.requests() == []


def test_no_wait_leaves_the_analysis_to_the_next_pass(platform, agent):
    platform.configure(analysis_seconds=30.0)
    images = agent.images(2)

    agent.once("--no-wait").ok()

    assert agent.items() == {"analysing": 2}
    for firmware in platform.state()["firmwares"]:
        platform.change_firmware(firmware["id"], analysis_seconds=0.0)
    agent.once().ok()
    assert_done_once(agent, platform, images)


def test_a_deadline_ends_the_wait_with_5_and_the_next_pass_goes_on(platform, agent):
    platform.configure(analysis_seconds=60.0)
    images = agent.images(1)

    assert agent.once("--wait-timeout", "1s").code == 5

    platform.change_firmware(platform.state()["firmwares"][0]["id"], analysis_seconds=0.0)
    agent.once().ok()
    assert_done_once(agent, platform, images)


def test_two_formats_are_two_documents_of_one_firmware(platform, agent):
    agent.configure(sbom={"formats": [{"name": "default"},
                                      {"name": "spdx", "query": "format=spdx"}]})
    images = agent.images(1)

    agent.once().ok()

    row, = assert_done_once(agent, platform, images)
    assert {s["format"]: s["kind"] for s in row["sboms"]} == {
        "default": "cyclonedx-json", "spdx": "spdx-json"}
    assert len({s["file"] for s in row["sboms"]}) == 2


# --- names for the same content -----------------------------------------------------------------


def test_other_names_of_the_same_content_are_aliases_and_nothing_is_sent_twice(platform, agent):
    digest = agent.image("router/1.0/fw-20261101.bin")
    first = agent.builds / "router/1.0/fw-20261101.bin"
    os.link(first, first.with_name("hard.bin"))
    first.with_name("fw.bin").symlink_to("fw-20261101.bin")
    copy = agent.builds / "router/1.1/copy.bin"
    copy.parent.mkdir()
    copy.write_bytes(first.read_bytes())

    agent.once().ok()

    row, = agent.list()
    assert row["state"] == "done" and row["sha256"] == digest
    names = {"router/1.0/fw-20261101.bin", "router/1.0/hard.bin", "router/1.0/fw.bin",
             "router/1.1/copy.bin"}
    assert {agent.relative(p) for p in [row["path"], *row["aliases"]]} == names
    assert uploads_by_digest(platform) == {digest: 1}
    assert agent.items() == {"done": 1, "duplicate": 3}

    # A name that comes later, too.
    os.link(first, agent.builds / "router/1.0/late.bin")
    agent.once().ok()
    assert len(agent.list()[0]["aliases"]) == 4 and uploads_by_digest(platform) == {digest: 1}


def test_a_copy_under_another_version_is_sent_too_where_that_is_wanted(platform, agent):
    agent.configure(watch={"same_content": "per_version"})
    digest = agent.image("router/1.0/fw.bin", seed="same")
    assert agent.image("router/2.0/fw.bin", seed="same") == digest
    assert agent.image("router/2.0/again.bin", seed="same") == digest

    agent.once().ok()

    rows = agent.list()
    assert sorted(row["version"] for row in rows) == ["1.0", "2.0"]
    assert [row["state"] for row in rows] == ["done", "done"]
    assert sum(len(row["aliases"]) for row in rows) == 1
    assert uploads_by_digest(platform) == {digest: 2}
    assert {u["version"] for u in platform.state()["uploads"]} == {"1.0", "2.0"}
    assert len({row["firmware_id"] for row in rows}) == 2


def test_new_content_under_a_path_is_a_new_item_and_the_old_row_stays(platform, agent):
    old = agent.image("router/1.0/fw.bin", seed="old")
    agent.once().ok()
    new = agent.image("router/1.0/fw.bin", seed="new")

    agent.once().ok()

    rows = agent.list()
    assert {row["sha256"] for row in rows} == {old, new}
    assert {row["state"] for row in rows} == {"done"} and len({r["firmware_id"] for r in rows}) == 2
    assert uploads_by_digest(platform) == {old: 1, new: 1}
    agent.check_ledger()


# --- what is not sent ---------------------------------------------------------------------------


def test_what_is_no_firmware_is_left_alone_and_the_rest_goes_on(platform, agent):
    images = agent.images(1)
    folder = agent.builds / "router/1.0"
    for name in (".hidden.bin", "fw.bin.part", "fw.bin.tmp", "notes.txt"):
        make_image(folder / name)
    (folder / "empty.bin").touch()
    os.mkfifo(folder / "pipe.bin")
    (folder / "outside.bin").symlink_to("/etc/passwd")
    (folder / "nowhere.bin").symlink_to("missing")

    agent.once().ok()

    rows = agent.rows()
    assert rows["router/1.0/fw0.bin"]["state"] == "done"
    assert uploads_by_digest(platform) == {images["router/1.0/fw0.bin"]: 1}
    for name, reason in (("pipe.bin", "FIFO"), ("outside.bin", "out of the watched folder")):
        row = rows[f"router/1.0/{name}"]
        assert row["state"] == "ignored" and reason.lower() in row["error"].lower()
    sent = {agent.relative(r["path"]) for r in rows.values() if r["firmware_id"]}
    assert sent == {"router/1.0/fw0.bin"}


def test_a_file_that_vanished_before_it_was_sent_is_gone(platform, agent):
    agent.command("pause", "--reason", "to look at the queue").ok()
    agent.images(2)
    daemon = agent.run()
    agent.wait_items({"pending": 2})
    (agent.builds / "router/1.0/fw0.bin").unlink()

    agent.command("resume").ok()

    agent.wait_items({"done": 1, "gone": 1})
    assert len(platform.state()["uploads"]) == 1
    daemon.terminate()


def test_a_value_that_the_platform_cannot_take_fails_its_file_before_anything_is_asked(platform,
                                                                                      agent):
    agent.configure(watch={"metadata": {"release_date": "{version}"}})
    images = {"router/2026-11-01/good.bin": agent.image("router/2026-11-01/good.bin")}
    agent.image("router/1.0/fw.bin")

    finished = agent.once()

    rows = agent.rows()
    row = rows["router/1.0/fw.bin"]
    assert finished.code == 3 and row["state"] == "failed" and row["attempts"] == 0, repr(finished)
    assert "release_date" in row["error"] and row["firmware_id"] is None
    assert rows["router/2026-11-01/good.bin"]["state"] == "done"
    assert uploads_by_digest(platform) == {digest: 1 for digest in images.values()}
    assert len(agent.alerts("upload_failed")) == 1
    # It was told; a later pass finds nothing new.
    agent.once().ok()
    assert len(writes(platform)) == 2 and len(agent.alerts()) == 1


def test_a_failed_analysis_fails_the_item_and_says_so_once(start_platform, make_agent):
    platform = start_platform(fail_products=["broken"])
    agent = make_agent(platform=platform)
    agent.image("broken/1.0/fw.bin")
    good = agent.image("router/1.0/fw.bin")

    assert agent.once().code == 3

    rows = agent.rows()
    assert rows["router/1.0/fw.bin"]["state"] == "done"
    row = rows["broken/1.0/fw.bin"]
    assert row["state"] == "failed" and "FAILED" in row["error"] and row["firmware_id"]
    assert len(agent.alerts("analysis_failed")) == 1
    assert agent.once().code == 0
    assert uploads_by_digest(platform) == {row["sha256"]: 1, good: 1}


# --- while the daemon runs ----------------------------------------------------------------------


def test_the_daemon_takes_what_comes_however_it_comes(platform, agent):
    agent.configure(watch={"settle": "300ms"})
    images = {"router/1.0/early.bin": agent.image("router/1.0/early.bin")}
    daemon = agent.run()
    agent.wait_items({"done": 1})

    # Renamed in from outside, with an old time stamp.
    aside = agent.directory / "aside.bin"
    images["router/1.0/moved.bin"] = make_image(aside, seed="moved")
    os.utime(aside, (1_000_000_000, 1_000_000_000))
    aside.rename(agent.builds / "router/1.0/moved.bin")
    # A .part that gets its name at the end.
    part = agent.builds / "router/1.0/slow.bin.part"
    images["router/1.0/slow.bin"] = make_image(part, seed="slow")
    part.rename(part.with_suffix(""))
    # New folders, with the file inside before anybody can watch them.
    deep = "camera/3.0/a/b/c/deep.bin"
    images[deep] = agent.image(deep)
    # A whole folder moved in.
    tree = agent.directory / "tree"
    images["phone/1.0/in.bin"] = make_image(tree / "1.0/in.bin", seed="in")
    tree.rename(agent.builds / "phone")

    agent.wait_items({"done": 5})
    daemon.terminate()
    assert_done_once(agent, platform, images, attempts=0)
    agent.check_ledger()


def test_a_file_that_is_still_written_is_sent_only_when_it_is_whole(platform, agent):
    agent.configure(watch={"settle": "600ms"})
    daemon = agent.run()
    path = agent.builds / "router/1.0/slow.bin"
    path.parent.mkdir(parents=True)
    content = image_bytes(200_000, "slow writer")

    def write_slowly():
        # Opened and closed again and again, as some writers do.
        for start in range(0, len(content), 20_000):
            with open(path, "ab") as file:
                file.write(content[start:start + 20_000])
            time.sleep(0.12)

    writer = threading.Thread(target=write_slowly)
    writer.start()
    writer.join()
    assert platform.state()["mutations"] == [], "it was registered while it was written"

    agent.wait_items({"done": 1})
    daemon.terminate()
    digest = hashlib.sha256(content).hexdigest()
    assert_done_once(agent, platform, {"router/1.0/slow.bin": digest})


def test_a_marker_lets_its_file_go_at_once_and_nothing_goes_without(platform, agent):
    agent.configure(watch={"marker": "{path}.done", "settle": "1h"})
    images = {"router/1.0/a.bin": agent.image("router/1.0/a.bin")}
    agent.image("router/1.0/b.bin")
    daemon = agent.run()
    agent.wait_items({"settling": 2})

    (agent.builds / "router/1.0/a.bin.done").touch()

    agent.wait_items({"settling": 1, "done": 1}, seconds=10)
    daemon.terminate()
    assert uploads_by_digest(platform) == {images["router/1.0/a.bin"]: 1}


def test_only_the_final_content_of_a_file_that_changes_while_it_is_sent_counts(platform, agent):
    # More than the sockets on the way hold: most of it is still to be read when it changes.
    agent.image("router/1.0/fw.bin", 24_000_000, seed="before")
    platform.fault("slow_body", operation="upload-firmware", rate=12_000_000)
    daemon = agent.run()
    wait_until(lambda: any(t["bytes_done"] > 0 for t in agent.status()["transfers"]), 15,
               "the upload is under way")

    after = agent.image("router/1.0/fw.bin", 24_000_000, seed="after")

    agent.wait_items({"done": 1})
    daemon.terminate()
    assert uploads_by_digest(platform) == {after: 1}
    row, = agent.list()
    assert (row["sha256"], row["attempts"]) == (after, 0)
    agent.check_ledger()


def test_new_content_while_the_platform_still_answers_is_not_overlooked(platform, agent):
    before = agent.image("router/1.0/fw.bin", seed="before")
    platform.fault("delay", operation="upload-firmware", seconds=1.0)
    daemon = agent.run()
    # The body is taken whole before the delay: what changes now was not sent.
    wait_until(lambda: any(t["bytes_done"] >= 20_000 for t in agent.status()["transfers"]), 15,
               "the body has left")

    after = agent.image("router/1.0/fw.bin", seed="after")

    wait_until(lambda: uploads_by_digest(platform).get(after), 15, "the new content is sent")
    agent.wait_items({"done": uploads_by_digest(platform).get(before, 0) + 1})
    daemon.terminate()
    assert uploads_by_digest(platform)[after] == 1


# --- rules of a watch ---------------------------------------------------------------------------


def test_files_that_were_there_first_can_be_ignored(platform, agent):
    agent.configure(watch={"existing": "ignore"})
    agent.images(2, folder="old")
    agent.once().ok()
    assert agent.items() == {"ignored": 2} and platform.state()["uploads"] == []

    # What comes while nobody looks has come later all the same.
    new = agent.image("new/1.0/fw.bin")
    agent.once().ok()

    rows = agent.rows()
    assert rows["new/1.0/fw.bin"]["state"] == "done"
    assert "existing: ignore" in rows["old/1.0/fw0.bin"]["error"]
    assert uploads_by_digest(platform) == {new: 1}


def test_files_that_are_on_the_platform_already_can_be_adopted(platform, agent):
    agent.configure(watch={"existing": "adopt"})
    known, = platform.add_firmwares(1, name="Acme-router-1.0-fw0", version="1.0")
    platform.add_firmwares(2, name="Acme-router-1.1-fw1", version="1.1")
    images = agent.images(3)

    agent.once().ok()

    rows = agent.rows()
    assert {row["state"] for row in rows.values()} == {"done"}
    assert rows["router/1.0/fw0.bin"]["firmware_id"] == known
    assert rows["router/1.0/fw0.bin"]["sboms"]
    # One of that name twice proves nothing, and none is none: both are sent.
    assert uploads_by_digest(platform) == {images["router/1.1/fw1.bin"]: 1,
                                           images["router/1.2/fw2.bin"]: 1}


def test_an_sbom_to_attach_is_waited_for(platform, agent):
    agent.configure(watch={"attach_sbom": {"path": "{dir}/{stem}.cdx.json",
                                           "if_missing": "wait"}})
    images = agent.images(1)
    daemon = agent.run()
    wait_until(lambda: any("waits for its SBOM" in (row["error"] or "") for row in agent.list()),
               15, "it waits and says so")
    assert platform.state()["mutations"] == []
    assert agent.rows()["router/1.0/fw0.bin"]["attempts"] == 0

    sbom = agent.builds / "router/1.0/fw0.cdx.json"
    sbom.write_text(SBOM_DOCUMENT)
    agent.command("retry", agent.builds / "router/1.0/fw0.bin").ok()

    agent.wait_items({"done": 1})
    daemon.terminate()
    upload, = platform.state()["uploads"]
    assert upload["sbom"]["sha256"] == sha256_of(sbom)
    assert_done_once(agent, platform, images, attempts=0)


@pytest.mark.parametrize("there, if_missing, code, state, sent", [
    (True, "wait", 0, "done", True),
    (True, "fail", 0, "done", True),
    (False, "skip", 0, "done", False),
    (False, "fail", 3, "failed", None),
])
def test_an_sbom_to_attach_goes_along_or_its_absence_is_answered(platform, agent, there,
                                                                 if_missing, code, state, sent):
    agent.configure(watch={"attach_sbom": {"path": "{dir}/{stem}.cdx.json",
                                           "if_missing": if_missing}})
    agent.images(1)
    sbom = agent.builds / "router/1.0/fw0.cdx.json"
    if there:
        sbom.write_text(SBOM_DOCUMENT)

    assert agent.once().code == code

    row, = agent.list()
    uploads = platform.state()["uploads"]
    assert row["state"] == state
    if sent is None:
        assert uploads == [] and "SBOM" in row["error"] and "fw0.cdx.json" in row["error"]
    else:
        assert (uploads[0]["sbom"] or {}).get("sha256") == (sha256_of(sbom) if sent else None)


def test_a_sidecar_wins_over_the_templates(platform, agent):
    agent.configure(watch={"sidecar": "{path}.onekey.yaml"})
    images = agent.images(2)
    (agent.builds / "router/1.0/fw0.bin.onekey.yaml").write_text(
        "product: Gateway\nversion: 7.5\nproduct_group: Routers\nnotes: by hand\n"
        "release_date: 2026-11-01\nmonitoring: true\n")

    agent.once().ok()

    assert_done_once(agent, platform, images)
    uploads = {upload["sha256"]: upload for upload in platform.state()["uploads"]}
    by_hand = uploads[images["router/1.0/fw0.bin"]]
    assert (by_hand["product"], by_hand["version"], by_hand["vendor"]) == ("Gateway", "7.5", "Acme")
    assert (by_hand["product_group"], by_hand["notes"]) == ("Routers", "by hand")
    assert by_hand["release_date"] == "2026-11-01" and by_hand["monitoring"] is True
    by_rule = uploads[images["router/1.1/fw1.bin"]]
    assert (by_rule["product"], by_rule["product_group"]) == ("router", "Default")


def test_the_newest_build_overtakes_the_backlog(platform, agent):
    agent.configure(transfers={"uploads": 1})
    agent.command("pause", "--reason", "to fill the queue").ok()
    images = agent.images(6)
    for number in range(6):
        age = 1_000_000 * (number + 1)
        os.utime(agent.builds / f"router/1.{number}/fw{number}.bin",
                 (time.time() - age, time.time() - age))
    daemon = agent.run()
    agent.wait_items({"pending": 6})
    images["today/9.9/fw.bin"] = agent.image("today/9.9/fw.bin")
    agent.wait_items({"pending": 7})
    agent.command("resume").ok()

    agent.wait_items({"done": 7})
    daemon.terminate()
    order = [upload["product"] + upload["version"] for upload in platform.state()["uploads"]]
    assert order == ["today9.9"] + [f"router1.{number}" for number in range(6)]


def test_when_done_moves_the_image_out_of_the_folder(platform, agent):
    sent = agent.directory / "sent"
    sent.mkdir()
    agent.configure(watch={"when_done": "move", "move_to": str(sent)})
    images = agent.images(2)

    agent.once().ok()

    assert not list(agent.builds.rglob("*.bin"))
    assert {sha256_of(path) for path in sent.rglob("*.bin")} == set(images.values())
    assert uploads_by_digest(platform) == {digest: 1 for digest in images.values()}
    assert agent.items() == {"done": 2}
    agent.once().ok()
    assert agent.items() == {"done": 2}


def test_an_end_at_the_upload_needs_no_view_of_the_analysis(platform, agent):
    agent.configure(analysis={"wait": False})
    agent.images(2)

    agent.once().ok()

    rows = agent.list()
    assert {row["state"] for row in rows} == {"done"}
    assert all(row["firmware_id"] and row["sboms"] == [] for row in rows)
    assert platform.state()["sbom_downloads"] == []
    assert len(platform.state()["uploads"]) == 2
