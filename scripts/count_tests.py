#!/usr/bin/env python3
"""Counts the tests in a Meson test log: count_tests.py testlog.json.

cmocka prints a line per test of a binary; a binary or script that prints none counts as one. Prints what failed, then one
line "PASSED FAILED SKIPPED".
"""

import json
import re
import sys

OK = re.compile(r"^\[       OK \] (\S+)", re.M)
FAILED = re.compile(r"^\[  FAILED  \] ([A-Za-z_]\w*)\s*$", re.M)
SKIPPED = re.compile(r"^\[  SKIPPED \] ([A-Za-z_]\w*)\s*$", re.M)
TAIL = 40  # lines of a failed test's output to show


def count(test):
    """(passed, failed, skipped) of one Meson test."""
    output = test.get("stdout", "") + "\n" + test.get("stderr", "")
    passed, failed, skipped = len(OK.findall(output)), len(set(FAILED.findall(output))), len(set(SKIPPED.findall(output)))
    result = test["result"]
    if result in ("OK", "EXPECTEDFAIL"):
        if passed + failed + skipped == 0:
            passed = 1
    elif result == "SKIP":
        skipped = max(skipped, 1)
    else:
        failed = max(failed, 1)  # a crash or a timeout names no test
    return passed, failed, skipped


def main():
    total = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            numbers = count(test)
            total = [a + b for a, b in zip(total, numbers)]
            if numbers[1]:
                print(f"--- {test['name']}: {test['result']}")
                output = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
                print("\n".join(output[-TAIL:]))
    print(*total)


if __name__ == "__main__":
    main()
