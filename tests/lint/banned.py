#!/usr/bin/python3
"""Calls that are banned everywhere, and calls that belong to one folder.

A row: what to look for, the folders or files that may, and the reason that is printed.
"""

import re
import sys

from c_source import Finding, blank, files, layer_of, line_at, report, root_of

NOBODY = ()


def call(names):
    return re.compile(rf"\b(?:{names})\s*\(")


RULES = [
    (call("v?sprintf|strcpy|strcat|strncpy|stpcpy|gets"), NOBODY,
     "no bound, or a bound that is easily wrong: snprintf, struct buf or xasprintf"),
    (call("strtok"), NOBODY, "keeps hidden state and eats empty fields"),
    (call("atoi|atol|atoll|atof"), NOBODY, "cannot tell an error from 0: base/units.h or strtoll"),
    (call("gmtime|localtime|ctime|asctime"), NOBODY,
     "answers in shared memory: base/clock.h or the _r form"),
    (call("strerror"), NOBODY, "answers in shared memory: err_sys() or strerrordesc_np()"),
    (call("system|popen"), NOBODY, "starts a shell: uv_spawn with an argument list"),
    (call("s?rand|random|drand48"), NOBODY, "predictable: uv_random or getrandom"),
    (call("tmpnam|tempnam|mktemp"), NOBODY, "a race: base/publish.h"),
    (call("alloca|setjmp|longjmp"), NOBODY, "outruns auto_ cleanup or the stack"),
    (re.compile(r"\bgoto\b"), NOBODY, "auto_ cleanup instead of ladders"),
    (re.compile(r"\btypedef\s+(?:struct|union|enum)\b"), NOBODY,
     "a struct is called struct; only function types get a typedef"),
    (call("malloc|calloc|realloc|reallocarray|strdup|strndup|asprintf"), ("base",),
     "base/mem.h, which ends the program when there is no memory"),
    (re.compile(r"\bsqlite3_\w+"), ("store", "cli/version.c"), "all SQL is in store/"),
    (re.compile(r"\bcurl_\w+"), ("net", "cli/version.c"), "libcurl is known to net/ only"),
    (call("uv_run"), ("run", "cli", "main.c"), "the loop is run in one place"),
    (call("secret_reveal"), ("net", "base/secret.c", "base/secret.h"),
     "secrets come out only where a request is made"),
    # the others open what their configuration or their own state directory names
    (call("open(?:at2?)?|fopen"), ("base", "store", "config", "net", "control", "run", "cli",
                                 "watch/walk.c"),
     "names in a watched tree are opened by base/beneath.h, which no symlink leads out of"),
]
# A definition at file scope that is neither const nor a function.
MUTABLE = re.compile(r"^static\s+(?!inline\b|const\b)(?![^;={]*\bconst\b)[^;(){]*[;=]", re.MULTILINE)


def may(path, agent, allowed):
    name = path.relative_to(agent).as_posix()
    return layer_of(path, agent) in allowed or name in allowed


def findings(root):
    agent = root / "agent"
    found = []
    for path in files(agent, "*.c", "*.h"):
        text = blank(path.read_text())
        for pattern, allowed, reason in RULES:
            if may(path, agent, allowed):
                continue
            for match in pattern.finditer(text):
                what = match[0].rstrip("( ")
                found.append(Finding(path, line_at(text, match.start()), f"{what}: {reason}"))
        for match in MUTABLE.finditer(text):
            found.append(Finding(path, line_at(text, match.start()),
                                 "state at file scope: it belongs to an owner"))
    return sorted(found, key=lambda finding: (finding.path, finding.line))


if __name__ == "__main__":
    ROOT = root_of(sys.argv)
    sys.exit(report(findings(ROOT), ROOT))
