"""upload-firmware with its state in memory: what the platform gets, what a pipeline is told.

Each test has both sides: the stand-in's log, and stdout, stderr and exit code of the step.
"""

import hashlib
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

import harness
from harness import (SANITIZED, Step, bare_id, make_image, sha256_of, the_line,
                     wait_until)

FAILED_ANALYSIS, DEADLINE, USAGE, DATA, INPUT, UNREACHABLE = 2, 5, 64, 65, 66, 69
BUSY, NO_PROTOCOL, TOKEN, SETUP = 75, 76, 77, 78

FIXTURES = Path(__file__).resolve().parents[1] / "unit/sbom/fixtures"

#: Between two looks; nothing in earnest takes so little.
QUICK = ("--check-interval", "100ms")

#: To the end of the analysis; what the gate says of the findings is another file's matter.
WAIT = ("--wait", "--exit-code-on-new-finding", "0", *QUICK)


@pytest.fixture
def hurried(step, workspace):
    """A step that tries again at once and gives up soon: what takes minutes in earnest."""
    hurry(step, workspace)
    return step


def hurry(step, workspace, give_up_after="300ms"):
    file = workspace / "hurried.yaml"
    retry = {"base": "20ms", "cap": "40ms", "give_up_after": give_up_after}
    api = {"connect_timeout": "2s", "stall_timeout": "2s", "answer_timeout": "2s"}
    file.write_text(json.dumps({"version": 1, "api": api, "transfers": {"retry": retry}}))
    step.env["ONEKEY_AGENT_CONFIG"] = str(file)


def registrations(platform):
    return [mutation["input"] for mutation in platform.state()["mutations"]]


def nothing_was_sent(platform):
    """Neither a file nor its name reached the platform."""
    state = platform.state()
    return not (state["uploads"] or state["mutations"]
                or platform.requests(operation="upload-firmware"))


# --- what is sent ---------------------------------------------------------------------------------


def test_an_image_is_uploaded_and_its_bare_id_printed(platform, step):
    image = step.image(size=3_000_000)

    firmware_id = step.uploaded(image)

    upload, = platform.state()["uploads"]
    assert upload["firmware_id"] == firmware_id
    assert (upload["sha256"], upload["size"], upload["filename"], upload["sbom"]) == \
        (sha256_of(image), 3_000_000, "fw.bin", None)
    assert list(step.bodies()[0]["parts"]) == ["firmware"]


def test_an_image_and_its_sbom_arrive_together_byte_for_byte(platform, step):
    image, sbom = step.image(), step.sbom("parts list.cdx.json")

    firmware_id = step.uploaded("--version", "1.0", "--sbom", sbom, image)

    upload, = platform.state()["uploads"]
    assert (upload["firmware_id"], upload["sha256"]) == (firmware_id, sha256_of(image))
    assert (upload["sbom"]["filename"], upload["sbom"]["sha256"], upload["sbom"]["size"]) == \
        ("parts list.cdx.json", sha256_of(sbom), sbom.stat().st_size)
    assert list(step.bodies()[0]["parts"]) == ["firmware", "sbom"]


def test_an_sbom_alone_comes_beside_an_empty_firmware(platform, step):
    sbom = step.sbom()

    firmware_id = step.uploaded("--sbom", sbom)

    upload, = platform.state()["uploads"]
    assert (upload["firmware_id"], upload["filename"], upload["size"], upload["sha256"]) == \
        (firmware_id, "upload", 0, hashlib.sha256(b"").hexdigest())
    assert (upload["sbom"]["filename"], upload["sbom"]["sha256"]) == ("fw.cdx.json",
                                                                     sha256_of(sbom))


@pytest.mark.parametrize("words, file, name", [
    (["--version", "1.0"], "fw.bin", "Acme-Router-1.0"),
    ([], "fw.bin", "Acme-Router-fw.bin"),
    ([], "no-dot", "Acme-Router-no-dot"),
    (["--name", "Called so"], "fw.bin", "Called so"),
    (["--name", "Called so", "--version", "1.0"], "fw.bin", "Called so"),
], ids=["version", "file", "no dot", "name", "name before version"])
def test_an_image_is_named_as_the_official_client_names_it(platform, step, words, file, name):
    step.uploaded(*words, step.image(file))

    assert registrations(platform)[0]["firmware"]["name"] == name


@pytest.mark.parametrize("file", ["fw.cdx.json", "fw", ".fw", "fw.", "a.b.c", "..fw", "fw..json"])
def test_an_sbom_alone_gives_the_name_of_its_stem(platform, step, file):
    step.uploaded("--sbom", step.sbom(file))

    assert registrations(platform)[0]["firmware"]["name"] == f"Acme-Router-{Path(file).stem}"


def test_every_metadata_option_reaches_the_platform(start_platform, make_agent):
    platform = start_platform(product_groups=["Routers"], analysis_configurations=["Fast"])
    step = Step(make_agent(platform=platform))

    step.uploaded("--version", "1.0 β", "--category", "Gateway", "--notes", "two\nlines",
                  "--release-date", "2026-02-03", "--monitoring", "--product-group", "Routers",
                  "--analysis-configuration", "Fast", step.image())

    told, = registrations(platform)
    upload, = platform.state()["uploads"]
    fields = told["firmware"]
    assert fields.pop("analysisConfigurationId") and fields == {
        "name": "Acme-Router-1.0 β", "version": "1.0 β", "notes": "two\nlines",
        "releaseDate": fields["releaseDate"], "enableMonitoring": True}
    assert fields["releaseDate"].startswith("2026-02-03")
    assert told["product"] == {"name": "Router", "vendor": "Acme", "category": "Gateway"}
    assert upload["product_group"] == "Routers"
    assert upload.get("analysis_configuration", "Fast") == "Fast"


def test_what_is_not_said_is_null_for_the_platform(platform, step):
    step.uploaded(step.image())

    told, = registrations(platform)
    assert {key: told["firmware"][key] for key in ("version", "releaseDate", "notes")} == \
        {"version": None, "releaseDate": None, "notes": None}
    assert told["firmware"]["enableMonitoring"] is False
    assert told["product"]["category"] is None


def test_the_documented_pair_of_token_and_tenant_name_works(platform, step):
    env = {"ONEKEY_TOKEN": platform.token, "ONEKEY_TENANT_NAME": "Stand-in",
           "ONEKEY_TOKEN_FILE": ""}

    firmware_id = step.uploaded(step.image(), env=env)

    assert platform.state()["uploads"][0]["firmware_id"] == firmware_id


def test_words_may_stand_as_in_the_official_clients_readme(platform, step):
    """Global options before the command, its own behind, the file last."""
    image = step.image()

    told = step.agent.command("--api-url", platform.url, "--token-file", step.agent.token_file,
                              "upload-firmware", "--product", "Router", "--vendor", "Acme",
                              "--product-group", "Default", "--version", "1.0", image,
                              with_config=False).ok()

    assert platform.state()["uploads"][0]["firmware_id"] == bare_id(told.out)


def test_json_is_one_document_with_the_id(platform, step):
    image = step.image()

    told = step.upload("--json", "--version", "1.0", image).ok()

    document, upload = told.json(), platform.state()["uploads"][0]
    assert told.err == ""
    wanted = {"firmware_id": upload["firmware_id"], "path": str(image), "size": 20_000,
              "sha256": sha256_of(image), "name": "Acme-Router-1.0", "vendor": "Acme",
              "product": "Router", "version": "1.0", "error": None, "exit": 0}
    assert {key: document[key] for key in wanted} == wanted


def test_json_tells_of_a_failure_too(platform, step):
    platform.fault("status", operation="upload-firmware", status=413)

    told = step.upload("--json", step.image())

    assert told.code == DATA and len(told.err.splitlines()) == 1
    document = told.json()
    assert document["firmware_id"] is None and document["exit"] == DATA
    assert "413" in document["error"]


@pytest.mark.parametrize("words", [[], ["--json"]], ids=["text", "json"])
def test_a_dry_run_shows_the_request_and_sends_nothing(platform, step, words):
    image, sbom = step.image(), step.sbom()

    told = step.upload("--dry-run", "--version", "1.0", "--sbom", sbom, image, *words).ok()

    assert platform.requests() == []
    for text in ("createFirmwareUpload", "Acme-Router-1.0", "fw.bin", "fw.cdx.json", platform.url):
        assert text in told.out
    assert platform.token not in told.out and "<token>" in told.out
    if words:
        assert [part["size"] for part in told.json()["send"]["parts"]] == \
            [20_000, sbom.stat().st_size]
    assert the_line_of(told.err) == "nothing was sent"


def the_line_of(err):
    line, = err.splitlines()
    assert line.startswith("onekey-agent: ")
    return line.partition(": ")[2]


def test_a_token_on_the_command_line_is_wiped_and_a_safer_way_told(platform, step):
    platform.fault("slow_body", operation="upload-firmware", rate=2_000_000)
    running = step.start("--token", platform.token, step.image(size=4_000_000),
                         env={"ONEKEY_TOKEN_FILE": ""})
    wait_until(lambda: platform.state()["mutations"], 20, "it is at work")

    assert platform.token.encode() not in Path(f"/proc/{running.pid}/cmdline").read_bytes()

    assert running.wait() == 0
    assert "ONEKEY_TOKEN" in running.log() and platform.token not in running.log()


# --- what bad input gets --------------------------------------------------------------------------


@pytest.mark.parametrize("env, code, says", [
    ({}, TOKEN, "there is no token"),
    ({"ONEKEY_TOKEN": "your-api-token"}, TOKEN, "placeholder"),
    ({"ONEKEY_TOKEN": "${ONEKEY_SECRET}"}, TOKEN, "placeholder"),
    ({"ONEKEY_TOKEN": "two words"}, TOKEN, "token"),
    ({"ONEKEY_TOKEN": "x" * 5000}, TOKEN, "token"),
], ids=["none", "placeholder", "not expanded", "blank within", "too long"])
def test_a_token_that_can_be_none_is_refused_before_anything_is_asked(platform, step, env, code,
                                                                      says):
    line = step.failed(code, step.image(), env={"ONEKEY_TOKEN_FILE": "", **env})

    assert says in line and platform.requests() == []
    assert not any(value in line for value in env.values() if value != "your-api-token")


def test_a_token_file_that_is_not_there_is_named(platform, step, workspace):
    line = step.failed(TOKEN, step.image(), env={"ONEKEY_TOKEN_FILE": str(workspace / "gone")})

    assert str(workspace / "gone") in line and platform.requests() == []


def test_a_refused_token_says_so_and_what_to_do(platform, step):
    platform.expire_token()

    line = step.failed(TOKEN, step.image())

    assert nothing_was_sent(platform)
    assert "token" in line and "expired" in line


def test_a_token_of_another_tenant_sends_nothing(platform, step):
    line = step.failed(SETUP, step.image(), env={"ONEKEY_TENANT_NAME": "Other"})

    assert "Stand-in" in line and "Other" in line and nothing_was_sent(platform)


@pytest.mark.parametrize("option, kind", [("--product-group", "product group"),
                                          ("--analysis-configuration", "analysis configuration")])
def test_an_unknown_name_is_told_with_the_valid_ones(start_platform, make_agent, option, kind):
    platform = start_platform(product_groups=["Default", "Routers"],
                              analysis_configurations=["Default", "Fast"])
    step = Step(make_agent(platform=platform))

    line = step.failed(SETUP, option, "Nope", step.image())

    assert kind in line and '"Nope"' in line and '"Default"' in line
    assert ('"Routers"' if "group" in kind else '"Fast"') in line
    assert nothing_was_sent(platform)


@pytest.mark.parametrize("make, code, says", [
    (lambda path: None, INPUT, "No such file"),
    (lambda path: path.mkdir(), INPUT, "directory"),
    (os.mkfifo, INPUT, "FIFO"),
    (lambda path: path.symlink_to("/dev/zero"), INPUT, "device"),
    (lambda path: path.symlink_to(path), INPUT, "symbolic links"),
    (lambda path: path.touch(), DATA, "empty"),
], ids=["missing", "directory", "fifo", "device", "loop", "empty"])
@pytest.mark.parametrize("as_sbom", [False, True], ids=["image", "sbom"])
def test_what_is_no_file_with_content_is_refused_by_name(platform, step, make, code, says, as_sbom):
    step.folder.mkdir()
    path = step.folder / "in\tput.bin"
    make(path)

    line = step.failed(code, *(["--sbom"] if as_sbom else []), path, seconds=20)

    assert says in line and "in\\x09put.bin" in line and platform.requests() == []


def test_a_file_that_may_not_be_read_is_refused(platform, step, workspace, monkeypatch):
    image = step.image()
    image.chmod(0)
    if os.geteuid() == 0:
        drop_rights(workspace, monkeypatch, image)

    line = step.failed(INPUT, image)

    assert str(image) in line and "Permission denied" in line and platform.requests() == []


def drop_rights(workspace, monkeypatch, image):
    if not shutil.which("setpriv"):
        pytest.skip("as root everything can be read, and setpriv is not there")
    wrapper = workspace / "plain-user"
    wrapper.write_text("#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search "
                       f"'{harness.BINARY}' \"$@\"\n")
    wrapper.chmod(0o755)
    if subprocess.run([wrapper, "--version"], capture_output=True, check=False).returncode != 0:
        pytest.skip("capabilities cannot be dropped here")
    monkeypatch.setattr(harness, "BINARY", wrapper)
    os.chown(image, 65534, 65534)


XML_1_0 = ('<?xml version="1.0"?>'
           '<bom xmlns="http://cyclonedx.org/schema/bom/1.0"><components/></bom>')


@pytest.mark.parametrize("content, says", [
    (b"\x7fELF\x02\x01\x01" + bytes(100), ["SBOM"]),
    (b"", ["empty"]),
    (b"{}", ["SBOM"]),
    (b'{"bomFormat": "CycloneDX", "specVersion": "1.5"', ["ends in the middle"]),
    (b"<html><body>Sign in</body></html>", ["HTML"]),
    ((FIXTURES / "cdx-1.7.json").read_bytes(), ["1.7", "1.6"]),
    ((FIXTURES / "cdx-2.0.json").read_bytes(), ["2.0", "1.6"]),
    ((FIXTURES / "spdx-2.3.json").read_bytes(), ["SPDX", "CycloneDX"]),
    ((FIXTURES / "spdx-2.3.spdx").read_bytes(), ["SPDX", "CycloneDX"]),
    ((FIXTURES / "spdx-3.0.1.json").read_bytes(), ["SPDX", "CycloneDX"]),
    (XML_1_0.encode(), ["1.0", "1.1"]),
], ids=["binary", "empty", "other JSON", "cut", "HTML", "JSON 1.7", "JSON 2.0", "SPDX JSON",
        "SPDX tags", "SPDX 3", "XML 1.0"])
@pytest.mark.parametrize("alone", [True, False], ids=["alone", "beside"])
def test_an_sbom_that_the_platform_does_not_import_is_refused(platform, step, content, says, alone):
    sbom = step.folder / "bad.json"
    image = step.image()
    sbom.write_bytes(content)

    line = step.failed(DATA, "--sbom", sbom, *([] if alone else [image]))

    assert all(text in line for text in says), line
    assert str(sbom) in line and platform.requests() == []


@pytest.mark.parametrize("name", ["cdx-1.2.json", "cdx-1.6.json", "cdx-1.1.xml", "cdx-1.6.xml"])
def test_every_sbom_that_the_platform_imports_is_sent(platform, step, name):
    step.uploaded("--sbom", FIXTURES / name)

    upload, = platform.state()["uploads"]
    assert upload["sbom"]["sha256"] == sha256_of(FIXTURES / name)


@pytest.mark.parametrize("words, says", [
    (["--exit-code-on-new-finding", "256"], "0 to 255"),
    (["--exit-code-on-new-finding", "-1"], "whole number"),
    (["--exit-code-on-new-finding", "abc"], "whole number"),
    (["--exit-code-on-new-finding", ""], "--exit-code-on-new-finding"),
    (["--wait-timeout", "soon"], "--wait-timeout"),
    (["--no-such-option"], "--no-such-option"),
    (["--sbom-out", "x.json"], "--wait"),
    (["--junit-path", "x.xml"], "--wait"),
    (["a-second-file"], "too many arguments"),
    (["--min-severity", "AWFUL", "--wait"], "--min-severity"),
], ids=lambda value: "-".join(value) if isinstance(value, list) else "")
def test_a_wrong_command_line_is_exit_64_and_sends_nothing(platform, step, words, says):
    told = step.upload(*words, step.image())

    assert told.code == USAGE and told.out == "" and says in told.err, repr(told)
    assert len(told.err.splitlines()) <= 2 and platform.requests() == []


@pytest.mark.parametrize("metadata, operands, says", [
    ((), 1, "--product and --vendor"),
    (("--vendor", "Acme"), 1, "--product"),
    (("--product", "Router"), 1, "--vendor"),
    (Step.METADATA, 0, "FILE"),
    (("--vendor", "", "--product", "Router"), 1, "--vendor"),
], ids=["neither", "no product", "no vendor", "no file", "empty vendor"])
def test_what_is_needed_is_named(platform, step, metadata, operands, says):
    told = step.upload(*([step.image()] * operands), metadata=metadata)

    assert told.code == USAGE and says in told.err and platform.requests() == []


# --- what the platform says -----------------------------------------------------------------------


def test_a_refused_mutation_fails_with_the_platforms_words(platform, step):
    line = step.failed(DATA, step.image(), metadata=("--vendor", " ", "--product", "Router"))

    assert "must not be empty" in line and "vendor" in line
    assert platform.state()["uploads"] == [] and step.bodies() == []


@pytest.mark.parametrize("kind, parameters", [
    ("status", {"status": 413}),
    ("early_status", {"status": 413, "after_bytes": 100_000}),
    ("early_status", {"status": 413, "after_bytes": 100_000, "close": "rst"}),
    ("status", {"status": 422}),
], ids=["413", "413 early", "413 early, then a reset", "422"])
def test_a_refused_file_is_exit_65_and_is_not_sent_again(platform, hurried, kind, parameters):
    platform.fault(kind, operation="upload-firmware", count=None, **parameters)

    line = hurried.failed(DATA, hurried.image(size=3_000_000))

    assert str(parameters["status"]) in line and len(hurried.bodies()) == 1
    assert platform.state()["uploads"] == []


def test_an_image_that_is_too_large_is_told_in_words(platform, step):
    """A status alone tells nobody what to do at 3 am."""
    platform.fault("status", operation="upload-firmware", status=413)

    line = step.failed(DATA, step.image())

    assert "too large" in line or "larger" in line, line


@pytest.mark.parametrize("style", ["403", "errors", "null"])
def test_a_missing_right_is_exit_77_and_says_that_a_new_token_is_needed(platform, step, style):
    platform.configure(denied_style=style)
    platform.set_token("default", rights={"upload": False, "view": True})

    line = step.failed(TOKEN, step.image())

    assert "right to upload" in line and "Default" in line and platform.state()["uploads"] == []
    assert "new token" in line


def test_a_403_with_json_at_the_upload_is_a_missing_right(platform, step):
    platform.fault("status", operation="upload-firmware", status=403, body={"detail": "no"})

    line = step.failed(TOKEN, step.image())

    assert "right to upload" in line and len(step.bodies()) == 1


class Recorder:
    """A server of another origin: keeps what comes."""

    def __init__(self):
        self.requests = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802, the base class's name
                recorder.requests.append((self.requestline, dict(self.headers)))
                self.send_error(500)

            do_GET = do_PUT = do_POST

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def foreign():
    recorder = Recorder()
    yield recorder
    recorder.stop()


def test_an_upload_url_of_another_origin_gets_neither_file_nor_token(platform, step, foreign):
    platform.fault("foreign_upload_url", operation="createFirmwareUpload", origin=foreign.origin)

    line = step.failed(NO_PROTOCOL, step.image())

    assert "another origin" in line and foreign.origin.partition("//")[2] in line
    assert foreign.requests == [] and step.bodies() == []


def test_a_redirect_to_another_origin_gets_neither_file_nor_token(platform, hurried, foreign):
    platform.fault("redirect", operation="upload-firmware", location=foreign.origin + "/x")

    hurried.upload(*QUICK, hurried.image())

    assert foreign.requests == []


def test_pages_instead_of_data_are_exit_76(platform, hurried):
    platform.fault("html_signin", path_prefix="/api", count=None)

    line = hurried.failed(NO_PROTOCOL, *QUICK, hurried.image())

    assert "HTML" in line and platform.state()["mutations"] == []


def test_pages_where_the_file_is_to_go_are_exit_76(platform, hurried):
    """The rest of the platform works: it is not unreachable, its answer is no answer."""
    platform.fault("html_signin", operation="upload-firmware", count=None)

    told = hurried.upload(*QUICK, hurried.image())

    assert told.code == NO_PROTOCOL and "HTML" in told.err and told.out == "", repr(told)


@pytest.mark.parametrize("operation", ["tenant", "allProductGroups", "allFirmwares",
                                       "createFirmwareUpload", "upload-firmware", "firmware"])
def test_one_502_at_any_request_costs_nothing_but_time(platform, hurried, operation):
    fault = platform.fault("status", operation=operation, status=502)

    told = hurried.upload(*WAIT, hurried.image()).ok()

    upload, = platform.state()["uploads"]
    assert bare_id(told.out) == upload["firmware_id"]
    assert {one["id"]: one["hits"] for one in platform.faults()}[fault] == 1


def test_a_platform_that_answers_502_for_ever_is_exit_69(platform, hurried):
    platform.fault("status", path_prefix="/api", status=502, count=None)

    line = hurried.failed(UNREACHABLE, *QUICK, hurried.image())

    assert "502" in line and "unreachable" in line


def test_a_retry_after_is_kept(platform, hurried, workspace):
    hurry(hurried, workspace, give_up_after="10s")
    platform.fault("status", operation="createFirmwareUpload", status=429,
                   headers={"Retry-After": "1"})

    bare_id(hurried.upload(*QUICK, hurried.image()).ok().out)

    first, second = [r["time"] for r in platform.requests()
                     if "createFirmwareUpload" in (r["fields"] or [])]
    assert second - first >= 0.99


def test_a_rate_limit_that_stays_is_exit_75(platform, hurried):
    platform.fault("status", path_prefix="/api", status=429, count=None)

    line = hurried.failed(BUSY, *QUICK, hurried.image())

    assert "429" in line and "unreachable" not in line


# --- the network ----------------------------------------------------------------------------------


def test_nobody_at_that_address_is_exit_69(platform, hurried):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/api"

        line = hurried.failed(UNREACHABLE, hurried.image(), env={"ONEKEY_API_URL": url})

    assert "unreachable" in line and nothing_was_sent(platform)


def test_a_platform_that_dies_while_it_gets_the_file_is_exit_69(start_platform, make_agent,
                                                                hurried):
    mortal = start_platform(analysis_seconds=0.1)
    step = Step(make_agent(platform=mortal))
    step.env["ONEKEY_AGENT_CONFIG"] = hurried.env["ONEKEY_AGENT_CONFIG"]
    mortal.fault("slow_body", operation="upload-firmware", rate=500_000)
    running = step.start(*QUICK, step.image(size=20_000_000))
    wait_for_body(mortal)

    mortal.process.kill()

    assert running.wait() == UNREACHABLE
    assert "unreachable" in the_line(running)


def wait_for_body(platform, count=1):
    """Until the platform reads the body of so many uploads."""
    wait_until(lambda: sum(fault["hits"] for fault in platform.faults()) >= count, 30,
               "a body is being sent")


@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_lost_answer_is_found_again_and_nothing_sent_twice(platform, hurried, how):
    platform.fault("lost_answer", operation="upload-firmware", how=how)
    image = hurried.image()

    told = hurried.upload(*QUICK, image).ok()

    upload, = platform.state()["uploads"]
    assert upload["firmware_id"] == bare_id(told.out) and upload["sha256"] == sha256_of(image)
    assert len(hurried.bodies()) == 1


def test_a_body_that_is_cut_is_sent_again_after_two_looks(platform, hurried):
    platform.fault("reset_mid_body", operation="upload-firmware", after_bytes=1_000_000)
    image = hurried.image(size=8_000_000)

    told = hurried.upload(*QUICK, image).ok()

    upload, = platform.state()["uploads"]
    assert upload["firmware_id"] == bare_id(told.out) and upload["sha256"] == sha256_of(image)
    assert [body["status"] for body in hurried.bodies()] == [None, 200]


def test_two_uploads_that_may_be_this_one_are_left_to_a_person(platform, hurried):
    """The answer is lost, and somebody else uploads under the same name meanwhile."""
    platform.fault("lost_answer", operation="upload-firmware")
    platform.fault("delay", operation="allFirmwares", after=1, seconds=2)
    running = hurried.start(*QUICK, "--name", "Same", "--version", "1", hurried.image())
    wait_until(lambda: platform.state()["uploads"], 20, "the platform took it")
    platform.add_firmwares(name="Same", version="1", product="Router", vendor="Acme")

    code = running.wait()

    assert code == UNREACHABLE and len(hurried.bodies()) == 1, repr(running)
    line = the_line(running)
    assert "several firmwares on the platform" in line, "what a person is to decide is told"


# --- a file that changes --------------------------------------------------------------------------


def test_a_file_that_changes_while_it_is_sent_is_no_firmware(platform, hurried):
    platform.fault("slow_body", operation="upload-firmware", rate=12_000_000)
    image = hurried.image(size=32_000_000)  # more than any buffer on the way holds
    running = hurried.start(*QUICK, image)
    wait_for_body(platform)

    with open(image, "r+b") as file:
        file.seek(31_000_000)
        file.write(b"another build")

    assert running.wait() == INPUT, repr(running)
    assert "changed" in the_line(running) and platform.state()["uploads"] == []


def test_a_file_that_is_replaced_while_it_is_sent_is_sent_as_it_was(platform, step):
    """What was opened is what was checked: a rename beside it changes nothing."""
    platform.fault("slow_body", operation="upload-firmware", rate=4_000_000)
    image = step.image(size=4_000_000)
    digest = sha256_of(image)
    running = step.start(image)
    wait_for_body(platform)

    make_image(step.folder / "next.bin", 5_000, "next")
    (step.folder / "next.bin").rename(image)

    assert running.wait() == 0, repr(running)
    upload, = platform.state()["uploads"]
    assert upload["sha256"] == digest and upload["firmware_id"] == bare_id(running.out())


# --- the end of it --------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_sending_ends_it_at_once(platform, step, number):
    platform.fault("slow_body", operation="upload-firmware", rate=200_000)
    running = step.start(step.image(size=20_000_000))
    wait_for_body(platform)
    before = time.monotonic()

    running.send(number)

    assert running.wait(10) == 128 + number
    assert time.monotonic() - before < 10, "shutdown_grace is for the daemon"
    assert running.out() == "" and len(running.log().splitlines()) <= 1
    assert platform.state()["uploads"] == []


def test_the_id_is_printed_before_the_analysis_ends(start_platform, make_agent):
    platform = start_platform(analysis_seconds=3600)
    step = Step(make_agent(platform=platform))
    running = step.start(*WAIT, step.image())

    firmware_id = bare_id(wait_until(running.out, 20, "the firmware ID is printed"))

    assert running.is_alive() and platform.state()["uploads"][0]["firmware_id"] == firmware_id
    running.send(signal.SIGINT)
    assert running.wait(10) == 130 and bare_id(running.out()) == firmware_id


def test_wait_ends_when_the_analysis_does(platform, step):
    told = step.upload(*WAIT, step.image()).ok()

    firmware, = platform.state()["firmwares"]
    assert bare_id(told.out) == firmware["id"]
    states = [r for r in platform.requests() if r["fields"] == ["firmware"]]
    assert states, "it asked for the analysis"


def test_an_analysis_that_fails_is_exit_2_after_the_id(start_platform, make_agent):
    platform = start_platform(fail_products=["Router"])
    step = Step(make_agent(platform=platform))

    told = step.upload(*WAIT, step.image())

    assert told.code == FAILED_ANALYSIS
    assert bare_id(told.out) == platform.state()["uploads"][0]["firmware_id"]
    assert "analysis" in the_line_of(told.err)


def test_an_analysis_that_never_starts_is_exit_5_and_says_how_to_go_on(start_platform, make_agent):
    platform = start_platform(analysis_seconds=3600)
    step = Step(make_agent(platform=platform))

    told = step.upload(*WAIT, "--wait-timeout", "2s", step.image())

    firmware_id = bare_id(told.out)
    line = the_line_of(told.err)
    assert told.code == DEADLINE and "deadline" in line
    assert f"onekey-agent ci-result --firmware-id {firmware_id}" in line


def test_a_quiet_step_says_nothing_but_the_id(platform, hurried):
    platform.fault("status", operation="createFirmwareUpload", status=502)

    told = hurried.upload("-q", hurried.image()).ok()

    assert told.err == "" and bare_id(told.out)


# --- what it costs --------------------------------------------------------------------------------


def test_nothing_is_left_behind(platform, step, workspace):
    """In memory means: neither a state directory, nor a temporary file."""
    scratch = workspace / "scratch"
    scratch.mkdir()
    image = step.image()
    before = {path for path in workspace.rglob("*") if step.agent.captured not in path.parents}

    step.upload(*WAIT, image, env={"TMPDIR": str(scratch)}).ok()

    after = {path for path in workspace.rglob("*") if step.agent.captured not in path.parents}
    assert after == before


@pytest.mark.skipif(SANITIZED, reason="a sanitizer's memory says nothing")
def test_a_large_image_takes_little_memory(platform, step):
    image = step.folder / "large.bin"
    image.parent.mkdir()
    with open(image, "wb") as file:
        file.truncate(1 << 30)
    running = step.start(image)

    code, peak_kib = running.wait_peak(240)

    assert code == 0, repr(running)
    upload, = platform.state()["uploads"]
    assert upload["size"] == 1 << 30 and upload["firmware_id"] == bare_id(running.out())
    assert peak_kib < 32 * 1024, f"{peak_kib} KiB"
