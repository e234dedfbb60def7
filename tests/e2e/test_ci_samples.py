"""The samples in packaging/ci: linted, and what they tell a CI system to run is really run.

Each sample is brought into the same form: its shell blocks in their order, the shell and the
variables that its CI system would give them. What the systems do around that (secrets, uploads
of artifacts, retries) is read from the files and held against what the blocks left behind.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

import harness
from harness import Finished, bare_id, make_image

SAMPLES = harness.REPOSITORY / "packaging/ci"
NEW_FINDINGS, DEADLINE, USAGE, UNREACHABLE, TOKEN = 1, 5, 64, 69, 77
ID_FILE, JUNIT, SBOM = "onekey-firmware-id.txt", "onekey-junit.xml", "onekey-sbom.json"
LEFT_BEHIND = (ID_FILE, JUNIT, SBOM)

#: A release engineer's width, and `on:`, which is GitHub's word.
YAMLLINT = ("{extends: default, rules: {line-length: {max: 100}, document-start: disable, "
            "truthy: {check-keys: false}, comments: {min-spaces-from-content: 1}}}")

#: Stands in for a tool that uploaded and then lost the platform while it waited, once.
LOSES_THE_PLATFORM = """#!/bin/sh
"{real}" "$@"
status=$?
[ "$1" != upload-firmware ] || [ "$status" -gt 1 ] || exit 69
exit $status
"""


# --- the samples as shell blocks ------------------------------------------------------------------


class Block:
    """A piece of shell, how its CI system calls it, and what it adds to the environment."""

    def __init__(self, text, shell, name="", **env):
        self.text, self.shell, self.name, self.env = text, shell, name, env


BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
GITHUB_VALUES = {"secrets.ONEKEY_TOKEN": "TOKEN", "inputs.firmware-id": "FIRMWARE_ID",
                 "github.ref_name": "REF", "needs.onekey.outputs.firmware-id": "OUTPUT",
                 "steps.onekey.outputs.firmware-id": "OUTPUT"}
GITHUB_CONDITIONS = {None, "always()", "inputs.firmware-id == ''"}


def load_yaml(name):
    return yaml.safe_load((SAMPLES / name).read_text())


class GitHub:
    """As documented: `bash --noprofile --norc -eo pipefail` for `shell: bash`."""

    file = "github-actions.yml"

    def __init__(self):
        self.workflow = load_yaml(self.file)
        self.jobs = self.workflow["jobs"]
        assert self.workflow["defaults"]["run"]["shell"] == "bash"

    @staticmethod
    def value(text, values):
        """Expressions replaced; one that is not in GITHUB_VALUES fails the test."""
        return re.sub(r"\$\{\{ *([^ }]+) *\}\}",
                      lambda found: values[GITHUB_VALUES[found[1]]], str(text))

    def blocks(self, job, values):
        for step in self.jobs[job]["steps"]:
            assert step.get("if") in GITHUB_CONDITIONS
            skipped = "inputs.firmware-id" in step.get("if", "") and values["FIRMWARE_ID"]
            if "run" in step and not skipped:
                yield Block(step["run"], BASH, step["name"],
                            **{key: self.value(text, values)
                               for key, text in step.get("env", {}).items()})

    @staticmethod
    def environment(folder):
        return {"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(folder / "output"),
                "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}

    @staticmethod
    def kept_id(folder):
        """What a later job gets: name=value lines."""
        path = folder / "output"
        lines = path.read_text().splitlines() if path.exists() else []
        return dict(line.split("=", 1) for line in lines).get("firmware-id", "")


class GitLab:
    """The lines of `script` in one shell; the image decides which."""

    file = "gitlab-ci.yml"
    shell = ("sh", "-e")

    def __init__(self):
        self.pipeline = load_yaml(self.file)

    def blocks(self, job, values):
        jobs = {"onekey": [] if values["FIRMWARE_ID"] else ["build"], "release": []}[job] + [job]
        for name in jobs:
            described = self.pipeline[name]
            given = {"ONEKEY_TOKEN": values["TOKEN"], "FIRMWARE_ID": values["FIRMWARE_ID"],
                     "CI_COMMIT_REF_NAME": values["REF"], "ONEKEY_FIRMWARE_ID": values["OUTPUT"]}
            yield Block("\n".join(described["script"]), self.shell, name,
                        **given, **described.get("variables", {}))

    @staticmethod
    def environment(folder):
        return {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": str(folder)}

    @staticmethod
    def kept_id(folder):
        """The dotenv report, by GitLab's rules for it."""
        path = folder / "onekey.env"
        if not path.exists():
            return ""
        lines = path.read_text().splitlines()
        assert all(re.fullmatch(r"[A-Za-z0-9_]+=[^'\"]*", line) for line in lines)
        return dict(line.split("=", 1) for line in lines)["ONEKEY_FIRMWARE_ID"]


class GitLabBash(GitLab):
    shell = BASH


def groovy_texts(text):
    """The ''' ''' texts as the shell gets them: a backslash at a line's end joins lines."""
    found = re.findall(r"'''(.*?)'''", text, re.DOTALL)
    assert all(not re.search(r"\\[^\n]", one) for one in found), "Groovy reads other escapes"
    return [one.replace("\\\n", "") for one in found]


class Jenkins:
    """`sh` steps run under `sh -xe`: what a block does is in the log, with values."""

    file = "Jenkinsfile"

    def __init__(self):
        self.text = (SAMPLES / self.file).read_text()
        code = re.sub(r"//[^\n]*", "", self.text)
        self.build, self.clean, self.analyse, self.release = groovy_texts(code)

    def blocks(self, job, values):
        given = {"ONEKEY_TOKEN": values["TOKEN"], "FIRMWARE_ID": values["FIRMWARE_ID"],
                 "BUILD_TAG": values["REF"], "ONEKEY_FIRMWARE_ID": values["OUTPUT"],
                 **dict(re.findall(r"(WAIT_TIMEOUT) = '(\w+)'", self.text))}
        texts = [self.release] if job == "release" else [
            *([] if values["FIRMWARE_ID"] else [self.build]), self.clean, self.analyse]
        return [Block(text, ("sh", "-xe"), job, **given) for text in texts]

    @staticmethod
    def environment(folder):
        return {"CI": "true", "JENKINS_HOME": str(folder), "WORKSPACE": str(folder)}

    @staticmethod
    def kept_id(folder):
        return (folder / ID_FILE).read_text().strip()


class PlainShell:
    """upload.sh, called with arguments."""

    file = "upload.sh"

    @staticmethod
    def blocks(job, values):
        words = (f'"{values["FIRMWARE_ID"]}"' if values["FIRMWARE_ID"] else
                 f'Acme Router "{values["REF"]}" build/firmware.bin')
        text = {"onekey": f"make firmware\n{SAMPLES / 'upload.sh'} {words}",
                "release": f"echo {values['OUTPUT']}"}[job]
        yield Block(text, ("sh", "-xe"), job, ONEKEY_TOKEN=values["TOKEN"], RETRY_PAUSE="0",
                    WAIT_TIMEOUT="50m")

    @staticmethod
    def environment(folder):
        return {"PWD": str(folder)}

    kept_id = staticmethod(Jenkins.kept_id)


ALL = [GitHub, GitLab, GitLabBash, Jenkins, PlainShell]


class Pipeline:
    """One sample in a workspace of its own, against the stand-in."""

    def __init__(self, sample, workspace, platform, agent):
        self.sample, self.platform, self.agent = sample, platform, agent
        self.folder = workspace / "checkout"
        self.bin = workspace / "bin"
        self.digest = make_image(self.folder / "sources.bin")
        self.bin.mkdir()
        # What a branch may be called; upload.sh is told the version by its caller.
        self.ref = "1.0" if sample.file == "upload.sh" else 'v1.0 "$(touch injected)"'
        self.tool = self.bin / "onekey-agent"
        self.tool.symlink_to(harness.BINARY.resolve())
        # The build of whoever copies the sample.
        make = self.bin / "make"
        make.write_text('#!/bin/sh\nset -e\n[ "$1" = firmware ]\nmkdir -p build\n'
                        "cp sources.bin build/firmware.bin\n")
        make.chmod(0o755)
        self.config = workspace / "hurried.yaml"
        self.config.write_text(json.dumps({
            "version": 1, "analysis": {"poll_interval": "200ms"},
            "transfers": {"retry": {"base": "20ms", "cap": "40ms", "give_up_after": "300ms"}}}))

    def run(self, job="onekey", firmware_id="", output="", **over):
        """The job's blocks one after the other, to the first that fails; `over` replaces
        variables of the sample."""
        values = {"TOKEN": self.platform.token, "FIRMWARE_ID": firmware_id, "REF": self.ref,
                  "OUTPUT": output}
        env = {**self.agent.environment(), "ONEKEY_API_URL": self.platform.url,
               "ONEKEY_AGENT_CONFIG": str(self.config),
               "PATH": f"{self.bin}:{os.environ['PATH']}", **self.sample.environment(self.folder)}
        out, err, code = "", "", 0
        for block in self.sample.blocks(job, values):
            done = subprocess.run(
                [*block.shell, "-c", block.text], cwd=self.folder, text=True, capture_output=True,
                env={**env, **block.env, **over}, stdin=subprocess.DEVNULL,
                timeout=harness.COMMAND_SECONDS * harness.SLOW)
            out, err, code = out + done.stdout, err + done.stderr, done.returncode
            if code != 0:
                break
        assert values["TOKEN"] not in out + err, "the token stands in the log"
        assert not (self.folder / "injected").exists(), "a branch's name was run"
        return Finished([self.sample.file, job], code, out, err)

    def upload_before(self):
        """The same image, so that the sample's own has nothing that is new."""
        self.agent.command("upload-firmware", "--vendor", "Acme", "--product", "Router",
                           self.folder / "sources.bin", with_config=False,
                           env={"ONEKEY_API_URL": self.platform.url,
                                "ONEKEY_TOKEN_FILE": str(self.agent.token_file)}).ok()

    def kept_id(self):
        return self.sample.kept_id(self.folder)

    def last_upload(self):
        return self.platform.state()["uploads"][-1]

    def has(self, name):
        path = self.folder / name
        return path.is_file() and path.stat().st_size > 0


@pytest.fixture(params=ALL, ids=lambda sample: sample.__name__)
def pipeline(request, workspace, platform, agent):
    return Pipeline(request.param(), workspace, platform, agent)


# --- what they do ---------------------------------------------------------------------------------


def test_a_firmware_without_new_findings_goes_on_to_the_next_stage(pipeline):
    pipeline.upload_before()

    told = pipeline.run()

    assert told.code == 0, repr(told)
    upload = pipeline.last_upload()
    assert (upload["sha256"], upload["vendor"], upload["product"], upload["version"]) == \
        (pipeline.digest, "Acme", "Router", pipeline.ref)
    assert pipeline.kept_id() == upload["firmware_id"]
    assert pipeline.has(JUNIT)
    assert json.loads((pipeline.folder / SBOM).read_text())["bomFormat"] == "CycloneDX"
    released = pipeline.run("release", output=pipeline.kept_id())
    assert released.code == 0 and upload["firmware_id"] in released.out


def test_new_findings_fail_the_job_and_leave_report_sbom_and_id(pipeline):
    told = pipeline.run()

    assert told.code == NEW_FINDINGS, repr(told)
    assert pipeline.kept_id() == pipeline.last_upload()["firmware_id"]
    report = (pipeline.folder / JUNIT).read_text()
    assert "ONEKEY identified issues" in report and "<failure" in report
    assert pipeline.has(SBOM) and "new findings" in told.err


def test_at_the_deadline_the_id_is_kept_and_a_later_run_uploads_nothing(pipeline):
    pipeline.platform.configure(analysis_seconds=9000)

    told = pipeline.run(WAIT_TIMEOUT="1s")

    assert told.code == DEADLINE, repr(told)
    firmware_id = pipeline.last_upload()["firmware_id"]
    assert pipeline.kept_id() == firmware_id and not pipeline.has(SBOM)
    pipeline.platform.change_firmware(firmware_id, analysis_seconds=0.001, restart=True)
    for name in (*LEFT_BEHIND, "output", "onekey.env"):
        (pipeline.folder / name).unlink(missing_ok=True)
    later = pipeline.run(firmware_id=firmware_id)
    assert later.code == NEW_FINDINGS, repr(later)
    assert pipeline.kept_id() == firmware_id and pipeline.has(JUNIT) and pipeline.has(SBOM)
    assert len(pipeline.platform.state()["uploads"]) == 1


def test_the_log_of_a_deadline_says_how_to_go_on(pipeline):
    pipeline.platform.configure(analysis_seconds=9000)

    told = pipeline.run(WAIT_TIMEOUT="1s")

    assert told.code == DEADLINE
    if isinstance(pipeline.sample, Jenkins):
        # There error() says it: the job's status is what people see.
        assert re.search(r"5: \"[^\"]*FIRMWARE_ID=\$\{id\}\"", pipeline.sample.text)
    else:
        assert re.search(rf"(?i)(FIRMWARE.ID|upload\.sh)[ =]{pipeline.kept_id()}",
                         told.out + told.err), repr(told)


def test_a_platform_that_is_away_is_exit_69_so_that_the_ci_may_try_again(pipeline):
    pipeline.platform.fault("status", status=503, count=None)

    told = pipeline.run()

    assert told.code == UNREACHABLE, repr(told)
    assert pipeline.kept_id() == "" and pipeline.platform.state()["uploads"] == []


def test_a_refused_token_is_exit_77_once(pipeline):
    pipeline.platform.expire_token()

    told = pipeline.run()

    assert told.code == TOKEN and "expired or was deleted" in told.err, repr(told)
    assert pipeline.kept_id() == "" and pipeline.platform.state()["mutations"] == []
    assert len(re.findall("onekey-agent: ", told.err)) == 1


def test_a_platform_that_is_lost_while_waiting_does_not_lead_to_a_second_upload(pipeline):
    pipeline.tool.unlink()
    pipeline.tool.write_text(LOSES_THE_PLATFORM.format(real=harness.BINARY.resolve()))
    pipeline.tool.chmod(0o755)

    told = pipeline.run()

    firmware_id = pipeline.last_upload()["firmware_id"]
    assert pipeline.kept_id() == firmware_id
    if isinstance(pipeline.sample, GitLab):
        # What `retry: exit_codes` would repeat starts with an upload.
        assert told.code == DEADLINE and f"FIRMWARE_ID={firmware_id}" in told.out
    elif isinstance(pipeline.sample, GitHub):
        assert told.code == UNREACHABLE and f"firmware-id {firmware_id}" in told.out
    elif isinstance(pipeline.sample, Jenkins):
        # retry(3) hands the ID to the second attempt.
        assert told.code == UNREACHABLE
        told = pipeline.run(firmware_id=firmware_id)
        assert told.code == NEW_FINDINGS and pipeline.has(SBOM), repr(told)
    else:
        assert told.code == NEW_FINDINGS and pipeline.has(SBOM), repr(told)
    assert len(pipeline.platform.state()["uploads"]) == 1


def test_the_plain_shell_tries_a_platform_that_is_away_three_times(workspace, platform, agent):
    pipeline = Pipeline(PlainShell(), workspace, platform, agent)
    platform.fault("status", status=503, count=None)

    told = pipeline.run()

    assert told.code == UNREACHABLE
    assert len(re.findall("^onekey-agent: ", told.err, re.MULTILINE)) >= 3, repr(told)


def test_the_plain_shell_forgets_what_an_earlier_build_left(workspace, platform, agent):
    pipeline = Pipeline(PlainShell(), workspace, platform, agent)
    for name in LEFT_BEHIND:
        (pipeline.folder / name).write_text("of an earlier build")
    platform.expire_token()

    assert pipeline.run().code == TOKEN
    assert not any(pipeline.has(name) for name in LEFT_BEHIND)


@pytest.mark.parametrize("words", [[], ["Acme", "Router"], ["a", "b", "c", "d", "e"]])
def test_the_plain_shell_explains_its_arguments(workspace, words):
    told = subprocess.run([SAMPLES / "upload.sh", *words], cwd=workspace, text=True,
                          capture_output=True, check=False)

    assert (told.returncode, told.stdout) == (USAGE, "")
    assert "VENDOR PRODUCT VERSION IMAGE" in told.stderr and not list(workspace.iterdir())


def test_github_gets_annotations_and_a_summary(workspace, platform, agent):
    pipeline = Pipeline(GitHub(), workspace, platform, agent)

    told = pipeline.run()

    assert told.code == NEW_FINDINGS and "::error::New findings" in told.out
    summary = (pipeline.folder / "summary.md").read_text()
    assert pipeline.last_upload()["firmware_id"] in summary


# --- what the CI systems do around that -----------------------------------------------------------


def test_github_keeps_report_sbom_and_id_whatever_the_gate_says():
    job = GitHub().jobs["onekey"]
    keep, = [step for step in job["steps"] if "upload-artifact" in step.get("uses", "")]
    assert keep["if"] == "always()"
    assert set(keep["with"]["path"].split()) == set(LEFT_BEHIND)
    assert GitHub.value(job["outputs"]["firmware-id"], {"OUTPUT": "ID"}) == "ID"
    # Other people's code gets no token: only GitHub's own actions are used.
    used = [step["uses"] for job in GitHub().jobs.values() for step in job["steps"]
            if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[a-z-]+@v\d+", name) for name in used)


def test_github_has_the_token_in_one_step_and_no_expression_in_any_script():
    workflow = GitHub().workflow
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert [step.get("id") for step in steps if "ONEKEY_TOKEN" in str(step)] == ["onekey"]
    assert "ONEKEY_TOKEN" not in str({k: v for k, v in workflow.items() if k != "jobs"})
    assert not any("${{" in step.get("run", "") for step in steps)
    assert workflow["permissions"] == {"contents": "read"}


def test_gitlab_publishes_report_and_id_whatever_the_gate_says():
    job = GitLab().pipeline["onekey"]
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"] == {"junit": JUNIT, "dotenv": "onekey.env"}
    assert job["artifacts"]["paths"] == [SBOM]
    assert job["retry"] == {"max": 2, "exit_codes": [69, 75]}
    assert "ONEKEY_TOKEN" not in str(GitLab().pipeline), "it is a masked variable of the project"
    assert GitLab().pipeline["stages"] == [GitLab().pipeline[name]["stage"]
                                           for name in ("build", "onekey", "release")]


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml", "Jenkinsfile"])
def test_the_ci_waits_longer_than_the_tool(name):
    """Else the CI kills it, and nobody learns how far it came."""
    bounds = {"github-actions.yml": lambda: GitHub().jobs["onekey"]["timeout-minutes"],
              "gitlab-ci.yml": lambda: int(GitLab().pipeline["onekey"]["timeout"].rstrip("m")),
              # of its three attempts together
              "Jenkinsfile": lambda: int(re.search(r"timeout\(time: (\d+), unit: 'HOURS'\)",
                                                   Jenkins().text)[1]) * 60 / 3}
    text = (SAMPLES / name).read_text()
    tool, = set(re.findall(r"WAIT_TIMEOUT\W+(\d+)m", text))
    assert bounds[name]() >= int(tool) + 20


def test_the_jenkinsfile_is_balanced_and_has_its_stages():
    code = Jenkins().text
    code = re.sub(r"'''.*?'''", "''", code, flags=re.DOTALL)
    code = re.sub(r"//[^\n]*|'[^'\n]*'", "", code)
    code = re.sub(r"\"[^\"\n]*\"", "", code)
    assert not set("'\"`") & set(code)
    waiting = []
    for mark in re.findall(r"[(){}\[\]]", code):
        if mark in "({[":
            waiting.append(mark)
        else:
            assert waiting and waiting.pop() + mark in ("()", "{}", "[]")
    assert not waiting
    assert re.findall(r"stage\('(\w+)'\)", Jenkins().text) == ["Build", "ONEKEY", "Release"]


def test_jenkins_publishes_report_and_sbom_whatever_the_gate_says():
    text = Jenkins().text
    always = text.partition("always {")[2].partition("stage('Release')")[0]
    assert f"testResults: '{JUNIT}'" in always and "allowEmptyResults: true" in always
    assert f"artifacts: '{SBOM},{ID_FILE}'" in always
    assert "ONEKEY_TOKEN = credentials(" in text and text.count("ONEKEY_TOKEN") == 1
    assert "if (status in [69, 75])" in text and "retry(3)" in text
    # The shell reads the variables: Groovy would put their values into the script.
    assert not any("${" in one for one in groovy_texts(re.sub(r"//[^\n]*", "", text)))


# --- lint -----------------------------------------------------------------------------------------


def needs(tool):
    if not shutil.which(tool):
        pytest.fail(f"{tool} is missing: packaging/install-deps.sh test")


@pytest.mark.parametrize("name", ["github-actions.yml", "gitlab-ci.yml"])
def test_yamllint_finds_nothing(name):
    needs("yamllint")
    told = subprocess.run(["yamllint", "--strict", "-d", YAMLLINT, SAMPLES / name], text=True,
                          capture_output=True, check=False)
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("sample", [GitHub, GitLab, Jenkins])
def test_shellcheck_finds_nothing_in_the_blocks(sample, tmp_path):
    needs("shellcheck")
    values = {"TOKEN": "t", "FIRMWARE_ID": "", "REF": "r", "OUTPUT": "o"}
    for job in ("onekey", "release"):
        for block in sample().blocks(job, values):
            names = "".join(f"{name}=\nexport {name}\n" for name in block.env)
            (tmp_path / "block").write_text(names + block.text)
            told = subprocess.run(
                ["shellcheck", f"--shell={block.shell[0]}", tmp_path / "block"], text=True,
                capture_output=True, check=False)
            assert told.returncode == 0, told.stdout


def test_shellcheck_finds_nothing_in_the_plain_shell():
    needs("shellcheck")
    assert os.access(SAMPLES / "upload.sh", os.X_OK)
    told = subprocess.run(["shellcheck", SAMPLES / "upload.sh"], text=True, capture_output=True,
                          check=False)
    assert told.returncode == 0, told.stdout


@pytest.mark.parametrize("name", sorted({sample.file for sample in ALL}))
def test_samples_are_short_and_name_only_options_that_there_are(name):
    lines = (SAMPLES / name).read_text().splitlines()
    assert len(lines) <= 100 and all(len(line) <= 100 for line in lines)
    for command in ("upload-firmware", "ci-result", "sbom get"):
        help_text = subprocess.run([harness.BINARY, *command.split(), "--help"], text=True,
                                   capture_output=True, check=True).stdout
        calls = re.findall(rf"onekey-agent {command}((?:[^\n]|\\\n)*)", "\n".join(lines))
        for option in re.findall(r"(--[a-z][a-z-]+)", " ".join(calls)):
            assert f"{option} " in help_text, f"{name}: {command} has no {option}"
