"""The commands and options of the program, as its own help tells of them.

    sections()                    {"The agent": ["run", "once", ...], ...}
    options("token check")        {"--online": None, "--wait-timeout": "TIME", ...}

Read from the binary under test, so that a test of manuals, completions or schemas goes over what
there is, not over a list that somebody forgot to extend.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
from typing import Dict, List, Optional

from harness import BINARY

#: What begins a line of the two heads that are no section of commands.
GLOBAL_HEAD = "Global options"


def plain_environment(**more: str) -> Dict[str, str]:
    """Nobody's own settings; what a sanitizer is told is handed on."""
    kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    return {**kept, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **more}


@functools.lru_cache(maxsize=None)
def help_text(*words: str) -> str:
    """Its standard output; anything on the other stream or another exit code is a mistake."""
    run = subprocess.run([BINARY, *words, "--help"], capture_output=True, text=True, timeout=60,
                         env=plain_environment(), check=False)
    assert (run.returncode, run.stderr) == (0, ""), f"{words}: {run}"
    return run.stdout


def _expand(row: str) -> List[str]:
    """"config check|show" and "sbom COMMAND" are more than one."""
    family, _, rest = row.partition(" ")
    if rest == "COMMAND":
        listed = help_text(family).split("\nCommands:\n")[1]
        return re.findall(rf"^  ({family} [a-z-]+)", listed, re.M)
    return [f"{family} {word}" for word in rest.split("|")] if rest else [row]


@functools.lru_cache(maxsize=None)
def sections() -> Dict[str, List[str]]:
    found: Dict[str, List[str]] = {}
    head = ""
    for line in help_text().splitlines():
        if line.startswith(GLOBAL_HEAD):
            break
        if re.match(r"[A-Z].*:$", line):
            head = line[:-1]
        row = re.match(r"  ([a-z][a-z-]*(?: (?:[a-z|-]+|COMMAND))?)(?:  |$)", line)
        if row:
            found.setdefault(head, []).extend(_expand(row[1]))
    return found


def commands() -> List[str]:
    return [command for listed in sections().values() for command in listed]


def _values(words: str) -> Dict[str, Optional[str]]:
    """"-c, --config FILE  --json" as {"-c": "FILE", "--config": "FILE", "--json": None}."""
    found: Dict[str, Optional[str]] = {}
    for entry in re.split(r"  +", words.strip()):
        names = re.match(r"((?:-\w, )?--[a-z-]+)(?: (\S+))?$", entry)
        if names:
            found.update(dict.fromkeys(names[1].split(", "), names[2]))
    return found


def options(command: str) -> Dict[str, Optional[str]]:
    """A command's own, each with the word that stands for its value."""
    _, _, listed = help_text(*command.split()).partition("\nOptions:\n")
    found: Dict[str, Optional[str]] = {}
    for line in listed.partition("\n\n")[0].splitlines():
        if line.startswith("  -"):
            found.update(_values(re.split(r"(?<=\S)  ", line.strip())[0]))
    return found


def global_options() -> Dict[str, Optional[str]]:
    listed = help_text().partition("\n" + GLOBAL_HEAD)[2].partition("\n")[2].partition("\n\n")[0]
    return _values(listed.replace("\n", "  "))
