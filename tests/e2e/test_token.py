"""The token: refused, it pauses everything with one alert; a working one resumes; none leaks."""

import os
import time
from datetime import datetime
from pathlib import Path

import pytest

from harness import assert_done_once, uploads_by_digest, wait_until


def refused(platform):
    """Times of all requests that were answered 401, known tokens and unknown."""
    return sorted(t for token in platform.state()["tokens"].values() for t in token["refused_at"])


def requests_of(platform, label):
    token = platform.state()["tokens"][label]
    return token["requests"] + token["refused"]


def paused_since(status):
    """When the token's pause began, seconds since 1970; None when there is none."""
    since, = [p["since"] for p in status["pauses"] if p["kind"] == "auth"] or [None]
    return since and datetime.fromisoformat(since.replace("Z", "+00:00")).timestamp()


def wait_paused(agent, seconds=20.0):
    return wait_until(lambda: (s := agent.status())["state"] == "auth_paused" and s, seconds,
                      "the state is auth_paused")


# --- expiry and what follows --------------------------------------------------------------------


def test_an_expired_token_pauses_with_one_alert_and_a_new_one_resumes_without_a_loss(
        platform, agent, tokens, hook):
    agent.config["alerts"]["targets"].append({"on": ["auth_paused", "auth_resumed"],
                                              "webhook": hook.url})
    agent.configure()
    images = agent.images(30)
    platform.expire_token(after_requests=40)
    daemon = agent.run(ready=False)

    # One alert at each target, which says what it is and what to do.
    alert = agent.wait_alert("auth_paused")
    assert set(alert) >= {"event", "since", "severity", "text", "action", "counts", "host"}
    assert "expired or deleted" in alert["text"] and "new token" in alert["action"]
    assert alert["severity"] == "critical"
    wait_until(lambda: hook.events("auth_paused"), 10, "the webhook got the alert")
    status = wait_paused(agent)
    assert agent.command("status", "--check").code == 77
    since = paused_since(status)
    assert since and "401" in status["pauses"][0]["reason"]

    # It keeps quiet: the folder is watched and hashed, the platform is left alone.
    images["late/1.0/fw.bin"] = agent.image("late/1.0/fw.bin")
    wait_until(lambda: agent.items().get("pending", 0) >= 1 and
               sum(agent.items().values()) == 31, 10, "the late file is hashed")
    quiet_until = since + 6
    wait_until(lambda: time.time() > quiet_until, 30, "a while without requests")
    assert len([t for t in refused(platform) if t > since + 0.2]) <= 2
    assert len(agent.alerts("auth_paused")) == len(hook.events("auth_paused")) == 1
    assert {row["attempts"] for row in agent.list()} == {0}
    assert not {"failed", "held", "unconfirmed"} & set(agent.items())

    # Killed and started again: one question, no second alert.
    before = len(refused(platform))
    daemon.kill()
    daemon = agent.run()
    wait_until(lambda: len(refused(platform)) > before, 10, "the start asks once")
    assert wait_paused(agent)["pauses"][0]["since"] == status["pauses"][0]["since"]
    assert len(refused(platform)) <= before + 2

    # A new token, put in place by rename.
    agent.set_token(platform.add_token("renewed", tokens.make()))
    agent.wait_items({"done": 31})
    resumed = agent.wait_alert("auth_resumed")
    wait_until(lambda: hook.events("auth_resumed"), 10, "the webhook heard of the end")
    assert "paused for" in resumed["text"] and resumed["counts"]
    assert agent.status()["pauses"] == [] and agent.status()["state"] == "running"
    daemon.terminate()
    assert len(agent.alerts("auth_paused")) == len(agent.alerts("auth_resumed")) == 1
    assert len(hook.events()) == 2
    assert not any("authorization" in map(str.lower, headers) for headers, _ in hook.posts)
    assert_done_once(agent, platform, images, attempts=0)
    agent.check_ledger()


def test_one_pass_with_a_dead_token_ends_with_77_and_tells_it_once(platform, agent):
    platform.expire_token()
    images = agent.images(2)

    finished = agent.once()

    assert finished.code == 77 and "401" in finished.err, repr(finished)
    assert agent.once().code == 77 and agent.command("token", "check").code == 77
    wait_until(lambda: agent.alerts("auth_paused") or agent.once().code != 77, 10,
               "the alert is told")
    assert len(agent.alerts("auth_paused")) == 1
    assert agent.status()["state"] == "stopped" and paused_since(agent.status())
    platform.revive_token()
    agent.once().ok()
    assert_done_once(agent, platform, images, attempts=0)
    assert [alert["event"] for alert in agent.alerts()] == ["auth_paused", "auth_resumed"]


def test_the_first_pass_with_a_dead_token_already_tells_it(platform, agent):
    platform.expire_token()
    agent.images(1)

    assert agent.once().code == 77

    assert len(agent.alerts("auth_paused")) == 1


def test_the_old_token_is_tried_again_when_a_person_says_resume(platform, agent):
    images = agent.images(2)
    platform.expire_token()
    daemon = agent.run(ready=False)
    agent.wait_alert("auth_paused")
    platform.revive_token()

    agent.command("resume").ok()

    agent.wait_items({"done": 2}, seconds=10)
    daemon.terminate()
    assert_done_once(agent, platform, images, attempts=0)


def test_an_operators_pause_and_the_tokens_are_two(platform, agent, tokens):
    images = agent.images(2)
    platform.expire_token()
    daemon = agent.run(ready=False)
    agent.wait_alert("auth_paused")
    agent.command("pause", "--reason", "maintenance").ok()
    assert {p["kind"] for p in agent.status()["pauses"]} == {"operator", "auth"}

    # A working token lifts its own pause only.
    agent.set_token(platform.add_token("renewed", tokens.make()))
    wait_until(lambda: [p["kind"] for p in agent.status()["pauses"]] == ["operator"], 10,
               "only the operator's pause is left")
    assert agent.status()["state"] == "paused"
    assert agent.command("status", "--check").code == 75
    assert platform.state()["uploads"] == []

    # And over a restart the operator's stays.
    daemon.terminate()
    daemon = agent.run()
    agent.wait_items({"pending": 2})
    assert agent.status()["state"] == "paused" and platform.state()["mutations"] == []
    agent.command("resume").ok()
    agent.wait_items({"done": 2})
    daemon.terminate()
    assert_done_once(agent, platform, images)


def test_resume_lifts_the_operators_pause_and_not_the_tokens(platform, agent):
    agent.images(1)
    platform.expire_token()
    daemon = agent.run(ready=False)
    agent.wait_alert("auth_paused")
    agent.command("pause", "--reason", "maintenance").ok()

    agent.command("resume").ok()

    assert [p["kind"] for p in agent.status()["pauses"]] == ["auth"]
    assert agent.status()["state"] == "auth_paused"
    assert platform.state()["uploads"] == [] and len(agent.alerts("auth_paused")) == 1
    daemon.terminate()


# --- which tokens are used ----------------------------------------------------------------------


def test_a_token_of_another_tenant_is_not_used_and_the_right_one_is(platform, agent, tokens):
    images = agent.images(2)
    platform.expire_token(after_requests=6)
    daemon = agent.run(ready=False)
    agent.wait_alert("auth_paused")

    agent.set_token(platform.add_token("stranger", tokens.make("other tenant")))

    wait_until(lambda: requests_of(platform, "stranger"), 10, "it is asked whose token that is")
    status = wait_until(lambda: "tenant" in (s := agent.status())["pauses"][0]["reason"] and s, 10,
                        "the pause says that the tenant is another")
    assert status["state"] == "auth_paused"
    assert "Stand-in 2" in status["pauses"][0]["reason"]
    asked = platform.requests(token="stranger")
    assert all(r["fields"] == ["tenant", "user"] for r in asked) and len(asked) <= 2
    # The person who put it there hears of it.
    wait_until(lambda: any("Stand-in 2" in a["text"] for a in agent.alerts()), 10,
               "an alert that names the other tenant")

    agent.set_token(platform.add_token("renewed", tokens.make()))
    agent.wait_items({"done": 2})
    daemon.terminate()
    assert_done_once(agent, platform, images, attempts=0)
    assert {u["token"] for u in platform.state()["uploads"]} <= {"default", "renewed"}


def test_a_start_with_another_tenants_token_sends_nothing(platform, agent, tokens):
    agent.images(1)
    agent.once().ok()
    agent.image("router/2.0/fw.bin")
    agent.set_token(platform.add_token("stranger", tokens.make("other tenant")))

    finished = agent.once()

    assert finished.code == 78 and "Stand-in 2" in finished.err, repr(finished)
    assert all(r["fields"] == ["tenant", "user"] for r in platform.requests(token="stranger"))
    assert len(platform.state()["uploads"]) == 1


def test_the_documented_pair_of_token_and_tenant_name_guards_the_tenant(platform, agent):
    agent.configure(api={"token_file": None})
    agent.images(1)
    pair = {"ONEKEY_TOKEN": agent.token, "ONEKEY_TENANT_NAME": "Somebody else"}

    assert agent.once(env=pair).code == 78
    assert platform.state()["mutations"] == []

    agent.once(env={**pair, "ONEKEY_TENANT_NAME": "Stand-in"}).ok()
    assert agent.items() == {"done": 1}


@pytest.mark.parametrize("content, reason", [
    ("", "empty"),
    ("\n", "empty"),
    ("${ONEKEY_TOKEN}", "placeholder"),
    ("your-api-token", "placeholder"),
    ("two words/secret", "white space"),
    ("smart\u2019quote", "ASCII"),
    ("x" * 5000, "4 KiB"),
], ids=["nothing", "a-line-end", "a-variable", "an-example", "blanks", "not-ASCII", "too-long"])
def test_a_token_that_cannot_be_one_is_refused_without_a_request(agent, platform, content, reason):
    agent.token_file.write_text(content)
    agent.images(1)

    finished = agent.once()

    assert finished.code == 77 and reason in finished.err, repr(finished)
    assert platform.requests() == []


def test_a_bad_replacement_is_refused_and_the_token_in_use_goes_on(platform, agent):
    daemon = agent.run()
    agent.image("router/1.0/fw.bin")
    agent.wait_items({"done": 1})

    agent.set_token("your-api-token")

    wait_until(lambda: "token_refused" in daemon.log(), 10, "the log refuses the placeholder")
    agent.image("router/1.1/fw.bin")
    agent.wait_items({"done": 2})
    daemon.terminate()
    assert agent.alerts() == [] and refused(platform) == []


def test_a_token_file_is_read_again_on_a_hangup_and_nothing_is_refused(platform, agent, tokens):
    daemon = agent.run()
    agent.image("router/1.0/fw.bin")
    agent.wait_items({"done": 1})

    agent.set_token(platform.add_token("renewed", tokens.make()))
    daemon.send(1)
    wait_until(lambda: requests_of(platform, "renewed"), 5, "the new token is tried at once")
    platform.expire_token()
    images = {"router/1.1/fw.bin": agent.image("router/1.1/fw.bin")}

    agent.wait_items({"done": 2})
    daemon.terminate()
    assert refused(platform) == [] and agent.alerts() == []
    assert uploads_by_digest(platform)[images["router/1.1/fw.bin"]] == 1


# --- what looks like a refused token, and what does not -----------------------------------------


@pytest.mark.parametrize("operation", ["upload-firmware", "sbom", "createFirmwareUpload",
                                       "firmware"])
def test_a_401_that_the_cheap_question_does_not_confirm_pauses_nothing(platform, agent, operation):
    images = agent.images(2)
    platform.fault("status", status=401, operation=operation, count=1)

    agent.once().ok()

    assert agent.alerts("auth_paused") == [] and agent.status()["pauses"] == []
    assert_done_once(agent, platform, images)


@pytest.mark.parametrize("body", ["json", "html", "empty"])
def test_a_confirmed_401_pauses_whatever_its_body(start_platform, make_agent, body):
    platform = start_platform(settings={"unauthorized_body": body})
    agent = make_agent(platform=platform)
    agent.images(1)
    platform.expire_token()

    assert agent.once().code == 77
    assert agent.status()["pauses"][0]["kind"] == "auth"


def test_a_refusal_dressed_as_200_is_a_refusal(platform, agent):
    images = agent.images(1)
    fault = platform.fault("graphql_errors", count=None, message="Not authenticated",
                           code="UNAUTHENTICATED")

    assert agent.once().code == 77

    assert agent.status()["pauses"][0]["kind"] == "auth"
    platform.clear_faults(fault)
    agent.once().ok()
    assert_done_once(agent, platform, images, attempts=0)


def test_a_sign_in_page_is_the_platforms_trouble_and_no_refused_token(platform, agent):
    images = agent.images(2)
    platform.fault("html_signin", count=None)
    daemon = agent.run()
    wait_until(lambda: len(platform.requests()) >= 4, 20, "it asks again and again")

    assert agent.status()["pauses"] == [] and agent.status()["state"] == "running"
    assert agent.alerts() == []
    platform.clear_faults()
    agent.wait_items({"done": 2})
    daemon.terminate()
    assert_done_once(agent, platform, images, attempts=0)


def test_one_pass_that_meets_only_sign_in_pages_ends_with_76(platform, agent):
    agent.configure(transfers={"retry": {"cap": "100ms"}})
    agent.images(1)
    platform.fault("html_signin", count=None)

    finished = agent.once()

    assert finished.code == 76, repr(finished)
    assert agent.status()["pauses"] == [] and platform.state()["uploads"] == []


# --- secrets ------------------------------------------------------------------------------------


def proc(daemon, name):
    return Path(f"/proc/{daemon.pid}/{name}").read_bytes()


def test_a_token_on_the_command_line_is_overwritten_at_once(platform, agent):
    agent.configure(api={"token_file": None})
    images = agent.images(1)
    secret = agent.token.partition("/")[2].encode()

    daemon = agent.start("--token", agent.token, "run").wait_ready()

    words = proc(daemon, "cmdline").split(b"\0")
    assert secret not in b"".join(words) and b"--token" in words
    assert agent.token.encode() not in proc(daemon, "cmdline")
    agent.wait_items({"done": 1})
    assert "safer" in daemon.log() and secret.decode() not in daemon.log()
    daemon.terminate()
    assert_done_once(agent, platform, images)

    daemon = agent.start(f"--token={agent.token}", "run").wait_ready()
    assert secret not in proc(daemon, "cmdline")
    daemon.terminate()


def test_a_token_from_stdin_is_never_on_the_command_line(platform, agent):
    agent.configure(api={"token_file": None})
    images = agent.images(1)

    agent.command("--token", "-", "once", stdin=agent.token + "\n").ok()

    assert_done_once(agent, platform, images)


def test_no_core_is_dumped_and_no_child_inherits_a_secret(platform, agent):
    agent.configure(api={"token_file": None})
    agent.images(1)
    platform.expire_token()
    secret = {"ONEKEY_TOKEN": agent.token, "CREDENTIALS_DIRECTORY": str(agent.directory),
              "KEPT": "yes"}

    daemon = agent.run(env=secret, ready=False)
    agent.wait_alert("auth_paused")

    limits = proc(daemon, "limits").decode()
    core, = [line.split() for line in limits.splitlines() if line.startswith("Max core file size")]
    assert core[4:6] == ["0", "0"], core
    told, = agent.alert_environments()
    assert told["KEPT"] == "yes" and told["ONEKEY_AGENT_EVENT"] == "auth_paused"
    assert not {"ONEKEY_TOKEN", "ONEKEY_TOKEN_FILE", "CREDENTIALS_DIRECTORY"} & set(told)
    assert not any(agent.token.partition("/")[2] in value for value in told.values())
    daemon.terminate()


def test_every_output_is_without_the_token(platform, agent):
    """The `tokens` fixture looks through everything that these commands wrote."""
    agent.configure(log={"level": "debug"})
    agent.images(1)
    agent.once().ok()
    for words in (["status"], ["status", "--json"], ["list-firmwares", "--json"], ["list-tenants"],
                  ["token", "check"], ["token", "check", "--json"], ["config", "show"],
                  ["show", agent.builds / "router/1.0/fw0.bin"], ["config", "check"]):
        agent.command(*words, env={"ONEKEY_TOKEN": agent.token}).ok()
    assert "fingerprint" in agent.command("token", "check", "--json").out
    assert os.listdir(agent.captured)
