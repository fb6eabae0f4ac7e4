#!/usr/bin/env python3
"""Runs `colossus probe` on this machine: files, exit codes and messages, never how fast anything is.

COLOSSUS_EXE names the command (colossus-probe stands beside it), PROBE_MPIRUN the mpirun to use (unset: none),
PROBE_CUDA is set when colossus-probe-cuda was built.
"""

import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

EXE = os.environ["COLOSSUS_EXE"]
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith(("OMPI_", "PMIX_", "PMI_"))}


def run(*words, code=0, exe=EXE, before=(), **environment):
    """stdout and stderr of a call, whose exit code is checked."""
    done = subprocess.run([*before, str(exe), *words], capture_output=True, text=True, timeout=240, check=False,
                          env={**ENVIRONMENT, **environment}, stdin=subprocess.DEVNULL)
    assert done.returncode == code, f"{words}: exit code {done.returncode}, expected {code}\n{done.stdout}{done.stderr}"
    return done.stdout, done.stderr


def rows(path, header):
    """The rows of a table, whose last column is a positive time."""
    with open(path, encoding="utf-8", newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == header.split(","), table[0]
    assert len(table) > 1 and all(len(row) == len(table[0]) for row in table), path
    assert all(float(row[-1]) > 0 for row in table[1:]), path
    return table[1:]


def test_gemm_table_and_entry(folder):
    run("probe", "gemm", "--quick", "--seconds", "1", "--threads", "1", "-o", str(folder), "--name", "mine")
    table = rows(folder / "mine.gemm.csv", "dtype,m,n,k,latency_us")
    shapes = [tuple(int(cell) for cell in row[1:4]) for row in table]
    assert shapes == sorted(set(shapes)), "shapes stand in order, each once"
    assert all(row[0] == "float32" for row in table)
    assert all(m >= 1 and n % 16 == 0 and k % 16 == 0 and n >= 64 and k >= 64 for m, n, k in shapes)
    shown, _ = run("--catalogue", str(folder), "catalogue", "show", "mine")
    assert "Measurements of this machine by colossus probe" in shown, shown


def test_memory_and_json(folder):
    out, _ = run("probe", "memory", "--quick", "--seconds", "0.5", "--threads", "2", "--json", "-o", str(folder), "--name", "mine")
    summary = json.loads(out)
    table = rows(folder / "mine.memory.csv", "dtype,op_name,bytes,latency_us")
    assert {row[1] for row in table} == {"copy", "read", "triad"}
    assert summary["tables"][0]["rows"] == len(table)
    assert summary["machine"]["processors"] == 2 and summary["machine"]["memory_bandwidth_Bps"] > 0


def test_other_sources_stay(folder):
    other = 'probe-other: {title: "x", who: "y", when: "2026", where: "z"}\n'
    (folder / "sources.yaml").write_text(other + 'probe-mine: {title: "old"}\n', encoding="utf-8")
    run("probe", "gemm", "--quick", "--shapes", "1", "--threads", "1", "-o", str(folder), "--name", "mine")
    text = (folder / "sources.yaml").read_text(encoding="utf-8")
    assert text.startswith(other) and text.count("probe-mine:") == 1 and '"old"' not in text, text


def test_layout_has_its_own_table(folder):
    run("probe", "gemm", "--layout", "weight", "--shapes", "4", "--quick", "--seconds", "1", "--threads", "1",
        "-o", str(folder), "--name", "mine")
    assert len(rows(folder / "mine_weight.gemm.csv", "dtype,m,n,k,latency_us")) <= 4


def test_mistakes(folder):
    for words, said in (
        (("sums",), "'sums' cannot be measured: one of gemm, memory, collectives, all"),
        (("--threads", "0"), "'--threads' takes a whole number from 1 to 1024, read '0'"),
        (("--threads", "1.5"), "read '1.5'"),
        (("--seconds", "nan"), "'--seconds' takes a number from 0.1 to 86400, read 'nan'"),
        (("--name", "My CPU"), "'--name' takes up to 60 of a to z, 0 to 9 and _, read 'My CPU'"),
        (("--layout", "sideways"), "'--layout' takes forward, data or weight, read 'sideways'"),
        (("--power",), "'--power' and '--sustain' go with '--cuda'"),
        (("--speed",), "no option '--speed'"),
        (("gemm", "memory"), "'memory' is one argument too many"),
        (("-o", ""), "'-o' takes a folder"),
    ):
        _, err = run("probe", *words, code=2)
        assert said in err and err.count("\n") == 1, err
    assert not list(folder.iterdir())


def test_folder_that_cannot_be_written(folder):
    file = folder / "file"
    file.write_text("", encoding="utf-8")
    _, err = run("probe", "memory", "-o", str(file / "deep"), code=2)
    assert "could not be made: Not a directory" in err, err
    _, err = run("probe", "memory", "-o", "/proc/probe", code=2)
    assert "could not be made" in err, err
    (folder / "device" / "mine.yaml").mkdir(parents=True)
    _, err = run("probe", "gemm", "--quick", "--shapes", "1", "--threads", "1", "-o", str(folder), "--name", "mine", code=2)
    assert "mine.yaml' could not be written: Is a directory" in err, err
    assert not list((folder / "device").glob("*.part"))


def test_command_alone(folder):
    shutil.copy(EXE, folder / "colossus")
    _, err = run("probe", exe=folder / "colossus", code=2)
    assert "colossus-probe is not here: it is built where OpenBLAS is found" in err, err
    shutil.copy(pathlib.Path(EXE).with_name("colossus-probe"), folder / "colossus-probe")
    _, err = run("probe", "--cuda", exe=folder / "colossus", code=2)
    assert "this build measures no GPU" in err, err
    # As installed: bin/colossus and libexec/colossus/colossus-probe.
    (folder / "bin").mkdir()
    (folder / "libexec" / "colossus").mkdir(parents=True)
    shutil.move(folder / "colossus", folder / "bin" / "colossus")
    shutil.move(folder / "colossus-probe", folder / "libexec" / "colossus" / "colossus-probe")
    _, err = run("probe", "sums", exe=folder / "bin" / "colossus", code=2)
    assert "cannot be measured" in err, err


def test_no_gpu(folder):
    if "PROBE_CUDA" not in os.environ:
        return
    _, err = run("probe", "gemm", "--cuda", "-o", str(folder), "--name", "gpu", code=2, CUDA_VISIBLE_DEVICES="")
    assert "there is no GPU to measure" in err, err


def test_collectives(folder):
    mpirun = os.environ.get("PROBE_MPIRUN", "")
    _, err = run("probe", "collectives", "-o", str(folder), code=2)
    assert "no collectives: " in err, err
    if not mpirun:
        return
    run("probe", "collectives", "--quick", "--seconds", "1", "-o", str(folder), "--name", "mine",
        before=(mpirun, "--oversubscribe", "--mca", "mpi_yield_when_idle", "1", "-n", "2"),
        OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    table = rows(folder / "mine.nccl.csv", "dtype,op_name,num_gpus,message_size,latency_us")
    assert {row[1] for row in table} == {"all_gather", "all_reduce", "alltoall", "reduce_scatter"}
    assert all(row[0] == "int8" and row[2] == "2" for row in table)


def main():
    failed = 0
    for name, test in sorted(globals().items()):
        if not name.startswith("test_"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(pathlib.Path(folder))
                print(f"[       OK ] {name}")
            except (AssertionError, subprocess.TimeoutExpired, OSError, ValueError) as why:
                failed += 1
                print(f"{why}\n[  FAILED  ] {name}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
