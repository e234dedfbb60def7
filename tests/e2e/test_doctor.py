"""doctor: a page that says what is right, what is wrong and what to do; it changes nothing."""

import re
import socket
import time
from pathlib import Path

import pytest

from harness import SANITIZED

ESC = "\x1b"


class Page:
    """What doctor said: findings by name (the gravest of a name), as JSON and as lines."""

    RANK = {"ok": 0, "warn": 1, "fail": 2}

    def __init__(self, finished):
        self.code = finished.code
        document = finished.json()
        assert set(document) == {"checks", "ok"} and finished.err == "", repr(finished)
        self.ok, self.checks = document["ok"], {}
        for check in document["checks"]:
            assert set(check) == {"name", "status", "text", "action"}
            assert check["status"] in self.RANK
            assert (check["action"] is None) == (check["status"] == "ok"), check
            known = self.checks.get(check["name"])
            if not known or self.RANK[known["status"]] < self.RANK[check["status"]]:
                self.checks[check["name"]] = check
        assert self.ok == (not self.failed()) == (self.code == 0)

    def failed(self):
        return sorted(n for n, check in self.checks.items() if check["status"] == "fail")

    def warned(self):
        return sorted(n for n, check in self.checks.items() if check["status"] == "warn")

    def text(self, name):
        return self.checks[name]["text"]


@pytest.fixture
def doctor(agent):
    """Asks for the page and sees that nothing in the test's folder was made or changed."""
    def tree():
        return {str(path.relative_to(agent.directory)): path.lstat().st_mtime_ns
                for path in agent.directory.rglob("*")
                if "captured" not in path.parts and "standin" not in str(path)}

    def ask(*words, **keys):
        before = tree()
        page = Page(agent.command(*words, "doctor", "--json", **keys))
        assert tree() == before, "doctor changed something"
        return page
    return ask


# --- what is right --------------------------------------------------------------------------------


def test_a_sound_installation_has_no_failure(agent, platform, doctor):
    agent.image("router/1.0/fw.bin")

    page = doctor()

    assert page.code == 0 and page.failed() == []
    # http:// is what the stand-in speaks; a sanitizer needs to look into the process.
    expected = {"platform address"} | ({"core dumps"} if SANITIZED else set())
    if not Path("/etc/ssl/certs/ca-certificates.crt").exists():
        expected.add("trust store")
    assert set(page.warned()) == expected
    assert set(page.checks) >= {
        "version", "configuration", "platform address", "trust store", "proxy", "clock", "inotify",
        "state directory", "sbom directory", "token", "connection", "platform", "core dumps"}
    assert "onekey-agent" in page.text("version") and "libcurl" in page.text("version")
    assert str(agent.config_path) in page.text("configuration")
    assert platform.url in page.text("platform address")
    assert page.text("proxy") == "none"
    assert "max_user_watches" in page.text("inotify") and "3 directories" in page.text("inotify")
    assert str(agent.state_dir) in page.text("state directory")
    assert "not there yet" in page.text("state directory")
    assert str(agent.token_file) in page.text("token") and "Stand-in" in page.text("token")
    assert len(platform.requests()) == 1, "the cheapest question, once"


def test_for_people_it_is_a_line_each(agent):
    lines = agent.command("doctor").ok().out.splitlines()

    assert all(re.match(r"(ok  |warn|FAIL) [a-z ]+: \S", line) for line in lines), lines
    assert all("; " in line for line in lines if not line.startswith("ok"))
    assert 10 < len(lines) < 25


def test_it_needs_no_configuration_file(agent, platform, doctor):
    page = doctor(with_config=False, env={"ONEKEY_TOKEN": platform.token,
                                          "ONEKEY_API_URL": platform.url})

    assert page.code == 0 and "no file" in page.text("configuration")
    assert "ONEKEY_TOKEN" in page.text("token")
    assert "ONEKEY_API_URL" in page.text("platform address")


def test_a_running_agent_is_named_as_the_holder_and_not_disturbed(agent, doctor):
    agent.configure(watch={"rescan": "1h"})
    daemon = agent.run()

    text = Page(agent.command("doctor", "--json")).text("state directory")

    assert f"held by process {daemon.pid}" in text and "mode 0700" in text
    assert daemon.terminate() == 0
    assert "held by nobody" in doctor().text("state directory")


# --- configuration: 78 ----------------------------------------------------------------------------


def test_a_broken_configuration_is_78_and_what_rests_on_it_is_not_asked(agent, platform, doctor):
    agent.config["api"]["tokn_file"] = "x"
    agent.configure(sbom={"path": "{nonsense}"})

    page = doctor()

    assert page.code == 78 and page.failed() == ["configuration"]
    assert "config.yaml:" in page.text("configuration")
    assert "config check" in page.checks["configuration"]["action"]
    assert "version" in page.checks and "clock" in page.checks
    assert platform.requests() == []


@pytest.mark.parametrize("words, said", [
    (("--config", "nowhere.yaml"), "nowhere.yaml"),
    (("--api-url", "ftp://example.org/api"), "--api-url"),
])
def test_wrong_options_are_a_broken_configuration(doctor, platform, words, said):
    page = doctor(*words)

    assert page.code == 78 and said in page.text("configuration")
    assert platform.requests() == []


def test_a_bad_glob_is_a_broken_configuration(agent, doctor):
    agent.configure(watch={"include": ["[a"]})

    page = doctor()

    assert page.code == 78 and page.failed() == ["configuration"]


def test_certificates_that_are_none_are_78(agent, doctor):
    empty = agent.directory / "corp.pem"
    empty.write_text("no certificate\n")

    page = doctor("--ca-file", empty)

    assert page.code == 78 and "more trust" in page.failed()
    assert "no PEM certificate" in page.text("more trust")


def test_a_watched_folder_that_is_not_there_is_a_warning(agent, doctor):
    agent.configure(watch={"path": str(agent.directory / "gone")})

    page = doctor()

    assert page.code == 0 and "No such file" in page.text("watch")


# --- token: 77 ------------------------------------------------------------------------------------


def test_no_token_is_77(agent, platform, doctor):
    agent.configure(api={"token_file": None})

    page = doctor()

    assert page.code == 77 and page.failed() == ["token"] and "no token" in page.text("token")
    assert page.checks["connection"]["status"] == "ok"
    assert platform.requests() == []


def test_a_placeholder_is_77(agent, doctor):
    agent.set_token("your-api-token")

    assert doctor().code == 77


def test_an_expired_token_is_77_while_the_platform_is_fine(platform, doctor):
    platform.expire_token()

    page = doctor()

    assert page.code == 77 and page.failed() == ["token"]
    assert "expired or was deleted" in page.text("token")
    assert page.checks["platform"]["status"] == "ok"


def test_another_tenants_token_is_78(agent, doctor):
    agent.configure(api={"tenant": "Somebody else"})

    page = doctor()

    assert page.code == 78 and page.failed() == ["tenant"] and "Stand-in" in page.text("tenant")


def test_an_end_that_is_near_and_a_file_that_all_may_read_are_warnings(agent, doctor):
    soon = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * 86400))
    agent.configure(api={"token_expires": soon})
    agent.token_file.chmod(0o644)

    page = doctor()

    assert page.code == 0 and {"token expiry", "token file"} <= set(page.warned())
    assert soon in page.text("token expiry") and "everybody" in page.text("token file")


def test_names_that_the_platform_sends_cannot_move_a_cursor(start_platform, make_agent):
    agent = make_agent(platform=start_platform(tenant=f"Evil{ESC}[2J\nok   forged: line"))

    out = agent.command("doctor").ok().out

    assert ESC not in out and "\nok   forged" not in out and "Evil\\x1b" in out


# --- platform: 69, 76 -----------------------------------------------------------------------------


def test_a_platform_that_is_down_is_69_and_its_token_is_not_judged(platform, doctor):
    platform.stop()

    page = doctor()

    assert page.code == 69 and page.failed() == ["connection"]
    assert "Connection refused" in page.text("connection")
    assert page.checks["token"]["status"] == "warn" and "not tried" in page.text("token")


def test_a_name_that_nobody_knows_is_69(doctor):
    page = doctor("--api-url", "https://no-such-host.invalid/api")

    assert page.code == 69 and page.failed() == ["name"]
    assert "no-such-host.invalid" in page.text("name")


def test_a_certificate_that_nobody_trusts_is_69_until_it_is_named(start_platform, make_agent):
    platform = start_platform(tls=True)
    agent = make_agent(platform=platform)

    untrusted = Page(agent.command("doctor", "--json"))
    named = Page(agent.command("--ca-file", platform.ca_file, "doctor", "--json"))
    unchecked = Page(agent.command("--disable-tls-verify", "doctor", "--json"))

    assert (untrusted.code, untrusted.failed()) == (69, ["certificate"])
    assert "ca_file" in untrusted.checks["certificate"]["action"]
    assert named.code == 0 and named.text("certificate") == "trusted"
    assert "1 certificate" in named.text("more trust")
    assert unchecked.code == 0 and "trust store" in unchecked.warned()
    assert "not checked" in unchecked.text("trust store")
    assert "certificate" not in unchecked.checks


def test_a_sign_in_page_is_76(platform, doctor):
    platform.fault("html_signin", count=None)

    page = doctor()

    assert page.code == 76 and page.failed() == ["platform"] and "HTML" in page.text("platform")


def test_a_busy_platform_is_69(platform, doctor):
    platform.fault("status", status=503, count=None)

    page = doctor()

    assert page.code == 69 and "HTTP 503" in page.text("platform")


def test_a_proxy_is_named_without_its_password(agent, tokens, platform):
    tokens.secrets.append("pr0xy-passw0rd")  # looked for in all that was written, at the end
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # taken, and nobody listens
        port = closed.getsockname()[1]
        proxy = f"http://user:pr0xy-passw0rd@127.0.0.1:{port}/"

        page = Page(agent.command("doctor", "--json", env={"http_proxy": proxy}))
        past = Page(agent.command("doctor", "--json",
                                  env={"http_proxy": proxy, "no_proxy": "127.0.0.1"}))

    assert page.code == 69 and page.failed() == ["connection"]
    assert page.text("proxy") == f"127.0.0.1 port {port} (http_proxy)"
    assert "proxy" in page.text("connection")
    assert past.code == 0 and "no_proxy" in past.text("proxy")


# --- state: 74 ------------------------------------------------------------------------------------


def test_a_state_directory_that_is_a_file_is_74_and_everything_else_is_told_too(agent, doctor):
    agent.state_dir.write_text("in the way\n")

    page = doctor()

    assert page.code == 74 and page.failed() == ["state directory"]
    assert page.checks["token"]["status"] == "ok"


def test_the_most_basic_failure_decides_the_exit_code(agent, platform, doctor):
    agent.state_dir.write_text("in the way\n")
    platform.expire_token()

    page = doctor()

    assert page.code == 77 and page.failed() == ["state directory", "token"]


def test_a_state_directory_open_to_others_is_a_warning(agent, doctor):
    agent.state_dir.mkdir(mode=0o755)
    agent.state_dir.chmod(0o755)

    page = doctor()

    assert page.code == 0 and "mode 0755" in page.text("state directory")
    assert "0700" in page.checks["state directory"]["action"]
