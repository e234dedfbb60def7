"""A wrong configuration or command line: the place, the way out, the exit code; nothing started.

No platform is needed: the program may not come so far as to look for one.
"""

import json
import re
import types

import pytest

from harness import Agent

USAGE, BAD_CONFIG = 64, 78

HEAD = """\
version: 1
api: {url: "http://127.0.0.1:1/api"}
state_dir: STATE
"""
#: A watch begins in line 4; its further keys stand from line 7, column 5.
WATCH = """\
watch:
  - name: r
    path: /srv/x
"""
EXPORT = """\
export:
  - name: nightly
"""
METADATA = "    metadata: {vendor: Acme, product: P}\n"

#: Why, text from line 4 on, line:column, what has to be told.
MISTAKES = [
    ("unknown section", "transfer: {}\n", "4:1", "did you mean transfers?"),
    ("unknown key", "log: {lvel: info}\n", "4:7", "did you mean level?"),
    ("unknown key of a watch", WATCH + "    setle: 1s\n" + METADATA, "7:5", "did you mean settle?"),
    ("unknown key of metadata", WATCH + "    metadata: {vendro: A, product: P}\n", "7:16",
     "did you mean vendor?"),
    ("duplicate section", "state_dir: /elsewhere\n", "4:1", "stands twice, first in line 3"),
    ("duplicate key", "log: {level: info, level: debug}\n", "4:20", "stands twice"),
    ("text for a number", "transfers: {uploads: many}\n", "4:22", "write a whole number"),
    ("list for a mapping", "log: [info]\n", "4:6", "log"),
    ("mapping for a text", "log: {level: {a: b}}\n", "4:14", "log.level"),
    ("number without a unit", "shutdown_grace: 30\n", "4:17", "write a whole number and ms, s"),
    ("negative duration", WATCH + "    settle: -1s\n" + METADATA, "7:13", "no duration"),
    ("size without a unit that exists", "transfers: {bandwidth: 10MB}\n", "4:24", "MiB"),
    ("below the range", "transfers: {uploads: 0}\n", "4:22", "write 1 to 64"),
    ("above the range", "shutdown_grace: 2h\n", "4:17", "write 0s to 1h"),
    ("a word that is none", "log: {level: inf}\n", "4:14", "alert, error, warn, info or debug"),
    ("a mode that is none", WATCH + "    mode: evnts\n" + METADATA, "7:11",
     "auto, events or poll"),
    ("an event that is none", "alerts: {targets: [{on: [auth_pausd], command: [/bin/x]}]}\n",
     "4:26", "did you mean auth_paused?"),
    ("tab", "log:\n\tlevel: info\n", "5:1", "a tab"),
    ("bracket that is not closed", "log: [a\n", "5:1", "bracket"),
    ("anchor", "log: &a {level: info}\n", "4:6", "anchors"),
    ("another version", None, "1:10", "version"),
    ("relative path", 'watch: [{name: a, path: rel/x}]\n', "4:25", "start it with /"),
    ("watch without a name", "watch: [{path: /x}]\n", "4:9", "has no name"),
    ("two watches of one name", WATCH + METADATA + "  - name: r\n    path: /srv/y\n", "8:11",
     "another watch has that name"),
    ("moving without a place", WATCH + "    when_done: move\n" + METADATA, "7:16",
     "write move_to"),
    ("moving into the watched folder",
     WATCH + "    when_done: move\n    move_to: /srv/x/y\n" + METADATA, "8:14",
     "outside of every watch"),
    ("SBOMs that overwrite each other", 'sbom: {path: "{product}.{ext}"}\n', "4:14",
     "{firmware_id}"),
    ("SBOMs into the watched folder", WATCH + METADATA + "sbom: {directory: /srv/x/s}\n", "8:19",
     "outside of every watch"),
    ("target that tells nobody", "alerts: {targets: [{on: all}]}\n", "4:20", "webhook"),
    ("retry that starts above its cap", "transfers: {retry: {base: 1h, cap: 1s}}\n", "4:27",
     "write less"),
    ("bad cron line", EXPORT + '    schedule: "0 25 * * *"\n', "6:15",
     "export[0].schedule: hour 25: write 0 to 23"),
    ("schedule that is no line", EXPORT + "    schedule: nightly\n", "6:15",
     "export[0].schedule: "),
    ("unknown zone of an export", EXPORT + '    schedule: "@daily"\n    timezone: Mars/Olympus\n',
     "7:15", 'export[0].timezone: no time zone is called "Mars/Olympus"'),
    ("zone that climbs", "transfers: {timezone: ../../etc/passwd}\n", "4:23",
     "transfers.timezone: no time zone is called"),
    ("two exports of one name",
     EXPORT + '    schedule: "@daily"\n  - {name: nightly, schedule: "@weekly", scope: ledger}\n',
     "7:12", "another export has that name"),
    ("unknown key of a filter", EXPORT + '    schedule: "@daily"\n    filter: {vendro: A}\n',
     "7:14", "did you mean vendor?"),
    ("overlapping windows",
     'transfers:\n  bandwidth:\n    - {from: "08:00", to: "18:00", rate: 2MiB}\n'
     '    - {from: "17:00", to: "19:00", rate: 1MiB}\n', "7:7",
     "transfers.bandwidth[1]: 17:00 to 19:00 overlaps transfers.bandwidth[0], 08:00 to 18:00"),
    ("window without length",
     'transfers: {bandwidth: [{from: "08:00", to: "08:00", rate: 2MiB}]}\n', "4:45",
     "the same as from"),
    ("budget without its day", "transfers: {budget: 50GiB}\n", "4:21", "as in 50GiB/day"),
    ("revisions for weeks", "sbom: {keep: 4w}\n", "4:14", "1y to 100y"),
    ("share over all of it", "sbom: {min_components_ratio: 1.5}\n", "4:30",
     "write 0 to 1 with at most three decimals"),
]

#: Only compiling them shows what is wrong.
TEXTS = [
    ("glob", WATCH + '    include: ["**/*.bin", "[a"]\n' + METADATA, "7:27", "bracket"),
    ("pattern", WATCH + '    match: "(?<a"\n' + METADATA, "7:12", "subpattern"),
    ("template name", WATCH + '    metadata: {vendor: "{vendr}", product: P}\n', "7:24",
     "did you mean {vendor}?"),
    ("group of the pattern",
     WATCH + "    match: '(?<product>[^/]+)/x'\n"
     '    metadata: {vendor: A, product: "{prodct}"}\n', "8:36", "did you mean {product}?"),
    ("template brace", WATCH + '    marker: "{path"\n' + METADATA, "7:13", "brace"),
    ("sidecar", WATCH + '    sidecar: "{nix}.yaml"\n' + METADATA, "7:14", "{nix}"),
    ("attachment", WATCH + '    attach_sbom: {path: "{foo}"}\n' + METADATA, "7:25", "{foo}"),
    ("place of the SBOMs", 'sbom: {path: "{prod}/{firmware_id}.{ext}"}\n', "4:14", "{prod}"),
]


@pytest.fixture
def nobody(workspace):
    """An agent whose platform does not exist."""
    agent = Agent(workspace, types.SimpleNamespace(url="http://127.0.0.1:1/api", token="none"))
    yield agent
    agent.stop_all()


def write(agent, text):
    head = HEAD.replace("STATE", str(agent.state_dir))
    agent.config_path.write_text(head + text if text else head.replace("version: 1", "version: 2"))


def assert_refused(agent, told, place, saying):
    assert told.code == BAD_CONFIG, repr(told)
    assert told.out == ""
    lines = [line for line in told.err.splitlines()
             if line.startswith(f"{agent.config_path}:{place}: ")]  # warnings begin otherwise
    assert len(lines) == 1, repr(told)
    assert saying in lines[0]
    assert not agent.state_dir.exists(), "something was started"


def ids(rows):
    return [re.sub(r"\W+", "-", row[0]) for row in rows]


@pytest.mark.parametrize("_, text, place, saying", MISTAKES, ids=ids(MISTAKES))
def test_a_mistake_is_told_with_its_place_and_a_way_out(nobody, _, text, place, saying):
    write(nobody, text)
    assert_refused(nobody, nobody.once(), place, saying)


@pytest.mark.parametrize("_, text, place, saying", TEXTS, ids=ids(TEXTS))
def test_config_check_tells_the_place_of_globs_patterns_and_templates(nobody, _, text, place,
                                                                      saying):
    write(nobody, text)
    assert_refused(nobody, nobody.command("config", "check"), place, saying)


@pytest.mark.parametrize("command", ["once", "run"])
@pytest.mark.parametrize("_, text, place, saying", TEXTS, ids=ids(TEXTS))
def test_run_and_once_tell_it_too(nobody, command, _, text, place, saying):
    write(nobody, text)
    told = nobody.command(command)
    assert_refused(nobody, told, place, saying)
    assert "0 sent" not in told.err


def test_every_mistake_is_told_at_once(nobody):
    write(nobody, "log: {lvel: info}\ntransfers: {uploads: 0}\nshutdown_grace: 30\n")
    told = nobody.once()
    assert told.code == BAD_CONFIG
    places = re.findall(r"config\.yaml:(\d+:\d+): ", told.err)
    assert places == ["4:7", "5:22", "6:17"]


def test_what_the_clock_tells_is_refused_in_one_go_with_a_line_each(nobody):
    write(nobody, 'transfers: {timezone: Nowhere, bandwidth: [{from: "22:00", to: "06:00", '
                  'rate: 2MiB}, {from: "05:00", to: "07:00", rate: 1MiB}]}\n'
                  'export: [{name: a, schedule: "0 25 * * *", timezone: Elsewhere}]\n')
    told = nobody.command("config", "check")
    assert told.code == BAD_CONFIG and told.out == ""
    lines = re.findall(r"config\.yaml:(\d+:\d+): (\S+): ", told.err)
    assert lines == [("4:86", "transfers.bandwidth[1]"), ("4:23", "transfers.timezone"),
                     ("5:30", "export[0].schedule"), ("5:54", "export[0].timezone")]
    assert not nobody.state_dir.exists()


def test_two_exports_of_the_same_firmwares_are_a_warning_not_an_error(nobody):
    write(nobody, EXPORT + '    schedule: "@daily"\n  - {name: weekly, schedule: "@weekly"}\n')
    told = nobody.command("config", "check")
    assert told.code == 0 and "configuration is valid" in told.out
    assert told.err.count("warning: ") == 1
    assert "export[1]: it exports the same firmwares as export[0]" in told.err


def test_config_show_prints_exports_and_timetable_so_that_they_load_again(nobody):
    write(nobody, 'transfers: {budget: 50GiB/day, bandwidth: [{from: "22:00", to: "06:00", '
                  'rate: 2MiB}]}\nsbom: {keep: 10y, min_components_ratio: 0.25}\n'
                  'export: [{name: nightly, schedule: "0 3 * * *", timezone: Europe/Vienna, '
                  'filter: {product: "Router*"}}]\n')
    values = json.loads(nobody.command("config", "show", "--json").out)
    assert values["transfers.bandwidth[0].to"]["value"] == "06:00"
    assert values["export[0].filter.product"]["value"] == "Router*"
    assert values["sbom.keep"]["value"] == "10y"
    nobody.config_path.write_text(nobody.command("config", "show").out)
    again = json.loads(nobody.command("config", "show", "--json").out)
    assert {path: entry["value"] for path, entry in again.items()} == \
        {path: entry["value"] for path, entry in values.items()}


@pytest.mark.parametrize("command", ["run", "once", "status", "list-firmwares"])
def test_each_command_refuses_a_wrong_configuration(nobody, command):
    write(nobody, "transfer: {}\n")
    assert_refused(nobody, nobody.command(command), "4:1", "transfers")


def test_a_file_that_others_may_write_is_refused(nobody):
    write(nobody, "")
    nobody.config_path.chmod(0o666)
    told = nobody.once()
    assert told.code == BAD_CONFIG and "write" in told.err
    assert not nobody.state_dir.exists()


def test_deep_and_huge_files_are_refused_quickly(nobody):
    write(nobody, "watch: " + "[" * 60000 + "\n")
    told = nobody.command("config", "check", seconds=5)
    assert told.code == BAD_CONFIG and "config.yaml" in told.err
    write(nobody, "# filler\n" * 100_000)
    told = nobody.command("config", "check", seconds=5)
    assert told.code == BAD_CONFIG and "over 262144 bytes" in told.err


def test_a_file_that_is_not_there_is_named(nobody):
    nobody.config_path.unlink()
    told = nobody.once()
    assert told.code == BAD_CONFIG and str(nobody.config_path) in told.err
    assert not nobody.state_dir.exists()


def test_reload_keeps_the_old_configuration_when_the_new_one_is_wrong(agent, platform):
    digest = agent.image("router/1.0/a.bin")
    daemon = agent.run()
    agent.wait_items({"done": 1})
    good = agent.config_path.read_text()
    agent.config_path.write_text(good.replace('"settle": "0s"', '"settle": "soon"'))
    daemon.send(1)  # SIGHUP
    alert = agent.wait_alert("config_rejected")
    assert "mend" in alert["action"]
    agent.image("router/1.1/b.bin")
    agent.config_path.write_text(good)
    agent.wait_items({"done": 2})
    assert platform.state()["uploads"][0]["sha256"] == digest
    assert daemon.terminate() == 0


WRONG_USE = [
    ("no command", ()),
    ("unknown command", ("uplod",)),
    ("unknown option", ("once", "--nowait")),
    ("option without its value", ("--config",)),
    ("a number that is none", ("once", "--wait-timeout", "soon")),
    ("operand where none is due", ("once", "more")),
    ("no operand where one is due", ("show",)),
    ("options that exclude each other", ("once", "--dry-run", "--no-wait")),
    ("run without looking at certificates", ("--disable-tls-verify", "run")),
    ("assume without a path", ("retry", "--assume", "missing")),
]


@pytest.mark.parametrize("_, words", WRONG_USE, ids=ids(WRONG_USE))
def test_wrong_use_is_64_and_does_nothing(nobody, _, words):
    write(nobody, "")
    told = nobody.command(*words)
    assert told.code == USAGE, repr(told)
    assert told.out == "" and told.err
    assert not nobody.state_dir.exists()


def test_a_near_miss_of_a_command_is_suggested(nobody):
    assert "list-firmwares" in nobody.command("list-firmware").err
    assert "--wait-timeout" in nobody.command("once", "--wait-timeot", "1s").err
