#!/usr/bin/env python3
"""Runs the examples that the help of commands prints, as printed: examples.py.

Chance and searches are cut short (--replicas, --risk, --limit), all else is kept; the files that examples speak of are
made from those of the repository. A figure that is expected may be missed, a strict order may be late; any other exit
code than 0 is a failure. COLOSSUS_EXE names the command, COLOSSUS_SOURCE_ROOT the source tree.
"""

import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ.get("COLOSSUS_SOURCE_ROOT", pathlib.Path(__file__).resolve().parent.parent.parent))
EXE = os.environ.get("COLOSSUS_EXE", str(ROOT / "build" / "colossus"))
COMMANDS = ("build", "order", "cost", "schedule")
FILES = {
    "build": {"my.yaml": "scenarios/colossus-1.yaml"},
    "order": {"my.yaml": "scenarios/chip-allocation.yaml"},
    "cost": {"my.yaml": "scenarios/colossus-1.yaml"},
    "schedule": {
        "hall.xml": "tests/fuzz/corpus/project_xml/hall.xml",
        "hall.csv": "tests/fuzz/corpus/project/site.csv",
        "j120.sm": "tests/fuzz/corpus/project/modes.sm",
    },
}
SHORT = {"--replicas": "20", "--risk": "20", "--limit": "1"}
TIMEOUT = 120


def examples_of(command):
    text = subprocess.run([EXE, command, "--help"], capture_output=True, text=True, check=True).stdout
    part = text.split("\nExamples:\n", 1)[1].split("\n\n", 1)[0]
    return [line.strip() for line in part.splitlines()]


def words_of(command, example):
    words = shlex.split(example, comments=True)
    assert words[:2] == ["colossus", command], example
    words = words[1:]
    for option, value in SHORT.items():
        if option in words:
            words[words.index(option) + 1] = value
    if command != "schedule" and "--replicas" not in words:
        words += ["--replicas", SHORT["--replicas"]]
    return words


def run(command, example):
    words = words_of(command, example)
    allowed = {0} | ({3} if "--expect" in words else set()) | ({1} if "--strict" in words else set())
    with tempfile.TemporaryDirectory() as folder:
        for name, source in FILES[command].items():
            shutil.copy(ROOT / source, pathlib.Path(folder) / name)
        ran = subprocess.run([EXE] + words, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT)
    if ran.returncode in allowed and ran.stdout + ran.stderr:
        return True
    print(f"{example}\n  exit code {ran.returncode}: {ran.stderr.strip()}")
    return False


def main():
    failed = ran = 0
    for command in COMMANDS:
        examples = examples_of(command)
        assert examples, command
        for example in examples:
            ran += 1
            failed += not run(command, example)
    print(f"{ran} examples, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
