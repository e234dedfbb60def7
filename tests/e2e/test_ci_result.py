"""ci-result: what a pipeline sees and when it goes on. Each test has the platform's view, too."""

import json
import os
import pty
import re
import signal
import subprocess
import xml.etree.ElementTree as ElementTree
from datetime import date, timedelta
from pathlib import Path

import pytest

import harness
from harness import SLOW, wait_until

SCHEMA = Path(__file__).resolve().parents[1] / "schema/junit.xsd"
ISSUES, CVES = "ONEKEY identified issues", "ONEKEY identified CVE entries"

#: Everything that takes a minute in earnest takes as little as the program permits.
QUICK = ("--check-interval", "100ms", "--retry-wait", "10ms")
COMPARE, OWN, TIMELINE = "compareFirmwareAnalyses", "latestIssues", "firmwareTimeline"


class Step:
    """A pipeline's step: no configuration file, all that it needs in the environment."""

    def __init__(self, workspace, platform, agent):
        self.workspace, self.platform, self.agent = workspace, platform, agent
        self.env = {"ONEKEY_TOKEN_FILE": str(agent.token_file), "ONEKEY_API_URL": platform.url}

    def result(self, firmware_id, *words, env=None, **keys):
        return self.agent.command("ci-result", "--firmware-id", firmware_id, *QUICK, *words,
                                  env={**self.env, **(env or {})}, with_config=False, **keys)

    def start(self, firmware_id, *words):
        """In the background, with its stderr in a file."""
        errors = self.workspace / "step.err"
        with open(errors, "wb") as err:
            process = subprocess.Popen(
                [str(harness.BINARY), "ci-result", "--firmware-id", firmware_id, *QUICK, *words],
                env=self.agent.environment(self.env), cwd=self.workspace, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=err)
        return process, errors

    def polls(self):
        """The looks at the analysis that the platform answered well."""
        return [r for r in self.platform.requests(path="/api/graphql", status=200)
                if r["fields"] == ["firmware"] and r["fault"] is None]

    def asked(self):
        """The top-level fields of all GraphQL requests, in order."""
        return [name for r in self.platform.requests(path="/api/graphql") for name in r["fields"]]


@pytest.fixture
def step(workspace, platform, agent):
    return Step(workspace, platform, agent)


def issue(name, severity="HIGH", kind="PrivateKey", file="/etc/key"):
    return {"id": name, "severity": severity, "type": kind, "file": file}


def cve(name, severity="HIGH", text="A flaw"):
    return {"id": name, "severity": severity, "description": text}


@pytest.fixture
def pair(platform):
    """Two firmwares of one product: the newer has one issue and one CVE more, and lost one each."""
    old, new = platform.add_firmwares(2, product="Router", name="fw-{n}", version="1.{n}")
    platform.change_firmware(old, issues=[issue("gone"), issue("kept")],
                             cves=[cve("CVE-1-1"), cve("CVE-1-2")])
    platform.change_firmware(new, issues=[issue("kept"), issue("fresh")],
                             cves=[cve("CVE-1-2"), cve("CVE-2-1", "LOW")])
    return old, new


@pytest.fixture
def clean(platform):
    """Two firmwares with the same findings."""
    ids = platform.add_firmwares(2, product="Quiet")
    for one in ids:
        platform.change_firmware(one, issues=[issue("same")], cves=[cve("CVE-9-9")])
    return ids


def one_line(finished):
    """What a person sees of a failure: one line of stderr, nothing on stdout."""
    assert finished.out == "", repr(finished)
    lines = finished.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("onekey-agent: "), repr(finished)
    return lines[0]


def suites(path):
    """The report, by suite and name: (status, outcome, attributes). It is valid."""
    subprocess.run(["xmllint", "--noout", "--nonet", "--schema", SCHEMA, path], check=True,
                   capture_output=True)
    root = ElementTree.parse(path).getroot()
    assert [suite.get("name") for suite in root] == [ISSUES, CVES]
    for suite in root:
        assert int(suite.get("tests")) == len(suite)
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
    assert int(root.get("tests")) == sum(len(suite) for suite in root)
    return {suite.get("name"): {case.get("name"): case for case in suite} for suite in root}


def outcome(case):
    return case[0].tag if len(case) else "passed"


# --- the verdict ----------------------------------------------------------------------------------


def test_new_findings_are_exit_1_and_say_what_they_are(step, platform, pair):
    told = step.result(pair[1])
    assert told.code == 1
    assert f"fw-2 1.2 ({pair[1]})\ncompared with firmware {pair[0]}\n" in told.out
    assert "issues: 1 new, 1 dropped\nCVEs: 1 new, 1 dropped\n" in told.out
    assert "2 new findings count against the build\n" in told.out
    assert "HIGH           PrivateKey  /etc/key  (issue fresh)" in told.out
    assert "LOW            CVE-2-1  A flaw" in told.out
    assert (f"{platform.origin}/firmwares/compare-firmwares?baseFirmwareId={pair[0]}"
            f"&otherFirmwareId={pair[1]}\n") in told.out
    assert told.err.count("\n") == 1 and "2 new findings count" in told.err
    assert step.asked() == ["firmware", "firmware", COMPARE]


def test_no_new_finding_is_exit_0(step, clean):
    told = step.result(clean[1])
    assert (told.code, told.err) == (0, "")
    assert "issues: 0 new, 0 dropped\nCVEs: 0 new, 0 dropped\nno new findings\n" in told.out


@pytest.mark.parametrize("code", [0, 7, 255])
def test_the_exit_code_for_new_findings_can_be_chosen(step, pair, code):
    assert step.result(pair[1], "--exit-code-on-new-finding", code).code == code


def test_all_that_the_first_firmware_has_is_new(step, platform):
    first, = platform.add_firmwares(1, product="First")
    # As in the official client's query, what is found in ELF files does not take part.
    platform.change_firmware(first, issues=[issue("a"), {"id": "elf", "elf": True}],
                             cves=[cve("CVE-1-1"), cve("CVE-1-1"), cve("CVE-1-2")])
    told = step.result(first, "--json")
    assert told.code == 1
    document = told.json()
    assert document["previous_firmware_id"] is None and document["links"]["compare"] is None
    assert [one["id"] for one in document["issues"]["new"]] == ["a"]
    assert [one["id"] for one in document["cves"]["new"]] == ["CVE-1-1", "CVE-1-2"]
    assert document["counts"]["gating"] == 3
    assert COMPARE not in step.asked()


def test_a_firmware_that_is_no_more_the_latest_is_compared_with_the_one_before_it(step, platform,
                                                                                  pair):
    platform.add_firmwares(3, product="Router")
    told = step.result(pair[1], "--json")
    assert told.json()["previous_firmware_id"] == pair[0]
    assert told.json()["counts"]["new_issues"] == 1
    assert step.asked() == ["firmware", "firmware", "firmware", COMPARE]


def test_the_first_firmware_stays_the_first_when_others_follow(step, platform, pair):
    told = step.result(pair[0])
    assert "first firmware of its product" in told.out and told.code == 1
    assert "2 new, 0 dropped" in told.out


def test_a_firmware_that_many_have_overtaken_is_told_to_be_compared_with_nothing(step, platform,
                                                                                 pair):
    platform.add_firmwares(60, product="Router")
    told = step.result(pair[1])
    assert "not among the newest" in told.err and "compared with nothing" in told.out
    assert "issues: 2 new, 0 dropped" in told.out


def test_json_has_the_documented_fields(step, platform, pair):
    told = step.result(pair[1], "--json", "--exit-code-on-new-finding", "9")
    assert told.code == 9
    assert told.json() == {
        "firmware_id": pair[1], "name": "fw-2", "version": "1.2", "previous_firmware_id": pair[0],
        "analysis": {"state": "DONE", "result": "COMPLETE"},
        "issues": {
            "new": [{"id": "fresh", "type": "PrivateKey", "severity": "HIGH", "file": "/etc/key",
                     "counts": True, "ignored": False, "reason": None}],
            "dropped": [{"id": "gone", "type": "PrivateKey", "severity": "HIGH",
                         "file": "/etc/key"}]},
        "cves": {
            "new": [{"id": "CVE-2-1", "severity": "LOW", "description": "A flaw", "counts": True,
                     "ignored": False, "reason": None}],
            "dropped": [{"id": "CVE-1-1", "severity": "HIGH", "description": "A flaw"}]},
        "counts": {"new_issues": 1, "dropped_issues": 1, "new_cves": 1, "dropped_cves": 1,
                   "ignored": 0, "below_severity": 0, "gating": 2},
        "links": {
            "firmware": f"{platform.origin}/firmwares?firmwareId={pair[1]}",
            "issues": f"{platform.origin}/firmwares/issues?firmwareId={pair[1]}",
            "cves": f"{platform.origin}/firmwares/cves?firmwareId={pair[1]}",
            "compare": f"{platform.origin}/firmwares/compare-firmwares?baseFirmwareId={pair[0]}"
                       f"&otherFirmwareId={pair[1]}"},
        "exit": 9,
    }


# --- what counts ------------------------------------------------------------------------------------


def test_only_the_severity_that_is_asked_for_counts(step, pair):
    told = step.result(pair[1], "--min-severity", "high", "--json")
    assert told.code == 1
    counts = told.json()["counts"]
    assert (counts["gating"], counts["below_severity"]) == (1, 1)
    low, = told.json()["cves"]["new"]
    assert (low["counts"], low["ignored"], low["reason"]) == (False, False, "less grave than HIGH")
    assert step.result(pair[1], "--min-severity", "CRITICAL").code == 0


def test_a_severity_that_nobody_knows_counts_always(step, platform, pair):
    platform.change_firmware(pair[1], issues=[issue("odd", "SEVERE")], cves=[])
    told = step.result(pair[1], "--min-severity", "CRITICAL")
    assert told.code == 1 and "counts   SEVERE" in told.out


def write_ignore_file(step, *entries):
    path = step.workspace / "ignore.yaml"
    path.write_text(json.dumps({"ignore": [
        {"id": name, "reason": reason, "expires": expires.isoformat()}
        for name, reason, expires in entries]}))
    return path


TOMORROW, YESTERDAY = date.today() + timedelta(2), date.today() - timedelta(2)


def test_ignored_findings_do_not_count_and_say_why(step, pair):
    path = write_ignore_file(step, ("FRESH", "not reachable", TOMORROW),
                             ("CVE-2-1", "not built", TOMORROW))
    told = step.result(pair[1], "--ignore-file", path, "--json")
    assert (told.code, told.err) == (0, "")
    fresh, = told.json()["issues"]["new"]
    assert (fresh["counts"], fresh["ignored"]) == (False, True)
    assert fresh["reason"] == f"ignored until {TOMORROW}: not reachable"
    assert told.json()["counts"] == {"new_issues": 1, "dropped_issues": 1, "new_cves": 1,
                                     "dropped_cves": 1, "ignored": 2, "below_severity": 0,
                                     "gating": 0}
    assert "no new finding counts against the build; 2 ignored" \
        in step.result(pair[1], "--ignore-file", path).out


def test_what_expired_counts_again_and_what_matches_nothing_is_told(step, pair):
    path = write_ignore_file(step, ("fresh", "until then", YESTERDAY),
                             ("CVE-2-1", "not built", TOMORROW), ("CVE-7-7", "old", TOMORROW))
    told = step.result(pair[1], "--ignore-file", path, "--json")
    assert told.code == 1 and told.json()["counts"]["gating"] == 1
    notices = told.err.splitlines()
    assert notices[0].endswith(f"1 entry expired and ignores nothing any more: fresh ({YESTERDAY})")
    assert notices[1].endswith("1 entry matches no new finding: CVE-7-7")
    assert len(notices) == 3
    assert len(step.result(pair[1], "--ignore-file", path, "-q").err.splitlines()) == 1


@pytest.mark.parametrize("text, place, says", [
    ("ignore: [{id: a, reason: b}]", "1:10", "without expires"),
    ("ignore:\n  - {id: a, reason: b, expires: 2027-02-30}", "2:33", "not in the calendar"),
    ("ignore:\n  - {id: a, reason: b, expires: soon}", "2:33", "no date"),
    ("ignore:\n  - {id: a, reson: b, expires: 2027-01-01}", "2:13", "write reason"),
    ("ignored: []", "1:1", "unknown key ignored"),
    ("ignore:\n\t- a", "2:1", "a tab"),
])
def test_a_bad_ignore_file_is_exit_78_before_anything_is_asked(step, platform, pair, text, place,
                                                               says):
    path = step.workspace / "ignore.yaml"
    path.write_text(text)
    told = step.result(pair[1], "--ignore-file", path)
    assert told.code == 78
    assert f"{path}:{place}: " in one_line(told) and says in told.err
    assert platform.requests() == []


def test_a_missing_ignore_file_is_exit_66(step, platform, pair):
    told = step.result(pair[1], "--ignore-file", "nowhere.yaml")
    assert told.code == 66 and "nowhere.yaml" in one_line(told)
    assert platform.requests() == []


@pytest.mark.parametrize("how", ["named pipe", "stdin"])
def test_an_ignore_file_that_can_be_read_once_only_is_refused(step, platform, pair, how):
    """It is read more than once: the last time it would ignore nothing, or wait for ever."""
    path = write_ignore_file(step, ("fresh", "a", TOMORROW), ("CVE-2-1", "b", TOMORROW))
    os.mkfifo(step.workspace / "pipe")
    name = step.workspace / "pipe" if how == "named pipe" else "/dev/stdin"
    told = step.result(pair[1], "--ignore-file", name, stdin=path.read_text())
    assert told.code == 66 and "write it into a file" in one_line(told)
    assert platform.requests() == []


# --- waiting ------------------------------------------------------------------------------------------


def test_it_waits_through_all_states_of_an_analysis(step, platform):
    first, = platform.add_firmwares(1, product="Slow")
    platform.change_firmware(first, issues=[], cves=[], analysis_seconds=2.0, restart=True)
    assert platform.state()["firmwares"][0]["state"] == "QUEUED"
    told = step.result(first, "--wait-timeout", "0")
    assert (told.code, told.err) == (0, "")
    assert len(step.polls()) > 3


def test_a_failed_analysis_is_exit_2_with_the_page_that_says_why(step, platform, pair):
    platform.change_firmware(pair[1], result="FAILED")
    told = step.result(pair[1])
    assert told.code == 2
    assert f"{platform.origin}/firmwares?firmwareId={pair[1]}" in one_line(told)
    told = step.result(pair[1], "--json")
    document = told.json()
    assert (document["analysis"], document["exit"]) == ({"state": "DONE", "result": "FAILED"}, 2)
    assert (document["issues"], document["cves"], document["counts"]) == (None, None, None)


@pytest.mark.parametrize("how, seen", [
    ({"analysis_seconds": 9000.0, "restart": True}, "QUEUED"),
    ({"stuck": True, "analysis_seconds": 0.001, "restart": True}, "RUNNING"),
    ({"vanished": True}, "not there yet"),
])
def test_an_analysis_that_does_not_come_to_an_end_is_exit_5(step, platform, pair, how, seen):
    platform.change_firmware(pair[1], **how)
    told = step.result(pair[1], "--wait-timeout", "500ms")
    assert told.code == 5
    assert seen in one_line(told)
    assert f"onekey-agent ci-result --firmware-id {pair[1]}" in told.err
    assert len(step.polls()) >= 2


def test_one_502_while_polling_changes_nothing(step, platform, pair):
    platform.change_firmware(pair[1], analysis_seconds=1.0, restart=True)
    platform.fault("status", status=502, path_prefix="/api/graphql", after=1)
    told = step.result(pair[1])
    assert told.code == 1 and "issues: 1 new, 1 dropped" in told.out
    assert "HTTP 502" in told.err and "the platform answers again" in told.err
    assert len(step.platform.requests(status=502)) == 1


@pytest.mark.parametrize("operation", ["firmware", COMPARE])
def test_each_kind_of_trouble_is_waited_out_and_counted_anew(step, platform, pair, operation):
    """Three kinds of trouble in a row, then a good answer, for each question: no more than
    three in a row are ever met."""
    for kind, keys in (("html_signin", {}), ("status", {"status": 500}), ("wrong_json", {})):
        platform.fault(kind, operation=operation, **keys)
    told = step.result(pair[1], "--retry-count", "3")
    assert told.code == 1 and told.err.count("asking again") == 3


@pytest.mark.parametrize("kind, keys, code", [
    ("status", {"status": 503}, 69),
    ("reset_before_body", {}, 69),
    ("status", {"status": 429, "headers": {"Retry-After": "0"}}, 75),
    ("html_signin", {}, 76),
    ("truncate", {"honest": True}, 76),
    ("graphql_errors", {"message": "Internal server error"}, 69),
])
def test_trouble_that_stays_has_its_exit_code(step, platform, pair, kind, keys, code):
    platform.change_firmware(pair[1], analysis_seconds=9000.0, restart=True)
    platform.fault(kind, path_prefix="/api/graphql", after=2, count=None, **keys)
    told = step.result(pair[1], "--retry-count", "2")
    assert told.code == code and told.out == ""
    lines = told.err.splitlines()
    assert [("asking again" in line) for line in lines] == [True, True, False]
    assert "3 questions in a row failed" in lines[-1]
    assert f"go on with: onekey-agent ci-result --firmware-id {pair[1]}" in lines[-1]
    hits = [r for r in platform.requests(path="/api/graphql") if r["fault"]]
    # A question may be repeated: one that met a dead connection is, at once, on a fresh one.
    assert len(hits) == 3 + (kind == "reset_before_body")


def test_retry_after_is_honoured_but_not_beyond_the_deadline(step, platform, pair):
    platform.fault("status", status=429, headers={"Retry-After": "3600"}, count=None)
    told = step.result(pair[1], "--wait-timeout", "700ms")
    assert told.code == 75 and "HTTP 429" in told.err
    # One at the start, one at the deadline: nothing in between, as it said.
    assert len(platform.requests()) == 2


def test_a_platform_that_goes_away_while_polling_is_exit_69(step, platform, pair):
    platform.change_firmware(pair[1], analysis_seconds=9000.0, restart=True)
    process, errors = step.start(pair[1], "--retry-count", "2")
    wait_until(lambda: len(step.polls()) >= 2, 30, "two looks at the analysis")
    platform.process.kill()
    platform.process.wait()
    out, _ = process.communicate(timeout=60 * SLOW)
    assert process.returncode == 69 and out == b""
    assert "3 questions in a row failed" in errors.read_text().splitlines()[-1]


def test_a_platform_that_says_nothing_does_not_outlast_the_deadline_for_long(step, platform, pair):
    platform.fault("stall", where="answer", count=None)
    told = step.result(pair[1], "--wait-timeout", "1s", "--retry-count", "0")
    assert told.code == 69 and "no answer came in time" in one_line(told)


def test_the_deadline_holds_for_the_question_whose_token_it_is_too(step, platform, pair):
    """A stall is told after a minute and asked about three times; the deadline comes before."""
    platform.fault("stall", where="answer", operation="tenant", count=None)
    told = step.result(pair[1], "--wait-timeout", "1s", env={"ONEKEY_TENANT_NAME": "Stand-in"})
    assert told.code == 69 and "whose token it is: no answer came in time" in one_line(told)
    assert sum(fault["hits"] for fault in platform.faults()) == 1


@pytest.mark.parametrize("status, code", [(403, 77), (404, 65), (422, 65)])
def test_a_refusal_says_at_which_question(step, platform, pair, status, code):
    platform.fault("status", status=status, count=None)
    told = step.result(pair[1])
    assert told.code == code
    assert one_line(told).startswith(f"onekey-agent: look at the analysis: HTTP {status}")


# --- token and rights ---------------------------------------------------------------------------------


def test_a_refused_token_is_exit_77_at_once(step, platform, pair):
    platform.expire_token()
    told = step.result(pair[1])
    assert told.code == 77 and "expired or was deleted" in one_line(told)
    assert len(platform.requests()) == 1


def test_a_token_that_was_replaced_meanwhile_is_taken(step, platform, pair, tokens, agent):
    fresh = platform.add_token("fresh", f"{platform.token.partition('/')[0]}/"
                               + tokens.make().partition("/")[2])
    platform.change_firmware(pair[1], analysis_seconds=9000.0, restart=True)
    process, errors = step.start(pair[1])
    wait_until(step.polls, 30, "a look at the analysis")
    agent.set_token(fresh)
    platform.expire_token()
    wait_until(lambda: platform.requests(token="fresh"), 30, "a look with the new token")
    platform.change_firmware(pair[1], analysis_seconds=0.0)
    process.communicate(timeout=30 * SLOW)
    assert process.returncode == 1
    assert "going on with the one that is in its place now" in errors.read_text()
    assert len(platform.requests(status=401)) == 1


def test_a_new_token_of_another_tenant_is_not_used(step, platform, pair, tokens, agent):
    foreign = platform.add_token("foreign", tokens.make("elsewhere"))
    platform.change_firmware(pair[1], analysis_seconds=9000.0, restart=True)
    step.env["ONEKEY_TENANT_NAME"] = "Stand-in"
    process, errors = step.start(pair[1])
    wait_until(step.polls, 30, "a look at the analysis")
    agent.set_token(foreign)
    platform.expire_token()
    process.communicate(timeout=30 * SLOW)
    assert process.returncode == 78 and "Stand-in 2" in errors.read_text()
    assert [r["fields"] for r in platform.requests(token="foreign")] == [["tenant", "user"]]


@pytest.mark.parametrize("style", ["403", "errors"])
def test_a_missing_right_is_exit_77(step, platform, pair, style):
    platform.configure(denied_style=style)
    platform.set_token("default", rights={"view": False})
    assert step.result(pair[1]).code == 77


def test_a_comparison_that_is_withheld_is_exit_77(step, platform, pair):
    platform.fault("wrong_json", operation=COMPARE, count=None,
                   body={"data": {"compareFirmwareAnalyses": None}})
    told = step.result(pair[1])
    assert told.code == 77 and "lacks the right" in one_line(told)


def test_a_token_of_another_tenant_asks_nothing_about_the_firmware(step, platform, pair):
    told = step.result(pair[1], env={"ONEKEY_TENANT_NAME": "Other"})
    assert told.code == 78 and "Other" in one_line(told)
    assert step.asked() == ["tenant", "user"]
    assert step.result(pair[1], env={"ONEKEY_TENANT_NAME": "Stand-in"}).code == 1


def test_what_the_platform_refuses_is_exit_65(step, platform, pair):
    platform.fault("status", status=422, count=None)
    told = step.result(pair[1])
    assert told.code == 65 and "HTTP 422" in one_line(told)
    assert len(platform.requests()) == 1


@pytest.mark.parametrize("words, says", [
    ((), "needs --firmware-id"),
    (("--firmware-id", "../x"), "--firmware-id"),
    (("--firmware-id", "x", "--exit-code-on-new-finding", "256"), "0 to 255"),
    (("--firmware-id", "x", "--exit-code-on-new-finding", "-1"), "--exit-code-on-new-finding"),
    (("--firmware-id", "x", "--min-severity", "grave"), "CRITICAL, HIGH"),
    (("--firmware-id", "x", "--retry-count", "many"), "--retry-count"),
])
def test_what_makes_no_sense_is_exit_64(step, platform, words, says):
    told = step.agent.command("ci-result", *words, env=step.env, with_config=False)
    assert told.code == 64 and says in told.err
    assert platform.requests() == []


# --- reports ------------------------------------------------------------------------------------------


def test_the_junit_report_is_what_the_official_client_writes(step, platform, pair):
    path = step.workspace / "onekey.xml"
    assert step.result(pair[1], "--junit-path", path).code == 1
    found = suites(path)
    page = f"{platform.origin}/firmwares/issues?firmwareId={pair[1]}"
    fresh = found[ISSUES]["fresh"]
    assert dict(fresh.attrib) == {"name": "fresh", "classname": "Issue: PrivateKey",
                                  "status": "NEW", "file": "/etc/key", "url": page}
    assert dict(fresh[0].attrib) == {"type": "failure", "message": "New issue"}
    assert [line.strip() for line in fresh[0].text.splitlines()] == [
        "New issue detected", f"URL: {page}", "Type: PrivateKey", "Severity: HIGH",
        "File: /etc/key"]
    gone = found[ISSUES]["gone"]
    assert (gone.get("status"), outcome(gone)) == ("DROPPED", "passed")
    new_cve = found[CVES]["CVE-2-1"]
    assert (new_cve.get("classname"), new_cve[0].get("message")) == ("CVE", "New CVE")
    assert "    CVE ID: CVE-2-1\n    Severity: LOW\n    Description: A flaw" in new_cve[0].text
    assert set(found[CVES]) == {"CVE-2-1", "CVE-1-1"}
    assert path.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in step.workspace.glob(".onekey-agent.*")] == []


def test_what_does_not_count_is_skipped_in_the_junit_report(step, pair):
    path = step.workspace / "onekey.xml"
    ignored = write_ignore_file(step, ("fresh", 'a "reason" <&> \x01', TOMORROW))
    told = step.result(pair[1], "--junit-path", path, "--ignore-file", ignored, "--min-severity",
                       "MEDIUM")
    assert told.code == 0
    found = suites(path)
    fresh, low = found[ISSUES]["fresh"], found[CVES]["CVE-2-1"]
    assert (outcome(fresh), outcome(low)) == ("skipped", "skipped")
    assert fresh[0].get("message") == f'ignored until {TOMORROW}: a "reason" <&> \ufffd'
    assert low[0].get("message") == "less grave than MEDIUM"


def test_a_report_without_findings_is_valid(step, clean):
    path = step.workspace / "onekey.xml"
    path.write_text("of an earlier run")
    assert step.result(clean[1], "--junit-path", path.name).code == 0
    assert suites(path) == {ISSUES: {}, CVES: {}}


@pytest.mark.parametrize("path", ["no/folder/onekey.xml", ".", "folder/", "pipe"])
def test_a_report_that_cannot_be_written_is_told_before_the_wait(step, platform, pair, path):
    os.mkfifo(step.workspace / "pipe")
    (step.workspace / "folder").mkdir()
    told = step.result(pair[1], "--junit-path", path)
    assert told.code == 74 and "write the report" in one_line(told)
    assert platform.requests() == []


def test_a_report_goes_where_a_link_leads_and_the_link_stays(step, pair):
    path, link = step.workspace / "onekey.xml", step.workspace / "link.xml"
    path.write_text("of an earlier run")
    link.symlink_to("onekey.xml")
    assert step.result(pair[1], "--junit-path", link).code == 1
    assert link.is_symlink() and "fresh" in suites(path)[ISSUES]
    # As /dev/stdout is one: root could replace it by a file.
    stdout = step.workspace / "stdout"
    stdout.symlink_to("/proc/self/fd/1")
    assert step.result(pair[1], "--junit-path", stdout).code == 1
    assert stdout.is_symlink()


def test_a_report_through_a_link_that_leads_nowhere_is_refused(step, platform, pair):
    link = step.workspace / "link.xml"
    link.symlink_to("no/such/file")
    told = step.result(pair[1], "--junit-path", link)
    assert told.code == 74 and "write the report" in one_line(told)
    assert link.is_symlink() and platform.requests() == []


HOSTILE = ['<img src=x onerror=alert(1)>', '| a | b |', '"\' ]]> &amp; <!--', "new\nline\r\ttab",
           "\x1b[2J\x9b1m", "\u202eright\u2066", "[x](http://evil.example)", "`code` **b** _i_ @all",
           "\ufffe\uffff\x07", "www.evil.example", "x" * 3000]


def test_hostile_names_stay_text_everywhere(step, platform, pair):
    platform.change_firmware(
        pair[1], name="<b>|\x1b[31m`fw`", version="\n# 1",
        issues=[issue(f"{n} {name}", kind=name, file=name) for n, name in enumerate(HOSTILE)],
        cves=[cve(f"CVE {n} {name}"[:900], text=name) for n, name in enumerate(HOSTILE)])
    summary, path = step.workspace / "summary.md", step.workspace / "onekey.xml"
    told = step.result(pair[1], "--junit-path", path, env={"GITHUB_STEP_SUMMARY": str(summary)})
    assert told.code == 1
    for text in (told.out, told.err, summary.read_text()):
        assert not [c for c in text if (c < " " and c != "\n") or c in "\x7f\x9b\u202e\u2066"]
    # No name begins a line of its own, and none is longer than a person reads.
    assert all(len(line) < 400 for line in told.out.splitlines() if line.startswith("  "))
    cases = suites(path)
    assert len(cases[ISSUES]) == len(HOSTILE) + 2
    assert {case.get("file") for case in cases[ISSUES].values()} > {
        HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], "\ufffd[2J\ufffd1m", HOSTILE[10]}
    rows = [line for line in summary.read_text().splitlines() if line.startswith("| ")]
    found = [row for row in rows if row.endswith("| yes |")]
    assert len(found) == 2 * len(HOSTILE)
    assert all(row.count("|") == 5 for row in found)
    markup = set("<>`*[]()@:\\\"'_.")
    assert not [row for row in found if set(row) & markup]


def test_the_job_summary_is_appended(step, pair):
    summary = step.workspace / "summary.md"
    summary.write_text("before\n")
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    step.result(pair[1], env=env)
    text = summary.read_text()
    assert text.startswith("before\n### ONEKEY: 2 new findings count against the build in fw-2 ")
    assert "| Issues | 1 | 1 |\n| CVEs | 1 | 1 |\n" in text
    step.result(pair[1], "--wait-timeout", "1s", env=env)
    assert summary.read_text().count("### ONEKEY") == 2


def test_a_failed_analysis_stands_in_the_job_summary(step, platform, pair):
    platform.change_firmware(pair[1], result="FAILED")
    summary = step.workspace / "summary.md"
    assert step.result(pair[1], env={"GITHUB_STEP_SUMMARY": str(summary)}).code == 2
    assert "### ONEKEY: no result in fw-2" in summary.read_text()
    assert "the analysis failed" in summary.read_text()


def test_a_job_summary_that_cannot_be_written_is_a_notice(step, clean):
    told = step.result(clean[1], env={"GITHUB_STEP_SUMMARY": str(step.workspace)})
    assert told.code == 0
    assert "the job summary is left out" in told.err and told.err.count("\n") == 1


def test_many_findings_are_counted_not_listed(step, platform, pair):
    platform.change_firmware(pair[1], issues=[issue(f"i{n}", "LOW") for n in range(500)]
                             + [issue("worst", "CRITICAL")], cves=[])
    summary = step.workspace / "summary.md"
    told = step.result(pair[1], env={"GITHUB_STEP_SUMMARY": str(summary)})
    rows = [line for line in told.out.splitlines() if line.startswith("  counts")]
    assert len(rows) == 50 and "(issue worst)" in rows[0]
    assert "  and 451 more\n" in told.out and "and 451 more" in summary.read_text()


def test_an_answer_that_is_too_large_says_where_to_look(step, platform, pair):
    platform.fault("oversize", operation=COMPARE, size=36 << 20, count=None)
    told = step.result(pair[1])
    assert told.code == 76
    assert "compare-firmwares" in one_line(told)
    assert len([r for r in platform.requests() if r["fault"]]) == 1


# --- the end by a signal, and the progress line ---------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_at_once(step, platform, pair, number):
    platform.change_firmware(pair[1], analysis_seconds=9000.0, restart=True)
    process, errors = step.start(pair[1], "--check-interval", "1h")
    wait_until(step.polls, 30, "a look at the analysis")
    process.send_signal(number)
    out, _ = process.communicate(timeout=20 * SLOW)
    assert (process.returncode, out, errors.read_text()) == (128 + number, b"", "")


def test_every_one_shot_command_ends_at_once(step, platform):
    platform.fault("stall", where="answer", count=None)
    process = subprocess.Popen([str(harness.BINARY), "token", "check"], cwd=step.workspace,
                               env=step.agent.environment(step.env), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    wait_until(lambda: any(fault["hits"] for fault in platform.faults()), 30, "the question")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20 * SLOW) == 128 + signal.SIGTERM


def test_an_ignored_hangup_stays_ignored(step, platform, pair):
    platform.change_firmware(pair[1], analysis_seconds=9000.0, restart=True)
    process = subprocess.Popen(
        ["nohup", str(harness.BINARY), "ci-result", "--firmware-id", pair[1], *QUICK],
        env=step.agent.environment(step.env), cwd=step.workspace, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(step.polls, 30, "a look at the analysis")
    process.send_signal(signal.SIGHUP)
    platform.change_firmware(pair[1], analysis_seconds=0.0)
    assert process.wait(30 * SLOW) == 1


def on_terminal(step, firmware_id, *words):
    """What a terminal gets on stderr, and the process."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(harness.BINARY), "ci-result", "--firmware-id", firmware_id, *QUICK, *words],
        env=step.agent.environment({**step.env, "TERM": "xterm"}), cwd=step.workspace,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    return process, ours


def read_all(terminal):
    text = b""
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        text += piece
    os.close(terminal)
    return text.decode()


def test_on_a_terminal_a_line_is_redrawn_and_cleared(step, platform, pair):
    platform.change_firmware(pair[1], analysis_seconds=9000.0, restart=True)
    process, terminal = on_terminal(step, pair[1], "--wait-timeout", f"{2 * SLOW}s")
    shown = read_all(terminal)
    assert process.wait(30 * SLOW) == 5
    assert re.search(r"\r\033\[Kstill analysing \(QUEUED\), \d+ s, up to \d+ s left", shown)
    last = shown.rsplit("\r\033[K", 1)[1]
    assert last.startswith("onekey-agent: wait for the analysis: ")


def test_on_a_terminal_a_signal_ends_the_line(step, platform, pair):
    platform.change_firmware(pair[1], analysis_seconds=9000.0, restart=True)
    process, terminal = on_terminal(step, pair[1], "--check-interval", "1h")
    wait_until(step.polls, 30, "a look at the analysis")
    shown = b""
    while b"still analysing" not in shown:
        shown += os.read(terminal, 4096)
    process.send_signal(signal.SIGINT)
    assert read_all(terminal).endswith("\n")
    assert process.wait(20 * SLOW) == 130


def test_elsewhere_a_short_wait_says_nothing(step, platform, pair):
    platform.change_firmware(pair[1], issues=[], cves=[], analysis_seconds=1.0, restart=True)
    assert step.result(pair[1]).err == ""


def test_the_documented_pair_of_token_and_tenant_works(step, platform, pair):
    told = step.result(pair[1], env={"ONEKEY_TOKEN_FILE": "", "ONEKEY_TOKEN": platform.token,
                                     "ONEKEY_TENANT_NAME": "Stand-in"})
    assert told.code == 1 and told.err.count("\n") == 1
