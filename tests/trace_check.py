#!/usr/bin/env python3
"""Opens a trace in both formats, decodes each on its own and compares them.

trace_check.py CHROME.json PERFETTO          compares two files written from one trace and prints what is in them
trace_check.py --writer EXE                  the same for files that `EXE FOLDER SEED` writes, against the counts it prints

The protobuf is walked by the wire format alone, with field numbers of google/perfetto protos/perfetto/trace.
"""

import collections
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


class Wrong(Exception):
    pass


def need(condition, text):
    if not condition:
        raise Wrong(text)


# --- wire format --------------------------------------------------------------------------------------------------------


def varint(data, at):
    value = shift = 0
    while True:
        need(at < len(data) and shift < 64, "a varint runs past its end")
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    """(number, value) of a message; value: int, 8 or 4 bytes, or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, wire = key >> 3, key & 7
        need(number > 0, "field number 0")
        if wire == VARINT:
            value, at = varint(data, at)
        else:
            need(wire in (FIXED64, LENGTH, FIXED32), f"wire type {wire}")
            size = 8 if wire == FIXED64 else 4
            if wire == LENGTH:
                size, at = varint(data, at)
            need(at + size <= len(data), "a field runs past the end of its message")
            value, at = data[at : at + size], at + size
        yield number, value


def message(data):
    """Fields as lists, by number."""
    found = collections.defaultdict(list)
    for number, value in fields(data):
        found[number].append(value)
    return found


def one(found, number, otherwise=None):
    values = found.get(number, [])
    need(len(values) <= 1, f"field {number} is given {len(values)} times")
    return values[0] if values else otherwise


def text(found, number):
    value = one(found, number)
    return None if value is None else value.decode("utf-8")


def double(data):
    return struct.unpack("<d", data)[0]


# --- what a trace holds, whatever its format ----------------------------------------------------------------------------


class Trace:
    def __init__(self):
        self.processes = {}  # pid -> name
        self.tracks = {}  # key -> (pid, name)
        self.spans = collections.defaultdict(list)  # key -> (start ns, end ns, name, category, amounts)
        self.samples = collections.defaultdict(list)  # (pid, name, unit) -> (ns, value)
        self.flows = collections.defaultdict(list)  # id -> (ns, (pid, name of the track))

    def check(self):
        for key, spans in self.spans.items():
            spans.sort(key=lambda s: s[:2])
            for a, b in zip(spans, spans[1:]):
                need(a[1] <= b[0], f"spans {a} and {b} of track {self.tracks[key]} overlap")
        for flow, ends in self.flows.items():
            need(len(ends) >= 2, f"flow {flow} joins nothing")

    def summary(self):
        named = collections.Counter(self.tracks.values())
        need(max(named.values(), default=1) == 1, "two tracks of a process have one name")
        return {
            "processes": self.processes,
            "tracks": sorted(self.tracks.values()),
            "spans": {self.tracks[key]: sorted(spans, key=repr) for key, spans in self.spans.items()},
            "samples": {key: sorted(values) for key, values in self.samples.items()},
            "flows": {flow: sorted(ends) for flow, ends in self.flows.items()},
        }

    def counts(self):
        return {
            "processes": len(self.processes),
            "tracks": len(self.tracks),
            "spans": sum(map(len, self.spans.values())),
            "counters": len(self.samples),
            "samples": sum(map(len, self.samples.values())),
        }


# --- Perfetto -----------------------------------------------------------------------------------------------------------

SLICE_BEGIN, SLICE_END, COUNTER = 1, 2, 4


def read_perfetto(data):
    trace, parents, counters, open_spans, events, closed = Trace(), {}, {}, {}, [], set()
    for number, packet in fields(data):
        need(number == 1, f"field {number} in a file of packets")
        p = message(packet)
        if 60 in p:
            read_descriptor(trace, message(one(p, 60)), parents, counters)
        if 11 in p:
            need(one(p, 10, 0) > 0, "an event of no sequence")
            events.append((one(p, 8), message(one(p, 11))))
    events.sort(key=lambda e: e[0])  # stable, as the importer's
    for time, event in events:
        kind, uuid = one(event, 9), one(event, 11)
        if kind == COUNTER:
            trace.samples[counters[uuid]].append((time, double(one(event, 44))))
        elif kind == SLICE_BEGIN:
            need(uuid in trace.tracks, f"a slice of track {uuid}, which nothing describes")
            need(uuid not in open_spans, f"a slice begins inside another of track {trace.tracks[uuid]}")
            amounts = {text(a, 10): double(one(a, 5)) for a in map(message, event.get(4, []))}
            open_spans[uuid] = (time, text(event, 23) or "", text(event, 22), amounts)
            for flow in event.get(47, []) + event.get(48, []):
                flow_id = struct.unpack("<Q", flow)[0]
                need(flow_id not in closed, f"flow {flow_id} goes on behind its end")
                trace.flows[flow_id].append((time, trace.tracks[uuid]))
            closed.update(struct.unpack("<Q", flow)[0] for flow in event.get(48, []))
        else:
            need(kind == SLICE_END and uuid in open_spans, f"an event of type {kind} on track {uuid}")
            start, name, category, amounts = open_spans.pop(uuid)
            trace.spans[uuid].append((start, time, name, category, amounts))
    need(not open_spans, "a slice without an end")
    need(closed == set(trace.flows), "a flow without an end")
    return trace


def read_descriptor(trace, d, parents, counters):
    uuid = one(d, 1)
    need(uuid and uuid not in parents, f"track {uuid} is described twice")
    if 3 in d:
        process = message(one(d, 3))
        parents[uuid] = one(process, 1)
        need(parents[uuid] > 0, "process 0")
        trace.processes[parents[uuid]] = text(process, 6)
        return
    pid = parents[one(d, 5)]
    parents[uuid] = pid
    if 8 in d:
        counters[uuid] = (pid, text(d, 2), text(message(one(d, 8)), 6))
    else:
        trace.tracks[uuid] = (pid, text(d, 2))


# --- Chrome -------------------------------------------------------------------------------------------------------------


def nanoseconds(event, key):
    value = round(event[key] * 1000)
    need(abs(event[key] * 1000 - value) < 0.01, f"{key} {event[key]} is not in whole nanoseconds")
    return value


def read_chrome(data):
    trace = Trace()
    phases = collections.defaultdict(list)
    events = json.loads(data)["traceEvents"]
    for e in events:
        key = (e["pid"], e.get("tid"))
        if e["ph"] == "M" and e["name"] == "process_name":
            trace.processes[e["pid"]] = e["args"]["name"]
        elif e["ph"] == "M" and e["name"] == "thread_name":
            trace.tracks[key] = (e["pid"], e["args"]["name"])
        elif e["ph"] == "X":
            start = nanoseconds(e, "ts")
            end = start + nanoseconds(e, "dur")
            trace.spans[key].append((start, end, e["name"], e.get("cat"), e.get("args", {})))
        elif e["ph"] == "C":
            ((unit, value),) = e["args"].items()
            trace.samples[(e["pid"], e["name"], unit)].append((nanoseconds(e, "ts"), value))
        elif e["ph"] in "stf":
            phases[e["id"]].append((nanoseconds(e, "ts"), e["ph"]))
            trace.flows[e["id"]].append((nanoseconds(e, "ts"), trace.tracks[key]))
        else:
            need(e["ph"] == "M", f"an event of phase {e['ph']}")
    for flow, seen in phases.items():
        order = "".join(phase for _, phase in sorted(seen, key=lambda s: (s[0], "stf".index(s[1]))))
        need(order == "s" + "t" * (len(order) - 2) + "f", f"flow {flow} goes {order}")
    return trace


# --- comparison ---------------------------------------------------------------------------------------------------------


def compare(chrome_path, perfetto_path):
    chrome = read_chrome(chrome_path.read_text(encoding="utf-8"))
    perfetto = read_perfetto(perfetto_path.read_bytes())
    chrome.check()
    perfetto.check()
    a, b = chrome.summary(), perfetto.summary()
    for what in a:
        need(a[what] == b[what], f"the two files differ in {what}")
    return dict(chrome.counts(), flows=len(chrome.flows))


def check_writer(writer):
    for seed in range(1, 6):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run([writer, folder, str(seed)], capture_output=True, text=True, check=True)
            want = json.loads(done.stdout)
            found = compare(pathlib.Path(folder, "trace.json"), pathlib.Path(folder, "trace.perfetto"))
            for what, count in want.items():
                need(found[what] == count, f"{found[what]} {what}, expected {count}")
            need(found["flows"] > 0, "no flows")
            print(f"seed {seed}: {found}")


def main(words):
    try:
        if len(words) == 2 and words[0] == "--writer":
            check_writer(words[1])
        elif len(words) == 2:
            print(json.dumps(compare(*map(pathlib.Path, words))))
        else:
            sys.exit(__doc__)
    except Wrong as wrong:
        sys.exit(f"trace_check: {wrong}")


if __name__ == "__main__":
    main(sys.argv[1:])
