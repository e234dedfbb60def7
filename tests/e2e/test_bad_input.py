"""What lies in a watched folder without being a firmware image that can be sent: it is listed with
its reason or left alone, and everything beside it goes on."""

import os
import shutil
import socket
import subprocess
import threading

import pytest

import harness
from harness import (SLOW, assert_done_once, image_bytes, make_image, sha256_of, uploads_by_digest,
                     wait_until)

PARTIAL = 3


@pytest.fixture
def folder(agent):
    """A product's folder with one good image in it."""
    agent.good = {"router/1.0/good.bin": agent.image("router/1.0/good.bin")}
    return agent.builds / "router/1.0"


def states(agent):
    return {name: row["state"] for name, row in agent.rows().items()}


def reasons(agent):
    return {os.path.basename(name): row["error"] for name, row in agent.rows().items()}


def only_good_was_sent(agent, platform):
    return uploads_by_digest(platform) == {digest: 1 for digest in agent.good.values()}


# --- what is no file -------------------------------------------------------------------------------

def test_what_is_no_regular_file_is_listed_with_the_reason(agent, platform, folder, monkeypatch):
    os.mkfifo(folder / "pipe.bin")
    listener = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(folder)  # a socket's name may have 108 bytes
    listener.bind("sock.bin")
    (folder / "folder.bin").mkdir()
    agent.once("--wait-timeout", "20s").ok()
    assert states(agent) == {"router/1.0/good.bin": "done", "router/1.0/pipe.bin": "ignored",
                             "router/1.0/sock.bin": "ignored"}
    assert "FIFO" in reasons(agent)["pipe.bin"] and "socket" in reasons(agent)["sock.bin"]
    assert only_good_was_sent(agent, platform)
    listener.close()


def test_devices_are_not_read(agent, platform, folder):
    try:
        os.mknod(folder / "zero.bin", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("making a device node needs root")
    agent.once("--wait-timeout", "20s").ok()
    assert states(agent)["router/1.0/zero.bin"] == "ignored"
    assert "device" in reasons(agent)["zero.bin"]
    assert only_good_was_sent(agent, platform)


def test_links_out_of_the_folder_are_not_followed(agent, platform, folder, workspace):
    make_image(workspace / "secret.bin")
    for name, target in {"out.bin": workspace / "secret.bin", "zero.bin": "/dev/zero",
                         "up.bin": "../../../secret.bin", "etc": "/etc"}.items():
        (folder / name).symlink_to(target)
    agent.once("--wait-timeout", "20s").ok()
    outside = {name: row for name, row in agent.rows().items() if row["state"] == "ignored"}
    assert {os.path.basename(name) for name in outside} >= {"out.bin", "zero.bin", "up.bin"}
    assert all("out of the watched folder" in row["error"] for row in outside.values())
    assert only_good_was_sent(agent, platform)


def test_dangling_links_and_loops_are_no_trouble(agent, platform, folder):
    for name, target in {"dangling.bin": "nowhere.bin", "loop.bin": "loop.bin",
                         "one.bin": "other.bin", "other.bin": "one.bin", "here": "."}.items():
        (folder / name).symlink_to(target)
    agent.once("--wait-timeout", "20s").ok()
    assert states(agent) == {"router/1.0/good.bin": "done"}
    assert only_good_was_sent(agent, platform)


def test_a_link_that_is_changed_to_lead_out_is_not_followed(agent, platform, folder, workspace):
    make_image(workspace / "secret.bin")
    daemon = agent.run()
    agent.wait_items({"done": 1})
    agent.command("pause", "--reason", "test").ok()
    (folder / "target").write_bytes(image_bytes(1000, "inside"))
    (folder / "link.bin").symlink_to("target")
    agent.wait_items({"done": 1, "pending": 1})
    (folder / "link.bin").unlink()
    (folder / "link.bin").symlink_to(workspace / "secret.bin")
    agent.command("resume").ok()
    wait_until(lambda: "pending" not in agent.items(), 20, "the link is judged again")
    assert daemon.terminate() == 0
    assert sha256_of(workspace / "secret.bin") not in uploads_by_digest(platform)


# --- what cannot be read -----------------------------------------------------------------------------

@pytest.fixture
def plain_user(monkeypatch, workspace):
    """The agent without the right to read everything, and a user whose files it may not read."""
    if os.geteuid() != 0:
        return lambda path: path.chmod(0)
    if not shutil.which("setpriv"):
        pytest.skip("as root everything can be read, and setpriv is not there")
    wrapper = workspace / "plain-user"
    wrapper.write_text("#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search "
                       f"'{harness.BINARY}' \"$@\"\n")
    wrapper.chmod(0o755)
    if subprocess.run([wrapper, "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("capabilities cannot be dropped here")
    monkeypatch.setattr(harness, "BINARY", wrapper)

    def hide(path):
        path.chmod(0)
        os.chown(path, 65534, 65534)

    return hide


def test_what_cannot_be_read_is_listed_and_the_rest_goes_on(agent, platform, folder, plain_user):
    secret = make_image(folder / "secret.bin")
    hidden = make_image(folder.parent / "2.0/hidden.bin")
    plain_user(folder / "secret.bin")
    plain_user(folder.parent / "2.0")
    assert agent.once("--wait-timeout", "20s").code == PARTIAL
    assert only_good_was_sent(agent, platform)
    rows = agent.rows()
    assert (rows["router/1.0/secret.bin"]["state"], rows["router/2.0"]["state"]) \
        == ("failed", "failed")
    assert "denied" in rows["router/1.0/secret.bin"]["error"]
    assert "denied" in rows["router/2.0"]["error"]

    for path in (folder / "secret.bin", folder.parent / "2.0"):
        os.chown(path, os.geteuid(), os.getegid())
        path.chmod(0o755)
    agent.command("retry", folder / "secret.bin").ok()
    agent.once("--wait-timeout", "20s").ok()
    assert uploads_by_digest(platform) == {**{d: 1 for d in agent.good.values()},
                                           secret: 1, hidden: 1}


# --- names -------------------------------------------------------------------------------------------------

#: Names that cannot be told to the platform, and what is said of them.
UNFIT = {
    b"new\nline.bin": "line break",
    b"cr\rlf.bin": "line break",
    b"quo\"te.bin": "quote",
    b"back\\slash.bin": "backslash",
    b"esc\x1b[31m.bin": "control",
    b"del\x7f.bin": "control",
    b"inv\xff\xfe.bin": "UTF-8",
    "turned\u202eround.bin".encode(): "invisible",
}
FIT = [b"-dash.bin", b" blank .bin", b"per%0Acent.bin", b"{stem}.bin", b"a'b;$(x)&.bin",
       "smile\U0001f600.bin".encode(), b"x" * 251 + b".bin", b"~", b"#a?b.bin"]


def test_hostile_names_reach_nobody_raw(agent, platform, folder):
    agent.configure(watch={"include": ["**/*"]})
    for number, name in enumerate([*UNFIT, *FIT]):
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:
            file.write(image_bytes(500, number))
    told = agent.once("--wait-timeout", "30s")
    assert told.code == PARTIAL
    rows = agent.list()
    failed = [row["error"] for row in rows if row["state"] == "failed"]
    assert len(failed) == len(UNFIT)
    for reason in UNFIT.values():
        assert any(reason in error for error in failed), reason
    assert len([row for row in rows if row["state"] == "done"]) == len(FIT) + 1
    taken = {upload["filename"] for upload in platform.state()["uploads"]}
    assert len(taken) == len(FIT) + 1 and "smile\U0001f600.bin" in taken

    shown = [told, agent.command("list-firmwares"), agent.command("status"),
             agent.command("list-firmwares", "--json"), agent.command("status", "--json")]
    for one in shown:
        for text in (one.out, one.err):
            assert not [c for c in text if c < " " and c != "\n"], one.args
            # JSON is for programs: it may hold what only a terminal would act upon.
            assert "--json" in one.args or not set(text) & {"\u202e", "\x7f"}, one.args
    # A line of the log is one event: no name begins another.
    assert not [line for line in told.err.splitlines() if line.startswith("line.bin")]
    assert len(agent.alerts("upload_failed")) == len(UNFIT)


@pytest.mark.parametrize("product", ["..", "../../../x", "/etc", "a/b", ".", "a\u0000b", "-x"])
def test_sboms_stay_in_their_folder_whatever_the_product_is_called(agent, platform, folder,
                                                                   product):
    agent.configure(watch={"sidecar": "{path}.onekey.yaml"})
    (folder / "good.bin.onekey.yaml").write_text(
        f'product: "{product}"\n'.replace("\u0000", "\\0"))
    agent.once("--wait-timeout", "20s")
    row, = agent.list()
    written = [path for path in agent.directory.rglob("*.cdx.json")]
    if row["state"] == "failed":  # refused whole is as good
        assert row["error"] and not written and not platform.state()["uploads"]
        return
    assert row["state"] == "done"
    assert len(written) == 1 and written[0].resolve().is_relative_to(agent.sboms)


# --- not yet whole ------------------------------------------------------------------------------------------

def test_an_empty_file_is_never_ready_and_one_that_is_filled_is(agent, platform, folder):
    (folder / "empty.bin").write_bytes(b"")
    agent.once("--wait-timeout", "20s").ok()
    assert agent.rows()["router/1.0/empty.bin"]["state"] == "settling"
    daemon = agent.run()
    agent.wait_items({"done": 1, "settling": 1})
    agent.good["router/1.0/empty.bin"] = make_image(folder / "empty.bin", 5000, "filled")
    agent.wait_items({"done": 2})
    assert daemon.terminate() == 0
    assert_done_once(agent, platform, agent.good)


def test_a_file_that_keeps_growing_holds_nothing_up(agent, platform, folder):
    agent.configure(watch={"settle": "600ms"})
    stop = threading.Event()
    growing = folder / "growing.bin"

    def grow():
        with open(growing, "ab", buffering=0) as file:
            while not stop.wait(0.05):
                file.write(b"more")

    growing.write_bytes(b"first")
    writer = threading.Thread(target=grow)
    writer.start()
    try:
        daemon = agent.run()
        agent.wait_items({"done": 1, "settling": 1})
        # A second image is found, settles and is done while the first still grows.
        agent.good["router/1.1/later.bin"] = agent.image("router/1.1/later.bin")
        agent.wait_items({"done": 2, "settling": 1})
        assert only_good_was_sent(agent, platform)
    finally:
        stop.set()
        writer.join()
    agent.good["router/1.0/growing.bin"] = sha256_of(growing)
    agent.wait_items({"done": 3})
    assert daemon.terminate() == 0
    assert_done_once(agent, platform, agent.good)


def test_a_file_that_vanishes_before_it_is_sent_is_gone(agent, platform, folder):
    daemon = agent.run()
    agent.wait_items({"done": 1})
    agent.command("pause", "--reason", "test").ok()
    agent.image("router/1.1/short.bin")
    agent.wait_items({"done": 1, "pending": 1})
    (agent.builds / "router/1.1/short.bin").unlink()
    agent.command("resume").ok()
    agent.wait_items({"done": 1, "gone": 1})
    assert only_good_was_sent(agent, platform)
    again = agent.image("router/1.1/short.bin", seed="another")
    wait_until(lambda: again in uploads_by_digest(platform), 20, "it came back and is sent")
    assert daemon.terminate() == 0


# --- depth ---------------------------------------------------------------------------------------------------

def test_deep_folders_are_entered_and_very_deep_ones_are_listed(agent, platform, folder):
    deep = "/".join(["router", "1.0", *["d"] * 58, "deep.bin"])
    agent.good[deep] = agent.image(deep)
    agent.image("/".join(["router", "1.0", *["e"] * 80, "bottom.bin"]))
    agent.once("--wait-timeout", "20s").ok()
    assert only_good_was_sent(agent, platform)
    refused = [row for row in agent.list() if row["state"] == "ignored"]
    assert len(refused) == 1 and "deeper than" in refused[0]["error"]


def test_paths_longer_than_the_system_takes_are_no_trouble(agent, platform, folder, monkeypatch):
    monkeypatch.chdir(folder)  # undone at the end
    for _ in range(30):
        os.mkdir("n" * 200)
        os.chdir("n" * 200)
    with open("far.bin", "wb") as file:
        file.write(image_bytes(100, "far"))
    os.chdir("/")
    told = agent.once("--wait-timeout", "20s")
    assert told.code in (0, PARTIAL), repr(told)
    rows = agent.list()
    assert {row["state"] for row in rows if "good" in row["path"]} == {"done"}
    others = [row for row in rows if "good" not in row["path"]]
    assert others, "what cannot be reached is not named"
    assert all(row["state"] == "done" or row["error"] for row in others)
    shutil.rmtree(agent.builds)


# --- metadata ------------------------------------------------------------------------------------------------

SIDECARS = {
    "no YAML": ("product: [\n", "1"),
    "a list": ("- product\n", None),
    "an unknown key": ("prodct: x\n", "product"),
    "another type": ("product: {a: b}\n", "product"),
    "twice the same": ("product: a\nproduct: b\n", "product"),
    "a date that is none": ("release_date: soon\n", "release_date"),
    "a word for yes and no": ("monitoring: maybe\n", "monitoring"),
    "a tab": ("\tproduct: x\n", None),
    "bytes": (b"\x00\xff\xfe\x01", None),
    "deep": ("product: " + "[" * 20000, None),
    "large": ("# x\n" * 400000, None),
    "a text that ends a header": ('name: "a\\r\\nX-Evil: 1"\n', None),
}


def test_a_wrong_sidecar_fails_its_file_with_the_reason(agent, platform, folder):
    agent.configure(watch={"sidecar": "{path}.onekey.yaml"})
    for number, (text, _) in enumerate(SIDECARS.values()):
        path = agent.builds / f"bad/1.{number}/fw.bin"
        make_image(path)
        path.with_name("fw.bin.onekey.yaml").write_bytes(
            text if isinstance(text, bytes) else text.encode())
    os.mkfifo(make_fifo_path(agent))
    assert agent.once("--wait-timeout", "20s").code == PARTIAL
    rows = agent.rows()
    for number, (name, (_, hint)) in enumerate(SIDECARS.items()):
        row = rows[f"bad/1.{number}/fw.bin"]
        assert row["state"] == "failed" and row["error"], name
        assert hint is None or hint in row["error"], (name, row["error"])
    assert rows["pipe/1.0/fw.bin"]["state"] == "failed"
    assert only_good_was_sent(agent, platform)

    mended = agent.builds / "bad/1.0/fw.bin"
    mended.with_name("fw.bin.onekey.yaml").write_text("product: Mended\n")
    agent.command("retry", mended).ok()
    agent.once("--wait-timeout", "20s").ok()
    assert agent.rows()["bad/1.0/fw.bin"]["product"] == "Mended"


def make_fifo_path(agent):
    make_image(agent.builds / "pipe/1.0/fw.bin")
    return agent.builds / "pipe/1.0/fw.bin.onekey.yaml"


def test_a_path_that_match_does_not_fit_is_told(agent, platform, folder):
    make_image(agent.builds / "alone.bin")
    told = agent.once("--wait-timeout", "20s")
    row = agent.rows()["alone.bin"]
    assert row["state"] in ("failed", "ignored") and "match" in row["error"], row
    assert told.code == (PARTIAL if row["state"] == "failed" else 0)
    assert only_good_was_sent(agent, platform)
    explained = agent.command("explain", agent.builds / "alone.bin")
    assert "match" in explained.out


@pytest.mark.parametrize("field", ["vendor", "product", "name"])
def test_required_metadata_without_a_value_fails_the_file(agent, platform, folder, field):
    agent.configure(watch={"metadata": {field: "{env:ONEKEY_TEST_NOT_SET}"}})
    assert agent.once("--wait-timeout", "20s").code == PARTIAL
    row, = agent.list()
    assert row["state"] == "failed" and field in row["error"], row
    assert "ONEKEY_TEST_NOT_SET" in row["error"]
    assert platform.state()["mutations"] == []


def test_optional_metadata_without_a_value_is_left_out(agent, platform, folder):
    agent.configure(watch={"metadata": {"notes": "{env:ONEKEY_TEST_NOT_SET}",
                                        "product_category": "{env:ONEKEY_TEST_NOT_SET}"}})
    agent.once("--wait-timeout", "20s").ok()
    assert_done_once(agent, platform, agent.good)


def test_a_pattern_that_runs_away_is_stopped(agent, platform, folder):
    agent.configure(watch={"match": r"^(?<product>(a+)+)/(?<version>x)$"})
    make_image(agent.builds / ("a" * 60) / "1.0/fw.bin")
    agent.once("--wait-timeout", "20s", seconds=20)
    assert all(row["state"] in ("failed", "ignored") and row["error"] for row in agent.list())
    assert platform.state()["uploads"] == []


@pytest.mark.parametrize("text", ["", "not JSON", "<html>", '{"a": 1}', '{"bomFormat": "CycloneDX"'])
def test_an_attachment_that_is_no_sbom_fails_the_file(agent, platform, folder, text):
    agent.configure(watch={"attach_sbom": {"path": "{dir}/{stem}.cdx.json", "if_missing": "fail"}})
    (folder / "good.cdx.json").write_text(text)
    assert agent.once("--wait-timeout", "20s").code == PARTIAL
    row, = agent.list()
    assert row["state"] == "failed" and row["error"], row
    assert platform.state()["uploads"] == []


def test_two_hundred_bad_files_cost_no_more_than_a_line_each(agent, platform, folder):
    agent.configure(watch={"metadata": {"vendor": "{env:ONEKEY_TEST_NOT_SET}"}},
                    log={"level": "info"})
    for number in range(200):
        make_image(agent.builds / f"bad/{number}/fw.bin", 100)
    assert agent.once("--wait-timeout", f"{20 * SLOW}s").code == PARTIAL
    assert agent.items() == {"failed": 201}
    agent.once("--wait-timeout", "20s").ok()  # nothing new failed
    assert len(agent.alerts("upload_failed")) == 201
