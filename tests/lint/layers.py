#!/usr/bin/python3
"""A folder of agent/ includes only itself and what its line below names."""

import re
import sys

from c_source import Finding, blank, files, layer_of, report, root_of

ALL = {"base", "config", "store", "net", "watch", "job", "sbom", "onekey", "flow"}
ALLOWED = {
    "base": set(),
    "config": {"base"},
    "store": {"base"},
    "net": {"base"},
    "watch": {"base"},
    "job": {"base"},
    "sbom": {"base"},
    # net/ for nothing but the address rule and the verdict types; it decodes, it does not send
    "onekey": {"base", "net"},
    "flow": {"base", "job", "onekey", "net", "store", "sbom", "watch"},
    # what the agent says and does when it is asked; it does not know who runs it
    "control": {"base", "store", "flow"},
    "run": ALL | {"control"},
    # what a build server wants to know of a firmware; it decodes and judges, it does not ask
    "ci": {"base", "onekey"},
    "cli": ALL | {"control", "run", "ci"},
    "main.c": {"cli"},
}
# A library is known to one folder, so that it can be replaced there.
LIBRARIES = {
    "curl/": {"net"},
    "sqlite3.h": {"store"},
    "expat.h": {"sbom"},
    "pcre2.h": {"watch"},
    "yaml.h": {"base"},
    "openssl/": {"base"},
}
# `--version` tells the versions of all of them.
KNOWS_LIBRARIES = "cli/version.c"
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def wrong_include(layer, quote, name, knows_libraries):
    """Why this include is wrong, or None."""
    if quote == '"':
        other = name.partition("/")[0]
        if "/" not in name:
            return f'include "{name}" by its path below agent/'
        if other != layer and other not in ALLOWED[layer]:
            return f"{layer} may not include {other}/"
        return None
    for prefix, layers in LIBRARIES.items():
        if name.startswith(prefix) and layer not in layers and not knows_libraries:
            return f"<{name}> belongs to {' and '.join(sorted(layers))}/"
    return None


def findings(root):
    agent = root / "agent"
    found = []
    for path in files(agent, "*.c", "*.h", "*.def"):
        layer = layer_of(path, agent)
        text = blank(path.read_text())
        if layer not in ALLOWED:
            found.append(Finding(path, 1, f"no layer is called {layer}; layers.py names them all"))
            continue
        for match in INCLUDE.finditer(text):
            reason = wrong_include(layer, match[1], match[2],
                                   path.relative_to(agent).as_posix() == KNOWS_LIBRARIES)
            if reason:
                found.append(Finding(path, text.count("\n", 0, match.start(1)) + 1, reason))
    return found


if __name__ == "__main__":
    ROOT = root_of(sys.argv)
    sys.exit(report(findings(ROOT), ROOT))
