#!/usr/bin/env bash
# Measures this CPU, calibrates a device from that, predicts a training step of a small GPT, times it in PyTorch and prints
# the error of the prediction:
#   bench/probe_example.sh [FOLDER]    THREADS=1 SECONDS_GEMM=60 COLOSSUS=build/colossus PYTHON=python3
# Needs Debian's python3-torch (scripts/setup bench). Leave the machine alone while it runs: what else runs is measured too.
set -euo pipefail
cd "$(dirname "$0")/.."
colossus=${COLOSSUS:-build/colossus} threads=${THREADS:-1} seconds=${SECONDS_GEMM:-60}
folder=${1:-$(mktemp -d)}
export THREADS=$threads OPENBLAS_NUM_THREADS=$threads

python=
for candidate in ${PYTHON:-python3 /usr/bin/python3}; do
  if "$candidate" -c 'import torch' 2>/dev/null; then python=$candidate; break; fi
done
[ -n "$python" ] || { echo "bench/probe_example.sh: PyTorch is missing: scripts/setup bench installs python3-torch" >&2; exit 2; }

echo "--- probe, $threads threads, $seconds s of products"
"$colossus" probe all --threads "$threads" --seconds "$seconds" -o "$folder" --name this_cpu
echo "--- calibrate"
"$colossus" --catalogue "$folder" calibrate device this_cpu --kernels "$folder" --family gemm,memory \
  --source probe-this_cpu -o "$folder/kernels/this_cpu.yaml"

echo "--- predict"
"$python" bench/torch_step.py kernels "$folder"
for family in gemm memory; do
  "$colossus" --catalogue "$folder" predict kernels "$folder/step.$family.csv" --device this_cpu --family "$family" \
    -o "$folder/predicted.$family.csv"
done
echo "--- time"
# Freed memory stays with the allocator, as it does on GPUs and as PyTorch's guide to tuning advises (jemalloc, tcmalloc): otherwise
# a third of the step is the operating system handing out zeroed pages.
read -r median fastest slowest < <(env MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000 \
  MALLOC_TOP_PAD_=268435456 "$python" bench/torch_step.py time)

"$python" - "$folder" "$median" "$fastest" "$slowest" <<'PYTHON'
import csv
import sys

folder, (median, fastest, slowest) = sys.argv[1], map(float, sys.argv[2:])
total = 0
for family in ("gemm", "memory"):
    with open(f"{folder}/predicted.{family}.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    refused = [row for row in rows if row["status"] == "refused"]
    if refused:
        sys.exit(f"{family}: {len(refused)} kernels refused: {refused[0]['reason']}")
    seconds = sum(int(row["count"]) * float(row["predicted_latency_us"]) for row in rows) * 1e-6
    print(f"predicted {family:8s} {1e3 * seconds:8.1f} ms in {sum(int(row['count']) for row in rows)} kernels")
    total += seconds
print(f"predicted step     {1e3 * total:8.1f} ms")
print(f"measured step      {1e3 * median:8.1f} ms (median; {1e3 * fastest:.1f} to {1e3 * slowest:.1f})")
print(f"error              {100 * (total / median - 1):+8.1f} %")
PYTHON
