"""One-shot questions to the platform: lists, query, sbom get. Each way out has its exit code, the
result alone is on stdout, and the platform saw what was asked and nothing more."""

import hashlib
import json
import os
import stat

import pytest

import harness
from harness import Finished

ESC = "\x1b"
QUERY = "{ tenant { name } }"

#: Every command that asks one question.
QUESTIONS = [
    ("list-tenants",),
    ("list-product-groups",),
    ("list-analysis-configurations",),
    ("list-firmwares", "--remote"),
    ("query", QUERY),
    ("sbom", "get", "0b0b0b0b-0000-4000-8000-000000000000"),
]


def together(agent, *calls, env=None):
    """Commands that run side by side, to their ends: each waits between its tries."""
    started = [agent.start(*words, env=env) for words in calls]
    return [Finished(words, process.wait(60), process.out_path.read_text(),
                     process.err_path.read_text()) for words, process in zip(calls, started)]


def asked(platform):
    """The top-level fields of each GraphQL request, and "sbom", in order."""
    return [",".join(entry["fields"]) if entry["operation"] == "graphql" or entry["fields"]
            else entry["operation"] for entry in platform.requests()]


def one_line(text):
    """Itself, after a look that it is exactly one complete line without a control character."""
    assert text.endswith("\n") and text.count("\n") == 1, repr(text)
    assert text[:-1].isprintable(), repr(text)
    return text[:-1]


@pytest.fixture
def bare(agent, platform):
    """Runs a command with no configuration file, as a build server does."""
    def run(*words, env=None, **keys):
        base = {"ONEKEY_TOKEN": platform.token, "ONEKEY_API_URL": platform.url}
        return agent.command(*words, env={**base, **(env or {})}, with_config=False, **keys)
    return run


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command, field, option", [
    ("list-product-groups", "allProductGroups", "product_groups"),
    ("list-analysis-configurations", "allAnalysisConfigurations", "analysis_configurations"),
])
def test_names_are_listed_a_line_each_after_one_question(start_platform, make_agent, command,
                                                         field, option):
    hostile = f"red{ESC}[31m"
    platform = start_platform(**{option: ["Alpha", "Gruppe Ä", hostile]})
    agent = make_agent(platform=platform)

    lines = agent.command(command).ok().out.splitlines()
    rows = agent.json(command)

    assert lines[-3:] == ["Alpha", "Gruppe Ä", "red\\x1b[31m"]
    assert [row["name"] for row in rows][-3:] == ["Alpha", "Gruppe Ä", hostile]
    assert len(rows) == len(lines) and all(set(row) == {"id", "name"} for row in rows)
    assert all(row["id"] for row in rows)
    assert asked(platform) == [field, field]


def test_the_tenant_guard_asks_first_and_only_where_it_is_set(agent, platform):
    agent.configure(api={"tenant": "Stand-in"})

    agent.command("list-product-groups").ok()

    assert asked(platform) == ["tenant,user", "allProductGroups"]


def test_an_empty_list_is_an_empty_document_and_a_notice(platform, agent):
    platform.fault("wrong_json", body={"data": {"allProductGroups": []}}, count=2)

    as_text = agent.command("list-product-groups").ok()
    as_json = agent.command("list-product-groups", "--json", "-q").ok()

    assert as_text.out == "" and "no product group" in one_line(as_text.err)
    assert as_json.json() == [] and as_json.err == ""


# --- list-firmwares --remote ----------------------------------------------------------------------


def test_every_firmware_of_the_tenant_is_listed_whoever_sent_it(platform, agent):
    ids = platform.add_firmwares(100, name="old-{n}", version="2.0")

    lines = agent.command("list-firmwares", "--remote").ok().out.splitlines()
    rows = agent.json("list-firmwares", "--remote")

    assert [row["id"] for row in rows] == ids
    assert all(set(row) == {"id", "name", "version"} for row in rows)
    assert [row["name"] for row in rows] == [f"old-{n}" for n in range(1, 101)]
    assert lines == [f"{row['id']}  2.0  {row['name']}" for row in rows]
    assert asked(platform) == ["allFirmwares"] * 2
    assert not agent.state_dir.exists(), "a question makes no ledger"


def test_names_that_others_chose_cannot_move_a_cursor_or_forge_a_line(platform, agent):
    name = f"a{ESC}]0;owned\x07\nb\r\u202ec"
    ids = platform.add_firmwares(1, name=name)
    platform.change_firmware(ids[0], version=f"1{ESC}[2J")

    listed = agent.command("list-firmwares", "--remote").ok()

    assert ids[0] in one_line(listed.out) and "\\x1b" in listed.out
    row, = agent.json("list-firmwares", "--remote")
    assert (row["name"], row["version"]) == (name, f"1{ESC}[2J")


def test_a_list_with_an_error_at_its_end_is_not_printed_at_all(platform, agent):
    rows = [{"id": f"id-{n}", "name": "x", "version": None} for n in range(50)]
    platform.fault("wrong_json", body={"data": {"allFirmwares": rows},
                                       "errors": [{"message": "shard 7 is gone"}]})

    finished = agent.command("list-firmwares", "--remote", "--json")

    assert finished.code == 65 and finished.out == ""
    assert "shard 7 is gone" in one_line(finished.err)


def test_a_list_that_is_cut_is_asked_for_again_and_then_refused(platform, agent):
    platform.add_firmwares(20)
    platform.fault("truncate", operation="allFirmwares", honest=True, count=2)
    assert len(agent.json("list-firmwares", "--remote")) == 20
    assert len(asked(platform)) == 3

    platform.fault("truncate", operation="allFirmwares", honest=True, count=None)
    finished = agent.command("list-firmwares", "--remote")

    assert (finished.code, finished.out) == (76, "") and one_line(finished.err)


@pytest.mark.parametrize("filter_words", [("--state", "done"), ("--watch", "release"),
                                          ("--product", "p"), ("--since", "7d"), ("--limit", "3")])
def test_filters_of_the_ledger_do_not_go_with_remote(platform, agent, filter_words):
    finished = agent.command("list-firmwares", "--remote", *filter_words)

    assert finished.code == 64 and filter_words[0] in finished.err and "ledger" in finished.err
    assert platform.requests() == []


# --- query ----------------------------------------------------------------------------------------


def test_a_query_prints_the_data(platform, bare):
    ids = platform.add_firmwares(2, name="old-{n}")
    text = "query One($id: ID!) { firmware(id: $id) { name } tenant { name } }"

    finished = bare("query", text, "--variables", json.dumps({"id": ids[1]})).ok()

    assert finished.json() == {"firmware": {"name": "old-2"}, "tenant": {"name": "Stand-in"}}
    assert finished.err == ""
    assert platform.requests()[0]["query"] is not None


def test_a_query_comes_from_stdin_too(bare):
    finished = bare("query", "-", stdin=f"# whose token is it?\n{QUERY}\n").ok()

    assert finished.json() == {"tenant": {"name": "Stand-in"}}


@pytest.mark.parametrize("words, stdin, said", [
    (("query", QUERY, "--variables", "[1"), "", "not JSON at line 1"),
    (("query", QUERY, "--variables", "[1]"), "", "JSON object"),
    (("query", QUERY, "--variables", '{"a": 1, "a": 2}'), "", "variables"),
    (("query", "  "), "", "empty"),
    (("query", "-"), "", "empty"),
    (("query", "-"), "{ a }\0", "no text"),
    (("query", "-"), "#" * (1 << 20) + QUERY, "1 MiB"),
    (("query",), "", "GRAPHQL"),
    (("query", "-", "--token", "-"), QUERY, "stdin holds the token"),
], ids=["no JSON", "no object", "a key twice", "blank", "empty stdin", "binary stdin",
        "long stdin", "no operand", "stdin twice"])
def test_what_is_no_request_is_told_before_anything_is_sent(platform, bare, words, stdin, said):
    finished = bare(*words, stdin=stdin)

    assert finished.code == 64 and said in finished.err and finished.out == ""
    assert platform.requests() == []


@pytest.mark.parametrize("status", [200, 400])
def test_what_the_platform_finds_wrong_with_a_query_is_told(platform, bare, status):
    platform.configure(graphql_error_status=status)

    finished = bare("query", "{ firmwares { id } }")

    assert (finished.code, finished.out) == (65, "")
    assert 'Cannot query field "firmwares"' in one_line(finished.err)
    assert len(platform.requests()) == 1


def test_a_query_may_be_repeated(platform, bare):
    platform.fault("lost_answer", operation="tenant", count=2)

    assert bare("query", QUERY).ok().json() == {"tenant": {"name": "Stand-in"}}

    assert len(platform.requests()) == 3


def test_an_answer_over_the_cap_is_76_and_not_asked_for_again(platform, bare):
    platform.fault("oversize", size=(64 << 20) + 1, count=None)

    finished = bare("query", QUERY)

    assert (finished.code, finished.out) == (76, "") and "over 67108864" in one_line(finished.err)
    assert len(platform.requests()) == 1


MUTATION = """
mutation M($input: CreateFirmwareUploadInput!) {
  createFirmwareUpload(input: $input) { __typename }
}"""


@pytest.mark.parametrize("kind", ["lost_answer", "status", "wrong_json"])
def test_a_mutation_is_sent_once_and_its_doubt_is_told(platform, bare, kind):
    keys = {"body": "nonsense"} if kind == "wrong_json" else {}
    platform.fault(kind, operation="createFirmwareUpload", count=None, **keys)
    # Text that only looks as if it could be repeated; the variables need not be right.
    finished = bare("query", "# query\n" + MUTATION, "--variables", '{"input": {}}')

    assert finished.code in (69, 76) and finished.out == ""
    assert "sent once and may have been carried out" in one_line(finished.err)
    assert len(platform.requests()) == 1


# --- the ways in which all of them can fail -------------------------------------------------------


@pytest.fixture
def all_fail(agent, platform):
    """Runs every question at once, without a configuration file; each ends with `code`, nothing
    on stdout and one line on stderr. Returns the lines."""
    def run(code, **env):
        base = {"ONEKEY_TOKEN": platform.token, "ONEKEY_API_URL": platform.url}
        ended = together(agent, *[("--config", "/dev/null", *words) for words in QUESTIONS],
                         env={**base, **env})
        assert [(f.code, f.out) for f in ended] == [(code, "")] * len(QUESTIONS), repr(ended)
        return [one_line(finished.err) for finished in ended]
    return run


def test_a_refused_token_is_77_at_once(platform, all_fail):
    platform.expire_token()

    lines = all_fail(77)

    assert all("ONEKEY_TOKEN" in line and "expired or was deleted" in line for line in lines)
    assert len(platform.requests()) == len(QUESTIONS)


@pytest.mark.parametrize("token", ["${ONEKEY_TOKEN}", "your-api-token", "two words", ""],
                         ids=["not substituted", "placeholder", "blank in it", "none"])
def test_a_token_that_is_none_is_77_and_nothing_is_sent(platform, all_fail, token):
    assert all("token" in line for line in all_fail(77, ONEKEY_TOKEN=token))
    assert platform.requests() == []


def test_another_tenants_token_is_78_and_asks_for_nothing_else(platform, all_fail):
    lines = all_fail(78, ONEKEY_TENANT_NAME="Somebody else")

    assert all("Stand-in" in line and "Somebody else" in line for line in lines)
    assert asked(platform) == ["tenant,user"] * len(QUESTIONS)


def test_a_sign_in_page_is_76_after_three_tries(platform, all_fail):
    platform.fault("html_signin", count=None)

    assert all("HTML" in line for line in all_fail(76))
    assert len(platform.requests()) == 3 * len(QUESTIONS)


def test_a_platform_that_is_down_is_69(platform, all_fail):
    platform.stop()

    assert all("connect" in line for line in all_fail(69))


def test_a_result_that_finds_no_room_is_74(agent, platform, monkeypatch):
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full")
    platform.add_firmwares(1)
    script = agent.directory / "full.sh"
    script.write_text(f"#!/bin/sh\nexec '{harness.BINARY}' \"$@\" > /dev/full\n")
    script.chmod(0o755)
    monkeypatch.setattr(harness, "BINARY", script)

    finished = agent.command("list-firmwares", "--remote")

    assert finished.code == 74 and "stdout" in one_line(finished.err)


# --- sbom get -------------------------------------------------------------------------------------

FORMATS = {
    "default": ("", "cyclonedx-json", "1.6"),
    "xml": ("format=cyclonedx-xml", "cyclonedx-xml", "1.6"),
    "spdx": ("format=spdx", "spdx-json", "2.3"),
    "tv": ("format=spdx-tv", "spdx-tag-value", "2.3"),
    "spdx3": ("format=spdx3", "spdx3-json", "3.0.1"),
}


@pytest.fixture
def firmware(platform):
    firmware_id, = platform.add_firmwares(1, name="router")
    return firmware_id


@pytest.fixture
def target(agent):
    """A file that was there before, alone in its folder, and how it looks now."""
    path = agent.directory / "out" / "sbom.json"
    path.parent.mkdir()
    path.write_text("what was there before\n")
    return path


def assert_untouched(target):
    assert target.read_text() == "what was there before\n"
    assert os.listdir(target.parent) == [target.name], "something was left in the folder"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_an_sbom_of_each_format_arrives_as_the_platform_sent_it(platform, agent, firmware, name):
    query, kind, spec_version = FORMATS[name]
    agent.configure(sbom={"formats": [
        {"name": key, **({"query": value[0]} if value[0] else {})}
        for key, value in FORMATS.items()]})
    path = agent.directory / "sbom"

    shown = agent.command("sbom", "get", firmware, "--format", name).ok()
    facts = agent.json("sbom", "get", firmware, "--format", name, "--output", path)

    state = platform.state()
    components = facts.pop("components")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts == {"firmware_id": firmware, "format": name, "kind": kind,
                     "spec_version": spec_version, "sha256": digest,
                     "size": path.stat().st_size, "file": str(path)}
    # stdout first, the file second: each is that download's bytes.
    downloads = sbom_downloads(state, firmware)
    assert [d["sha256"] for d in downloads] == [
        hashlib.sha256(shown.out.encode()).hexdigest(), digest]
    assert components == 40 and "40 components" in one_line(shown.err)
    assert not agent.state_dir.exists()


def sbom_downloads(state, firmware):
    return [d for d in state["sbom_downloads"] if d["firmware_id"] == firmware]


def test_the_first_configured_format_is_the_default(agent, firmware):
    agent.configure(sbom={"formats": [{"name": "tv", "query": "format=spdx-tv"},
                                      {"name": "default"}]})

    assert agent.command("sbom", "get", firmware).ok().out.startswith("SPDXVersion: ")


def test_a_file_is_replaced_in_place_and_keeps_its_mode(agent, firmware, target):
    target.chmod(0o640)
    link = agent.directory / "link"
    link.symlink_to(target)

    finished = agent.command("sbom", "get", firmware, "--output", link).ok()

    assert finished.out == "" and link.is_symlink()
    assert json.loads(target.read_text())["bomFormat"] == "CycloneDX"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert os.listdir(target.parent) == [target.name]


def test_a_new_file_has_the_mode_that_the_callers_umask_gives(agent, firmware):
    before = os.umask(0o027)
    try:
        agent.command("sbom", "get", firmware, "--output", "new.json").ok()
    finally:
        os.umask(before)

    assert stat.S_IMODE((agent.directory / "new.json").stat().st_mode) == 0o640


@pytest.mark.parametrize("kind, keys, code, said", [
    ("html_signin", {}, 76, "HTML"),
    ("truncate", {"honest": True}, 76, "refused what the platform sent"),
    ("truncate", {"honest": False}, 69, "receive from"),
    ("wrong_json", {"body": {"message": "ok"}}, 76, "refused what the platform sent"),
    ("wrong_json", {"body": "no JSON at all"}, 76, "refused what the platform sent"),
    ("status", {"status": 500}, 69, "HTTP 500"),
    ("status", {"status": 403, "body": {"errors": [{"detail": "no view right"}]}}, 77,
     "no view right"),
], ids=["HTML", "cut, said to be whole", "cut", "other JSON", "no JSON", "500", "no right"])
def test_what_is_no_sbom_leaves_the_last_file_as_it_was(platform, agent, firmware, target, kind,
                                                        keys, code, said):
    platform.fault(kind, operation="sbom", count=None, **keys)

    to_file, to_stdout = together(agent, ("sbom", "get", firmware, "--output", target),
                                  ("sbom", "get", firmware))

    assert (to_file.code, to_file.out) == (code, "") and said in one_line(to_file.err)
    assert (to_stdout.code, to_stdout.out) == (code, "")
    assert_untouched(target)


def test_a_document_that_was_wrong_once_is_asked_for_again(platform, agent, firmware):
    platform.fault("truncate", operation="sbom", honest=True, count=2)

    document = json.loads(agent.command("sbom", "get", firmware).ok().out)

    assert document["bomFormat"] == "CycloneDX" and len(document["components"]) == 40


@pytest.mark.parametrize("change, code, said", [
    ({"stuck": True, "restart": True}, 69, "is RUNNING"),
    ({"result": "FAILED"}, 2, "ended with FAILED"),
    ({"vanished": True}, 65, "no firmware has the ID"),
], ids=["running", "failed", "vanished"])
def test_why_there_is_no_sbom_is_told(platform, agent, firmware, target, change, code, said):
    platform.change_firmware(firmware, **change)

    finished = agent.command("sbom", "get", firmware, "--output", target)

    assert (finished.code, finished.out) == (code, "")
    assert said in one_line(finished.err) and firmware in finished.err
    assert_untouched(target)
    assert [entry["operation"] for entry in platform.requests()][0] == "sbom"
    assert len(platform.requests()) == 2, "what is not there is not asked for again"


@pytest.mark.parametrize("status", [202, 204, 409, 425])
def test_other_ways_to_say_not_yet(platform, agent, firmware, status):
    platform.fault("status", operation="sbom", status=status, count=None)

    finished = agent.command("sbom", "get", firmware)

    assert finished.code == 69 and "try again" in one_line(finished.err)


@pytest.mark.parametrize("words, code, said", [
    (("--format", "pdf"), 78, "default"),
    (("--json",), 64, "--output"),
    (("--json", "--output", "-"), 64, "--output"),
    (("--output", "missing/sbom.json"), 74, "missing"),
    (("--output", "pipe"), 74, "not a regular file"),
    (("--output", "."), 74, "not a regular file"),
    (("--output", "new/"), 74, "new"),
], ids=["unknown format", "JSON without a file", "JSON to stdout", "no folder", "a FIFO",
        "a folder", "a folder to be"])
def test_a_place_or_format_that_cannot_be_is_told_before_the_download(platform, agent, firmware,
                                                                      words, code, said):
    os.mkfifo(agent.directory / "pipe")

    finished = agent.command("sbom", "get", firmware, *words)

    assert (finished.code, finished.out) == (code, "") and said in finished.err
    assert platform.requests() == []
    assert stat.S_ISFIFO((agent.directory / "pipe").stat().st_mode)


@pytest.mark.parametrize("leads_to, said", [
    ("/proc/self/fd/0", "not a regular file"),
    ("no/such/file", "No such file"),
], ids=["a pipe, as /dev/stdout may", "nowhere"])
def test_a_link_is_never_replaced_by_the_document(platform, agent, firmware, leads_to, said):
    """A pipe's name in /proc leads nowhere: root would have put a file in /dev/stdout's place."""
    link = agent.directory / "link"
    link.symlink_to(leads_to)

    finished = agent.command("sbom", "get", firmware, "--output", link)

    assert (finished.code, finished.out) == (74, "") and said in one_line(finished.err)
    assert os.readlink(link) == leads_to and platform.requests() == []


@pytest.mark.parametrize("word", ["../../etc", "a b", "x" * 65, ""],
                         ids=["dots", "blank", "long", "empty"])
def test_what_is_no_firmware_id_is_never_put_into_a_url(platform, agent, word):
    finished = agent.command("sbom", "get", word)

    assert finished.code == 64 and "firmware ID" in finished.err
    assert platform.requests() == []


def test_an_sbom_without_components_is_told(platform, agent, firmware):
    platform.change_firmware(firmware, components=0)

    finished = agent.command("sbom", "get", firmware).ok()

    assert json.loads(finished.out)["components"] == []
    assert "without components" in one_line(finished.err)
