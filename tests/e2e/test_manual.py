"""The manual and the program tell of the same commands, options, values and exit codes."""

import re
import subprocess
import sys

import pytest

from command_tables import commands, global_options, options, plain_environment, sections
from harness import BINARY, REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests" / "lint"))

import manual  # noqa: E402

PAGES = {page.title: page for page in manual.pages(REPOSITORY)}

#: Which page tells of the commands below which head of the help.
HOMES = {
    "Build servers": "onekey-agent-ci(1)",
    "The agent": "onekey-agent-operate(1)",
    "SBOMs": "onekey-agent-sbom(1)",
    "The platform": "onekey-agent-platform(1)",
    "This program": "onekey-agent-operate(1)",
}
HOME_OF = {command: HOMES[head] for head, listed in sections().items() for command in listed}


@pytest.mark.parametrize("command", commands())
def test_a_command_stands_in_the_page_of_its_group_and_in_no_other(command):
    told = [title for title, page in PAGES.items() if command in page.headings]

    assert told == [HOME_OF[command]]


@pytest.mark.parametrize("command", commands())
def test_the_page_has_exactly_the_options_of_a_command_with_their_values(command):
    assert PAGES[HOME_OF[command]].defined(command) == options(command)


def test_the_overview_has_exactly_the_global_options():
    assert PAGES["onekey-agent(1)"].defined("GLOBAL OPTIONS") == global_options()


def test_the_overview_names_every_command_beside_its_page():
    text = "\n".join(PAGES["onekey-agent(1)"].lines)
    listed = text.partition("# COMMANDS\n")[2].partition("\n# ")[0]
    for title in set(HOMES.values()):
        name = title.partition("(")[0]
        beside = listed.partition(f"*{name}*(1)\n")[2].partition("\n\n")[0]
        want = {command for command, home in HOME_OF.items() if home == title}
        assert set(re.findall(r"\*([a-z][a-z -]+)\*", beside)) == want


def test_no_page_has_options_of_a_command_that_is_not_there():
    homeless = {(title, heading) for title, page in PAGES.items()
                for heading, name, _, _ in page.terms
                if name.startswith("-") and heading not in (*HOME_OF, "GLOBAL OPTIONS")}

    assert homeless == set()


def test_the_exit_codes_are_those_of_the_program():
    text = (REPOSITORY / "agent/base/err.h").read_text()
    of_kinds = {int(code) for code in re.findall(r"^    X\([A-Z_]+, .*, (\d+)\)", text, re.M)}

    told = PAGES["onekey-agent(1)"].defined("EXIT STATUS")
    assert {int(code) for code in told if code.isdigit()} == of_kinds


def test_the_options_that_the_pages_speak_of_exist():
    known = set(global_options()).union(*map(options, commands()))
    for title, page in PAGES.items():
        spoken = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", "\n".join(page.lines)))
        assert spoken - known == set(), title


def test_the_configuration_in_the_page_is_a_good_one(tmp_path):
    text = "\n".join(PAGES["onekey-agent.yaml(5)"].lines)
    example = text.partition("# EXAMPLES")[2].split("```")[1]
    path = tmp_path / "agent.yaml"
    path.write_text(example)
    path.chmod(0o600)

    run = subprocess.run([BINARY, "-c", path, "config", "check"], capture_output=True, text=True,
                         env=plain_environment(HOME=str(tmp_path)), timeout=60, check=False)

    assert run.returncode == 0, run
