#!/usr/bin/env python3
"""Runs the command and compares what it prints: run.py [--update] [CASE...].

A case is a file cases/NAME.txt: lines of settings, then sections.

    $ colossus run bad.yaml          the command line (shell words; run in an empty folder)
    exit: 2                          expected exit code, default 0
    tolerance: 1e-6                  relative, for every number of the output
    generate: deep.yaml              a file, or several, that a generator below writes
    again: no                        long, and other cases go the same way: not run again with a second compiler and sanitizers
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

import gzip
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
# COLOSSUS_THREADED: only cases that start threads, for a sanitizer that has nothing to see in the others.
THREADED = re.compile(r"--threads|goodput|calibrate|probe") if os.environ.get("COLOSSUS_THREADED") else re.compile("")
# COLOSSUS_AGAIN: a second compiler, or a sanitizer, after all cases have run once.
AGAIN = bool(os.environ.get("COLOSSUS_AGAIN"))


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


# Chakra traces, encoded here on their own: a check of the reader by another hand.


def proto_number(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def proto_field(number, value):
    if isinstance(value, int):
        return proto_number(number << 3) + proto_number(value)
    data = value.encode() if isinstance(value, str) else value
    return proto_number(number << 3 | 2) + proto_number(len(data)) + data


def chakra_node(node, name, kind, after=(), micros=0, start=0, **attributes):
    """Numbers as int64 (9), comm_src, comm_dst, comm_tag as int32 (7), tensor_size as uint64 (13), texts as string (29)."""
    fields = {"is_cpu_op": 27, "tensor_size": 13, "comm_src": 7, "comm_dst": 7, "comm_tag": 7}
    body = proto_field(1, node) + proto_field(2, name) + proto_field(3, kind)
    body += proto_field(5, b"".join(proto_number(other) for other in after)) if after else b""
    body += proto_field(6, start) if start else b""
    body += proto_field(7, micros) if micros else b""
    for key, value in attributes.items():
        field = 29 if isinstance(value, str) else fields.get(key, 9)
        body += proto_field(10, proto_field(1, key) + proto_field(field, value))
    return body


def write_chakra(path, nodes, metadata=None):
    messages = [proto_field(1, "0.0.4") if metadata is None else metadata, *nodes]
    data = b"".join(proto_number(len(message)) + message for message in messages)
    path.write_bytes(gzip.compress(data, mtime=0) if metadata is not None else data)


def write_pipeline(path):
    """Two stages of two ranks: two micro-batches forward, activations passed on, gradients reduced in each stage."""
    for rank in range(4):
        first = rank < 2
        nodes, last = [], []
        for batch in range(2):
            peer = rank + 2 if first else rank - 2
            message = {"is_cpu_op": 0, "comm_size": 1 << 24, "comm_tag": batch}
            work = {"is_cpu_op": 0, "num_ops": 4 * 10**12, "tensor_size": 10**9}
            at = 10 * batch + 1
            if not first:
                nodes.append(chakra_node(at, "receive", 6, [], comm_src=peer, comm_dst=rank, **message))
                last = [at]
            nodes.append(chakra_node(at + 1, "forward", 4, last, **work))
            last = [at + 1]
            if first:
                nodes.append(chakra_node(at + 2, "send", 5, last, comm_src=rank, comm_dst=peer, **message))
        gradients = {"is_cpu_op": 0, "comm_type": 0, "comm_size": 1 << 28, "pg_name": "1" if first else "2"}
        nodes.append(chakra_node(90, "gradients", 7, last, **gradients))
        nodes.append(chakra_node(91, "optimizer", 4, [90], 1500, is_cpu_op=0))
        write_chakra(path.parent / f"pipeline.{rank}.et", nodes)
    (path.parent / "comm_group.json").write_text('{"1": [0, 1], "2": [2, 3]}')


def write_pytorch(path):
    """Two ranks as PyTorch's converter writes them: host nodes launch kernels of two streams, groups stand in the metadata."""
    schema = proto_field(2, proto_field(1, "schema") + proto_field(29, "1.1.1-chakra.0.0.4"))
    groups = "['[{\"pg_name\": \"0\", \"ranks\": []}]']"
    for rank in range(2):
        start = chakra_node(2, "## process_group:init ##", 1) + proto_field(8, proto_field(1, groups))
        nodes = [start + proto_field(4, 1)]
        for step in range(3):
            at, kernel = 10 * step + 3, {"is_cpu_op": 0, "seq_id": step}
            nodes.append(chakra_node(at, "aten::mm", 4, [at - 10] if step else [2], 20, is_cpu_op=1, tid=1, rf_id=step))
            nodes.append(chakra_node(at + 1, "sm80_xmma_gemm_bf16", 4, [at], 900 + 300 * rank, stream=7, **kernel))
            reduce = {"stream": 20, "comm_type": 0, "comm_size": 1 << 26, "pg_name": "0"}
            nodes.append(chakra_node(at + 2, "ncclDevKernel_AllReduce", 7, [at, at + 1], 700, **reduce, **kernel))
        write_chakra(path.parent / f"torch.{rank}.et", nodes, schema)


def write_broken(path):
    """circle: rank 1 waits for itself; cut: truncated; hole: rank 1 is missing; crossed: a deadlock of two groups."""
    work = {"is_cpu_op": 0}
    good = [chakra_node(1, "work", 4, [], 10, **work)]
    circle = [chakra_node(1, "a", 4, [3], 10, **work), chakra_node(2, "b", 4, [1], 10), chakra_node(3, "c", 4, [2], 10)]
    for rank, nodes in enumerate((good, circle)):
        write_chakra(path.parent / f"circle.{rank}.et", nodes)
    for rank in (0, 2, 3):
        write_chakra(path.parent / f"hole.{rank}.et", good)
    write_chakra(path.parent / "cut.0.et", good * 1 + [chakra_node(2, "work", 4, [1], 10, **work)])
    data = (path.parent / "cut.0.et").read_bytes()
    (path.parent / "cut.0.et").write_bytes(data[:-5])
    write_chakra(path.parent / "lost.0.et", [chakra_node(1, "work", 4, [0, 7], 10, **work)])
    for rank in range(2):
        reduce = {"is_cpu_op": 0, "comm_type": 0, "comm_size": 4096}
        names = ("all", "pair") if rank == 0 else ("pair", "all")
        nodes = [chakra_node(i + 1, names[i], 7, [i] if i else [], pg_name=names[i], **reduce) for i in range(2)]
        write_chakra(path.parent / f"crossed.{rank}.et", nodes)
        nodes = [chakra_node(1, "receive", 6, [], comm_src=1 - rank, comm_size=8)]
        nodes.append(chakra_node(2, "send", 5, [1], comm_dst=1 - rank, comm_size=8))
        write_chakra(path.parent / f"both.{rank}.et", nodes)
        nodes = good + ([chakra_node(2, "reduce", 7, [1], **reduce)] if rank == 0 else [])
        write_chakra(path.parent / f"alone.{rank}.et", nodes)
        nodes = [chakra_node(1, "send", 5, [], comm_dst=1, comm_size=8)] if rank == 0 else good
        write_chakra(path.parent / f"unheard.{rank}.et", nodes)


GENERATORS = {
    "big.yaml": write_big,
    "deep.yaml": lambda path: path.write_text("name: " + "[" * 200 + "]" * 200 + "\n"),
    "latin1.yaml": lambda path: path.write_bytes(b"name: caf\xe9\n"),
    "nul.yaml": lambda path: path.write_bytes(b"name: a\0b\n"),
    "folder.yaml": lambda path: path.mkdir(),
    "pipeline": write_pipeline,
    "torch": write_pytorch,
    "broken": write_broken,
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


def is_due(case):
    return THREADED.search(case.command) and not (AGAIN and case.setting("again") == "no")


def main():
    arguments = sys.argv[1:]
    updating = "--update" in arguments
    names = [name for name in arguments if name != "--update"]
    paths = sorted((HERE / "cases").glob("*.txt"))
    chosen = [path for path in paths if not names or path.stem in names]
    failed = 0
    cases = [case for case in map(Case, chosen) if names or is_due(case)]
    for case in cases:
        try:
            code, texts = execute(case)
            if updating:
                update(case, code, texts)
                case = Case(case.path)
            wrong = compare(case, code, texts)
        except (subprocess.TimeoutExpired, json.JSONDecodeError, Different) as problem:
            wrong = [str(problem)]
        if wrong:
            failed += 1
            print(f"FAILED {case.path.stem}: {case.command}", *wrong, sep="\n  ")
    print(f"{len(cases) - failed} passed, {failed} failed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
