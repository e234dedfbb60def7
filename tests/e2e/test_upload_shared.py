"""upload-firmware on a shared --state-dir: many steps, a daemon or none, whatever ends when.

What holds in each test: the same bytes are on the platform once, each row that was sent has an
ID, nothing half-done stays, and the step says one thing and means it.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections import Counter

import pytest

import harness
from harness import (SANITIZED, Step, bare_id, make_image, sha256_of, the_line,
                     uploads_by_digest, wait_until)

FAILED, DEADLINE, INPUT, BUSY, TOKEN, SETUP = 2, 5, 66, 75, 77, 78

QUICK = ("--check-interval", "100ms")
WAIT = ("--wait", "--exit-code-on-new-finding", "0", *QUICK)

#: Told when the ID of known bytes is printed, and while another step is about to get it.
KNOWN = "these bytes are on the platform already"
WAITS = "is sending the same bytes"


@pytest.fixture
def caller(platform, shared, tokens, workspace):
    """A step with a token of its own: whose request it was shows in the platform's log."""
    file = workspace / "caller-token"
    file.write_text(platform.add_token("caller", tokens.make()))
    file.chmod(0o600)
    tokens.files.add(file)
    shared.env["ONEKEY_TOKEN_FILE"] = str(file)
    return shared


def slowly(platform, rate=500_000, **keys):
    """Bodies take long enough for whatever is to happen meanwhile."""
    return platform.fault("slow_body", operation="upload-firmware", rate=rate, **keys)


def wait_for_body(platform, fault, count=1):
    """Until the platform reads a body slowly for the `count`-th time."""
    wait_until(lambda: {one["id"]: one["hits"] for one in platform.faults()}[fault] >= count, 30,
               "a body is being sent")


def let_go(platform):
    platform.clear_faults()


def uploaded_once(platform, *images):
    """Exactly these contents are on the platform, each once; returns the ID of the first."""
    taken = {upload["sha256"]: upload["firmware_id"] for upload in platform.state()["uploads"]}
    assert uploads_by_digest(platform) == {sha256_of(image): 1 for image in images}
    return taken[sha256_of(images[0])]


def id_of(running):
    return bare_id(running.out())


def noise(text):
    """The lines of stderr that are not one of the two notices about the same bytes."""
    return [line for line in text.splitlines() if KNOWN not in line and WAITS not in line]


def shown(step, image):
    """What `show` says of a path first: its newest row."""
    return step.agent.json("show", image)[0]


def is_in_hand(agent):
    return agent.ledger("SELECT count(*) FROM item WHERE holder_pid <> 0") != [(0,)]


# --- one after the other --------------------------------------------------------------------------


def test_the_same_bytes_again_print_the_known_id_and_say_so(platform, shared):
    image = shared.image()
    firmware_id = shared.uploaded(image)

    told = shared.upload(image).ok()

    assert bare_id(told.out) == firmware_id == uploaded_once(platform, image)
    line, = told.err.splitlines()
    assert KNOWN in line and str(image) in line and "--force" in line


def test_the_same_bytes_under_another_name_are_an_alias(platform, shared):
    image, copy = shared.image("fw.bin"), shared.image("copy.bin", seed="fw.bin")
    firmware_id = shared.uploaded(image)

    told = shared.upload(copy).ok()

    assert bare_id(told.out) == firmware_id and str(image) in told.err
    row, = shared.agent.list()
    assert (row["path"], row["aliases"]) == (str(image), [str(copy)])
    uploaded_once(platform, image)


def test_force_sends_them_again_and_the_path_has_the_newer_id(platform, shared):
    image = shared.image()
    first = shared.uploaded(image)

    second = shared.uploaded("--force", image)

    assert second != first and len(platform.state()["uploads"]) == 2
    assert shown(shared, image)["firmware_id"] == second


def test_after_force_the_path_is_known_by_the_id_that_show_tells(platform, shared):
    image = shared.image()
    shared.uploaded(image)
    second = shared.uploaded("--force", image)

    assert bare_id(shared.upload(image).ok().out) == second


def test_new_content_under_the_same_path_is_a_new_item(platform, shared):
    image = shared.image()
    old, first = sha256_of(image), shared.uploaded(image)
    make_image(image, 30_000, "another build")

    second = shared.uploaded(image)

    assert second != first
    assert uploads_by_digest(platform) == {old: 1, sha256_of(image): 1}
    assert shown(shared, image)["firmware_id"] == second
    assert {row["firmware_id"] for row in shared.agent.list()} == {first, second}


def test_what_a_watch_has_sent_is_known_to_a_step(platform, agent, shared):
    image = shared.image(seed="same")
    agent.image("router/1.0/fw.bin", seed="same")
    agent.once().ok()

    told = shared.upload(image).ok()

    assert bare_id(told.out) == uploaded_once(platform, image)
    assert "router/1.0/fw.bin" in told.err


def test_what_a_step_has_sent_is_known_to_a_watch(platform, agent, shared):
    image = shared.image(seed="same")
    firmware_id = shared.uploaded(image)
    agent.image("router/1.0/fw.bin", seed="same")

    agent.once().ok()

    assert uploaded_once(platform, image) == firmware_id
    row, = [row for row in agent.list() if row["path"] == str(image)]
    assert row["aliases"] == [str(agent.builds / "router/1.0/fw.bin")]


def test_an_sbom_alone_is_recognised_too(platform, shared):
    sbom = shared.sbom()
    firmware_id = shared.uploaded("--sbom", sbom)

    told = shared.upload("--sbom", sbom).ok()

    assert bare_id(told.out) == firmware_id and len(platform.state()["uploads"]) == 1


def test_the_state_directory_may_come_from_the_environment_and_a_file(platform, agent, step):
    image = step.image()
    by_file = agent.command("upload-firmware", *Step.METADATA, image).ok()

    told = step.upload(image, env={"ONEKEY_AGENT_STATE_DIR": str(agent.state_dir)}).ok()

    assert told.out == by_file.out and KNOWN in told.err
    assert len(platform.state()["uploads"]) == 1


def test_a_ledger_of_another_tenant_is_left_alone(platform, agent, shared, tokens, workspace):
    shared.uploaded(shared.image())
    file = workspace / "foreign-token"
    file.write_text(platform.add_token("foreign", tokens.make("Somebody else")))
    tokens.files.add(file)
    file.chmod(0o600)

    line = shared.failed(SETUP, shared.image("other.bin"), env={"ONEKEY_TOKEN_FILE": str(file)})

    assert "tenant" in line and str(agent.state_dir) in line
    assert len(platform.state()["uploads"]) == 1


def test_the_ledger_has_what_was_sent_and_no_process(platform, agent, shared):
    image = shared.image()
    firmware_id = shared.uploaded("--version", "1.0", image)

    row, = agent.list()
    wanted = {"path": str(image), "watch": None, "sha256": sha256_of(image), "size": 20_000,
              "firmware_id": firmware_id, "name": "Acme-Router-1.0", "vendor": "Acme",
              "product": "Router", "version": "1.0", "attempts": 0, "error": None}
    assert {key: row[key] for key in wanted} == wanted and row["uploaded_at"]
    assert not is_in_hand(agent)
    agent.check_ledger()


# --- to the end of it -----------------------------------------------------------------------------


@pytest.mark.parametrize("daemon_runs", [True, False], ids=["daemon", "no-daemon"])
def test_wait_leaves_a_done_row_with_its_sbom(platform, agent, shared, daemon_runs):
    daemon = agent.run() if daemon_runs else None
    image = shared.image()

    told = shared.upload(*WAIT, image).ok()

    row, = agent.list()
    assert (row["state"], row["firmware_id"]) == ("done", bare_id(told.out))
    sbom, = row["sboms"]
    folder = agent.sboms if daemon_runs else agent.state_dir / "sboms"
    assert sbom["file"].startswith(str(folder))
    assert sha256_of(sbom["file"]) == sbom["sha256"]
    if daemon:
        daemon.terminate()
    agent.check_ledger()


@pytest.mark.parametrize("daemon_runs", [True, False], ids=["daemon", "no-daemon"])
def test_an_analysis_that_fails_is_exit_2_and_a_failed_row(start_platform, make_agent, daemon_runs):
    platform = start_platform(fail_products=["Router"])
    agent = make_agent(platform=platform)
    shared = Step(agent, state=agent.state_dir)
    if daemon_runs:
        agent.run()

    told = shared.upload(*WAIT, shared.image())

    assert told.code == FAILED and "analysis" in told.err, repr(told)
    row, = agent.list()
    assert (row["state"], row["firmware_id"]) == ("failed", bare_id(told.out))


@pytest.mark.parametrize("daemon_runs", [True, False], ids=["daemon", "no-daemon"])
def test_a_deadline_leaves_a_row_that_goes_on(platform, agent, shared, daemon_runs):
    platform.configure(analysis_seconds=3600)
    daemon = agent.run() if daemon_runs else None

    told = shared.upload(*WAIT, "--wait-timeout", "2s", shared.image())

    assert told.code == DEADLINE and f"ci-result --firmware-id {bare_id(told.out)}" in told.err
    row, = agent.list()
    assert row["state"] == "analysing"
    firmware, = platform.state()["firmwares"]
    platform.change_firmware(firmware["id"], analysis_seconds=0)
    if daemon:
        agent.wait_items({"done": 1})
    else:
        agent.once().ok()
        assert agent.items() == {"done": 1}
    assert len(platform.state()["uploads"]) == 1


def test_known_bytes_are_waited_for_too(platform, shared):
    """The first step did not wait: its firmware is still being analysed."""
    platform.configure(analysis_seconds=3600)
    image = shared.image()
    firmware_id = shared.uploaded(image)
    running = shared.start(*WAIT, image)
    wait_until(running.out, 20, "the known ID is printed")
    looks = len(platform.requests())

    wait_until(lambda: len(platform.requests()) > looks + 2, 30, "it asks for the analysis")
    assert running.is_alive(), repr(running)
    platform.change_firmware(firmware_id, analysis_seconds=0)

    assert running.wait() == 0 and id_of(running) == firmware_id


# --- many at once ---------------------------------------------------------------------------------


def run_forty(step, images):
    running = [step.start(*QUICK, image) for image in images]
    codes = [one.wait(300) for one in running]
    assert codes == [0] * len(running), [repr(one) for one in running if one.process.returncode]
    return running


def forty_images(step):
    return [step.image(f"{number}/fw.bin", seed=f"image {min(number, 38)}") for number in range(40)]


def test_forty_steps_at_once_send_39_images(platform, agent, shared):
    """Two of them have the same bytes; nobody fails for the lock."""
    images = forty_images(shared)

    running = run_forty(shared, images)

    uploaded_once(platform, *images[:39])
    ids = [id_of(one) for one in running]
    assert len(set(ids)) == 39 and ids[38] == ids[39]
    assert [line for one in running for line in noise(one.log())] == []
    assert sum(KNOWN in one.log() for one in running) == 1
    rows = agent.list()
    assert Counter(row["firmware_id"] for row in rows) == Counter(set(ids))
    assert not is_in_hand(agent)
    agent.check_ledger()


def test_forty_steps_at_once_are_handed_to_a_daemon(platform, agent, caller):
    daemon = agent.run()
    images = forty_images(caller)

    running = run_forty(caller, images)

    uploaded_once(platform, *images[:39])
    assert len({id_of(one) for one in running}) == 39
    assert [line for one in running for line in noise(one.log())] == []
    assert platform.requests(token="caller") == [], "a step asked the platform by itself"
    assert {body["token"] for body in platform.requests(operation="upload-firmware")} == {"default"}
    assert daemon.log().count("upload_done") == 39
    daemon.terminate()
    agent.check_ledger()


def test_more_steps_than_the_daemon_takes_wait_in_turn(platform, agent, caller):
    """It keeps 64 files open at a time; the others are told to come again."""
    fault = slowly(platform, rate=20_000, count=None)
    agent.run()
    images = [caller.image(f"{number}.bin", size=30_000) for number in range(70)]
    running = [caller.start(image) for image in images]
    wait_for_body(platform, fault)
    wait_until(lambda: sum(agent.items().values()) >= 64, 120, "as many as it takes are there")
    let_go(platform)

    codes = [one.wait(120) for one in running]

    assert codes == [0] * 70, [repr(one) for one in running if one.process.returncode]
    uploaded_once(platform, *images)
    assert [line for one in running for line in noise(one.log())] == []


def test_a_second_step_waits_for_the_first_ones_bytes(platform, agent, shared):
    fault = slowly(platform)
    image = shared.image(size=10_000_000)
    first = shared.start(image)
    wait_for_body(platform, fault)
    second = shared.start(image)
    wait_until(lambda: WAITS in second.log(), 30, "it says whom it waits for")
    assert second.is_alive() and second.out() == ""

    let_go(platform)

    assert (first.wait(), second.wait()) == (0, 0)
    assert id_of(first) == id_of(second) == uploaded_once(platform, image)
    told = second.log().splitlines()
    assert len(told) == 2 and WAITS in told[0] and KNOWN in told[1] and first.log() == ""


def test_waiting_for_anothers_bytes_costs_next_to_nothing(platform, shared):
    """Half an hour beside a large upload: not a core, and no write that wears a disk."""
    fault = slowly(platform, rate=100_000)
    image = shared.image(size=10_000_000)
    shared.start(image)
    wait_for_body(platform, fault)
    second = shared.start(image)
    wait_until(lambda: WAITS in second.log(), 30, "it waits")
    before, began = cpu_seconds(second), time.monotonic()

    wait_until(lambda: time.monotonic() - began > 5, 10, "five seconds pass")

    share = (cpu_seconds(second) - before) / (time.monotonic() - began)
    assert second.is_alive() and (SANITIZED or share < 0.05), f"{share:.0%} of a core"


def cpu_seconds(running):
    with open(f"/proc/{running.pid}/stat", encoding="ascii") as file:
        return sum(map(int, file.read().split()[13:15])) / os.sysconf("SC_CLK_TCK")


def has_socket(pid):
    """One of its descriptors is a socket; they come and go while one looks."""
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"):
                return True
    return False


# --- the end of a step ----------------------------------------------------------------------------


def test_sigint_while_sending_leaves_nothing_half_done(platform, agent, shared):
    fault = slowly(platform)
    image = shared.image(size=10_000_000)
    running = shared.start(image)
    wait_for_body(platform, fault)

    running.send(signal.SIGINT)

    assert running.wait(10) == 130 and running.out() == ""
    assert not is_in_hand(agent)
    state, error = agent.ledger("SELECT state, error FROM item")[0]
    assert state in ("gone", "unconfirmed") and error, "nobody will ever send it: it says so"
    let_go(platform)
    told = shared.upload(*QUICK, image).ok()
    assert bare_id(told.out) == uploaded_once(platform, image)
    agent.check_ledger()


def test_sigint_between_the_last_byte_and_the_answer_is_looked_up(platform, agent, shared):
    """All of it was sent: the platform may have taken it, and in this test it has."""
    platform.fault("stall", operation="upload-firmware", where="answer")
    image = shared.image()
    running = shared.start(image)
    wait_until(lambda: platform.state()["uploads"], 30, "the platform took it")

    running.send(signal.SIGINT)

    assert running.wait(10) == 130
    assert [row["state"] for row in agent.list()] == ["unconfirmed"]
    let_go(platform)
    told = shared.upload(*QUICK, image).ok()
    assert bare_id(told.out) == uploaded_once(platform, image)


def test_a_killed_step_is_taken_over_by_the_next_with_the_same_bytes(platform, agent, shared):
    fault = slowly(platform)
    image = shared.image(size=10_000_000)
    running = shared.start(image)
    wait_for_body(platform, fault)

    running.kill()
    let_go(platform)

    told = shared.upload(*QUICK, image).ok()
    assert bare_id(told.out) == uploaded_once(platform, image)
    row, = agent.list()
    assert row["firmware_id"] == bare_id(told.out) and not is_in_hand(agent)


def test_a_step_killed_behind_the_last_byte_is_found_again(platform, agent, shared):
    platform.fault("stall", operation="upload-firmware", where="answer")
    image = shared.image()
    running = shared.start(image)
    wait_until(lambda: platform.state()["uploads"], 30, "the platform took it")

    running.kill()
    let_go(platform)

    told = shared.upload(*QUICK, image).ok()
    assert bare_id(told.out) == uploaded_once(platform, image)
    assert len(platform.requests(operation="upload-firmware")) == 1


def test_a_step_that_waits_takes_over_when_the_first_is_killed(platform, shared):
    fault = slowly(platform)
    image = shared.image(size=10_000_000)
    first = shared.start(image)
    wait_for_body(platform, fault)
    second = shared.start(*QUICK, image)
    wait_until(lambda: WAITS in second.log(), 30, "it waits")

    first.kill()
    let_go(platform)

    assert second.wait() == 0, repr(second)
    assert id_of(second) == uploaded_once(platform, image)


def test_a_killed_steps_row_is_settled_by_once(platform, agent, shared):
    """An upload is looked for; one that was never taken has no file any more: a person is told."""
    platform.fault("stall", operation="upload-firmware", where="answer")
    image = shared.image()
    running = shared.start(image)
    wait_until(lambda: platform.state()["uploads"], 30, "the platform took it")
    running.kill()
    let_go(platform)

    agent.once().ok()

    row, = agent.list()
    assert (row["state"], row["firmware_id"]) == ("done", uploaded_once(platform, image))


def test_a_killed_steps_row_that_was_never_taken_ends_gone(platform, agent, shared):
    fault = slowly(platform)
    image = shared.image(size=10_000_000)
    running = shared.start(image)
    wait_for_body(platform, fault)
    running.kill()
    let_go(platform)

    agent.once()

    row, = agent.list()
    assert row["state"] == "gone" and row["error"] and platform.state()["uploads"] == []


# --- steering -------------------------------------------------------------------------------------


@pytest.mark.parametrize("daemon_runs", [True, False], ids=["daemon", "no-daemon"])
def test_an_operators_pause_is_exit_75_and_told(platform, agent, shared, daemon_runs):
    if daemon_runs:
        agent.run()
    else:
        agent.once().ok()  # the ledger is there
    agent.command("pause", "--reason", "moving house").ok()

    line = shared.failed(BUSY, shared.image())

    assert "paused" in line and "onekey-agent resume" in line
    assert platform.state()["mutations"] == []


def test_what_a_paused_daemon_keeps_is_sent_after_resume(platform, agent, shared):
    agent.run()
    agent.command("pause", "--reason", "moving house").ok()
    image = shared.image()
    shared.failed(BUSY, image)

    agent.command("resume").ok()

    wait_until(lambda: platform.state()["uploads"], 30, "the file that it kept is sent")
    uploaded_once(platform, image)


@pytest.mark.parametrize("daemon_runs", [True, False], ids=["daemon", "no-daemon"])
def test_a_refused_token_is_exit_77(platform, agent, shared, daemon_runs):
    platform.expire_token()
    if daemon_runs:
        agent.run()
        wait_until(lambda: agent.status()["state"] == "auth_paused", 20, "the token is refused")

    line = shared.failed(TOKEN, shared.image())

    assert "token" in line and platform.state()["mutations"] == []


def test_a_pause_of_the_daemons_token_is_not_the_steps(platform, agent, caller):
    """The daemon is stopped, its pause stands in the ledger; the step has a token that works."""
    platform.expire_token()
    agent.run()
    wait_until(lambda: agent.status()["state"] == "auth_paused", 20, "the token is refused")
    agent.daemons[-1].terminate()

    caller.uploaded(caller.image())

    assert [body["token"] for body in caller.bodies()] == ["caller"]
    assert [pause["kind"] for pause in agent.status()["pauses"]] == ["auth"]


def test_retry_and_forget_know_rows_of_steps(platform, agent, shared):
    platform.fault("status", operation="upload-firmware", status=422)
    image = shared.image()
    shared.failed(65, image)
    row, = agent.list()
    assert row["state"] == "failed" and "422" in row["error"]

    told = agent.command("retry", image)

    # Nobody but a step has the file: it is said, and nothing is promised.
    assert told.code != 0 or agent.list()[0]["state"] in ("gone", "failed"), repr(told)
    firmware_id = bare_id(shared.upload(image).ok().out)
    assert uploaded_once(platform, image) == firmware_id
    agent.command("forget", image).ok()
    assert firmware_id not in [row["firmware_id"] for row in agent.list()]
    assert bare_id(shared.upload(image).ok().out) == firmware_id, "a digest with an ID stays known"


def test_show_finds_a_row_in_hand_and_forget_leaves_it_to_its_step(platform, agent, shared):
    fault = slowly(platform)
    image = shared.image(size=10_000_000)
    running = shared.start(image)
    wait_for_body(platform, fault)

    assert shown(shared, image)["state"] == "uploading"
    told = agent.command("forget", image)
    let_go(platform)

    assert running.wait() == 0, repr(running)
    assert id_of(running) == uploaded_once(platform, image), repr(told)
    told = shared.upload(image).ok()
    assert bare_id(told.out) == id_of(running) and KNOWN in told.err


# --- by a daemon ----------------------------------------------------------------------------------


def test_a_daemon_gets_the_file_and_all_that_was_said(platform, agent, caller):
    daemon = agent.run()
    image, sbom = caller.image(), caller.sbom()

    told = caller.upload("--version", "1.0", "--category", "Gateway", "--notes", "n",
                         "--release-date", "2026-02-03", "--monitoring", "--sbom", sbom, image).ok()

    upload, = platform.state()["uploads"]
    said = platform.state()["mutations"][0]["input"]
    assert bare_id(told.out) == upload["firmware_id"] and told.err == ""
    assert (upload["sha256"], upload["sbom"]["sha256"]) == (sha256_of(image), sha256_of(sbom))
    assert (said["firmware"]["name"], said["firmware"]["version"], said["firmware"]["notes"]) == \
        ("Acme-Router-1.0", "1.0", "n")
    assert said["firmware"]["enableMonitoring"] is True and said["product"]["category"] == "Gateway"
    assert platform.requests(token="caller") == []
    daemon.terminate()


def test_a_daemon_takes_an_sbom_alone(platform, agent, caller):
    agent.run()
    sbom = caller.sbom()

    caller.uploaded("--sbom", sbom)

    upload, = platform.state()["uploads"]
    assert (upload["filename"], upload["size"], upload["sbom"]["sha256"]) == \
        ("upload", 0, sha256_of(sbom))


def test_a_daemon_knows_the_same_bytes_and_sends_them_again_by_force(platform, agent, caller):
    agent.run()
    image = caller.image()
    first = caller.uploaded(image)

    told = caller.upload(image).ok()
    second = caller.uploaded("--force", image)

    assert bare_id(told.out) == first and KNOWN in told.err and second != first
    assert len(platform.state()["uploads"]) == 2


def test_a_file_that_only_its_caller_can_open_reaches_the_daemon(platform, agent, caller,
                                                                 workspace):
    """The descriptor goes over the socket: the path means nothing to the daemon."""
    agent.run()
    image = caller.image()
    fd = os.open(image, os.O_RDONLY)
    digest = sha256_of(image)
    image.unlink()
    image.symlink_to(f"/proc/{os.getpid()}/fd/{fd}")

    told = caller.upload(image).ok()

    assert uploads_by_digest(platform) == {digest: 1} and bare_id(told.out)
    os.close(fd)


@pytest.mark.parametrize("fault, code, says", [
    (("status", {"operation": "upload-firmware", "status": 413}), 65, "413"),
    (("status", {"operation": "upload-firmware", "status": 403, "body": {}}), 77, "right"),
    (("foreign_upload_url", {"operation": "createFirmwareUpload",
                             "origin": "http://127.0.0.1:9"}), 76, "origin"),
], ids=["413", "403", "foreign"])
def test_a_daemon_tells_the_step_why_it_failed(platform, agent, caller, fault, code, says):
    agent.run()
    platform.fault(fault[0], **fault[1])

    assert says in caller.failed(code, caller.image())


@pytest.mark.parametrize("option, kind", [("--product-group", "product group"),
                                          ("--analysis-configuration", "analysis configuration")])
def test_a_daemon_tells_of_unknown_names(platform, agent, caller, option, kind):
    agent.run()

    line = caller.failed(SETUP, option, "Nope", caller.image())

    assert kind in line and '"Default"' in line and platform.state()["mutations"] == []


def test_the_tenant_guard_of_the_caller_holds_for_the_daemons_token_too(platform, agent, caller):
    agent.run()

    line = caller.failed(SETUP, caller.image(), env={"ONEKEY_TENANT_NAME": "Other"})

    assert "Stand-in" in line and "Other" in line and platform.state()["mutations"] == []


def test_a_daemon_of_another_platform_is_not_asked(platform, agent, caller):
    """--api-url says where the file is to go; that daemon sends to another place."""
    agent.run()
    elsewhere = "http://127.0.0.1:9/api"

    told = caller.upload(caller.image(), env={"ONEKEY_API_URL": elsewhere})

    assert told.code != 0 and platform.state()["uploads"] == [], repr(told)


def test_a_step_needs_no_token_where_a_daemon_has_one(platform, agent, shared):
    agent.run()

    shared.uploaded(shared.image(), env={"ONEKEY_TOKEN_FILE": ""})

    assert len(platform.state()["uploads"]) == 1


def test_sigint_of_a_step_leaves_the_upload_to_the_daemon(platform, agent, caller):
    fault = slowly(platform)
    agent.run()
    image = caller.image(size=10_000_000)
    running = caller.start(image)
    wait_for_body(platform, fault)

    running.send(signal.SIGINT)

    assert running.wait(10) in (130, -signal.SIGINT)
    let_go(platform)
    agent.wait_items({"done": 1})
    uploaded_once(platform, image)


def test_a_file_that_changes_under_a_daemon_is_exit_66(platform, agent, caller):
    fault = slowly(platform, rate=12_000_000, count=None)
    agent.run()
    image = caller.image(size=32_000_000)
    running = caller.start(image)
    wait_for_body(platform, fault)

    with open(image, "r+b") as file:
        file.seek(31_000_000)
        file.write(b"another build")

    assert running.wait() == INPUT, repr(running)
    assert "changed" in the_line(running) and platform.state()["uploads"] == []


def test_a_daemon_that_does_not_wait_for_analyses_leaves_that_to_the_step(platform, agent, shared):
    """analysis.wait: false: an item is done at its upload, an analysis is not."""
    platform.configure(analysis_seconds=3600)
    agent.configure(analysis={"wait": False})
    agent.run()
    running = shared.start(*WAIT, shared.image())
    firmware_id = bare_id(wait_until(running.out, 30, "the ID is printed"))
    looks = len(platform.requests())
    wait_until(lambda: len(platform.requests()) > looks + 3 or not running.is_alive(), 30,
               "the analysis is asked for")
    assert running.is_alive(), repr(running)

    platform.change_firmware(firmware_id, analysis_seconds=0)

    assert running.wait() == 0, repr(running)


def test_progress_of_a_handed_over_file_is_shown_on_a_terminal(platform, agent, caller):
    fault = slowly(platform, rate=1_000_000)
    agent.run()
    image = caller.image(size=20_000_000)
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [str(harness.BINARY), "upload-firmware", *Step.METADATA, "--state-dir", agent.state_dir,
         image], env=agent.environment({**caller.env, "TERM": "xterm"}), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=theirs, cwd=agent.directory)
    os.close(theirs)
    seen = bytearray()

    def shows(text):
        if select.select([ours], [], [], 0.05)[0]:
            seen.extend(os.read(ours, 65536))
        return text in seen

    try:
        wait_for_body(platform, fault)
        wait_until(lambda: shows(b"fw.bin") and shows(b"MiB"), 30, "the file and its bytes")
    finally:
        let_go(platform)
        out, _ = process.communicate(timeout=60)
        os.close(ours)
    assert process.returncode == 0 and bare_id(out.decode()) == uploaded_once(platform, image)


# --- a daemon that comes --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["run", "once"])
def test_an_agent_that_starts_while_a_step_sends_leaves_it_its_row(platform, agent, caller, mode):
    fault = slowly(platform)
    image = caller.image(size=10_000_000)
    running = caller.start(*QUICK, image)
    wait_for_body(platform, fault)

    daemon = agent.run() if mode == "run" else agent.start("once")

    if mode == "run":
        assert [row["state"] for row in agent.list()] == ["uploading"]
    else:
        assert daemon.wait() == 0, repr(daemon)
    let_go(platform)
    assert running.wait() == 0, repr(running)
    assert running.log() == "" and id_of(running) == uploaded_once(platform, image)
    assert {body["token"] for body in platform.requests(operation="upload-firmware")} == {"caller"}
    if mode == "run":
        agent.wait_items({"done": 1})
        daemon.terminate()
    agent.check_ledger()


def test_a_once_that_is_at_work_takes_the_steps_progress(platform, agent, caller):
    """`once` holds the ledger as long as its own upload takes; the step ends before it."""
    own = slowly(platform)
    image = caller.image(size=10_000_000)
    running = caller.start(*QUICK, image)
    wait_for_body(platform, own)
    theirs = slowly(platform, firmware="Acme-router-1.0-fw")
    agent.image("router/1.0/fw.bin", 10_000_000)
    once = agent.start("once")
    wait_for_body(platform, theirs)

    platform.clear_faults(own)

    assert running.wait() == 0, repr(running)
    assert once.is_alive(), "it was to be at work until here"
    let_go(platform)
    assert once.wait() == 0, repr(once)
    assert uploads_by_digest(platform)[sha256_of(image)] == 1 and len(
        platform.state()["uploads"]) == 2
    assert not is_in_hand(agent)


def test_a_once_that_is_at_work_takes_a_file_over(platform, agent, caller):
    theirs = slowly(platform)
    agent.image("router/1.0/fw.bin", 10_000_000)
    once = agent.start("once")
    wait_for_body(platform, theirs)
    image = caller.image()

    told = caller.upload(*QUICK, image).ok()
    let_go(platform)

    assert once.wait() == 0, repr(once)
    upload, = [one for one in platform.state()["uploads"] if one["sha256"] == sha256_of(image)]
    assert bare_id(told.out) == upload["firmware_id"] and len(platform.state()["uploads"]) == 2
    assert platform.requests(token="caller") == []
    assert not is_in_hand(agent)


def stop_before_its_claim(shared, *words):
    """A step that was stopped (SIGSTOP) while it reads its file: its row is not in the ledger."""
    platform = shared.platform
    fault = platform.fault("delay", operation="tenant", seconds=3)
    running = shared.start(*words)
    wait_for_body(platform, fault)
    running.send(signal.SIGSTOP)
    assert not (shared.state / "ledger.db").exists()
    return running


def test_a_daemon_that_starts_before_the_step_has_claimed_its_bytes(platform, agent, caller):
    image = caller.image()
    running = stop_before_its_claim(caller, "--lock-wait", "5s", *QUICK, image)
    agent.run()

    running.send(signal.SIGCONT)

    assert running.wait() == 0, repr(running)
    assert id_of(running) == uploaded_once(platform, image)


def test_a_daemon_that_starts_while_a_step_waits_for_anothers_bytes(platform, agent, caller):
    """The daemon holds the ledger from now on: the one that waits has to ask it."""
    fault = slowly(platform)
    image = caller.image(size=10_000_000)
    first = caller.start(*QUICK, image)
    wait_for_body(platform, fault)
    second = caller.start(*QUICK, image)
    wait_until(lambda: WAITS in second.log(), 30, "it waits")
    agent.run()

    let_go(platform)

    assert first.wait() == 0, repr(first)
    assert second.wait() == 0, repr(second)
    assert id_of(first) == id_of(second) == uploaded_once(platform, image)
    assert noise(first.log()) == noise(second.log()) == []


def test_a_stopped_agent_does_not_hold_up_a_signal(platform, agent, shared):
    """A person presses Ctrl-C: the step ends, whatever the agent does."""
    fault = slowly(platform)
    running = shared.start(shared.image(size=10_000_000))
    wait_for_body(platform, fault)
    daemon = agent.run()
    daemon.send(signal.SIGSTOP)
    let_go(platform)
    wait_until(lambda: platform.state()["uploads"], 30, "the platform took it")
    began = time.monotonic()

    running.send(signal.SIGINT)
    code = running.wait(60)
    daemon.send(signal.SIGCONT)

    assert code == 130, repr(running)
    assert time.monotonic() - began < 10


# --- a daemon that goes ---------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_a_daemon_that_is_restarted_while_it_sends(platform, agent, caller, number):
    agent.configure(shutdown_grace="1s")
    fault = slowly(platform, count=1)
    daemon = agent.run()
    image = caller.image(size=10_000_000)
    running = caller.start(*QUICK, image)
    wait_for_body(platform, fault)

    daemon.send(number)
    daemon.wait()
    agent.run()

    assert running.wait(120) == 0, repr(running)
    assert id_of(running) == uploaded_once(platform, image)
    assert noise(running.log()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["TERM", "KILL"])
def test_a_daemon_that_goes_for_good_leaves_the_work_to_the_step(platform, agent, caller, number):
    agent.configure(shutdown_grace="1s")
    fault = slowly(platform, count=1)
    daemon = agent.run()
    image = caller.image(size=10_000_000)
    running = caller.start(*QUICK, image)
    wait_for_body(platform, fault)

    daemon.send(number)
    daemon.wait()

    assert running.wait(120) == 0, repr(running)
    assert id_of(running) == uploaded_once(platform, image)
    assert not is_in_hand(agent)
    agent.check_ledger()


@pytest.mark.parametrize("comes_again", [True, False], ids=["restarted", "gone"])
def test_a_daemon_that_goes_while_the_step_waits_costs_no_second_id(platform, agent, caller,
                                                                   comes_again):
    """stdout has the ID once, however often the step has to begin again."""
    platform.configure(analysis_seconds=3600)
    daemon = agent.run()
    image = caller.image()
    running = caller.start(*WAIT, image)
    firmware_id = bare_id(wait_until(running.out, 30, "the ID is printed"))
    daemon.terminate()
    looks = len(platform.requests())
    if comes_again:
        agent.run()
    wait_until(lambda: len(platform.requests()) > looks + 2, 30, "the analysis is asked for again")

    platform.change_firmware(firmware_id, analysis_seconds=0)

    assert running.wait() == 0, repr(running)
    assert running.out() == firmware_id + "\n" and KNOWN not in running.log()
    uploaded_once(platform, image)


def test_a_forced_upload_is_sent_once_more_and_not_twice_more(platform, agent, caller):
    """The platform took it, the daemon was killed before it knew."""
    agent.run().terminate()
    image = caller.image()
    caller.uploaded(image)
    platform.fault("stall", operation="upload-firmware", where="answer")
    daemon = agent.run()
    running = caller.start("--force", *QUICK, image)
    wait_until(lambda: len(platform.state()["uploads"]) == 2, 30, "the platform took it")
    daemon.kill()
    let_go(platform)

    assert running.wait(120) == 0, repr(running)
    assert uploads_by_digest(platform) == {sha256_of(image): 2}


def test_a_daemon_killed_while_it_answers_costs_nothing(platform, agent, caller):
    """The file is handed over to one that does not answer any more."""
    daemon = agent.run()
    daemon.send(signal.SIGSTOP)
    image = caller.image()
    running = caller.start(*QUICK, image)
    wait_until(lambda: has_socket(running.pid), 20, "it talks to the daemon")

    daemon.kill()

    assert running.wait() == 0, repr(running)
    assert id_of(running) == uploaded_once(platform, image)


def test_a_daemon_killed_while_a_step_saves_there_costs_nothing(platform, agent, caller):
    """The body was taken; where the ID is to be kept, nobody answers any more."""
    fault = slowly(platform)
    image = caller.image(size=10_000_000)
    running = caller.start(*QUICK, image)
    wait_for_body(platform, fault)
    daemon = agent.run()
    daemon.send(signal.SIGSTOP)
    let_go(platform)
    wait_until(lambda: platform.state()["uploads"], 30, "the platform took it")
    wait_until(lambda: platform.requests(operation="upload-firmware"), 30, "it was answered")
    wait_until(lambda: is_blocked(running.pid), 20, "the step waits for the daemon")

    daemon.kill()

    assert running.wait() == 0, repr(running)
    assert id_of(running) == uploaded_once(platform, image)
    assert not is_in_hand(agent)


def is_blocked(pid):
    """In poll() on one descriptor: libuv's loop sleeps in epoll_wait()."""
    with open(f"/proc/{pid}/syscall", encoding="ascii") as file:
        return file.read().split()[0] == "7"
