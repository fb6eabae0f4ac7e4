#!/usr/bin/env python3
"""Regenerates docs/accuracy.md (with docs/accuracy_kernels.in.md, docs/accuracy_collectives.in.md and docs/accuracy_build.in.md, see the scripts of these names) and catalogue/accuracy/training.yaml from a table of published runs.

usage: scripts/accuracy.py TRAINING_RUNS.csv [PEER_RUNS.csv]   (build/colossus must exist)

PEER_RUNS.csv has the columns peer, case, id, measured_s, predicted_s. Both tables are large collections of published
measurements that the repository does not carry.
"""
import csv, io, json, os, pathlib, statistics, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLOSSUS = ROOT / "build" / "colossus"
SOURCES = {
    "BLM": "BigScience tr11-176B-ml chronicles (BLOOM), A100",
    "DGX": "NVIDIA/dgxc-benchmarking, H100 and GB200",
    "DSV": "DeepSeek-V3, ISCA 2025, H800",
    "MEG": "Megatron-LM: SC21 Table 1 and README, A100 and H100",
    "MLP": "MLPerf Training v4.0 to v5.1 logs",
    "MPT": "llm-foundry benchmarks (FSDP), A100 and H100",
    "NEM": "NeMo 24.07 and Launcher performance pages, H100",
    "NMB": "Megatron-Bridge performance summary, H100 to GB300",
    "SEQ": "Korthikanti et al. 2022 Table 5, A100",
    "SMX": "SimuMax measurements on 8 x B200",
    "TTN": "torchtitan performance pages",
    "VTR": "vTrain multi-node ground truth, A100",
    "ZOO": "Megatron-MoE-ModelZoo, Qwen3-235B",
}


def validate(table, by=None):
    command = [COLOSSUS, "validate", "training", table, "--only", "trust=A,B", "--json"] + (["--by", by] if by else [])
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def rows_of(report, names=None):
    lines = ["| group | rows | predicted | bias | mean | median | p90 | max |", "|---|---|---|---|---|---|---|---|"]
    for g in report["groups"] + [dict(report, name="**all**")]:
        name = (names or {}).get(g["name"], "")
        label = f"{g['name']}: {name}" if name else g["name"] or "(blank)"
        if g["predicted"] == 0:
            lines.append(f"| {label} | {g['rows']} | 0 | | | | | |")
            continue
        figures = [g["bias"], g["mean_abs_rel_error"], g["median_abs_rel_error"], g["p90_abs_rel_error"], g["max_abs_rel_error"]]
        signed = f"{100 * figures[0]:+.1f}"
        lines.append(f"| {label} | {g['rows']} | {g['predicted']} | {signed} | " + " | ".join(f"{100 * f:.1f}" for f in figures[1:]) + " |")
    return "\n".join(lines)


def predictions(table):
    text = subprocess.run([COLOSSUS, "predict", "training", table], check=True, capture_output=True, text=True).stdout
    return {r["id"]: r for r in csv.DictReader(io.StringIO(text))}


def calibration(table):
    """Leave-one-source-out fit of the training model; takes minutes."""
    command = [COLOSSUS, "calibrate", "training", table, "--threads", str(os.cpu_count() or 1), "--json"]
    fit = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    ways = ["catalogue", "fitted", "left_out", "kept", "half"]

    def cell(e):
        return "-" if e["mean"] is None else f"{100 * e['mean']:.1f} ({100 * e['median']:.1f})"

    def points(e):
        return "0.00" if abs(e) < 5e-5 else f"{100 * e:.2f}"

    errors = ["| source | rows | catalogue | fitted to all | without source | the same, own kept | without half |", "|---|---|---|---|---|---|---|"]
    for s in sorted(fit["sources"], key=lambda s: s["name"]) + [dict(fit["all"], name="**all**")]:
        errors.append(f"| {s['name']} | {s['rows']} | " + " | ".join(cell(s[way]) for way in ways) + " |")
    constants = ["| constant | of | catalogue | fitted | least | most | -10 % | +10 % | rows |", "|---|---|---|---|---|---|---|---|---|"]
    for c in fit["constants"]:
        numbers = " | ".join(f"{c[key]:.3g}" for key in ("catalogue", "fitted", "least", "most"))
        constants.append(f"| `{c['key']}` | {c['label']} | {numbers} | {points(c['worse_less'])} | {points(c['worse_more'])} | {c['moved']} |")
    over = [f"{p['name']} ({p['own']} with {p['rows']} rows)" for p in fit["profiles"] if p["own"] > p["allowed"]]
    own = [f"{p['name']} {p['own']} ({p['rows']} rows)" for p in fit["profiles"] if 0 < p["own"] <= p["allowed"]]
    rule = "Kept by " + ", ".join(own) + "; all others have none. " if own else ""
    rule += "Broken by " + ", ".join(over) + "." if over else "No profile breaks it."
    percent = lambda way, key: f"{100 * fit['all'][way][key]:.1f}"
    return {"constants": len(fit["constants"]), "shared": fit["shared"], "per_constant": fit["rows"] // len(fit["constants"]),
            "left_out": "\n".join(errors), "fitted_constants": "\n".join(constants), "rule": rule,
            "left_out_mean": percent("left_out", "mean"), "left_out_median": percent("left_out", "median"),
            "kept_mean": percent("kept", "mean"), "kept_median": percent("kept", "median"),
            "catalogue_mean": percent("catalogue", "mean"), "catalogue_median": percent("catalogue", "median")}


def peers(table, peer_table):
    ours = predictions(table)
    cases = {}
    for r in csv.DictReader(open(peer_table)):
        row = ours.get(r["id"])
        if not row or not r["predicted_s"] or not r["measured_s"] or row["status"] == "refused":
            continue
        measured = float(r["measured_s"])
        pair = (abs(float(r["predicted_s"]) / measured - 1), abs(float(row["predicted_step_time_s"]) / measured - 1))
        cases.setdefault((r["peer"].split(" ")[0], r["case"]), []).append(pair)
    lines = ["| peer | case | rows | peer mean | peer median | colossus mean | colossus median |", "|---|---|---|---|---|---|---|"]
    for (peer, case), pairs in sorted(cases.items()):
        a, b = [p[0] for p in pairs], [p[1] for p in pairs]
        lines.append(f"| {peer} | {case} | {len(pairs)} | {100 * statistics.mean(a):.1f} | {100 * statistics.median(a):.1f} | "
                     f"{100 * statistics.mean(b):.1f} | {100 * statistics.median(b):.1f} |")
    return "\n".join(lines)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    table = sys.argv[1]
    report = validate(table)
    noise = report["metrics"]["step_time_s"]["noise_floor"]
    refused = "\n".join(f"| {n} | {why} |" for why, n in sorted(report["metrics"]["step_time_s"]["refused_reasons"].items(), key=lambda x: -x[1]))
    text = (ROOT / "docs" / "accuracy.in.md").read_text()
    values = {
        "rows": report["rows"], "predicted": report["predicted"], "extrapolated": report["extrapolated"],
        "mean": f"{100 * report['mean_abs_rel_error']:.1f}", "median": f"{100 * report['median_abs_rel_error']:.1f}",
        "p90": f"{100 * report['p90_abs_rel_error']:.1f}", "noise_groups": noise["groups"], "noise_median": f"{100 * noise['median_spread']:.1f}",
        "noise_p90": f"{100 * noise['p90_spread']:.1f}", "by_source": rows_of(report, SOURCES), "by_hardware": rows_of(validate(table, "hardware")),
        "by_precision": rows_of(validate(table, "precision")), "by_software": rows_of(validate(table, "software")),
        "kernels": (ROOT / "docs" / "accuracy_kernels.in.md").read_text(),
        "collectives": (ROOT / "docs" / "accuracy_collectives.in.md").read_text(),
        "build": (ROOT / "docs" / "accuracy_build.in.md").read_text().rstrip(),
        "refused": refused, "peers": peers(table, sys.argv[2]) if len(sys.argv) == 3 else "(no peer table given)",
    }
    values.update(calibration(table))
    for key, value in values.items():
        text = text.replace("@" + key + "@", str(value))
    (ROOT / "docs" / "accuracy.md").write_text(text)
    write_catalogue(table, report)


def canonical(device):
    """The catalogue's name of a spelling of the table."""
    shown = subprocess.run([COLOSSUS, "catalogue", "show", "device", device, "--json"], capture_output=True, text=True)
    return json.loads(shown.stdout)["name"] if shown.returncode == 0 else None


def figures(g):
    return (f"{{rows: {g['predicted']}, mean: {g['mean_abs_rel_error']:.4f}, median: {g['median_abs_rel_error']:.4f}, "
            f"p90: {g['p90_abs_rel_error']:.4f}}}")


def write_catalogue(table, report):
    sizes = [int(r["gpus"]) for r in predictions(table).values() if r["status"] != "refused" and r["trust"] in "AB"]
    lines = ["name: training", 'title: "step time of published training runs, trust A and B"', 'aliases: ["step"]',
             "source: colossus-validation", "kind: measured", f"largest: {max(sizes)}", f"all: {figures(report)}", "by_device:"]
    for g in validate(table, "hardware")["groups"]:
        name = canonical(g["name"])
        if name and g["predicted"]:
            lines.append(f"  - {{device: {name}, {figures(g)[1:]}")
    (ROOT / "catalogue" / "accuracy" / "training.yaml").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
