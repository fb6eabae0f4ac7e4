#!/usr/bin/env python3
"""Runs the command and compares what it prints: run.py [--update] [CASE...].

A case is a file cases/NAME.txt: lines of settings, then sections.

    $ colossus run bad.yaml          the command line (shell words; run in an empty folder)
    exit: 2                          expected exit code, default 0
    tolerance: 1e-6                  relative, for every number of the output
    generate: deep.yaml              a file that a generator below writes
    stdout-to: /dev/full             where stdout goes instead of to the comparison; `nobody` = a pipe without reader
    check: result                    a check below, of stdout as a whole
    same-as: colossus run good.yaml  another command line, which must print the same to stdout
    --- file bad.yaml                a file of the folder, up to the next section
    --- stdout                       expected lines; left out: not compared
    --- stderr                       the same; left out: must be empty
    --- written out/report.txt       expected text of a file that the command wrote

`...` alone on a line stands for any number of lines, inside a line for any text; @VERSION@ is the version of the build.
Numbers compare with the tolerance, everything else exactly. --update records what the command prints now, but keeps a
section that still matches. COLOSSUS_EXE names the command, COLOSSUS_SOURCE_ROOT the source tree.
"""

import json
import math
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = pathlib.Path(os.environ.get("COLOSSUS_SOURCE_ROOT", HERE.parent.parent))
EXE = os.environ.get("COLOSSUS_EXE", str(ROOT / "build" / "colossus"))
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?")
TIMEOUT = 120


class Different(Exception):
    pass


class Case:
    def __init__(self, path):
        self.path = path
        self.command, self.settings, self.sections = None, [], []
        section = None
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("--- "):
                section = (line[4:].strip(), [])
                self.sections.append(section)
            elif section is not None:
                section[1].append(line)
            elif line.startswith("$ "):
                self.command = line[2:]
            elif line.strip() and not line.startswith("#"):
                name, colon, value = line.partition(":")
                if not colon:
                    sys.exit(f"{path}: what is '{line}'?")
                self.settings.append((name.strip(), value.strip()))
        if self.command is None:
            sys.exit(f"{path}: no line with '$ colossus ...'")

    def setting(self, name, otherwise=None):
        return next((value for key, value in self.settings if key == name), otherwise)

    def section(self, name):
        return next((lines for key, lines in self.sections if key == name), None)


# --- generated files ----------------------------------------------------------------------------------------------------


def write_big(path):
    with path.open("wb") as file:
        for _ in range(17 * 1024):
            file.write(b"#" + b"x" * 1022 + b"\n")


GENERATORS = {
    "big.yaml": write_big,
    "deep.yaml": lambda path: path.write_text("name: " + "[" * 200 + "]" * 200 + "\n"),
    "latin1.yaml": lambda path: path.write_bytes(b"name: caf\xe9\n"),
    "nul.yaml": lambda path: path.write_bytes(b"name: a\0b\n"),
    "folder.yaml": lambda path: path.mkdir(),
}

# --- checks of a whole output ---------------------------------------------------------------------------------------------


def check_result(text):
    """The JSON of a run: its structure, units and bands."""
    result = json.loads(text, parse_constant=lambda word: sys.exit(f"{word} in the JSON of a result"))
    wanted = ["schema_version", "quantities", "facts", "series", "warnings", "assumptions"]
    if list(result) != wanted:
        return f"members are {list(result)}, expected {wanted}"
    for name, quantity in result["quantities"].items():
        if set(quantity) != {"value", "unit", "low", "high", "doc"} or not quantity["doc"]:
            return f"{name} has {quantity}"
        low, value, high = quantity["low"], quantity["value"], quantity["high"]
        if not all(math.isfinite(number) for number in (low, value, high)) or not low <= value <= high:
            return f"{name}: {low} <= {value} <= {high} does not hold"
    parts = [q["value"] for name, q in result["quantities"].items() if name.startswith("training.part.")]
    step = result["quantities"]["training.step_time"]["value"]
    if abs(sum(parts) - step) > 1e-9 * step:
        return f"the parts of the step add up to {sum(parts)}, the step takes {step}"
    return None


def check_study(text):
    """The JSON of a network study: its structure, units, bands and series."""
    result = json.loads(text, parse_constant=lambda word: sys.exit(f"{word} in the JSON of a study"))
    for name in ("quantities", "facts", "series", "warnings"):
        if name not in result:
            return f"no {name}"
    for name, quantity in result["quantities"].items():
        if set(quantity) != {"value", "unit", "low", "high", "doc"} or not quantity["doc"]:
            return f"{name} has {quantity}"
        if not math.isfinite(quantity["value"]):
            return f"{name} is {quantity['value']}"
    for name in ("bisection", "permutation.mean", "permutation.worst", "permutation.share", "ring.mean", "all_reduce.time_1GiB",
                 "failure.leaf_link.worst", "failure.spine.worst", "heat.leaf_up.max", "switches", "cables.copper"):
        if f"network.{name}" not in result["quantities"]:
            return f"no network.{name}"
    for name, series in result["series"].items():
        if len(series["x"]) != len(series["y"]) or sorted(series["x"]) != series["x"] or min(series["y"]) <= 0:
            return f"{name} is no series of times"
    return None


def check_why(text):
    """The JSON of an explanation: shares add up, every change has a gain or a reason, every input a title and a slope."""
    result = json.loads(text, parse_constant=lambda word: sys.exit(f"{word} in the JSON of an explanation"))
    quantities, facts = result["quantities"], result["facts"]
    for prefix in ("why.share.", "why.group."):
        total = sum(q["value"] for name, q in quantities.items() if name.startswith(prefix))
        if abs(total - 1) > 1e-9:
            return f"{prefix}* add up to {total}"
    moves = [name.rsplit(".", 1)[0] for name in quantities if name.startswith("why.move.") and name.endswith(".possible")]
    for move in moves:
        if (f"{move}.gain" in quantities) == (f"{move}.impossible" in facts) or f"{move}.title" not in facts:
            return f"{move} has a gain and a reason, or neither"
        if quantities[f"{move}.possible"]["value"] != (f"{move}.gain" in quantities):
            return f"{move}.possible is wrong"
    inputs = [name.rsplit(".", 1)[0] for name in quantities if name.startswith("why.input.") and name.endswith(".effect")]
    for name in inputs:
        if f"{name}.title" not in facts or f"{name}.elasticity" not in quantities:
            return f"{name} has no title or no elasticity"
    if len(moves) < 10 or len(inputs) < 10 or "why.answer_1" not in facts:
        return f"{len(moves)} changes, {len(inputs)} inputs"
    return None


def check_page(text):
    """A report for people: 30 lines of 100 columns, no number that is none."""
    lines = text.splitlines()
    wide = [line for line in lines if len(line) > 100]
    if len(lines) > 30 or wide:
        return f"{len(lines)} lines, too wide: {wide}"
    found = re.search(r"\b(nan|inf|-?nan|\(null\))\b", text)
    return f"'{found.group(0)}' in the report" if found else None


def check_json(text):
    json.loads(text)


def check_roff(text):
    """Control characters of roff stand only where they are meant."""
    bad = [line for line in text.splitlines() if re.match(r"['.](?!(TH|SH|SS|TP|PP|B|I|EX|EE)\b)", line)]
    return f"odd lines: {bad[:3]}" if bad else None


def check_shell(shell):
    def check(text):
        try:
            done = subprocess.run([shell, "-n"], input=text, text=True, capture_output=True, timeout=TIMEOUT)
        except FileNotFoundError:
            return None  # the shell is not here
        return done.stderr or None

    return check


CHECKS = {
    "result": check_result,
    "study": check_study,
    "why": check_why,
    "page": check_page,
    "json": check_json,
    "roff": check_roff,
    "bash": check_shell("bash"),
    "zsh": check_shell("zsh"),
    "fish": check_shell("fish"),
}

# --- comparison -----------------------------------------------------------------------------------------------------------


def line_pattern(expected):
    """A regular expression with a group for every number, and these numbers."""
    pattern, numbers, at = "", [], 0
    for match in re.finditer(NUMBER.pattern + r"|\.\.\.", expected):
        pattern += re.escape(expected[at : match.start()])
        if match.group(0) == "...":
            pattern += ".*"
        else:
            pattern += "(" + NUMBER.pattern + ")"
            numbers.append(match.group(0))
        at = match.end()
    return pattern + re.escape(expected[at:]), numbers


def value(text):
    return float(text.replace(",", ""))


def same_line(expected, got, tolerance):
    if expected == got:
        return True
    pattern, numbers = line_pattern(expected)
    match = re.fullmatch(pattern, got)
    return match is not None and all(
        math.isclose(value(a), value(b), rel_tol=tolerance) for a, b in zip(numbers, match.groups())
    )


def same_lines(expected, got, tolerance):
    """`...` matches any number of lines: remembers from where to try again."""
    i = j = 0
    star = retry = None
    while j < len(got):
        if i < len(expected) and expected[i].strip() == "...":
            i += 1
            star, retry = i, j
        elif i < len(expected) and same_line(expected[i], got[j], tolerance):
            i, j = i + 1, j + 1
        elif star is not None:
            retry += 1
            i, j = star, retry
        else:
            return False
    return all(line.strip() == "..." for line in expected[i:])


def expand(lines):
    return [line.replace("@VERSION@", os.environ.get("COLOSSUS_VERSION", "...")) for line in lines]


# --- running --------------------------------------------------------------------------------------------------------------


def environment():
    kept = {key: text for key, text in os.environ.items() if key not in ("NO_COLOR", "TERM", "LANG", "LANGUAGE")}
    return {**kept, "LC_ALL": "C", "TERM": "dumb"}


def open_target(target):
    if target != "nobody":
        return open(target or os.devnull, "wb")
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb")


def run(command, folder, stdout):
    return subprocess.run(
        [EXE, *shlex.split(command)[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment(),
        timeout=TIMEOUT,
    )


def execute(case):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, lines in case.sections:
            if name.startswith("file "):
                path = folder / name[5:]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        for name, text in case.settings:
            if name == "generate":
                GENERATORS[text](folder / text)
        target, other = case.setting("stdout-to"), case.setting("same-as")
        with open_target(target) as elsewhere:
            done = run(case.command, folder, elsewhere if target else subprocess.PIPE)
        if other and run(other, folder, subprocess.PIPE).stdout != done.stdout:
            raise Different(f"stdout is not that of {other}")
        texts = {"stdout": (done.stdout or b"").decode("utf-8", "replace"), "stderr": done.stderr.decode("utf-8", "replace")}
        for name, _ in case.sections:
            if name.startswith("written "):
                path = folder / name[len("written ") :]
                texts[name] = path.read_text(encoding="utf-8") if path.is_file() else "(no such file)"
        return done.returncode, texts


def compare(case, code, texts):
    """What differs, as lines of text."""
    tolerance = float(case.setting("tolerance", "1e-6"))
    wrong = []
    if code != int(case.setting("exit", "0")):
        wrong.append(f"exit code {code}, expected {case.setting('exit', '0')}")
    for name, got in texts.items():
        expected = case.section(name)
        if expected is None and name == "stdout":
            continue
        if not same_lines(expand(expected or []), got.splitlines(), tolerance):
            wrong += [f"{name} is:", *("  " + line for line in got.splitlines()[:40])]
            wrong += ["expected:", *("  " + line for line in expand(expected or [])[:40])]
    for name, check in case.settings:
        problem = CHECKS[check](texts["stdout"]) if name == "check" else None
        if problem:
            wrong.append(f"check {check}: {problem}")
    return wrong


def update(case, code, texts):
    """Writes the case again with what the command prints now."""
    lines = [f"$ {case.command}"]
    lines += [f"exit: {code}"] if code else []
    lines += [f"{name}: {text}" for name, text in case.settings if name != "exit"]
    sections = [(name, body) for name, body in case.sections if name.startswith("file ")]
    for name, got in texts.items():
        expected = case.section(name)
        tolerance = float(case.setting("tolerance", "1e-6"))
        if expected is not None and same_lines(expand(expected), got.splitlines(), tolerance):
            sections.append((name, expected))
        elif got and (expected is not None or name == "stderr"):
            sections.append((name, got.splitlines()))
    comments = [line for line in case.path.read_text(encoding="utf-8").splitlines() if line.startswith("# ")][:1]
    for name, body in sections:
        lines += [f"--- {name}", *body]
    case.path.write_text("\n".join(comments + lines) + "\n", encoding="utf-8")


def main():
    arguments = sys.argv[1:]
    updating = "--update" in arguments
    names = [name for name in arguments if name != "--update"]
    paths = sorted((HERE / "cases").glob("*.txt"))
    chosen = [path for path in paths if not names or path.stem in names]
    failed = 0
    for path in chosen:
        case = Case(path)
        try:
            code, texts = execute(case)
            if updating:
                update(case, code, texts)
                case = Case(path)
            wrong = compare(case, code, texts)
        except (subprocess.TimeoutExpired, json.JSONDecodeError, Different) as problem:
            wrong = [str(problem)]
        if wrong:
            failed += 1
            print(f"FAILED {path.stem}: {case.command}", *wrong, sep="\n  ")
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
