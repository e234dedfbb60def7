"""Every exit code of SPEC 3 but 70 (an internal error: nothing may produce it), one row each.

The table is the contract with pipelines: who scripts against a code finds here what makes it.
"""

import json
import os
import signal
import socket

import pytest

import harness
from harness import Step, wait_until

#: SPEC 3; 128+n stands there as such.
CODES = {0, 1, 2, 3, 5, 64, 65, 66, 69, 74, 75, 76, 77, 78, 128 + signal.SIGINT,
         128 + signal.SIGTERM}

QUICK = ("--check-interval", "100ms")


class Stage:
    """What a row may use. `end()` is the exit code of a step that a signal met at work."""

    def __init__(self, platform, agent, start_platform, make_agent):
        self.platform, self.agent, self.step = platform, agent, Step(agent)
        self.start_platform, self.make_agent = start_platform, make_agent

    def upload(self, *words, **keys):
        return self.step.upload(*QUICK, *words, **keys)

    def end(self, number):
        self.platform.fault("slow_body", operation="upload-firmware", rate=200_000)
        running = self.step.start(self.step.image(size=20_000_000))
        wait_until(lambda: self.platform.faults()[0]["hits"], 30, "it is sending")
        running.send(number)
        return running.wait(20)

    def analysed(self, **keys):
        """A firmware with one finding."""
        firmware_id, = self.platform.add_firmwares(product="Router", **keys)
        self.platform.change_firmware(firmware_id, cves=[], issues=[
            {"id": "key", "severity": "HIGH", "type": "PrivateKey", "file": "/etc/key"}])
        return firmware_id

    def hurry(self):
        """Gives up after a moment."""
        file = self.agent.directory / "hurried.yaml"
        retry = {"base": "20ms", "cap": "40ms", "give_up_after": "300ms"}
        file.write_text(json.dumps({"version": 1, "transfers": {"retry": retry}}))
        self.step.env["ONEKEY_AGENT_CONFIG"] = str(file)
        return self


@pytest.fixture
def stage(platform, agent, start_platform, make_agent):
    return Stage(platform, agent, start_platform, make_agent)


# --- the rows -------------------------------------------------------------------------------------


def uploaded(stage):
    return stage.upload(stage.step.image())


def nothing_to_do(stage):
    return stage.agent.once()


def new_findings(stage):
    return stage.agent.command("ci-result", "--firmware-id", stage.analysed(), *QUICK)


def new_findings_behind_an_upload(stage):
    return stage.upload("--wait", stage.step.image())


def sbom_diff_found_a_difference(stage):
    sboms = [stage.step.sbom(f"{version}.json", components=[
        {"type": "library", "name": "zlib", "version": version}]) for version in ("1.2", "1.3")]
    return stage.agent.command("sbom", "diff", *sboms)


def analysis_failed(stage):
    platform = stage.start_platform(fail_products=["Router"])
    step = Step(stage.make_agent(platform=platform))
    return step.upload("--wait", *QUICK, step.image())


def analysis_failed_as_ci_result_sees_it(stage):
    firmware_id = stage.analysed()
    stage.platform.change_firmware(firmware_id, result="FAILED")
    return stage.agent.command("ci-result", "--firmware-id", firmware_id, *QUICK)


def some_items_failed(stage):
    stage.platform.fault("status", operation="upload-firmware", status=422)
    stage.agent.images(2)
    return stage.agent.once()


def some_items_failed_as_status_sees_it(stage):
    some_items_failed(stage)
    stage.agent.run()
    return stage.agent.command("status", "--check")


def deadline(stage):
    stage.platform.configure(analysis_seconds=3600)
    return stage.upload("--wait", "--wait-timeout", "1s", stage.step.image())


def deadline_of_once(stage):
    stage.platform.configure(analysis_seconds=3600)
    stage.agent.images(1)
    return stage.agent.once("--wait-timeout", "1s")


def usage(stage):
    return stage.upload("--exit-code-on-new-finding", "256", stage.step.image())


def unknown_command(stage):
    return stage.agent.command("upload-firmwear", with_config=False)


def refused_by_the_platform(stage):
    stage.platform.fault("status", operation="upload-firmware", status=413)
    return stage.upload(stage.step.image())


def invalid_sbom(stage):
    return stage.upload("--sbom", stage.step.image())


def changed_sbom_file(stage):
    stage.agent.image("router/1.0/fw.bin")
    stage.agent.once().ok()
    file, = (path for path in stage.agent.sboms.rglob("*.json"))
    file.write_text(file.read_text() + " ")
    return stage.agent.command("sbom", "verify")


def missing_file(stage):
    return stage.upload(stage.step.folder / "missing.bin")


def unreachable(stage):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/api"
        return stage.hurry().upload(stage.step.image(), env={"ONEKEY_API_URL": url})


def no_daemon(stage):
    return stage.agent.command("status", "--check")


def state_directory_is_a_file(stage):
    stage.agent.state_dir.write_text("")
    return stage.upload("--state-dir", stage.agent.state_dir, stage.step.image())


def ledger_is_damaged(stage):
    stage.agent.state_dir.mkdir(mode=0o700)
    (stage.agent.state_dir / "ledger.db").write_bytes(os.urandom(8192))
    return stage.upload("--state-dir", stage.agent.state_dir, stage.step.image())


def another_instance(stage):
    stage.agent.run()
    return stage.agent.command("--lock-wait", "1ms", "run")


def paused_by_the_operator(stage):
    stage.agent.once().ok()
    stage.agent.command("pause", "--reason", "moving house").ok()
    return stage.upload("--state-dir", stage.agent.state_dir, stage.step.image())


def rate_limited(stage):
    stage.platform.fault("status", path_prefix="/api", status=429, count=None)
    return stage.hurry().upload(stage.step.image())


def pages_instead_of_data(stage):
    stage.platform.fault("html_signin", path_prefix="/api", count=None)
    return stage.hurry().upload(stage.step.image())


def foreign_upload_url(stage):
    stage.platform.fault("foreign_upload_url", operation="createFirmwareUpload",
                         origin="http://127.0.0.1:9")
    return stage.upload(stage.step.image())


def no_token(stage):
    return stage.upload(stage.step.image(), env={"ONEKEY_TOKEN_FILE": ""})


def refused_token(stage):
    stage.platform.expire_token()
    return stage.upload(stage.step.image())


def wrong_configuration(stage):
    stage.agent.config_path.write_text("version: 1\nwatsh: []\n")
    return stage.agent.command("upload-firmware", *Step.METADATA, stage.step.image())


def unknown_product_group(stage):
    return stage.upload("--product-group", "Nope", stage.step.image())


def wrong_tenant(stage):
    return stage.upload("--tenant", "Other", stage.step.image())


def interrupted(stage):
    return stage.end(signal.SIGINT)


def terminated(stage):
    return stage.end(signal.SIGTERM)


ROWS = [
    (0, uploaded), (0, nothing_to_do),
    (1, new_findings), (1, new_findings_behind_an_upload), (1, sbom_diff_found_a_difference),
    (2, analysis_failed), (2, analysis_failed_as_ci_result_sees_it),
    (3, some_items_failed), (3, some_items_failed_as_status_sees_it),
    (5, deadline), (5, deadline_of_once),
    (64, usage), (64, unknown_command),
    (65, refused_by_the_platform), (65, invalid_sbom), (65, changed_sbom_file),
    (66, missing_file),
    (69, unreachable), (69, no_daemon),
    (74, state_directory_is_a_file), (74, ledger_is_damaged),
    (75, another_instance), (75, paused_by_the_operator), (75, rate_limited),
    (76, pages_instead_of_data), (76, foreign_upload_url),
    (77, no_token), (77, refused_token),
    (78, wrong_configuration), (78, unknown_product_group), (78, wrong_tenant),
    (130, interrupted), (143, terminated),
]


@pytest.mark.parametrize("code, make", ROWS, ids=[f"{code}-{make.__name__}" for code, make in ROWS])
def test_each_exit_code_is_produced(stage, code, make):
    told = make(stage)

    if isinstance(told, harness.Finished):
        assert told.code == code, repr(told)
        assert code == 0 or told.err or told.out, "a code without a word"
    else:
        assert told == code


def test_the_table_has_every_code():
    assert {code for code, _ in ROWS} == CODES
