"""What all lints here share: the C files of a tree, their text without comments and strings,
and how findings are printed.

The code of this project is formatted by clang-format, so a function's opening and closing
brace stand alone in column 0. That makes lints of a page possible where others need a parser.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_TOKENS = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""",
    re.DOTALL,
)
_INCLUDE = re.compile(r"^\s*#\s*include\b.*$", re.MULTILINE)


class Finding:
    """One broken rule, printed as file:line: reason."""

    def __init__(self, path, line, reason):
        self.path, self.line, self.reason = path, line, reason

    def __str__(self):
        return f"{self.path}:{self.line}: {self.reason}"


def files(root, *patterns):
    """All files below root that fit, in a stable order."""
    return sorted({path for pattern in patterns for path in root.rglob(pattern)})


def layer_of(path, agent):
    """The folder below agent/ that a file lies in; for a file beside the folders, its name."""
    return path.relative_to(agent).parts[0]


def blank(text):
    """The text with comments and the insides of literals as blanks; every line keeps its number.

    Include lines stay as they are: their quotes name a file.
    """
    includes = [match.span() for match in _INCLUDE.finditer(text)]

    def replace(match):
        if match["text"] and any(at <= match.start() < end for at, end in includes):
            return match[0]
        inside = re.sub(r"[^\n]", " ", match[0])
        return match[0][0] + inside[1:-1] + match[0][-1] if match["text"] else inside

    return _TOKENS.sub(replace, text)


def line_at(text, offset):
    return text.count("\n", 0, offset) + 1


def root_of(arguments):
    """The tree to look at: the first argument, else this repository."""
    return Path(arguments[1]).resolve() if len(arguments) > 1 else ROOT


def report(findings, root):
    """Print findings relative to root; the exit status."""
    for finding in findings:
        if finding.path.is_relative_to(root):
            finding.path = finding.path.relative_to(root)
        print(finding, file=sys.stderr)
    return 1 if findings else 0
