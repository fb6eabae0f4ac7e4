#!/usr/bin/env python3
"""The loop by which small models simulate a run under failures, in plain Python: one job, exponential failures, checkpoints, detection,
restart; every second booked once. The shape of netcap's Monte Carlo (dimaggi-ai/network-vs-more-gpus), written anew, without numpy.
usage: reliability_loop.py [RUNS]  prints runs per second and mean failures of a run: 2,048 nodes, 54 days."""
import math
import random
import sys
import time

DAY = 86400.0
MTTF = 54 * DAY / 419  # Llama 3
WINDOW, INTERVAL, STALL, DETECT, RESTART = 54 * DAY, 667.4, 20.0, 300.0, 300.0


def run(rng):
    now = saved = 0.0
    running = stalled = lost = down = 0.0
    failures = 0
    while now < WINDOW:
        end = min(now + rng.expovariate(1 / MTTF), WINDOW)
        stall = (end - now) * STALL / (INTERVAL + STALL)
        stalled += stall
        running += end - now - stall
        saved += math.floor((end - saved) / (INTERVAL + STALL)) * (INTERVAL + STALL)
        now = end
        if now >= WINDOW:
            break
        failures += 1
        lost += now - saved
        stop = min(DETECT + RESTART, WINDOW - now)
        down += stop
        now += stop
        saved = now
    assert abs(running + stalled + down - WINDOW) < 1e-6 * WINDOW
    return failures, running - lost * INTERVAL / (INTERVAL + STALL)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rng = random.Random(1)
    start = time.process_time()
    failures = sum(run(rng)[0] for _ in range(runs))
    print(f"{runs / (time.process_time() - start):.1f} {failures / runs:.1f}")


main()
