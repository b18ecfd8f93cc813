"""`python -m bench.full`: the full job, in turn by each way to run it; 1 when a target is missed."""

import argparse
import asyncio
import sys
from pathlib import Path
from statistics import median

import orjson

from bench.full import latency, throughput
from bench.full.throughput import WAYS, Speed
from bench.machine import machine
from bench.peers.stage import stage
from pipeline.simulate import network

RESULTS = Path(__file__).parents[1] / "results" / "full.json"
YEAR = {"sites": 40, "patients": 2_100, "days": 360, "seed": 1}
LEAST_OF_PLAIN = 12.0
MOST_P99_MS = 500.0
RATE = 1_000
"""Events a second at which latency is measured."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.full", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, each with every way (5)")
    parser.add_argument("--events", type=int, default=100_000, help="events for the engine; slow ways get fewer")
    parser.add_argument("--seconds", type=int, default=15, help="seconds of steady load (15)")
    chosen = parser.parse_args()
    on = machine()
    lines = [line for line, _ in zip(network(**YEAR), range(chosen.events), strict=False)]
    speeds: dict[str, list[Speed]] = {name: [] for name in WAYS}
    latencies = []
    with stage() as at:
        for number in range(chosen.rounds):
            for name, way in WAYS.items():
                run = f"full-{name}-{number}"
                speeds[name].append(asyncio.run(throughput.measure(at, run, way, lines[: way.most_events])))
                print(f"{name}: {speeds[name][-1].events_a_second:,.0f} events a second", flush=True)
            paced = lines[: RATE * chosen.seconds]
            latencies.append(asyncio.run(latency.measure(at, f"full-paced-{number}", RATE, paced)))
            print(f"threshold-alerts: {latencies[-1]['threshold-alerts']}", flush=True)
    rows = {name: {field: median(values) for field, values in _columns(found)} for name, found in speeds.items()}
    paced = {
        title: {field: median([one[title][field] for one in latencies]) for field in latencies[0][title]}
        for title in latencies[0]
    }
    ratio = rows["engine"]["events_a_second"] / rows["plain"]["events_a_second"]
    p99 = paced["threshold-alerts"]["p99"]
    missed = [f"the engine is {ratio:.1f} times as fast as plain Faust"] if ratio < LEAST_OF_PLAIN else []
    missed += [f"threshold-alerts: p99 of {p99:.0f} ms"] if p99 > MOST_P99_MS else []
    result = {"machine": on, "rounds": chosen.rounds, "speed": rows, "latency_ms": paced, "times_plain": ratio}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(orjson.dumps(result | {"missed": missed}, option=orjson.OPT_INDENT_2))
    for name, row in rows.items():
        print(f"{name:8} {row['events_a_second']:10,.0f} events/s {row['cpu_us_an_event']:8.1f} us  {WAYS[name].about}")
    for title, row in paced.items():
        print(f"{title}: {', '.join(f'{field} {value:,.0f}' for field, value in row.items())}")
    print(f"{ratio:.1f} times plain Faust")
    for one in missed:
        print(f"MISSED {one}")
    return 1 if missed else 0


def _columns(found: list[Speed]) -> list[tuple[str, list[float]]]:
    return [(field, [getattr(one, field) for one in found]) for field in Speed._fields]


if __name__ == "__main__":
    sys.exit(main())
