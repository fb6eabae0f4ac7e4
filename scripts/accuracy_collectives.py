#!/usr/bin/env python3
"""Validates collectives: writes docs/accuracy_collectives.in.md (a part of docs/accuracy.md) and docs/plots/collectives.svg.

usage: scripts/accuracy_collectives.py COLLECTIVES.csv   (build/colossus must exist; then run scripts/accuracy.py)

COLLECTIVES.csv is a large collection of published measurements that the repository does not carry.
"""
import csv, io, json, math, pathlib, statistics, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLOSSUS = ROOT / "build" / "colossus"
PLOT = ROOT / "docs" / "plots" / "collectives.svg"
SIZES = ["below 1 MiB", "1 to 64 MiB", "above 64 MiB"]
TARGET = {"below 1 MiB": 20, "1 to 64 MiB": 10, "above 64 MiB": 10}
SCAN = "H100, 8 GPUs/node, 400G IB (fabric recalled)"  # NVIDIA GTC24 S62129, slide 35: NVLSTree

# ASTRA-sim 2.0 (518bd51, analytical backend 599a047), run for this project with its own HGX-H100 settings; all-reduce:
# GPUs, bytes, measured us (DGX H100 of dgxc-benchmarking; the GTC24 scan), its congestion-aware and -unaware time in us.
ASTRA = [
    (8, 1 << 20, 27.37, 57.2, 55.0),
    (8, 16 << 20, 123.8, 128.5, 93.2),
    (8, 256 << 20, 1112.5, 1271, 704),
    (8, 8 << 30, 31307, 39040, 20920),
    (64, 1 << 30, 6070, None, 5923),
    (256, 1 << 30, 6220, None, 6789),
    (1024, 1 << 30, 6474, None, 8452),
    (4096, 1 << 30, 7263, None, 14651),
]


def colossus(*words):
    return subprocess.run([COLOSSUS, *map(str, words)], check=True, capture_output=True, text=True).stdout


def predict(table, *options):
    return list(csv.DictReader(io.StringIO(colossus("predict", "collectives", table, *options))))


def predict_rows(rows):
    """Predictions in us of all-reduces: (system, gpus, per node, scale-out, bytes, algorithm)."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as out:
        writer = csv.writer(out)
        writer.writerow(["system", "gpus", "gpus_per_node", "scale_out_gbps_per_gpu", "collective", "bytes", "algorithm"])
        for system, gpus, node, rate, size, algorithm in rows:
            writer.writerow([system, gpus, node, rate, "all_reduce", size, algorithm])
        out.flush()
        return [float(r["predicted_time_us"]) if r["predicted_time_us"] else None for r in predict(out.name)]


def percent(x, signed=False):
    return f"{100 * x:+.1f}" if signed else f"{100 * x:.1f}"


def groups(report):
    return {g["name"]: g for g in report["groups"]}


def size_of(name):
    return next((s for s in SIZES if name.endswith(s)), None)


def mark(error, size):
    text = percent(error)
    return f"**{text}**" if 100 * error > TARGET[size] else text


# --- tables ------------------------------------------------------------------------------------------------------------------

def span_table(plain, noted, floors):
    """By span and size: rows, error of predictions from inputs, with what the notes say, and the spread of sources."""
    lines = ["| span, size | rows | inputs only: bias | mean | median | with notes: bias | mean | median | sources differ: median | p90 |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for span in ("in a node", "between nodes"):
        for size in SIZES:
            cells = []
            for rows in (plain, noted):
                errors = [r["error"] for r in rows if r["span"] == span and r["size"] == size]
                cells.append(errors)
            if not cells[0]:
                continue
            figures = []
            for errors in cells:
                absolute = [abs(e) for e in errors]
                figures += [percent(statistics.mean(errors), True), mark(statistics.mean(absolute), size), percent(statistics.median(absolute))]
            floor = floors.get((span, size))
            figures += [percent(floor[0]), percent(floor[1])] if floor else ["", ""]
            lines.append(f"| {span}, {size} | {len(cells[0])} | " + " | ".join(figures) + " |")
    return "\n".join(lines)


def measured_us(row):
    """As colossus measures: time_us, else from busbw or algbw by the definitions of nccl-tests."""
    if row["time_us"]:
        return float(row["time_us"])
    if not row["bytes"]:
        return None
    n, kind = float(row["gpus"]), row["collective"]
    factor = 2 * (n - 1) / n if kind == "all_reduce" else (n - 1) / n if kind in ("all_gather", "reduce_scatter", "all_to_all") else 1
    if row["busbw_GBps"]:
        return factor * float(row["bytes"]) / float(row["busbw_GBps"]) * 1e-3
    return float(row["bytes"]) / float(row["algbw_GBps"]) * 1e-3 if row["algbw_GBps"] else None


def sized(rows):
    """Rows with a size, a measurement that makes sense and a prediction."""
    out = []
    for r in rows:
        measured = measured_us(r)
        if r["status"] == "refused" or not measured or measured < 1 or not r["bytes"]:
            continue
        size = float(r["bytes"])
        out.append(dict(r, measured=measured, error=float(r["predicted_time_us"]) / measured - 1,
                        size=SIZES[0] if size < 1 << 20 else SIZES[1] if size <= 64 << 20 else SIZES[2],
                        span="between nodes" if "between nodes" in r["reason"] else "in a node"))
    return out


def source_floors(rows):
    """Largest / smallest - 1 over sources of the same GPUs, links, size and operation."""
    things = {}
    for r in rows:
        device = next(d for d in ("GB300", "GB200", "B300", "B200", "H200", "H100", "H20", "H800", "A100", "MI300X", "GH200") if d in r["system"])
        key = (device, "pairwise" in r["scale_up"], r["gpus"], r["scale_out_gbps_per_gpu"] if r["span"] != "in a node" else "", r["collective"], r["bytes"], r["size"], r["span"])
        things.setdefault(key, {}).setdefault(r["source"], r["measured"])
    spreads = {}
    for key, sources in things.items():
        if len(sources) > 1:
            spreads.setdefault((key[-1], key[-2]), []).append(max(sources.values()) / min(sources.values()) - 1)
    return {k: (statistics.median(v), sorted(v)[math.ceil(0.9 * len(v)) - 1]) for k, v in spreads.items()}


def system_table(plain, noted):
    lines = ["| system, collective, size | rows | constants fitted to them | inputs only: bias | mean | max | with notes: bias | mean | max |",
             "|---|---|---|---|---|---|---|---|---|"]
    keys = {}
    for which, rows in enumerate((plain, noted)):
        for r in rows:
            keys.setdefault((r["system"], r["collective"], SIZES.index(r["size"])), ([], []))[which].append(r)
    for (system, collective, size), (a, b) in sorted(keys.items()):
        cells = []
        for rows in (a, b):
            errors = [r["error"] for r in rows]
            absolute = [abs(e) for e in errors]
            cells += [percent(statistics.mean(errors), True), mark(statistics.mean(absolute), SIZES[size]), percent(max(absolute))] if errors else ["", "", ""]
        fitted = "yes" if any(r["span"] != "in a node" or "library " in r["reason"] for r in b or a) else "no"
        lines.append(f"| {system}, {collective}, {SIZES[size]} | {len(b or a)} | {fitted} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def scan_table(noted):
    """The NVLSTree scan of NVIDIA, from 128 MiB on (target 8 %)."""
    lines = ["| GPUs | rows from 128 MiB on | bias | mean | max |", "|---|---|---|---|---|"]
    rows = [r for r in noted if r["system"] == SCAN and float(r["bytes"]) >= 128 << 20]
    for gpus in sorted({int(r["gpus"]) for r in rows}):
        errors = [r["error"] for r in rows if int(r["gpus"]) == gpus]
        absolute = [abs(e) for e in errors]
        lines.append(f"| {gpus} | {len(errors)} | {percent(statistics.mean(errors), True)} | {percent(statistics.mean(absolute))} | {percent(max(absolute))} |")
    return "\n".join(lines)


def peer_table():
    ours = predict_rows([("DGX H100", gpus, 8, 400, size, "nvlstree" if gpus > 8 else "") for gpus, size, *_ in ASTRA])
    lines = ["| GPUs | bytes | measured | ASTRA-sim, congestion-aware | congestion-unaware | colossus |", "|---|---|---|---|---|---|"]
    for (gpus, size, measured, aware, unaware), own in zip(ASTRA, ours):
        name = f"{size >> 30} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"
        label = f"{measured / 1000:.2f} ms" if measured >= 1000 else f"{measured:g} us"
        lines.append(f"| {gpus} | {name} | {label} | {percent(aware / measured - 1, True) if aware else ''} | {percent(unaware / measured - 1, True)} | {percent(own / measured - 1, True)} |")
    return "\n".join(lines)


def plain_entry(node):
    if isinstance(node, list):
        return [plain_entry(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "value" in node and "source" in node:
        try:
            return float(node["value"])
        except (TypeError, ValueError):
            return plain_entry(node["value"])
    return {key: plain_entry(value) for key, value in node.items()}


def record_table(kind, name):
    fit = plain_entry(json.loads(colossus("catalogue", "show", kind, name, "--json"))["entry"]).get("fit")
    if not fit:
        return f"({kind} {name}: not fitted)"
    lines = ["| generation, span, size | rows | error | bias | systems left out |", "|---|---|---|---|---|"]
    for c in fit["classes"]:
        lines.append(f"| {c['name']} | {c['rows']:.0f} | {percent(c['error'])} | {percent(c['bias'], True)} | {percent(c['cross_error']) if c['cross_error'] else ''} |")
    return f"`{kind} {name}`, fitted to {fit['used']:.0f} of {fit['rows']:.0f} rows:\n\n" + "\n".join(lines)


# --- plot --------------------------------------------------------------------------------------------------------------------

PANELS = [  # title, system of the table, per node, Gbit/s, algorithm of the line
    ("H100, NVLSTree, 400G (NVIDIA GTC24)", SCAN, 8, 400, "nvlstree"),
    ("H100, default, 400G (arXiv 2411.13055)", "H100 nodes (8 GPUs, 400G/GPU)", 8, 400, ""),
    ("AWS p5, H100, EFA", "AWS p5.48xlarge (H100)", 8, 400, ""),
    ("DGX H100", "DGX H100", 8, 400, ""),
    ("Azure ND A100 v4", "Azure ND A100 v4", 8, "", ""),
    ("AWS p6-b200", "AWS p6-b200 (B200)", 8, 400, ""),
]
COLOURS = ["#1d5fa8", "#c2571a", "#2e8b57", "#8b3a8b", "#b8860b", "#3d8f9f", "#a83232", "#555"]
PANEL_W, PANEL_H, LEFT, TOP, GAP = 300, 190, 52, 56, 64


def bus(gpus, size, us):
    return 2 * (gpus - 1) / gpus * size / us * 1e-3


def panel(title, system, node, rate, algorithm, rows, x0, y0):
    rows = [r for r in rows if r["system"] == system and r["collective"] == "all_reduce"]
    counts = sorted({int(r["gpus"]) for r in rows if len([1 for s in rows if s["gpus"] == r["gpus"]]) > 4})
    high = max(bus(int(r["gpus"]), float(r["bytes"]), r["measured"]) for r in rows) * 1.08
    low_x, high_x = 10, 34
    across = lambda size: x0 + (math.log2(size) - low_x) / (high_x - low_x) * PANEL_W
    down = lambda value: y0 + PANEL_H * (1 - value / high)
    out = [f'<rect x="{x0}" y="{y0}" width="{PANEL_W}" height="{PANEL_H}" fill="#f7f8fa"/>', f'<text x="{x0}" y="{y0 - 6}" font-weight="600">{title}</text>']
    for power, label in ((10, "1 KiB"), (20, "1 MiB"), (30, "1 GiB")):
        x = across(1 << power)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y0}" y2="{y0 + PANEL_H}" stroke="#dde1e6"/><text x="{x:.1f}" y="{y0 + PANEL_H + 14}" text-anchor="middle" class="tick">{label}</text>')
    step = 50 if high < 300 else 100 if high < 600 else 200
    for value in range(0, int(high) + 1, step):
        out.append(f'<line x1="{x0}" x2="{x0 + PANEL_W}" y1="{down(value):.1f}" y2="{down(value):.1f}" stroke="#dde1e6"/><text x="{x0 - 5}" y="{down(value) + 4:.1f}" text-anchor="end" class="tick">{value}</text>')
    for n, gpus in enumerate(counts):
        colour = COLOURS[n % len(COLOURS)]
        sizes = [round(2 ** (low_x + i / 4)) for i in range(4 * (high_x - low_x) + 1)]
        line = predict_rows([(system, gpus, node, rate, size, algorithm) for size in sizes])
        path = " ".join(f"{across(s):.1f},{down(bus(gpus, s, us)):.1f}" for s, us in zip(sizes, line) if us)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
        for r in rows:
            if int(r["gpus"]) == gpus and float(r["bytes"]) >= 1 << low_x:
                out.append(f'<circle cx="{across(float(r["bytes"])):.1f}" cy="{down(bus(gpus, float(r["bytes"]), r["measured"])):.1f}" r="2.4" fill="{colour}"/>')
        out.append(f'<text x="{x0 + 8}" y="{y0 + 16 + 13 * n}" style="fill:{colour}">{gpus} GPUs</text>')
    return out


def plot(rows):
    panels = [p for p in PANELS if any(r["system"] == p[1] for r in rows)]
    columns = 3
    width, height = LEFT + columns * (PANEL_W + GAP), TOP + math.ceil(len(panels) / columns) * (PANEL_H + 48)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
           "<style>text{font:12px sans-serif;fill:#2c333a}.tick{font-size:10px;fill:#6b7480}</style>", f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="{LEFT}" y="20">bus bandwidth of all-reduce in GB/s against size: <tspan font-weight="600">dots measured, lines predicted</tspan></text>']
    for n, p in enumerate(panels):
        out += panel(*p, rows, LEFT + n % columns * (PANEL_W + GAP), TOP + n // columns * (PANEL_H + 48))
    PLOT.write_text("\n".join(out + ["</svg>"]) + "\n")


# --- the page ----------------------------------------------------------------------------------------------------------------

def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    table = sys.argv[1]
    plain, noted = sized(predict(table)), sized(predict(table, "--notes"))
    reports = [json.loads(colossus("validate", "collectives", table, "--json", *o)) for o in ([], ["--notes"])]
    refused = "\n".join(f"| {n} | {why} |" for why, n in sorted(reports[1]["metrics"]["time_us"]["refused_reasons"].items(), key=lambda x: (-x[1], x[0])))
    names = [line.split()[0] for line in colossus("catalogue", "ls", "library").splitlines()]
    transports = [line.split()[0] for line in colossus("catalogue", "ls", "transport").splitlines()]
    records = [record_table("library", n) for n in names if n != "ideal"] + [record_table("transport", n) for n in transports]
    text = (ROOT / "docs" / "accuracy_collectives.template.md").read_text()
    values = {"rows": reports[0]["rows"], "predicted": reports[0]["predicted"], "predicted_notes": reports[1]["predicted"],
              "spans": span_table(plain, noted, source_floors(noted)), "scan": scan_table(noted), "peer": peer_table(),
              "systems": system_table(plain, noted), "records": "\n\n".join(r for r in records if "not fitted" not in r), "refused": refused}
    for key, value in values.items():
        text = text.replace("@" + key + "@", str(value))
    (ROOT / "docs" / "accuracy_collectives.in.md").write_text(text)
    plot(noted)


if __name__ == "__main__":
    main()
