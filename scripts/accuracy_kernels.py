#!/usr/bin/env python3
"""Validates the kernel models: writes docs/accuracy_kernels.in.md (a part of docs/accuracy.md) and the plots beside it.

usage: scripts/accuracy_kernels.py TABLES_DIR   (build/colossus must exist; then run scripts/accuracy.py)

TABLES_DIR holds DEVICE.FAMILY.csv: large collections of measured kernels that the repository does not carry.
"""
import csv, io, json, math, pathlib, re, statistics, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
COLOSSUS = ROOT / "build" / "colossus"
PLOTS = ROOT / "docs" / "plots"
FAMILIES = ["gemm", "attention_context", "attention_generation", "mla_context", "mla_generation", "moe", "nccl",
            "custom_allreduce", "alltoall"]
# Never fitted on: the parameters of one device predict the tables of another by its datasheet only.
SIBLINGS = [("h100_sxm", "h200_sxm"), ("h200_sxm", "h100_sxm"), ("gb200", "gb300"), ("gb300", "gb200"), ("gb200", "b200_sxm"),
            ("h100_sxm", "a100_sxm")]


def colossus(*words, catalogue=None):
    command = [COLOSSUS] + (["--catalogue", catalogue] if catalogue else []) + list(words)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def plain(node):
    """A shown entry without the sources: numbers as numbers."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "value" in node and "source" in node:
        try:
            return float(node["value"])
        except (TypeError, ValueError):
            return plain(node["value"])
    return {key: plain(value) for key, value in node.items()}


def entry(device):
    return plain(json.loads(colossus("catalogue", "show", "kernels", device, "--json"))["entry"])


def percent(x):
    return f"{100 * x:.1f}"


def tables(directory, family):
    return sorted(directory.glob(f"*.{family}.csv"))


def table_of(family, directory):
    lines = ["| device | format | size | rows | used to fit | error | bias | cross-validated | noise |", "|---|---|---|---|---|---|---|---|---|"]
    for path in tables(directory, family):
        device = path.name.split(".")[0]
        for fmt, parameters in entry(device).get(family, {}).items():
            fit = parameters["fit"]
            for c in fit["classes"]:
                lines.append(f"| {device} | {fmt} | {c['name']} | {c['rows']:.0f} | {100 * fit['used'] / fit['rows']:.0f} % | {percent(c['error'])} | "
                             f"{100 * c['bias']:+.1f} | {percent(c['cross_error'])} | {percent(c['noise'])} |")
    return "\n".join(lines)


def with_kernels_of(source, device, folder):
    """A catalogue in which `device` has the kernel parameters of `source`."""
    text = (ROOT / "catalogue" / "device" / f"{device}.yaml").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("kernels:")]
    (folder / "device").mkdir(exist_ok=True)
    (folder / "device" / f"{device}.yaml").write_text("\n".join(lines + [f"kernels: {source}"]) + "\n")


def sibling_table(directory):
    lines = ["| family | " + " | ".join(f"{a} → {b}" for a, b in SIBLINGS) + " |", "|---" * (len(SIBLINGS) + 1) + "|"]
    large = ["| gemm, at least 2e11 FLOP"]
    for family in FAMILIES:
        cells = []
        for source, device in SIBLINGS:
            path = directory / f"{device}.{family}.csv"
            if not path.exists() or family not in entry(source):
                cells.append("")
                continue
            with tempfile.TemporaryDirectory() as folder:
                with_kernels_of(source, device, pathlib.Path(folder))
                report = json.loads(colossus("validate", "kernels", str(path), "--device", device, "--json", catalogue=folder))
            figures = report["metrics"]["latency_us"]
            cells.append(percent(figures["mean_abs_rel_error"]))
            if family == "gemm":
                groups = [g for g in figures["groups"] if g["name"].endswith(" large") and g["predicted"]]
                rows = sum(g["predicted"] for g in groups)
                large.append(percent(sum(g["mean_abs_rel_error"] * g["predicted"] for g in groups) / rows))
        lines.append(f"| {family} | " + " | ".join(cells) + " |")
        if family == "gemm":
            lines.append(" | ".join(large) + " |")
    return "\n".join(lines)


# --- plots ------------------------------------------------------------------------------------------------------------------

PANEL_W, PANEL_H, LEFT, TOP, GAP = 230, 150, 46, 52, 20
X_CELLS, Y_CELLS, LEVELS = 10, 16, 8  # cells per decade and per octave, shades


def cells_of(path, device):
    """Counts over (log measured time, log predicted / measured)."""
    counts = {}
    for row in csv.DictReader(io.StringIO(colossus("predict", "kernels", str(path), "--device", device))):
        if row["status"] == "refused" or not row["latency_us"]:
            continue
        measured, predicted = float(row["latency_us"]), float(row["predicted_latency_us"])
        x, y = math.log10(measured), max(-1, min(1, math.log2(predicted / measured)))
        key = (math.floor(x * X_CELLS), math.floor(y * Y_CELLS))
        counts[key] = counts.get(key, 0) + 1
    return counts


def panel(counts, device, x0, y0, low, high):
    out = [f'<rect x="{x0}" y="{y0}" width="{PANEL_W}" height="{PANEL_H}" fill="#f7f8fa"/>',
           f'<text x="{x0}" y="{y0 - 6}" font-weight="600">{device}</text>']
    across = lambda v: x0 + (v - low) / (high - low) * PANEL_W
    down = lambda v: y0 + PANEL_H * (1 - (v + 1) / 2)
    for power in range(math.ceil(low), math.floor(high) + 1):
        label = f"{10 ** power:g} µs" if power < 3 else f"{10 ** (power - 3):g} ms" if power < 6 else f"{10 ** (power - 6):g} s"
        out.append(f'<line x1="{across(power):.1f}" x2="{across(power):.1f}" y1="{y0}" y2="{y0 + PANEL_H}" stroke="#dde1e6"/>')
        out.append(f'<text x="{across(power):.1f}" y="{y0 + PANEL_H + 14}" text-anchor="middle" class="tick">{label}</text>')
    for ratio, label in ((0.5, "× ½"), (1 / 1.1, ""), (1, "× 1"), (1.1, ""), (2, "× 2")):
        y = down(math.log2(ratio))
        dash = ' stroke-dasharray="3 3"' if label == "" else ""
        out.append(f'<line x1="{x0}" x2="{x0 + PANEL_W}" y1="{y:.1f}" y2="{y:.1f}" stroke="#aab2bd"{dash}/>')
        out.append(f'<text x="{x0 - 5}" y="{y + 4:.1f}" text-anchor="end" class="tick">{label}</text>')
    most, paths = max(counts.values()), {}
    wide, high_ = PANEL_W / (high - low) / X_CELLS, PANEL_H / Y_CELLS / 2
    for (i, j), n in sorted(counts.items()):
        level = round(LEVELS * math.log1p(n) / math.log1p(most))
        paths.setdefault(level, []).append(f"M{across(i / X_CELLS):.1f} {down((j + 1) / Y_CELLS):.1f}h{wide:.1f}v{high_:.1f}h-{wide:.1f}z")
    for level, cells in sorted(paths.items()):
        out.append(f'<path d="{"".join(cells)}" fill="#1d5fa8" fill-opacity="{0.12 + 0.88 * level / LEVELS:.2f}"/>')
    return out


def plot(family, directory):
    paths = tables(directory, family)
    grids = [(p.name.split(".")[0], cells_of(p, p.name.split(".")[0])) for p in paths]
    grids = [(device, counts) for device, counts in grids if counts]
    if not grids:
        return None
    low = min(i for _, counts in grids for i, _ in counts) / X_CELLS - 0.1
    high = (max(i for _, counts in grids for i, _ in counts) + 1) / X_CELLS + 0.1
    columns = min(3, len(grids))
    rows = math.ceil(len(grids) / columns)
    width = LEFT + columns * (PANEL_W + GAP + 24)
    height = TOP + rows * (PANEL_H + 40) + 8
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
           "<style>text{font:12px sans-serif;fill:#2c333a}.tick{font-size:10px;fill:#6b7480}</style>",
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="{LEFT}" y="20"><tspan font-weight="600">{family}</tspan>: predicted / measured time against measured time; dashes: ±10 %; darker: more rows</text>']
    for n, (device, counts) in enumerate(grids):
        out += panel(counts, device, LEFT + n % columns * (PANEL_W + GAP + 24), TOP + n // columns * (PANEL_H + 40), low, high)
    name = f"kernels_{family}.svg"
    PLOTS.mkdir(exist_ok=True)
    (PLOTS / name).write_text("\n".join(out + ["</svg>"]) + "\n")
    return name


# What the project set out to reach: cross-validated error in percent, by family, formats and size.
HOPPER, AMPERE, BLACKWELL = ["h100_sxm", "h200_sxm"], ["a100_sxm"], ["b200_sxm", "gb200", "gb300"]
REACH = [
    ("GEMM of at least 2e11 FLOP, bf16", ["gemm"], ["bf16"], "large", [(HOPPER, 3.5), (AMPERE, 5), (BLACKWELL, 4)]),
    ("GEMM of at least 2e11 FLOP, fp8 and fp8_block", ["gemm"], ["fp8", "fp8_block"], "large", [(HOPPER, 6), (BLACKWELL, 7)]),
    ("GEMM of at least 2e11 FLOP, nvfp4", ["gemm"], ["nvfp4"], "large", [(BLACKWELL, 8)]),
    ("GEMM, all sizes, bf16", ["gemm"], ["bf16"], None, [(HOPPER, 6), (AMPERE, 8), (BLACKWELL, 8)]),
    ("GEMM, all sizes, fp8 and fp8_block", ["gemm"], ["fp8", "fp8_block"], None, [(HOPPER, 8), (BLACKWELL, 9)]),
    ("GEMM, all sizes, nvfp4", ["gemm"], ["nvfp4"], None, [(BLACKWELL, 10)]),
    ("attention prefill", ["attention_context", "mla_context"], None, None, [(HOPPER, 8), (AMPERE, 10), (BLACKWELL, 10)]),
    ("attention decode", ["attention_generation", "mla_generation"], None, None, [(HOPPER, 10), (AMPERE, 10), (BLACKWELL, 10)]),
    ("MoE grouped GEMM", ["moe"], None, None, [(HOPPER, 12), (AMPERE, 15), (BLACKWELL, 14)]),
    ("in-node collectives", ["nccl", "custom_allreduce"], None, None, [(HOPPER, 10), (AMPERE, 12), (BLACKWELL, 12)]),
]


def cross_error(device, families, formats, size):
    rows = error = 0
    for family in families:
        for fmt, parameters in entry(device).get(family, {}).items():
            if formats and fmt not in formats:
                continue
            for c in parameters["fit"]["classes"]:
                if size is None or c["name"] == size:
                    rows, error = rows + c["rows"], error + c["rows"] * c["cross_error"]
    return 100 * error / rows if rows else None


def reach_table():
    devices = HOPPER + AMPERE + BLACKWELL
    lines = ["| reach (target) | " + " | ".join(devices) + " |", "|---" * (len(devices) + 1) + "|"]
    for label, families, formats, size, targets in REACH:
        cells = []
        for device in devices:
            target = next((t for group, t in targets if device in group), None)
            error = cross_error(device, families, formats, size) if target else None
            cells.append("" if error is None else f"{error:.1f} ({target:g})" if error <= target else f"**{error:.1f}** ({target:g})")
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def interpolation_errors(rows):
    """Errors of reading a row off its table: linear in n between the next smaller and larger n at the same m and k, and the model's on the same rows."""
    times = {(r["m"], r["n"], r["k"]): r for r in rows}
    widths = {}
    for r in rows:
        widths.setdefault((r["m"], r["k"]), []).append(r["n"])
    pairs = []
    for (m, k), all_n in widths.items():
        all_n.sort()
        for low, n, high in zip(all_n, all_n[1:], all_n[2:]):
            a, b, c = (times[m, x, k]["latency"] for x in (low, n, high))
            guess = a + (c - a) * (n - low) / (high - low)
            pairs.append((abs(guess / b - 1), abs(times[m, n, k]["predicted"] / b - 1)))
    return pairs


def lookup_table(directory):
    lines = ["| device | format | rows | interpolation mean | median | colossus mean | median |", "|---|---|---|---|---|---|---|"]
    for path in tables(directory, "gemm"):
        device, by_format = path.name.split(".")[0], {}
        for r in csv.DictReader(io.StringIO(colossus("predict", "kernels", str(path), "--device", device))):
            if r["status"] != "refused":
                by_format.setdefault(r["dtype"], []).append({"m": int(r["m"]), "n": int(r["n"]), "k": int(r["k"]), "latency": float(r["latency_us"]),
                                                             "predicted": float(r["predicted_latency_us"])})
        for fmt, rows in by_format.items():
            peer, ours = zip(*interpolation_errors(rows))
            lines.append(f"| {device} | {fmt} | {len(peer)} | " + " | ".join(percent(f(e)) for e in (peer, ours) for f in (statistics.mean, statistics.median)) + " |")
    return "\n".join(lines)


def power_table():
    fit = entry("b200_sxm")["power"]["fit"]
    lines = ["| family | rows | error | bias | cross-validated | noise |", "|---|---|---|---|---|---|"]
    for c in fit["classes"]:
        lines.append(f"| {c['name']} | {c['rows']:.0f} | {percent(c['error'])} | {100 * c['bias']:+.1f} | {percent(c['cross_error'])} | {percent(c['noise'])} |")
    rows = sum(c["rows"] for c in fit["classes"])
    lines.append(f"| **all** | {rows:.0f} | {percent(sum(c['rows'] * c['error'] for c in fit['classes']) / rows)} | "
                 f"{100 * sum(c['rows'] * c['bias'] for c in fit['classes']) / rows:+.1f} | {percent(sum(c['rows'] * c['cross_error'] for c in fit['classes']) / rows)} | |")
    return "\n".join(lines)


def own_table():
    """The H100 that no fit has seen: tests/test_measured.c prints the figures."""
    out = subprocess.run([ROOT / "build" / "tests" / "test_measured"], check=True, capture_output=True, text=True,
                         env={"COLOSSUS_SOURCE_ROOT": str(ROOT)}).stdout
    lines = ["| products | rows | mean | bias |", "|---|---|---|---|"]
    for match in re.finditer(r"^(.+?) +(\d+) rows, mean ([\d.]+) %, bias ([-+][\d.]+) %$", out, re.M):
        lines.append("| " + " | ".join(match.groups()) + " |")
    return "\n".join(lines)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    directory = pathlib.Path(sys.argv[1])
    parts = ["### Reach\n\nCross-validated error and, in brackets, what the project set out for; bold: missed.\n\n" + reach_table() + "\n"]
    for family in FAMILIES:
        name = plot(family, directory)
        if name:
            parts.append(f"### {family}\n\n![predicted against measured time of {family} kernels](plots/{name})\n\n{table_of(family, directory)}\n")
    parts.append("### Devices never fitted\n\nParameters of the first device, datasheet of the second; mean absolute error in percent over all rows of the second.\n\n"
                 + sibling_table(directory) + "\n")
    parts.append("### Beside a table look-up\n\nGEMM rows read off their own table without themselves, linearly in n between the neighbours at the same m and k (how a tool that interpolates such tables answers for a shape "
                 "it does not hold), and the model on the same rows, which saw a part of them in its fit. Twenty parameters do as well as a table of thousands in bf16, a point or two worse in narrow formats; outside the grid "
                 "and on other devices only the model answers.\n\n" + lookup_table(directory) + "\n")
    parts.append("### Power, B200\n\nOf what the tables' meter reads, which still holds the kernels before ([power](model/device/power.md)).\n\n" + power_table() + "\n")
    parts.append("### An H100 measured for this project\n\nTimes never fitted on: another GPU, cuBLASLt 13.0 and PyTorch 2.11 instead of TensorRT-LLM's build, most shapes off the tables' grid "
                 "([validation/h100_kernels](../validation/h100_kernels/README.md)). The fp8 rows are products without the cast that every row of the tables contains.\n\n" + own_table() + "\n")
    (ROOT / "docs" / "accuracy_kernels.in.md").write_text("\n".join(parts))


if __name__ == "__main__":
    main()
