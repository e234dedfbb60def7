#!/usr/bin/python3
"""Migrations are numbered without gaps, and one that was released never changes.

migrations/*.sql is compared with released_migrations.sha256 beside this file; a release adds
its lines there, as `sha256sum` prints them: `cd migrations && sha256sum *.sql`.
"""

import hashlib
import re
import sys

from c_source import Finding, files, report, root_of

NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


def numbering(paths):
    found = []
    for expected, path in enumerate(paths, 1):
        match = NAME.fullmatch(path.name)
        if not match:
            found.append(Finding(path, 1, "want NNNN_name.sql"))
        elif int(match[1]) != expected:
            found.append(Finding(path, 1, f"want number {expected:04}"))
    return found


def released(root):
    """Name and digest of each released migration, with the line that says so."""
    path = root / "tests" / "lint" / "released_migrations.sha256"
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            digest, name = line.split()
            yield path, number, name, digest


def findings(root):
    folder = root / "migrations"
    paths = files(folder, "*.sql")
    found = numbering(paths)
    if not paths:
        found.append(Finding(folder, 1, "no migration"))
    for path, number, name, digest in released(root):
        if not (folder / name).is_file():
            found.append(Finding(path, number, f"{name} was released and is gone"))
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
            found.append(Finding(folder / name, 1, "was released and has changed: add a new one"))
    return found


if __name__ == "__main__":
    ROOT = root_of(sys.argv)
    sys.exit(report(findings(ROOT), ROOT))
