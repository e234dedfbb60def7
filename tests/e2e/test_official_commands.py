"""The command lines of the official Python client (2.5.0), with `onekey` replaced by
`onekey-agent`, typed into a shell: its README, its two examples, every option of its four commands.

What logs in with email and password is outside of this program: it says so, and what to do.
"""

import hashlib
import os
import re
import shlex
import signal
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

import harness
from harness import Finished, bare_id, make_image
from standin_client import make_token

USAGE, TOKEN, SETUP, UNREACHABLE = 64, 77, 78, 69
SECRET = "correct horse"
NAME = re.compile(r"(?<![\w/-])onekey(?![\w-])")
ISSUES, CVES = "ONEKEY identified issues", "ONEKEY identified CVE entries"


class Shell:
    """Somebody who knows the official client, in a folder with a firmware and an SBOM."""

    def __init__(self, workspace, platform, agent, step):
        self.platform, self.agent = platform, agent
        self.folder = workspace / "job"
        self.digest = make_image(self.folder / "firmware.bin")
        self.sbom = step.sbom("firmware.cdx.json")
        self.bin = workspace / "bin"
        self.bin.mkdir()
        (self.bin / "onekey-agent").symlink_to(harness.BINARY.resolve())

    def types(self, line, token=None, **env):
        """A line as it stands in the client's README; `token` goes where CI systems keep it."""
        agent = self.agent
        env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "ONEKEY_API_URL": self.platform.url,
               **({"ONEKEY_TOKEN": token} if token else {}), **env}
        line = NAME.sub("onekey-agent", line).replace("API-URL", shlex.quote(self.platform.url))
        with subprocess.Popen(["sh", "-c", line], cwd=self.folder, env=agent.environment(env),
                              text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, start_new_session=True) as process:
            try:
                out, err = process.communicate(timeout=harness.COMMAND_SECONDS * harness.SLOW)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise AssertionError(f"{line} did not end") from None
        return Finished([line], process.returncode, out, err)

    def upload(self):
        """The only one that the platform took."""
        taken, = self.platform.state()["uploads"]
        return taken

    def registered(self):
        told, = self.platform.state()["mutations"]
        return told["input"]


@pytest.fixture
def shell(workspace, platform, agent, step):
    return Shell(workspace, platform, agent, step)


@pytest.fixture
def token(platform):
    return platform.token


# --- what needs a password ------------------------------------------------------------------------


@pytest.mark.parametrize("line", [
    f'onekey --email "<email>" --tenant "<tenant-name>" --password "{SECRET}" get-tenant-token',
    f'ONEKEY_EMAIL="<email>" ONEKEY_TENANT_NAME="<tenant-name>" ONEKEY_PASSWORD="{SECRET}" '
    "onekey get-tenant-token",
    f'onekey --email "<email>" --tenant "<tenant-name>" --password "{SECRET}" list-tenants',
    f'onekey --email="<email>" --password="{SECRET}" list-tenants',
    f'onekey --password "{SECRET}" list-tenants',
    "onekey get-tenant-token",
    "onekey get-tenant-token --help",
], ids=["README, options", "README, environment", "another command", "with =", "password alone",
        "command alone", "its help"])
def test_a_login_by_password_says_that_an_api_token_is_needed(platform, shell, line):
    told = shell.types(line)

    assert (told.code, told.out) == (USAGE, ""), repr(told)
    reason = told.err.splitlines()[0]
    assert "API token" in reason and "ONEKEY_TOKEN" in reason, repr(told)
    assert SECRET not in told.err and platform.requests() == []


def test_a_login_in_the_environment_alone_is_a_missing_token(platform, shell):
    told = shell.types("onekey list-tenants", ONEKEY_EMAIL="a@b.c", ONEKEY_TENANT_NAME="Stand-in",
                       ONEKEY_PASSWORD=SECRET)

    assert (told.code, told.out) == (TOKEN, "") and "ONEKEY_TOKEN" in told.err, repr(told)
    assert SECRET not in told.err and platform.requests() == []


def test_an_email_that_is_left_in_the_environment_disturbs_nobody(shell, token):
    told = shell.types("onekey list-tenants", token, ONEKEY_EMAIL="a@b.c", ONEKEY_PASSWORD=SECRET)

    assert (told.code, told.err) == (0, ""), repr(told)


# --- global options and environment ---------------------------------------------------------------


@pytest.mark.parametrize("line", [
    'onekey --api-url API-URL --token "$T" list-tenants',
    'onekey --api-url=API-URL --token="$T" list-tenants',
    'onekey --token "$T" --api-url API-URL/ list-tenants',
    'ONEKEY_API_URL=API-URL ONEKEY_TOKEN="$T" onekey list-tenants',
    'ONEKEY_TOKEN="$T" onekey --api-url API-URL list-tenants',
    'ONEKEY_TOKEN=wrong/token onekey --token "$T" list-tenants',
    'ONEKEY_API_URL=http://127.0.0.1:9/api ONEKEY_TOKEN="$T" onekey --api-url=API-URL list-tenants',
], ids=["options", "with =", "any order, slash", "environment", "mixed", "token option wins",
        "URL option wins"])
def test_the_tenant_is_listed_however_the_token_comes(platform, shell, token, line):
    told = shell.types(line, T=token)

    assert told.code == 0 and told.out.startswith("Stand-in"), repr(told)
    assert token not in told.err
    assert {r["token"] for r in platform.requests()} == {"default"}


@pytest.mark.parametrize("line", [
    'ONEKEY_TOKEN="$T" ONEKEY_TENANT_NAME="Stand-in" onekey list-tenants',
    'ONEKEY_TOKEN="$T" onekey --tenant "Stand-in" list-tenants',
    'ONEKEY_TENANT_NAME="Stand-in" onekey --token "$T" list-tenants',
    'onekey --token "$T" --tenant "Stand-in" list-tenants',
    'ONEKEY_TENANT_NAME="Other" ONEKEY_TOKEN="$T" onekey --tenant "Stand-in" list-tenants',
])
def test_token_and_tenant_name_work_together(shell, token, line):
    assert shell.types(line, T=token).ok().out.startswith("Stand-in")


@pytest.mark.parametrize("line", [
    'ONEKEY_TOKEN="$T" ONEKEY_TENANT_NAME="Other" onekey COMMAND',
    'onekey --token "$T" --tenant "Other" COMMAND',
])
@pytest.mark.parametrize("command", [
    "list-tenants", "upload-firmware --product Router --vendor Acme firmware.bin",
    "ci-result --firmware-id 5b8f0d9e-7c1a-4d2e-9f60-1b2c3d4e5f60"])
def test_the_name_of_another_tenant_sends_nothing(platform, shell, token, line, command):
    told = shell.types(line.replace("COMMAND", command), T=token)

    assert (told.code, told.out) == (SETUP, ""), repr(told)
    assert "Stand-in" in told.err and "Other" in told.err
    assert platform.state()["mutations"] == []
    assert {tuple(r["fields"]) for r in platform.requests()} == {("tenant", "user")}


@pytest.mark.parametrize("line", [
    "onekey --disable-tls-verify list-tenants",
    "onekey --api-url API-URL --disable-tls-verify list-tenants",
    *(f"ONEKEY_DISABLE_TLS_VERIFY={word} onekey list-tenants"
      for word in ("1", "true", "True", "t", "yes", "y", "on")),
])
def test_a_certificate_can_be_left_unchecked_loudly(start_platform, shell, line):
    shell.platform = start_platform(tls=True)

    told = shell.types(line, shell.platform.token).ok()

    assert told.out.startswith("Stand-in") and "WARNING" in told.err


@pytest.mark.parametrize("word", ["", *(f"ONEKEY_DISABLE_TLS_VERIFY={word}" for word in (
    "0", "false", "no", "off", "n", "f"))])
def test_a_certificate_that_nobody_vouches_for_is_refused(start_platform, shell, word):
    shell.platform = start_platform(tls=True)

    told = shell.types(f"{word} onekey list-tenants", shell.platform.token)

    assert (told.code, told.out) == (UNREACHABLE, "") and "certificate" in told.err, repr(told)
    assert shell.platform.requests() == []


def test_without_a_url_it_is_the_official_platform(shell, token):
    told = shell.types("env -u ONEKEY_API_URL onekey-agent config show", token).ok()

    line, = [line for line in told.out.splitlines() if "app.eu.onekey.com" in line]
    assert "https://app.eu.onekey.com/api" in line and "default" in line


@pytest.mark.parametrize("line", [
    "onekey --help", "onekey list-tenants --help", "onekey upload-firmware --help",
    "onekey ci-result --help"])
def test_help_is_there_for_each_command_without_a_token(platform, shell, line):
    told = shell.types(line).ok()

    assert told.out.startswith("Usage: onekey-agent") and told.err == ""
    assert platform.requests() == []


@pytest.mark.parametrize("line, code", [
    ("onekey list-tenants", TOKEN),
    ("onekey", USAGE),
    ("onekey list-tenant", USAGE),
    ("onekey --tokn x list-tenants", USAGE),
    ("onekey upload-firmware --vendor Acme firmware.bin", USAGE),
    ("onekey upload-firmware --product Router firmware.bin", USAGE),
    ("onekey upload-firmware --product Router --vendor Acme", USAGE),
    ("onekey upload-firmware --product Router --vendor Acme missing.bin", 66),
    ("onekey upload-firmware --product Router --vendor Acme --sbom missing.json", 66),
    ("onekey upload-firmware --product Router --vendor Acme firmware.bin more.bin", USAGE),
    ("onekey ci-result", USAGE),
    ("onekey ci-result --firmware-id not-an-id", USAGE),
    ("onekey ci-result --firmware-id 5b8f0d9e-7c1a-4d2e-9f60-1b2c3d4e5f60 --retry-count many",
     USAGE),
])
def test_what_the_official_client_refuses_is_refused_before_anything_is_asked(platform, shell, line,
                                                                              token, code):
    told = shell.types(line, token if code != TOKEN else None)

    assert (told.code, told.out) == (code, ""), repr(told)
    assert platform.requests() == []


# --- upload-firmware ------------------------------------------------------------------------------


def test_an_image_is_uploaded_with_the_defaults_of_the_official_client(shell, token):
    told = shell.types("onekey upload-firmware --product Router --vendor Acme firmware.bin",
                       token).ok()

    upload = shell.upload()
    assert (upload["firmware_id"], upload["sha256"]) == (bare_id(told.out), shell.digest)
    assert (upload["name"], upload["version"], upload["product_group"]) == \
        ("Acme-Router-firmware.bin", None, "Default")
    registered = shell.registered()
    assert registered["firmware"]["enableMonitoring"] is False
    assert registered["product"] == {"name": "Router", "vendor": "Acme", "category": None}
    assert told.err == ""


@pytest.mark.parametrize("line", [
    "onekey upload-firmware --product Router --vendor Acme --product-group Routers "
    "--analysis-configuration Fast --version 1.0 --name Called --sbom firmware.cdx.json "
    "firmware.bin",
    "onekey upload-firmware --product=Router --vendor=Acme --product-group=Routers "
    "--analysis-configuration=Fast --version=1.0 --name=Called --sbom=firmware.cdx.json "
    "./firmware.bin",
    'onekey upload-firmware firmware.bin --name "Called" --version "1.0" --vendor "Acme" '
    '--product "Router" --sbom ./firmware.cdx.json --analysis-configuration "Fast" '
    '--product-group "Routers"',
    "onekey upload-firmware --product Router --vendor Acme --product-group Routers "
    "--analysis-configuration Fast --version 1.0 --name Called --sbom firmware.cdx.json -- "
    "firmware.bin",
], ids=["words", "with =", "file first", "after --"])
def test_every_option_of_an_upload_reaches_the_platform(shell, token, line):
    told = shell.types(line, token).ok()

    upload, registered = shell.upload(), shell.registered()
    assert upload["firmware_id"] == bare_id(told.out)
    assert {key: upload[key] for key in ("sha256", "filename", "vendor", "product", "version",
                                         "name", "product_group")} == {
        "sha256": shell.digest, "filename": "firmware.bin", "vendor": "Acme", "product": "Router",
        "version": "1.0", "name": "Called", "product_group": "Routers"}
    assert upload["sbom"]["sha256"] == hashlib.sha256(shell.sbom.read_bytes()).hexdigest()
    # "Fast" is no default: another configuration than without the option was sent.
    shell.types("onekey upload-firmware --product Router --vendor Acme --version 2 firmware.bin",
                token).ok()
    first, second = [told["input"] for told in shell.platform.state()["mutations"]]
    assert first == registered
    assert first["firmware"]["analysisConfigurationId"] != \
        second["firmware"]["analysisConfigurationId"]


@pytest.mark.parametrize("words, name", [
    ("--version 1.0 firmware.bin", "Acme-Router-1.0"),
    ("firmware.bin", "Acme-Router-firmware.bin"),
    ("--sbom firmware.cdx.json firmware.bin", "Acme-Router-firmware.bin"),
    ("--sbom firmware.cdx.json", "Acme-Router-firmware.cdx"),
    ("--sbom firmware.cdx.json --version 1.0", "Acme-Router-1.0"),
])
def test_a_firmware_without_a_name_is_called_as_the_official_client_calls_it(shell, token, words,
                                                                             name):
    told = shell.types(f"onekey upload-firmware --product Router --vendor Acme {words}", token).ok()

    assert (shell.upload()["name"], shell.upload()["firmware_id"]) == (name, bare_id(told.out))


def test_the_clients_upload_example_has_its_own_line(shell, token):
    """examples/upload_firmware.py: the first group and configuration, monitoring on."""
    told = shell.types('onekey --api-url API-URL upload-firmware --name myFirmware '
                       '--vendor myVendor --product myProduct --monitoring "firmware.bin"',
                       token).ok()

    assert shell.upload()["firmware_id"] == bare_id(told.out)
    registered = shell.registered()
    assert registered["firmware"]["enableMonitoring"] is True
    assert (registered["firmware"]["name"], registered["product"]["name"]) == \
        ("myFirmware", "myProduct")


@pytest.mark.parametrize("option, name, known", [
    ("--product-group", "Nobody", ("Default", "Routers")),
    ("--analysis-configuration", "Slow", ("Default", "Fast")),
])
def test_an_unknown_name_is_told_with_those_that_there_are(platform, shell, token, option, name,
                                                           known):
    told = shell.types(f"onekey upload-firmware --product Router --vendor Acme {option} {name} "
                       "firmware.bin", token)

    assert (told.code, told.out) == (SETUP, "")
    assert name in told.err and all(one in told.err for one in known)
    assert platform.state()["mutations"] == []


def test_the_id_of_an_upload_feeds_ci_result_as_in_a_pipeline(shell, token):
    shell.platform.configure(analysis_seconds=0)

    told = shell.types("ID=$(onekey upload-firmware --product Router --vendor Acme firmware.bin) "
                       '&& onekey ci-result --firmware-id "$ID" --check-interval 1 '
                       "--exit-code-on-new-finding 0", token).ok()

    assert shell.upload()["firmware_id"] in told.out


# --- ci-result ------------------------------------------------------------------------------------


@pytest.fixture
def compared(platform):
    """Two firmwares of one product, with findings whose texts need care in XML."""
    old, new = platform.add_firmwares(2, product="Router", name="fw-{n}")
    platform.change_firmware(
        old, issues=[{"id": "i-gone", "severity": "LOW", "type": "Weak", "file": "/bin/old"}],
        cves=[{"id": "CVE-1-1", "severity": "LOW", "description": "an old flaw"}])
    platform.change_firmware(
        new, issues=[{"id": "i-new", "severity": "HIGH", "type": "Key <PEM>", "file": "/etc/a&b"},
                     {"id": "i-more", "severity": "LOW", "type": "Weak", "file": "/etc/\"c\""}],
        cves=[{"id": "CVE-2-1", "severity": "CRITICAL", "description": "x < y ]]> & more"}])
    return old, new


def official_report(platform, firmware_id):
    """What its exporter writes of `compared`: suite, attributes and failure of each test case."""
    page = f"{platform.origin}/firmwares"
    issues = {"url": f"{page}/issues?firmwareId={firmware_id}"}
    cves = {"url": f"{page}/cves?firmwareId={firmware_id}", "classname": "CVE"}

    def issue(name, kind, file, status, severity=None):
        case = {**issues, "name": name, "classname": f"Issue: {kind}", "file": file,
                "status": status}
        return ISSUES, case, severity and (
            "New issue", ["New issue detected", f"URL: {issues['url']}", f"Type: {kind}",
                          f"Severity: {severity}", f"File: {file}"])

    return [
        issue("i-new", "Key <PEM>", "/etc/a&b", "NEW", "HIGH"),
        issue("i-more", "Weak", "/etc/\"c\"", "NEW", "LOW"),
        issue("i-gone", "Weak", "/bin/old", "DROPPED"),
        (CVES, {**cves, "name": "CVE-2-1", "status": "NEW"}, (
            "New CVE", ["New CVE detected", f"URL: {cves['url']}", "CVE ID: CVE-2-1",
                        "Severity: CRITICAL", "Description: x < y ]]> & more"])),
        (CVES, {**cves, "name": "CVE-1-1", "status": "DROPPED"}, None),
    ]


def written_report(path):
    def failure(case):
        return [(one.get("message"), [line.strip() for line in one.text.strip().splitlines()])
                for one in case]

    return [(suite.get("name"), dict(case.attrib), (failure(case) or [None])[0])
            for suite in ElementTree.parse(path).getroot() for case in suite]


@pytest.mark.parametrize("line", [
    "onekey ci-result --firmware-id $ID --exit-code-on-new-finding 7 --check-interval 1 "
    "--retry-count 3 --retry-wait 1 --junit-path report.xml",
    "onekey ci-result --junit-path=./report.xml --retry-wait=1 --retry-count=3 "
    "--check-interval=1 --exit-code-on-new-finding=7 --firmware-id=$ID",
], ids=["words", "with ="])
def test_every_option_of_ci_result_does_what_it_does_there(platform, shell, compared, token, line):
    told = shell.types(line, token, ID=compared[1])

    assert told.code == 7, repr(told)
    report = written_report(shell.folder / "report.xml")
    assert report == official_report(platform, compared[1])


def test_new_findings_are_exit_1_by_default(shell, compared, token):
    assert shell.types("onekey ci-result --firmware-id $ID", token, ID=compared[1]).code == 1


def test_no_new_finding_is_exit_0(shell, compared, platform, token):
    issues = [{"id": "same", "severity": "HIGH", "type": "Key", "file": "/etc/key"}]
    for one in compared:
        platform.change_firmware(one, issues=issues, cves=[])

    told = shell.types("onekey ci-result --firmware-id $ID --junit-path report.xml", token,
                       ID=compared[1])

    assert told.code == 0 and written_report(shell.folder / "report.xml") == []


@pytest.mark.parametrize("count, code", [(2, 1), (1, UNREACHABLE)], ids=["enough", "too few"])
def test_trouble_is_waited_out_so_often_as_was_said(shell, platform, compared, token, count, code):
    platform.fault("status", status=502, path_prefix="/api/graphql", after=1, count=2)

    told = shell.types(f"onekey ci-result --firmware-id $ID --retry-count {count} --retry-wait 0",
                       token, ID=compared[1])

    assert told.code == code, repr(told)
    assert len(platform.requests(status=502)) == 2


def test_a_failed_analysis_is_exit_2(shell, platform, compared, token):
    platform.change_firmware(compared[1], result="FAILED")

    assert shell.types("onekey ci-result --firmware-id $ID", token, ID=compared[1]).code == 2


def test_a_firmware_id_may_be_written_in_capitals(shell, compared, token):
    """The client takes any spelling of a UUID and asks for the usual one."""
    told = shell.types("onekey ci-result --firmware-id $ID", token, ID=compared[1].upper())

    assert told.code == 1, repr(told)


@pytest.mark.parametrize("option, default", [
    ("--exit-code-on-new-finding", "(1)"), ("--check-interval", "(60s)"),
    ("--retry-count", "(10)"), ("--retry-wait", "(60s)")])
def test_the_defaults_of_ci_result_are_those_of_the_official_client(shell, option, default):
    words = " ".join(shell.types("onekey ci-result --help").ok().out.split())

    assert default in words.partition(f"{option} ")[2].partition(" --")[0]


def test_a_token_that_was_never_one_is_refused(shell, platform):
    told = shell.types("onekey list-tenants", make_token("never-seen"))

    assert (told.code, told.out) == (TOKEN, "") and "expired or was deleted" in told.err
    assert {r["token"] for r in platform.requests()} == {"(unknown)"}
