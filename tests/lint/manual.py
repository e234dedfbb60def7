#!/usr/bin/python3
"""The manual is well-formed, its pages know each other, onekey-agent.yaml(5) tells of every key.

packaging/man/*.scd is turned into pages by scdoc; groff finds what is wrong with them. The keys are
those of config/onekey-agent.yaml, its examples included. What the program itself says (commands,
options, their values) is compared by tests/e2e/test_manual.py, which has a program to ask.
"""

import re
import subprocess
import sys

import yaml

from c_source import Finding, files, report, root_of

PARTS = ["NAME", "SEE ALSO", "EXAMPLES"]
TERM = re.compile(r"\*(?P<names>[^*]+(?:\*, \*[^*]+)*)\*(?: _(?P<value>[^_]\S*)_)?$")


class Page:
    """One page's source: its title, and what it defines below which heading."""

    def __init__(self, path):
        self.path = path
        self.lines = path.read_text().splitlines()
        self.title = self.lines[0].split(" ")[0] if self.lines else ""
        self.headings = []
        #: (heading, name of the term, value or None, number of its line)
        self.terms = []
        self._read()

    def _read(self):
        heading, literal = "", False
        for number, line in enumerate(self.lines, 1):
            literal ^= line == "```"
            following = self.lines[number] if number < len(self.lines) else ""
            term = TERM.match(line)
            if not literal and re.match(r"##? ", line):
                heading = line.lstrip("# ")
                self.headings.append(heading)
            elif not literal and term and following.startswith("\t"):
                for name in term["names"].split("*, *"):
                    self.terms.append((heading, name, term["value"], number))

    def defined(self, heading):
        """Names and values of the terms below a heading."""
        return {name: value for where, name, value, _ in self.terms if where == heading}


def pages(root):
    return [Page(path) for path in files(root / "packaging" / "man", "*.scd")]


# --- the configuration's keys -------------------------------------------------------------------


def uncomment(text):
    """The sample with its examples in force: a "#" that is not followed by one blank."""
    return re.sub(r"^( *)#(?! \S|\n)", r"\1", text, flags=re.MULTILINE)


def key_paths(node, path=""):
    """"watch[].metadata.vendor" and the like: what holds a value that is no mapping."""
    if isinstance(node, dict):
        return {found for key, value in node.items()
                for found in key_paths(value, f"{path}.{key}" if path else str(key))}
    if isinstance(node, list) and any(isinstance(entry, dict) for entry in node):
        return {found for entry in node for found in key_paths(entry, f"{path}[]")}
    return {path}


def sample_keys(root):
    text = uncomment((root / "config" / "onekey-agent.yaml").read_text())
    return key_paths(yaml.load(text, Loader=yaml.BaseLoader))  # to others "on" is a boolean


def compare_keys(page, wanted):
    told = {name: number for _, name, _, number in page.terms}
    return [*(Finding(page.path, 1, f"{key} is not told of") for key in sorted(wanted - set(told))),
            *(Finding(page.path, told[key], f"{key} is no key")
              for key in sorted(set(told) - wanted))]


# --- each page ----------------------------------------------------------------------------------


def shape(page):
    found = []
    name = page.path.name.removesuffix(".scd")
    if page.title != "{}({})".format(*name.rsplit(".", 1)):
        found.append(Finding(page.path, 1, f"want the title of {name}"))
    found += [Finding(page.path, 1, f"no part {part}") for part in PARTS
              if part not in page.headings]
    seen = set()
    for heading, term, _, number in page.terms:
        if (heading, term) in seen:
            found.append(Finding(page.path, number, f"{term} is told of twice"))
        seen.add((heading, term))
    return found


def references(page, titles):
    found = []
    for number, line in enumerate(page.lines, 1):
        found += [Finding(page.path, number, f"there is no {name}({section})")
                  for name, section in re.findall(r"\*(onekey-agent[a-z.-]*)\*\((\d)\)", line)
                  if f"{name}({section})" not in titles]
    return found


def formatted(page):
    """What scdoc and groff have to say. Lines are scdoc's, or those of the page it made."""
    made = subprocess.run(["scdoc"], input=page.path.read_bytes(), capture_output=True, check=False)
    if made.returncode != 0:
        return [Finding(page.path, 1, made.stderr.decode(errors="replace").strip())]
    seen = subprocess.run(["groff", "-ww", "-t", "-man", "-Tutf8", "-z"], input=made.stdout,
                          capture_output=True, check=False)
    return [Finding(page.path, 1, line) for line in seen.stderr.decode().splitlines()]


def findings(root):
    all_pages = pages(root)
    titles = {page.title for page in all_pages}
    found = [] if all_pages else [Finding(root / "packaging" / "man", 1, "no page")]
    for page in all_pages:
        found += [*shape(page), *references(page, titles), *formatted(page)]
        if page.title == "onekey-agent.yaml(5)":
            found += compare_keys(page, sample_keys(root))
    return found


if __name__ == "__main__":
    ROOT = root_of(sys.argv)
    sys.exit(report(findings(ROOT), ROOT))
