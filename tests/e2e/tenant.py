"""A tenant with firmwares that others uploaded, and an agent that exports their SBOMs.

    def test_the_second_run_asks_for_no_more_than_it_must(agent):
        tenant = Tenant(agent, 5000, product="Product-{n}")
        tenant.export()
        files, mark = tenant.files(), agent.platform.counts()
        tenant.export()
        assert tenant.files() == files
        tenant.check_sums()

What the agent wrote is read here as a stranger would read it: json, csv, sha256sum.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from harness import Agent, Daemon, Finished, merge, sha256_of

#: For the export of 5,000 firmwares; a hang shows, a busy machine does not.
EXPORT_SECONDS = 120.0

INDEX_JSON, INDEX_CSV, SUMS = "index.json", "index.csv", "SHA256SUMS"
INDEXES = (INDEX_JSON, INDEX_CSV, SUMS)


def export_job(**keys: Any) -> Dict[str, Any]:
    """An element of `export:` that is due at midnight; keywords are laid upon it, None takes a key
    away: name, schedule, timezone, scope, filter, on_vanished, catch_up, spread."""
    usual = {"name": "nightly", "schedule": "@daily", "scope": "tenant", "spread": "0s"}
    return merge(usual, keys)


class Written(NamedTuple):
    """What tells whether a file was written anew, even with the same bytes."""

    inode: int
    mtime_ns: int
    sha256: str


class Tenant:
    """`count` firmwares on the agent's platform, and jobs in the agent's configuration.

    Keywords are those of StandIn.add_firmwares(); without any, each firmware has a product of its
    own. `jobs` are those of `export_job()`; one for the whole tenant unless given."""

    def __init__(self, agent: Agent, count: int = 1, *,
                 jobs: Optional[Sequence[Dict[str, Any]]] = None, **firmwares: Any) -> None:
        self.agent, self.platform = agent, agent.platform
        self.folder = agent.sboms
        self.ids: List[str] = []
        self.add(count, **firmwares)
        self.schedule(*(jobs if jobs is not None else [export_job()]))

    def add(self, count: int = 1, **keys: Any) -> List[str]:
        """More firmwares: {n} in their texts goes on where it was."""
        usual = {"name": "fw-{n}", "version": "1.{n}", "product": "Product-{n}", "vendor": "Acme",
                 "first": len(self.ids) + 1}
        fresh = self.platform.add_firmwares(count, **{**usual, **keys}) if count else []
        self.ids += fresh
        return fresh

    def schedule(self, *jobs: Dict[str, Any]) -> None:
        """The configuration has these jobs from now on."""
        self.agent.configure(export=list(jobs))

    # -- running it ------------------------------------------------------------------------------

    def export(self, *words: Any, code: int = 0, **keys: Any) -> Finished:
        """`sbom export`, which is to end with `code`; keywords as Agent.command()."""
        told = self.agent.command("sbom", "export", *words, **keys)
        assert told.code == code, repr(told)
        return told

    def counted(self, *words: Any, code: int = 0, **keys: Any) -> Dict[str, Any]:
        """The same with --json: what the one export that ran says of itself."""
        exports = self.export(*words, "--json", code=code, **keys).json()["exports"]
        assert len(exports) == 1, exports
        return dict(exports[0])

    def history(self, firmware_id: Optional[str] = None) -> List[Dict[str, Any]]:
        """`sbom history` of a firmware, the first one unless said."""
        return list(self.agent.json("sbom", "history", firmware_id or self.ids[0]))

    def start_export(self, *words: Any) -> Daemon:
        """The same in the background, to be killed on the way."""
        return self.agent.start("sbom", "export", *words)

    # -- what lies in the folder -----------------------------------------------------------------

    def files(self) -> Dict[str, Written]:
        """Every file below the folder, by relative path: equal to an earlier answer when none was
        written, touched, added or removed in between."""
        return {path: _written(self.folder / path) for path in self._paths()}

    def documents(self) -> Dict[str, Written]:
        """The same without the indexes."""
        return {path: seen for path, seen in self.files().items() if path not in INDEXES}

    def _paths(self) -> List[str]:
        return sorted(os.path.relpath(os.path.join(folder, name), self.folder)
                      for folder, _, names in os.walk(self.folder) for name in names)

    def rows(self) -> List[Dict[str, Any]]:
        """index.json: an object per document, in its order."""
        return list(json.loads((self.folder / INDEX_JSON).read_text(encoding="utf-8")))

    def row(self, firmware_id: str, format_name: str = "default") -> Dict[str, Any]:
        """The one of this firmware in this format."""
        found = [row for row in self.rows()
                 if (row["firmware_id"], row["format"]) == (firmware_id, format_name)]
        assert len(found) == 1, found
        return found[0]

    def document(self, firmware_id: str, format_name: str = "default") -> Path:
        """Where the index says that it lies."""
        return self.folder / self.row(firmware_id, format_name)["file"]

    def table(self) -> List[Dict[str, str]]:
        """index.csv by its own header, read strictly: no row is longer or shorter than that."""
        with open(self.folder / INDEX_CSV, encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, strict=True)
        assert len(set(header)) == len(header), header
        assert all(len(row) == len(header) for row in rows)
        return [dict(zip(header, row)) for row in rows]

    def sums(self) -> Dict[str, str]:
        """SHA256SUMS: path to digest."""
        lines = (self.folder / SUMS).read_text(encoding="utf-8").split("\n")
        assert lines.pop() == ""
        found = dict(map(_sum, lines))
        assert len(found) == len(lines), "a file is listed twice"
        return found

    def check_sums(self) -> "subprocess.CompletedProcess[str]":
        """`sha256sum -c` has nothing to say against the folder, warnings included."""
        done = self.try_sums()
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done

    def try_sums(self) -> "subprocess.CompletedProcess[str]":
        """`sha256sum -c`, whatever comes of it."""
        return subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS],
                              cwd=self.folder, capture_output=True, text=True, timeout=120,
                              errors="replace", env={"PATH": os.environ["PATH"], "LC_ALL": "C"})

    def assert_whole(self, count: Optional[int] = None) -> None:
        """SHA256SUMS proves the folder and lists all of it, once; nothing is left of an unfinished
        write. `count`: so many documents."""
        self.check_sums()
        paths = set(self._paths())
        assert set(self.sums()) == paths - {SUMS}
        if count is not None:
            assert len(paths - set(INDEXES)) == count

    # -- the other side --------------------------------------------------------------------------

    def mark(self) -> "Mark":
        """Now, to be asked later what happened since."""
        return Mark(self)

    def served(self) -> Dict[str, List[str]]:
        """The digests of the documents that the platform served of each firmware, oldest first."""
        found: Dict[str, List[str]] = {}
        for download in self.platform.state()["sbom_downloads"]:
            found.setdefault(download["firmware_id"], []).append(download["sha256"])
        return found


class Mark:
    """What the platform saw from here on."""

    def __init__(self, tenant: Tenant) -> None:
        self._platform = tenant.platform
        self._counts = self._platform.counts()
        self._downloads = len(self._platform.state()["sbom_downloads"])

    def counts(self) -> Dict[str, int]:
        """The requests, as StandIn.counts() tells them."""
        return self._platform.counts(self._counts)

    def served(self) -> List[str]:
        """The firmware of each document, in the order in which they were served."""
        return [one["firmware_id"]
                for one in self._platform.state()["sbom_downloads"][self._downloads:]]


def _sum(line: str) -> "tuple[str, str]":
    """Path and digest: sha256sum(1) escapes a name in a line that begins with a backslash."""
    path = line.lstrip("\\")[66:]
    if line.startswith("\\"):
        path = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), path)
    return path, line.lstrip("\\")[:64]


def _written(path: Path) -> Written:
    status = path.lstat()
    digest = (hashlib.sha256(os.readlink(path).encode()).hexdigest() if path.is_symlink()
              else sha256_of(path))
    return Written(status.st_ino, status.st_mtime_ns, digest)
