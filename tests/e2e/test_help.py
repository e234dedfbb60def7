"""Help: one screen for everything, examples that are right, and nothing that is not there."""

import re
import shlex
import subprocess

import pytest

from command_tables import (commands, global_options, help_text, options, plain_environment,
                            sections)
from harness import BINARY

SCREEN_LINES, SCREEN_COLUMNS = 40, 80

#: SPEC 3's exit codes.
EXIT_CODES = {0, 1, 2, 3, 5, 64, 65, 66, 69, 70, 74, 75, 76, 77, 78}


def pages():
    """Every text of help there is: the program's, each command's, each family's."""
    families = {command.split()[0] for command in commands() if " " in command}
    return [(), *((word,) for word in sorted(families)), *(tuple(c.split()) for c in commands())]


def examples(command):
    """The shell lines at the end, continued ones joined."""
    head, found, listed = help_text(*command.split()).partition("\nExamples:\n")
    assert found, head
    return listed.replace("\\\n", " ").splitlines()


def test_the_tables_were_read():
    assert len(sections()) >= 4
    assert {"run", "upload-firmware", "token check", "config check", "config show", "doctor",
            "completion"} <= set(commands())
    assert options("once") == {"--no-wait": None, "--wait-timeout": "TIME", "--dry-run": None}
    assert global_options()["-c"] == global_options()["--config"] == "FILE"
    assert global_options()["--log-format"] == "text|json"


@pytest.mark.parametrize("words", pages(), ids=" ".join)
def test_help_fits_one_screen(words):
    lines = help_text(*words).splitlines()

    assert len(lines) <= SCREEN_LINES
    assert [line for line in lines if len(line) > SCREEN_COLUMNS or line != line.rstrip()] == []


@pytest.mark.parametrize("command", commands())
def test_a_command_s_help_tells_its_exit_codes_in_one_line_and_ends_with_examples(command):
    text = help_text(*command.split())

    told = re.findall(r"^Exit codes: (.*)$", text, re.M)
    assert len(told) == 1
    codes = [int(entry.split()[0]) for entry in told[0].split(", ")]
    assert codes == sorted(set(codes)) and codes[0] == 0 and set(codes) <= EXIT_CODES
    assert any(re.search(rf"onekey-agent .*\b{command}\b", line) for line in examples(command))
    assert all(line.startswith("  ") for line in text.partition("\nExamples:\n")[2].splitlines())


@pytest.mark.parametrize("command", commands())
def test_the_examples_of_a_command_use_options_that_it_has(command):
    known = set(options(command)) | set(global_options())
    used = set()
    for line in examples(command):
        # Each program of a pipe on its own; only ours counts.
        for part in re.split(r"\|\|?|&&|[<>(]+|\)", line):
            words = shlex.split(part.strip().strip("\"'`$"), comments=True) if "'" not in part \
                else part.split()
            at = next((i for i, word in enumerate(words) if word.endswith("onekey-agent")), None)
            used |= {word.partition("=")[0] for word in words[(at or 0) + 1:]
                     if at is not None and re.match(r"--?[a-z]", word)}
    assert used <= known


def test_no_command_at_all_is_a_usage_error_that_names_help():
    run = subprocess.run([BINARY], capture_output=True, text=True, timeout=60, check=False,
                         env=plain_environment())

    assert (run.returncode, run.stdout) == (64, "")
    assert "--help" in run.stderr
