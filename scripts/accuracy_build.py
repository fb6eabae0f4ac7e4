#!/usr/bin/env python3
"""Writes docs/accuracy_build.in.md (builds, deliveries, schedules, money) from docs/accuracy_build.template.md and puts it in place in docs/accuracy.md.

usage: scripts/accuracy_build.py [PSPLIB]   (build/colossus must exist; about a minute without PSPLIB, a quarter of an hour of one core with it)

Figures of cases are asked anew of `colossus validate cases`. PSPLIB is a folder of scheduling instances with best_known.csv that the repository does not
carry: with it the printed tables of docs/accuracy_schedule.in.md are made anew (build/bench must exist, too), without it they stay as they are.
"""
import json, pathlib, re, subprocess, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
DOCS = ROOT / "docs"
KEPT = DOCS / "accuracy_schedule.in.md"
HEADING = "# Builds, deliveries, schedules, money"
# What is run with PSPLIB, as it is printed in KEPT.
PRINTED = [
    "colossus validate schedule PSPLIB --limit 10 --only set=J30,J60",
    "colossus validate schedule PSPLIB --limit 10 --only set=J120 --every 20",
    "colossus validate schedule PSPLIB --plans 5000 --only set=J120",
    "bench/bench_schedule",
    "bench/bench_supply 1 1",
    "bench/bench_supply 11 11",
]


def run(command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def print_anew(folder):
    parts = []
    for line in PRINTED:
        words = [folder if w == "PSPLIB" else w for w in line.split()]
        text = run([BUILD / words[0]] + words[1:]).replace(folder.rstrip("/"), "PSPLIB")
        parts.append(f"```\n$ {line}\n{text.rstrip()}\n```\n")
    KEPT.write_text("\n".join(parts))


# --- figures of cases --------------------------------------------------------------------------------------------------------

def ask(folder):
    """Figures of the cases of a folder, by case and name. A case that is missed makes no exception: the table says so."""
    out = subprocess.run([BUILD / "colossus", "validate", "cases", folder, "--json"], capture_output=True, text=True)
    if out.returncode not in (0, 3):
        sys.exit(out.stderr)
    return json.loads(out.stdout)


def number(value, unit):
    if unit == "s":
        return f"{value / 86400:.1f} days"
    if unit == "USD/s":
        year = value * 365.25 * 86400
        return f"{year / 1e9:.2f} billion USD/year" if year > 1e6 else f"{value * 3600:.2f} USD/h"
    if unit == "USD" and abs(value) >= 1e9:
        return f"{value / 1e9:.1f} billion {unit}"
    if unit == "USD/token":
        return f"{1e6 * value:.3f} USD a million tokens"
    text = f"{value:.0f}" if unit == "USD" else f"{value:.3f}".rstrip("0").rstrip(".")
    return text + (f" {unit}" if unit else "")


def wanted(f):
    if "expected" in f:
        band = number(f["tolerance"], f["unit"])
        return f["written"] if band.split()[0] in ("0", "0.000") else f"{f['written']} ± {band}"
    if "at_least" in f:
        return f"{number(f['at_least'], f['unit'])} to {number(f['at_most'], f['unit'])}"
    return "at most " + number(f["at_most"], f["unit"])


def verdict(f):
    if f["fit"]:
        return "fitted: no proof"
    return "inside" if f["passed"] else "**missed**"


def table(report):
    lines = ["| case | figure | wanted | here | |", "|---|---|---|---|---|"]
    for r in report["results"]:
        for f in r["figures"]:
            name = f["name"].replace("|", "\\|")
            lines.append(f"| `{r['folder']}/{r['name']}` | {name} | {wanted(f)} | {number(f['value'], f['unit'])} | {verdict(f)} |")
    return "\n".join(lines)


def counts(report):
    figures = [f for r in report["results"] for f in r["figures"]]
    fit = sum(f["fit"] for f in figures)
    missed = sum(not f["passed"] and not f["fit"] for f in figures)
    return f"{len(figures)} figures of {report['cases']} cases, of them {fit} fitted and {missed} missed"


# --- printed tables ----------------------------------------------------------------------------------------------------------

def row(block, name):
    """Fields of a printed table's row, by the words of its heading."""
    lines = block.splitlines()
    heading = next(l for l in lines if l.startswith("set "))
    keys = re.split(r"\s{2,}|(?<=[a-z]) (?=[a-z])", heading.strip())
    found = next(l for l in lines if re.match(re.escape(name) + r"\s+\d", l))
    return dict(zip(keys[1:], found[len(name):].split()))


def printed():
    blocks = re.findall(r"```\n\$ ([^\n]*)\n(.*?)```", KEPT.read_text(), re.S)
    block = {command: text for command, text in blocks}
    ten, large, fast, samples, one, eleven = (block[line] for line in PRINTED)
    values = {}
    for key, source, name in (("j30", ten, "J30"), ("j60", ten, "J60"), ("j120", large, "J120"), ("fast", fast, "J120")):
        values.update({f"{key}.{field}": value for field, value in row(source, name).items()})
    for key, text in (("seed1", one), ("seed11", eleven)):
        own, other = (re.search(rf"^{who} .*?: +([\d.]+) s  cost ([\d.]+) .*?(proved|open)  nodes (\d+)", text, re.M) for who in ("own", "Cbc"))
        values.update({f"{key}.own": own[1], f"{key}.cbc": other[1], f"{key}.own_cost": own[2], f"{key}.cbc_cost": other[2],
                       f"{key}.own_nodes": own[4], f"{key}.cbc_nodes": other[4], f"{key}.ratio": re.search(r"^ratio ([\d.]+)", text, re.M)[1]})
    return values, samples


def main():
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    if len(sys.argv) == 2:
        print_anew(sys.argv[1])
    build, cost = ask("buildout"), ask("cost")
    values, samples = printed()
    for report in (build, cost):
        for r in report["results"]:
            for index, f in enumerate(r["figures"]):
                values[f"{r['name']}.{index}"] = number(f["value"], f["unit"])
    for key in ("links", "resources"):
        values[f"samples.{key}"] = f"{int(re.search(rf'^samples, .*{key} +([0-9]+) / s', samples, re.M)[1]):,}"
    values.update({"buildout_counts": counts(build), "cost_counts": counts(cost), "buildout": table(build), "cost": table(cost),
                   "printed": KEPT.read_text().rstrip()})
    text = (DOCS / "accuracy_build.template.md").read_text()
    for key, value in values.items():
        text = text.replace("@" + key + "@", value)
    left = re.findall(r"@[\w.]+@", text)
    if left:
        sys.exit("no figure for " + ", ".join(left))
    (DOCS / "accuracy_build.in.md").write_text(text)
    whole = (DOCS / "accuracy.md").read_text()
    (DOCS / "accuracy.md").write_text(whole.split(HEADING + "\n")[0].rstrip() + f"\n\n{HEADING}\n\n{text}")


if __name__ == "__main__":
    main()
