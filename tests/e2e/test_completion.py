"""The completion scripts: their shells read them, and complete what the help tells of.

bash is driven through the variables that it completes with, fish through `complete -C`, zsh as a
person does it: an interactive shell on a terminal, a line and the tab key.
"""

import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from command_tables import commands, global_options, options, plain_environment
from harness import BINARY, SLOW

SHELLS = ["bash", "zsh", "fish"]
SECONDS = 60 * SLOW


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    """Where files and folders are completed; nobody's own shell configuration takes part."""
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "fw.bin").write_bytes(b"x")
    (tmp_path / "two words.yaml").write_text("")
    (tmp_path / "home").mkdir()
    return tmp_path


def environment(folder):
    home = str(folder / "home")
    return plain_environment(HOME=home, XDG_CONFIG_HOME=home, TERM="xterm")


def script(shell, folder):
    run = subprocess.run([BINARY, "completion", shell], capture_output=True, text=True,
                         timeout=SECONDS, env=environment(folder), check=True)
    assert run.stderr == ""
    path = folder / f"completion.{shell}"
    path.write_text(run.stdout)
    return path


def shell_run(shell, folder, words):
    assert shutil.which(shell), f"{shell} is not installed: see packaging/install-deps.sh test"
    return subprocess.run([shell, *words], capture_output=True, text=True, timeout=SECONDS,
                          cwd=folder, env=environment(folder), check=False)


# --- what is asked ------------------------------------------------------------------------------

#: why, the words before the cursor and the one it stands behind, offered, not offered
ASKED = [
    ("a command's beginning", ["on"], {"once"}, {"run", "--json"}),
    ("all first words", [""], {"run", "token", "config", "completion"}, {"check", "--json"}),
    ("the second word", ["token", ""], {"check"}, {"run", "show"}),
    ("its family only", ["config", ""], {"check", "show"}, {"run", "token"}),
    ("a command's own option", ["once", "--dry"], {"--dry-run"}, {"--online"}),
    ("an option of two words", ["config", "check", "--onl"], {"--online"}, {"--dry-run"}),
    ("a global one before the command", ["--log-f"], {"--log-format"}, {"--dry-run"}),
    ("a global one behind it", ["status", "--log-f"], {"--log-format"}, {"--dry-run"}),
    ("a value is no command", ["--tenant", "token", "onc"], {"once"}, {"check"}),
    ("a file is no command", ["-c", "token", "onc"], {"once"}, {"check"}),
    ("the words of an option", ["--log-format", ""], {"text", "json"}, {"once", "build"}),
    ("words behind a command", ["completion", ""], {"bash", "zsh", "fish"}, {"build"}),
    ("a file's name", ["explain", "bui"], {"build"}, {"once"}),
    ("an option's file", ["--config", "tw"], {"two words.yaml"}, {"build"}),
    ("folders only", ["--state-dir", ""], {"build"}, {"two words.yaml", "once"}),
    ("a value that nobody can know", ["--tenant", ""], set(), {"once", "build", "--json"}),
    ("one word of several kinds", ["retry", "--assume", "mis"], {"missing"}, {"build"}),
    ("an option of another command", ["status", "--dry"], set(), {"--dry-run"}),
]
IDS = [row[0] for row in ASKED]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_reads_its_script(shell, folder):
    run = shell_run(shell, folder, ["-n", str(script(shell, folder))])

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def bash_offers(folder, words):
    """As readline calls it; "=" is a word of its own there."""
    program = (f"source '{script('bash', folder)}'\n"
               'COMP_WORDS=(onekey-agent "$@")\nCOMP_CWORD=$#\n'
               'complete -p onekey-agent >/dev/null && _onekey_agent\n'
               'printf "%s\\n" "${COMPREPLY[@]}"\n')
    run = shell_run("bash", folder, ["--norc", "-c", program, "bash", *words])
    assert (run.returncode, run.stderr) == (0, ""), run
    return set(run.stdout.splitlines()) - {""}


def fish_offers(folder, words):
    """`complete -C` is what the tab key asks; descriptions stand behind a tab."""
    line = " ".join(["onekey-agent", *words])
    program = f"source '{script('fish', folder)}'; complete -C '{line}'"
    run = shell_run("fish", folder, ["--no-config", "-c", program])
    assert (run.returncode, run.stderr) == (0, ""), run
    return {entry.split("\t")[0].rstrip("/") for entry in run.stdout.splitlines()}


@pytest.mark.parametrize("why, words, offered, not_offered", ASKED, ids=IDS)
def test_bash_completes(why, words, offered, not_offered, folder):
    got = bash_offers(folder, words)

    assert offered <= got and not got & not_offered


@pytest.mark.parametrize("why, words, offered, not_offered", ASKED, ids=IDS)
def test_fish_completes(why, words, offered, not_offered, folder):
    got = {word.replace("\\ ", " ") for word in fish_offers(folder, words)}

    assert offered <= got and not got & not_offered


@pytest.mark.parametrize("words, offered", [
    (["--log-format", "=", ""], {"text", "json"}), (["--log-format", "="], {"text", "json"}),
    (["--log-format", "=", "j"], {"json"}), (["--log-format", "=", "json", "onc"], {"once"}),
    (["--", "onc"], {"once"}), (["explain", "--", "bui"], {"build"}),
])
def test_bash_completes_behind_an_equals_sign_and_behind_the_end_of_options(words, offered, folder):
    assert bash_offers(folder, words) == offered


@pytest.mark.parametrize("words, offered", [
    (["--log-format=j"], {"--log-format=json"}),
    (["once", "--log-format=te"], {"--log-format=text"}),
])
def test_fish_completes_behind_an_equals_sign(words, offered, folder):
    assert fish_offers(folder, words) == offered


def test_every_command_and_every_option_is_offered_by_bash(folder):
    assert bash_offers(folder, [""]) == {command.split()[0] for command in commands()}
    for command in commands():
        got = bash_offers(folder, [*command.split(), "-"])
        assert got == set(options(command)) | set(global_options()), command


def test_every_command_and_its_options_are_offered_by_fish(folder):
    assert fish_offers(folder, [""]) == {command.split()[0] for command in commands()}
    for command in commands():
        got = fish_offers(folder, [*command.split(), "--"])
        assert set(options(command)) <= got, command
        assert got <= set(options(command)) | set(global_options()), command


# --- zsh ----------------------------------------------------------------------------------------


class Terminal:
    """An interactive zsh without anybody's configuration; every read has a bound."""

    #: What sets it up, a line each. The last one is over when a prompt of ours follows its word.
    BEGIN = ["unsetopt beep prompt_cr prompt_sp list_ambiguous", "LISTMAX=10000",
             "stty cols 200 rows 200", "zstyle ':completion:*' verbose no",
             "autoload -U compinit", "PS1='READY''>'"]

    def __init__(self, folder, *lines):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe("zsh", ["zsh", "-f", "-i"], environment(folder))
        self.say("; ".join([*self.BEGIN, *lines, "echo ALL''SET"]) + "\n")
        self.read_until("ALLSET")

    def say(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, word):
        """Everything up to the prompt behind that word, without control sequences: what is typed
        before the prompt is there would be echoed by the terminal, not edited by the shell."""
        got, text, deadline = b"", "", time.monotonic() + SECONDS
        while not re.search(rf"{word}\s*READY>", text):
            ready = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]
            assert ready, f"waited for {word}, got {text!r}"
            got += os.read(self.fd, 65536)
            text = re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[=>])", "", got.decode(errors="replace"))
        return re.sub(r"[\r\x07\x08]", "", text)

    def offers(self, line):
        """What is on the screen after that line and a tab; ^U takes the line back."""
        self.say(f"onekey-agent {line}\t\x15echo OV''ER\n")
        return self.read_until("OVER")

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture(name="terminal")
def fixture_terminal(folder):
    assert shutil.which("zsh"), "zsh is not installed: see packaging/install-deps.sh test"
    opened = Terminal(folder, f"compinit -u -d {folder}/home/dump",
                      f"source {script('zsh', folder)}")
    yield opened
    opened.close()


def test_zsh_completes(terminal):
    for why, words, offered, not_offered in ASKED:
        text = terminal.offers(" ".join(words)).replace("\\ ", " ")
        # The line as it was typed is on the screen too.
        not_offered = not_offered - set(words)
        assert all(word in text for word in offered), f"{why}: {text}"
        assert not not_offered & set(re.split(r"[ \n/]+", text)), f"{why}: {text}"


def test_zsh_tells_of_every_command_with_its_summary(folder, terminal):
    seen = terminal.offers("")
    assert {command.split()[0] for command in commands()} <= set(seen.split())


def test_zsh_finds_the_script_in_its_path_of_functions(folder):
    """As packages install it: a file _onekey-agent that compinit finds."""
    functions = folder / "functions"
    functions.mkdir()
    shutil.copy(script("zsh", folder), functions / "_onekey-agent")
    opened = Terminal(folder, f"fpath=({functions} $fpath)", f"compinit -u -d {folder}/home/dump")
    try:
        assert "--dry-run" in opened.offers("once --dry")
    finally:
        opened.close()


def test_another_shell_is_a_usage_error_that_names_those_there_are(folder):
    run = subprocess.run([BINARY, "completion", "tcsh"], capture_output=True, text=True,
                         timeout=SECONDS, env=environment(folder), check=False)

    assert (run.returncode, run.stdout) == (64, "")
    assert "bash|zsh|fish" in run.stderr
