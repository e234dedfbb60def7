#!/usr/bin/python3
"""Counts the tests of JUnit files, as ctest and pytest write them: prints "passed failed skipped".

A file that is missing, cut off or empty of tests counts as one failure: a run that ended before
it wrote its results has not passed.
"""

import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 0, 1, 0
    if not cases:
        print(f"{path}: no test was run", file=sys.stderr)
        return 0, 1, 0
    passed = failed = skipped = 0
    for case in cases:
        # ctest says "notrun" in an attribute, and for a test whose program is not there no more
        if case.find("failure") is not None or case.find("error") is not None \
                or case.get("status") in ("fail", "notrun"):
            failed += 1
        elif case.find("skipped") is not None or case.get("status") == "disabled":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


if __name__ == "__main__":
    print(*(sum(column) for column in zip(*map(count, sys.argv[1:]))))
