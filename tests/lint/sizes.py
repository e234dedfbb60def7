#!/usr/bin/python3
"""Functions, parameter lists and files stay small enough to be read at once.

Tables inside a function (`static const ... = {` to `};`) do not count as its lines.
"""

import re
import sys

from c_source import Finding, blank, files, report, root_of

FUNCTION_LINES = 60
PARAMETERS = 6
FILE_LINES = {".c": 600, ".h": 160}
# One test program per module, tables and helpers included; a header there is code, no interface.
TEST_FILE_LINES = 800
TABLE_START = re.compile(r"^\s+(?:static\s+)?const\b.*=\s*\{\s*$")
TABLE_HEAD = re.compile(r"^\s+static\s+const\s+struct\s*\w*\s*\{\s*$")


def signature_start(lines, brace):
    """The first line of the definition whose body opens on line `brace` (both from 0)."""
    at = brace
    while at > 0 and lines[at - 1].strip() and not lines[at - 1].startswith(("}", "#")) \
            and not lines[at - 1].rstrip().endswith((";", "*/")):
        at -= 1
    return at


def count_parameters(signature):
    """How many parameters the last parameter list at depth 0 has."""
    depth = commas = 0
    words = ""
    for char in signature:
        if char == "(":
            depth += 1
            if depth == 1:
                commas, words = 0, ""
                continue
        if char == ")":
            depth -= 1
        elif depth == 1:
            words += char
            commas += char == ","
        elif depth > 1:
            words += char
    return 0 if words.strip() in ("", "void") else commas + 1


def count_body(lines):
    """Lines without those of tables."""
    count = 0
    in_table = False
    for line in lines:
        if not in_table and (TABLE_START.match(line) or TABLE_HEAD.match(line)):
            in_table = True
        count += not in_table
        if in_table and line.rstrip().endswith("};"):
            in_table = False
    return count


def function_findings(path, text):
    # Raw lines only tell blank from comment; the blanked ones are what is looked at.
    lines = text.split("\n")
    found = []
    at = 0
    while at < len(lines):
        if lines[at].rstrip() != "{":
            at += 1
            continue
        start = signature_start(lines, at)
        end = next((i for i in range(at, len(lines)) if lines[i].startswith("}")), len(lines) - 1)
        signature = " ".join(lines[start:at])
        name = re.search(r"(\w+)\s*\(", signature)
        who = name[1] if name else "function"
        length = count_body(lines[start:end + 1])
        if length > FUNCTION_LINES:
            found.append(Finding(path, start + 1,
                                 f"{who} has {length} lines, at most {FUNCTION_LINES}"))
        if count_parameters(signature) > PARAMETERS:
            found.append(Finding(path, start + 1, f"{who} has {count_parameters(signature)} "
                                                  f"parameters, at most {PARAMETERS}"))
        at = end + 1
    return found


def findings(root):
    found = []
    for folder in ("agent", "tests"):
        for path in files(root / folder, "*.c", "*.h"):
            raw = path.read_text()
            limit = FILE_LINES[path.suffix] if folder == "agent" else TEST_FILE_LINES
            if raw.count("\n") > limit:
                found.append(Finding(path, limit + 1,
                                     f"{raw.count(chr(10))} lines, at most {limit}"))
            found += function_findings(path, blank(raw))
    return found


if __name__ == "__main__":
    ROOT = root_of(sys.argv)
    sys.exit(report(findings(ROOT), ROOT))
