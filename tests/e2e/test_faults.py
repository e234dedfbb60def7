"""What the platform and the way to it can do wrong, and what it may cost: time, and nothing else.

Each test asserts what the agent made of it and what the platform was really asked to do.
"""

import http.server
import socket
import threading
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from harness import (SANITIZED, SLOW, assert_done_once, assert_sboms, files_with,
                     uploads_by_digest, wait_until)

PARTIAL, REFUSED, UNREACHABLE, NO_PROTOCOL, DEADLINE = 3, 65, 69, 76, 5

#: Every kind of request that bringing one image to its end takes.
OPERATIONS = ("tenant", "allProductGroups", "allAnalysisConfigurations", "allFirmwares",
              "createFirmwareUpload", "upload-firmware", "firmware", "sbom")

#: Under sanitizers too: less than the minute after which the agent looks around without a reason,
#: so that a due time which it forgot shows.
UNHURRIED = 45 / SLOW

IMPATIENT = {"connect_timeout": "2s", "stall_timeout": "700ms", "answer_timeout": "700ms"}


def asked(platform, operation):
    """The requests of one of OPERATIONS, oldest first."""
    return [entry for entry in platform.requests()
            if operation == entry["operation"] or operation in (entry["fields"] or [])]


def count(platform, operation):
    return len(asked(platform, operation))


def assert_nothing_counted(agent, states):
    rows = agent.list()
    assert sorted(row["state"] for row in rows) == sorted(states)
    assert [row["attempts"] for row in rows] == [0] * len(rows)


# --- one fault of every request ------------------------------------------------------------------

PAGE = {"body": "<html>no</html>", "content_type": "text/html"}
OTHER_TYPES = {"data": {"tenant": 5, "user": [], "allProductGroups": {}, "allFirmwares": "x",
                        "allAnalysisConfigurations": [1], "f0": 3,
                        "createFirmwareUpload": {"id": 7, "uploadUrl": {}}}, "id": {}}

#: Kinds of fault with their parameters. A body is refused until the first that takes it all the
#: same (EXECUTED): then the agent finds the firmware, and sends no more.
FAULTS = {
    "statuses": [("status", {"status": status}) for status in (502, 503, 504, 429, 408, 425)],
    "pages": [("status", {"status": 500, **PAGE}), ("status", {"status": 403, **PAGE}),
              ("html_signin", {})],
    "cuts": [("reset_before_body", {}), ("reset_before_body", {"how": "fin"}),
             ("reset_mid_body", {"after_bytes": 40}),
             ("reset_mid_body", {"after_bytes": 40, "how": "fin"}), ("lost_answer", {})],
    "short answers": [("truncate", {}), ("truncate", {"honest": True}),
                      ("truncate", {"honest": True, "after_bytes": 0}),
                      ("truncate", {"honest": True, "after_bytes": 1})],
    "other answers": [("deep_json", {}), ("wrong_json", {}), ("wrong_json", {"body": "text"}),
                      ("wrong_json", {"body": OTHER_TYPES})],
    "no 100-continue": [("no_100_continue", {})],
}
EXECUTED = {"lost_answer", "truncate", "deep_json", "wrong_json", "no_100_continue"}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_each_request_cost_retries_and_nothing_else(agent, platform, name):
    agent.configure(transfers={"retry": {"base": "20ms", "cap": "40ms"}},
                    analysis={"poll_interval": "100ms"})
    images = {"router/1.0/fw.bin": agent.image("router/1.0/fw.bin")}
    wanted = {}
    for operation in OPERATIONS:
        for kind, parameters in FAULTS[name]:
            wanted[platform.fault(kind, operation=operation, **parameters)] = 1
            if operation == "upload-firmware" and kind in EXECUTED:
                break

    daemon = agent.run()  # a single pass would give up after eight
    agent.wait_items({"done": 1}, UNHURRIED)
    assert daemon.terminate() == 0
    assert_done_once(agent, platform, images, attempts=0)
    agent.check_ledger()
    assert {fault["id"]: fault["hits"] for fault in platform.faults()} == wanted
    assert len([path for path in agent.sboms.rglob("*") if path.is_file()]) == 1, "rests are left"


def test_answers_without_an_end_take_no_memory(agent, platform):
    agent.image("router/1.0/fw.bin")
    faults = [platform.fault("oversize", operation=operation, size=64 << 20, announce=announce)
              for operation in OPERATIONS if operation != "sbom" for announce in (False, True)
              if not (operation == "upload-firmware" and announce)]  # taken at the first time
    daemon = agent.run()
    agent.wait_items({"done": 1}, UNHURRIED)
    if not SANITIZED:
        assert daemon.peak_rss_kib() < 48 * 1024
    assert {fault["id"]: fault["hits"] for fault in platform.faults()} == dict.fromkeys(faults, 1)
    assert len(platform.state()["uploads"]) == 1
    assert daemon.terminate() == 0


# --- Retry-After -----------------------------------------------------------------------------------

def seconds_until_next(platform, operation):
    """From the faulted request to the next of its kind."""
    entries = asked(platform, operation)
    at = next(i for i, entry in enumerate(entries) if entry["fault"])
    return entries[at + 1]["time"] - entries[at]["time"]


def test_retry_after_in_seconds_is_kept(agent, platform):
    digest = agent.image("router/1.0/fw.bin")
    statuses = {"tenant": 503, "allProductGroups": 429, "createFirmwareUpload": 503,
                # 503 after a body may have been executed: then the platform is asked first
                "upload-firmware": 429, "firmware": 429, "sbom": 503}
    for operation, status in statuses.items():
        platform.fault("status", operation=operation, status=status, headers={"Retry-After": "1"})
    agent.once().ok()
    assert_done_once(agent, platform, {"router/1.0/fw.bin": digest}, attempts=0)
    waited = {operation: seconds_until_next(platform, operation) for operation in statuses}
    assert min(waited.values()) > 0.99, f"asked again before its time: {waited}"
    assert max(waited.values()) < 3 or SANITIZED, f"asked again late: {waited}"


def test_retry_after_as_a_date_is_kept(agent, platform):
    digest = agent.image("router/1.0/fw.bin")
    until = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=3)
    platform.fault("status", operation="createFirmwareUpload", status=503,
                   headers={"Retry-After": format_datetime(until, usegmt=True)})
    agent.once().ok()
    assert_done_once(agent, platform, {"router/1.0/fw.bin": digest}, attempts=0)
    second = asked(platform, "createFirmwareUpload")[1]
    assert second["time"] > until.timestamp() - 1.0  # a date has whole seconds on both sides


@pytest.mark.parametrize("value", ["-5", "soon", "Mon, 01 Jan 1990 00:00:00 GMT"])
def test_a_retry_after_that_makes_no_sense_holds_nothing_up(agent, platform, value):
    digest = agent.image("router/1.0/fw.bin")
    platform.fault("status", operation="tenant", status=503, headers={"Retry-After": value})
    agent.once("--wait-timeout", "20s").ok()
    assert_done_once(agent, platform, {"router/1.0/fw.bin": digest})


# --- trouble that stays ------------------------------------------------------------------------------

@pytest.fixture
def make_own(make_agent, platform, tokens, workspace):
    """Agents side by side on one platform, each with a token and a folder of its own."""
    def make(label, **keys):
        directory = workspace / label
        tokens.files.add(directory / "token")
        return make_agent(directory, token=platform.add_token(label, tokens.make()), **keys)

    return make


def test_a_request_that_always_fails_is_asked_ever_more_rarely(make_own, platform):
    agents, passes = {}, {}
    for operation in OPERATIONS:
        agents[operation] = make_own(operation,
                                     transfers={"retry": {"base": "200ms", "cap": "1m"}})
        agents[operation].image(f"{operation}/1.0/fw.bin")
        platform.fault("status", operation=operation, token=operation, count=None)
    began = time.monotonic()
    for operation, agent in agents.items():
        passes[operation] = agent.start("once", "--wait-timeout", "3s")
    for operation, one in passes.items():
        assert one.wait() == DEADLINE, repr(one)
        assert len(one.log()) < 20_000, f"{operation} flooded the log"
    assert time.monotonic() - began < 8 or SANITIZED, "the deadline did not end it"
    for fault in platform.faults():
        assert 2 <= fault["hits"] <= 8, f"hammered, or never asked again: {fault}"
    for operation, agent in agents.items():
        row, = agent.list()
        assert row["state"] not in ("failed", "done"), (operation, row)
        assert not list(agent.sboms.rglob("*.json"))


def test_once_ends_when_the_platform_stays_without_sense(agent, platform):
    agent.image("router/1.0/fw.bin")
    platform.fault("wrong_json", operation="allProductGroups", count=None)
    told = agent.once()
    assert told.code == NO_PROTOCOL and "JSON of another shape" in told.err
    assert_nothing_counted(agent, ["pending"])


def test_giving_up_takes_its_time_and_is_told(agent, platform):
    agent.configure(transfers={"retry": {"base": "10ms", "cap": "50ms", "give_up_after": "100ms"}})
    agent.image("router/1.0/fw.bin")
    platform.fault("status", operation="createFirmwareUpload", status=500, count=None,
                   body={"errors": [{"type": "x", "detail": "the database said no"}]})
    assert agent.once().code == PARTIAL
    row, = agent.list()
    assert row["state"] == "failed" and "the database said no" in row["error"]
    assert row["attempts"] == count(platform, "createFirmwareUpload") >= 3
    assert len(agent.alerts("upload_failed")) == 1
    platform.clear_faults()
    agent.command("retry", "--failed").ok()
    agent.once().ok()
    assert_done_once(agent, platform, {"router/1.0/fw.bin": row["sha256"]}, attempts=0)


def test_an_upload_that_is_never_taken_is_given_up_too(agent, platform):
    agent.configure(transfers={"retry": {"base": "10ms", "cap": "50ms", "give_up_after": "100ms"}},
                    analysis={"poll_interval": "100ms"})
    agent.image("router/1.0/fw.bin")
    platform.fault("status", operation="upload-firmware", status=500, count=None)
    assert agent.once().code == PARTIAL
    row, = agent.list()
    assert row["state"] == "failed" and row["attempts"] >= 3, row
    assert platform.state()["uploads"] == []
    assert len(agent.alerts("upload_failed")) == 1


# --- the platform is gone ------------------------------------------------------------------------------

def test_run_outlives_a_platform_that_is_gone_for_a_while(agent, platform, start_platform):
    platform.add_firmwares(50)  # the next platform counts its IDs anew: none shall meet again
    first = agent.image("router/1.0/a.bin")
    daemon = agent.run()
    agent.wait_items({"done": 1})
    before = agent.list()
    platform.stop()
    later = {f"router/2.{n}/b.bin": agent.image(f"router/2.{n}/b.bin") for n in range(4)}
    wait_until(lambda: "to=unreachable" in daemon.log(), 20, "the agent notices")
    agent.wait_items({"done": 1, "pending": 4})
    assert all(row["attempts"] == 0 for row in agent.list())
    assert agent.status()["state"] == "running" and daemon.is_alive()

    again = start_platform(port=platform.port, tokens=platform.tokens)
    agent.wait_items({"done": 5})
    assert sorted(u["sha256"] for u in again.state()["uploads"]) == sorted(later.values())
    assert first not in {u["sha256"] for u in again.state()["uploads"]}
    assert [row for row in agent.list() if row["sha256"] == first] == before
    assert not agent.alerts("upload_failed")
    assert daemon.terminate() == 0
    agent.check_ledger()


def test_an_upload_under_way_when_the_platform_dies_is_sent_again(agent, platform, start_platform):
    digest = agent.image("router/1.0/fw.bin", size=2_000_000)
    platform.fault("stall", operation="upload-firmware", after_bytes=500_000)
    daemon = agent.run()
    wait_until(lambda: agent.status()["transfers"], 20, "the upload is under way")
    platform.wait_for(lambda state: state["faults"][0]["hits"])
    platform.process.kill()
    agent.wait_items({"unconfirmed": 1})
    again = start_platform(port=platform.port, tokens=platform.tokens)
    agent.wait_items({"done": 1})
    assert [u["sha256"] for u in again.state()["uploads"]] == [digest]
    assert daemon.terminate() == 0


def test_once_gives_up_on_a_platform_that_is_gone(agent, platform, start_platform):
    agent.configure(transfers={"retry": {"base": "20ms", "cap": "100ms"}})
    images = agent.images(3)
    platform.stop()
    told = agent.once()
    assert told.code == UNREACHABLE and "unreachable" in told.err
    assert_nothing_counted(agent, ["pending"] * 3)
    again = start_platform(port=platform.port, tokens=platform.tokens)
    agent.once().ok()
    assert_done_once(agent, again, images)


def test_a_name_that_does_not_resolve_is_unreachable(agent):
    agent.image("router/1.0/fw.bin")
    agent.configure(api={"url": "https://nowhere.invalid/api"},
                    transfers={"retry": {"base": "20ms", "cap": "100ms"}})
    assert agent.once().code == UNREACHABLE
    assert_nothing_counted(agent, ["pending"])


# --- what the platform refuses ---------------------------------------------------------------------------

def mutation_error(*messages):
    return {"data": {"createFirmwareUpload": {"count": len(messages), "errors": [
        {"message": message, "code": "INVALID", "fieldPath": ["firmware", "name"]}
        for message in messages]}}}


def test_a_mutation_error_fails_the_file_with_the_platforms_words(agent, platform):
    agent.configure(transfers={"uploads": 1})
    agent.image("router/1.0/bad.bin")
    platform.fault("wrong_json", operation="createFirmwareUpload",
                   body=mutation_error("name \u001b[31mtoo long", "vendor unknown"))
    assert agent.once().code == PARTIAL
    row, = agent.list()
    assert row["state"] == "failed" and "too long" in row["error"]
    assert "\u001b" not in agent.command("show", row["path"]).out
    assert count(platform, "createFirmwareUpload") == 1, "it was tried again"
    assert count(platform, "upload-firmware") == 0
    good = agent.image("router/1.1/good.bin")
    agent.once().ok()
    assert [u["sha256"] for u in platform.state()["uploads"]] == [good]
    assert len(agent.alerts("upload_failed")) == 1


def test_a_message_that_is_cut_off_costs_neither_alert_nor_list(agent, platform):
    paths = [f"router/1.{n}/fw.bin" for n in range(3)]
    for path, shift in zip(paths, ("", "x", "xx")):  # one of them is cut inside a character
        agent.image(path)
        platform.fault("wrong_json", operation="createFirmwareUpload",
                       body=mutation_error(shift + "\u20ac" * 2000))
    assert agent.once().code == PARTIAL
    assert [row["state"] for row in agent.list()] == ["failed"] * 3
    assert len(agent.alerts("upload_failed")) == 3


@pytest.mark.parametrize("key, setting, valid", [
    ("product_group", "Ruoters", ["Default", "Firewalls"]),
    ("analysis_configuration", "Fsat", ["Default", "Quick"]),
])
def test_an_unknown_name_fails_with_the_valid_ones(make_agent, start_platform, key, setting, valid):
    platform = start_platform(product_groups=["Default", "Firewalls"],
                              analysis_configurations=["Default", "Quick"])
    agent = make_agent(platform=platform)
    agent.configure(watch={"metadata": {key: setting}})
    agent.image("router/1.0/fw.bin")
    assert agent.once().code == PARTIAL
    row, = agent.list()
    assert row["state"] == "failed" and setting in row["error"]
    assert all(name in row["error"] for name in valid), row["error"]
    assert count(platform, "createFirmwareUpload") == 0


@pytest.mark.parametrize("status", [413, 422])
@pytest.mark.parametrize("kind", ["early_status", "status"])
def test_a_refused_file_fails_at_once(agent, platform, status, kind):
    agent.image("router/1.0/fw.bin", size=400_000)
    body = {"errors": [{"type": "size", "detail": "limit is 100 kB", "location": ["body"]}]}
    platform.fault(kind, operation="upload-firmware", status=status, body=body)
    assert agent.once().code == PARTIAL
    row, = agent.list()
    assert row["state"] == "failed"
    assert str(status) in row["error"] and "limit is 100 kB" in row["error"]
    assert count(platform, "upload-firmware") == 1
    assert platform.state()["uploads"] == []


def test_a_failed_analysis_fails_the_item_and_the_pass(make_agent, start_platform):
    platform = start_platform(fail_products=["broken"])
    agent = make_agent(platform=platform)
    agent.image("broken/1.0/bad.bin")
    good = agent.image("router/1.0/good.bin")
    assert agent.once().code == PARTIAL
    rows = agent.rows()
    assert rows["broken/1.0/bad.bin"]["state"] == "failed"
    assert "FAILED" in rows["broken/1.0/bad.bin"]["error"]
    assert rows["broken/1.0/bad.bin"]["firmware_id"]
    assert (rows["router/1.0/good.bin"]["state"], rows["router/1.0/good.bin"]["sha256"]) \
        == ("done", good)
    assert len(agent.alerts("analysis_failed")) == 1
    firmware = rows["broken/1.0/bad.bin"]["firmware_id"]
    platform.change_firmware(firmware, result="COMPLETE", restart=True)
    agent.command("retry", "--failed").ok()
    agent.once().ok()
    assert agent.rows()["broken/1.0/bad.bin"]["firmware_id"] == firmware
    assert len(platform.state()["uploads"]) == 2, "it was sent again"


# --- rights -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("style", ["403", "errors", "null"])
def test_a_missing_right_holds_the_items_and_blocks_their_group(agent, platform, tokens, style):
    platform.configure(denied_style=style)
    platform.set_token("default", rights={"upload": False, "view": True})
    agent.configure(transfers={"uploads": 1})
    images = agent.images(6)
    assert agent.once().code == PARTIAL
    assert agent.items() == {"held": 3, "pending": 3}
    assert count(platform, "createFirmwareUpload") == 3, "more was sent for the group"
    held = [row for row in agent.list() if row["state"] == "held"]
    assert all("Default" in row["error"] and row["attempts"] == 0 for row in held)
    alert, = agent.alerts("rights_missing")
    assert "Default" in alert["text"] and "new token" in alert["action"]

    assert agent.once().code == 0  # nothing that could be done
    assert count(platform, "createFirmwareUpload") == 3

    platform.add_token("better", tokens.make())
    agent.set_token(platform.tokens["better"])
    agent.once().ok()
    assert_done_once(agent, platform, images, attempts=0)


def test_retry_releases_what_is_held(agent, platform):
    platform.set_token("default", rights={"upload": False, "view": True})
    digest = agent.image("router/1.0/fw.bin")
    assert agent.once().code == PARTIAL
    assert agent.items() == {"held": 1}
    platform.set_token("default", rights={"upload": True, "view": True})
    agent.command("retry", agent.builds / "router/1.0/fw.bin").ok()
    agent.once().ok()
    assert_done_once(agent, platform, {"router/1.0/fw.bin": digest})


def test_a_right_that_is_missing_in_one_group_stops_that_group_only(make_agent, start_platform):
    platform = start_platform(product_groups=["Default", "Secret"])
    platform.set_token("default", rights={"upload": ["Default"], "view": True})
    agent = make_agent(platform=platform)
    agent.configure(transfers={"uploads": 1},
                    watch={"metadata": {"product_group": "{product}"}, "order": "oldest"})
    for number in range(5):
        agent.image(f"Secret/1.{number}/s{number}.bin")
    good = [agent.image(f"Default/1.{number}/d{number}.bin") for number in range(4)]
    assert agent.once().code == PARTIAL
    assert agent.items() == {"done": 4, "held": 3, "pending": 2}
    assert sorted(u["sha256"] for u in platform.state()["uploads"]) == sorted(good)
    alert, = agent.alerts("rights_missing")
    assert "Secret" in alert["text"]


@pytest.mark.parametrize("style", ["403", "errors"])
def test_a_token_that_may_not_look_holds_what_it_sent(agent, platform, style):
    platform.configure(denied_style=style)
    platform.set_token("default", rights={"upload": True, "view": False})
    agent.images(2)
    assert agent.once("--wait-timeout", "10s").code == PARTIAL
    rows = agent.list()
    assert [row["state"] for row in rows] == ["held", "held"]
    assert all("view" in row["error"] and row["firmware_id"] for row in rows)
    assert len(platform.state()["uploads"]) == 2
    platform.set_token("default", rights={"upload": True, "view": True})
    for row in rows:
        agent.command("retry", row["path"]).ok()
    agent.once().ok()
    assert agent.items() == {"done": 2}
    assert len(platform.state()["uploads"]) == 2, "it was sent again"


# --- SBOMs that are none ---------------------------------------------------------------------------------------

NO_SBOM = {
    "sign-in page": ("html_signin", {}),
    "half a document": ("truncate", {"honest": True}),
    "cut off": ("truncate", {}),
    "nothing": ("truncate", {"honest": True, "after_bytes": 0}),
    "other JSON": ("wrong_json", {}),
    "deep JSON": ("deep_json", {}),
    "other content": ("status", {"status": 200, "body": "PK\u0003\u0004",
                                 "content_type": "application/json"}),
    "not yet": ("status", {"status": 404}),
}


def test_what_is_no_sbom_is_not_stored_and_asked_for_again(agent, platform):
    images = {}
    for number, (kind, parameters) in enumerate(NO_SBOM.values()):
        path = f"router/1.{number}/fw.bin"
        images[path] = agent.image(path)
        platform.fault(kind, operation="sbom", firmware=f"Acme-router-1.{number}-fw", count=None,
                       **parameters)
    daemon = agent.run()
    wait_until(lambda: all(fault["hits"] >= 2 for fault in platform.faults()), 20,
               "each is asked for again")
    rows = agent.list()
    assert {(row["state"], len(row["sboms"])) for row in rows} == {("fetching", 0)}
    assert not [path for path in agent.sboms.rglob("*.json")]
    platform.clear_faults()
    agent.wait_items({"done": len(NO_SBOM)})
    assert daemon.terminate() == 0
    assert_done_once(agent, platform, images, attempts=0)
    left = [path for path in agent.sboms.rglob("*") if path.is_file()]
    assert len(left) == len(NO_SBOM), f"rests are left: {left}"


# --- time ---------------------------------------------------------------------------------------------------

STALLS = {
    "in the body sent": ("upload-firmware", {"where": "request", "after_bytes": 300_000}),
    "before the answer to the body": ("upload-firmware", {"where": "answer"}),
    "in the answer to the body": ("upload-firmware", {"where": "body", "after_bytes": 3}),
    "in the analyses' answer": ("firmware", {"where": "body", "after_bytes": 3}),
    "before the registration's answer": ("createFirmwareUpload", {"where": "answer"}),
    "in the SBOM": ("sbom", {"where": "body", "after_bytes": 100}),
    "at the first question": ("tenant", {"where": "request"}),
}


def test_silence_ends_the_transfer_and_the_item_is_tried_again(make_own, platform):
    agents, digests, passes = {}, {}, {}
    for name, (operation, parameters) in STALLS.items():
        label = name.replace(" ", "-")
        agents[name] = make_own(label, api=IMPATIENT)
        # More than what the sockets on the way take.
        digests[name] = agents[name].image(f"{label}/1.0/fw.bin", size=9_000_000)
        platform.fault("stall", operation=operation, token=label, **parameters)
    for name, agent in agents.items():
        passes[name] = agent.start("once", "--wait-timeout", "40s")
    for one in passes.values():
        assert one.wait(60) == 0, repr(one)
    assert uploads_by_digest(platform) == dict.fromkeys(digests.values(), 1)
    assert [fault["hits"] for fault in platform.faults()] == [1] * len(STALLS)
    for name, agent in agents.items():
        row, = agent.list()
        assert (row["state"], row["sha256"], row["attempts"]) == ("done", digests[name], 0), name
        assert_sboms(agent, row)
    label = "in-the-body-sent"
    again = [e for e in asked(platform, "createFirmwareUpload") if e["token"] == label]
    assert len(again) == 2, "it was not sent again"


def test_slow_is_not_silent(make_agent, platform):
    agent = make_agent(api={"stall_timeout": "700ms"})
    digest = agent.image("router/1.0/fw.bin", size=6_000_000)
    platform.fault("slow_body", operation="upload-firmware", rate=3_000_000)
    platform.fault("slow_body", operation="sbom", rate=4_000)
    began = time.monotonic()
    agent.once().ok()
    assert time.monotonic() - began > 1.5, "it was not slow"
    assert_done_once(agent, platform, {"router/1.0/fw.bin": digest})
    assert count(platform, "upload-firmware") == 1 and count(platform, "sbom") == 1


# --- elsewhere --------------------------------------------------------------------------------------------------

class Recorder:
    """A server of another origin: keeps the heads of all that comes."""

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


def test_redirects_to_another_origin_are_not_followed(agent, platform, foreign):
    agent.configure(transfers={"retry": {"base": "20ms", "cap": "40ms"}},
                    analysis={"poll_interval": "100ms"})
    digest = agent.image("router/1.0/fw.bin")
    for operation in OPERATIONS:
        for status in (301, 302, 307, 308):
            platform.fault("redirect", operation=operation, status=status,
                           location=f"{foreign.origin}/api/{operation}")
    daemon = agent.run()
    agent.wait_items({"done": 1})
    assert daemon.terminate() == 0
    assert foreign.requests == []
    assert_done_once(agent, platform, {"router/1.0/fw.bin": digest})
    assert [fault["hits"] for fault in platform.faults()] == [1] * 4 * len(OPERATIONS)


def test_an_upload_url_of_another_origin_is_refused(agent, platform, foreign):
    agent.image("router/1.0/fw.bin")
    platform.fault("foreign_upload_url", operation="createFirmwareUpload", origin=foreign.origin)
    assert agent.once().code == PARTIAL
    row, = agent.list()
    assert row["state"] == "failed" and "origin" in row["error"]
    assert foreign.requests == [] and count(platform, "upload-firmware") == 0
    assert count(platform, "createFirmwareUpload") == 1
    agent.command("retry", row["path"]).ok()
    agent.once().ok()
    assert len(platform.state()["uploads"]) == 1


@pytest.mark.parametrize("url", ["relative", "absolute"])
def test_upload_urls_of_the_platform_itself_are_taken(make_agent, start_platform, url):
    platform = start_platform(settings={"upload_url": url})
    agent = make_agent(platform=platform)
    digest = agent.image("router/1.0/fw.bin")
    agent.once().ok()
    assert_done_once(agent, platform, {"router/1.0/fw.bin": digest})


# --- TLS -------------------------------------------------------------------------------------------------------

def test_a_platform_with_a_certificate_of_its_own_needs_ca_file(make_agent, start_platform):
    platform = start_platform(tls=True)
    agent = make_agent(platform=platform,
                       transfers={"retry": {"base": "20ms", "cap": "100ms"}})
    digest = agent.image("router/1.0/fw.bin")
    told = agent.once()
    assert told.code == UNREACHABLE and "certificate" in told.err, repr(told)
    assert platform.requests() == []
    assert_nothing_counted(agent, ["pending"])

    agent.configure(api={"ca_file": str(platform.ca_file)})
    agent.once().ok()
    assert_done_once(agent, platform, {"router/1.0/fw.bin": digest})


def test_ca_file_may_come_from_the_command_line_and_the_environment(make_agent, start_platform):
    platform = start_platform(tls=True)
    agent = make_agent(platform=platform)
    agent.command("--ca-file", platform.ca_file, "token", "check").ok()
    agent.command("token", "check", env={"SSL_CERT_FILE": str(platform.ca_file)}).ok()
    loud = agent.command("--disable-tls-verify", "token", "check").ok()
    assert "certificate" in loud.err


def test_a_ca_file_that_is_not_there_is_told(make_agent, start_platform, workspace):
    platform = start_platform(tls=True)
    agent = make_agent(platform=platform, api={"ca_file": str(workspace / "nowhere.pem")})
    agent.image("router/1.0/fw.bin")
    told = agent.once()
    assert told.code not in (0, UNREACHABLE) and "nowhere.pem" in told.err, repr(told)


# --- a proxy ----------------------------------------------------------------------------------------------------

class Proxy:
    """Tunnels by CONNECT; keeps the heads. `auth`: what Proxy-Authorization has to be."""

    def __init__(self, auth=None):
        self.heads, self.auth = [], auth
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(4096)
            if not data:
                return
            head += data
        self.heads.append(head.decode())
        if self.auth and f"Proxy-Authorization: {self.auth}" not in self.heads[-1]:
            client.sendall(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        method, target, _ = self.heads[-1].split(" ", 2)
        assert method == "CONNECT"
        host, port = target.rsplit(":", 1)
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        other = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        other.start()
        self._pump(client, server)
        other.join()

    @staticmethod
    def _pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def stop(self):
        self._socket.close()


@pytest.fixture
def tls_agent(make_agent, start_platform):
    platform = start_platform(tls=True)
    return make_agent(platform=platform, api={"ca_file": str(platform.ca_file)})


@pytest.fixture
def make_proxy():
    made = []

    def make(auth=None):
        made.append(Proxy(auth))
        return made[-1]

    yield make
    for proxy in made:
        proxy.stop()


def test_the_configured_proxy_is_used_for_everything(tls_agent, make_proxy, hook):
    proxy = make_proxy()
    tls_agent.configure(api={"proxy": proxy.url})
    digest = tls_agent.image("router/1.0/fw.bin")
    tls_agent.once().ok()
    assert_done_once(tls_agent, tls_agent.platform, {"router/1.0/fw.bin": digest})
    wanted = f"CONNECT 127.0.0.1:{tls_agent.platform.port} "
    assert proxy.heads and all(head.startswith(wanted) for head in proxy.heads)
    ports = {entry["peer_port"] for entry in tls_agent.platform.requests()}
    assert len(ports) <= len(proxy.heads), "something went around the proxy"
    assert not any("Bearer" in head for head in proxy.heads)


def test_proxy_variables_hold_where_the_configuration_is_silent(tls_agent, make_proxy):
    proxy, other = make_proxy(), make_proxy()
    env = {"https_proxy": other.url}
    tls_agent.command("token", "check", env=env).ok()
    assert len(other.heads) == 1
    tls_agent.configure(api={"proxy": proxy.url})
    tls_agent.command("token", "check", env=env).ok()
    assert (len(proxy.heads), len(other.heads)) == (1, 1)
    tls_agent.configure(api={"no_proxy": ["127.0.0.1"]})
    tls_agent.command("token", "check", env=env).ok()
    assert (len(proxy.heads), len(other.heads)) == (1, 1)


def test_a_proxy_that_wants_credentials_fails_no_file(tls_agent, make_proxy, workspace):
    proxy = make_proxy("Basic dXNlcjpwYXNz")
    secret = workspace / "proxy-auth"
    secret.write_text("user:wrong\n")
    secret.chmod(0o600)
    tls_agent.configure(api={"proxy": proxy.url, "proxy_auth_file": str(secret)},
                        transfers={"retry": {"base": "20ms", "cap": "100ms"}})
    digest = tls_agent.image("router/1.0/fw.bin")
    told = tls_agent.once()
    assert told.code == UNREACHABLE and "407" in told.err, repr(told)
    assert_nothing_counted(tls_agent, ["pending"])
    secret.write_text("user:pass\n")
    tls_agent.once().ok()
    assert_done_once(tls_agent, tls_agent.platform, {"router/1.0/fw.bin": digest})
    assert not list(files_with(tls_agent.state_dir, b"user:pass"))
