"""`kxwatch rate` on a year of a network: events a second and core, with every alert and final values only; memory."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.process import Usage, measure
from pipeline.simulate import network

YEAR = {"sites": 40, "patients": 2_100, "days": 360, "seed": 1}
SHORT = {"sites": 40, "patients": 840, "days": 360, "seed": 1}
TARGETS = {"rate": 15_000, "rate --final": 40_000}
"""Events a second and core on a year, at least."""
MOST_BYTES_A_DAY = 3_000
SLOWEST_OF_THE_FLOOR = {"rate": 0.02, "rate --final": 0.06}
"""Of the floor's speed in the same run, at least: what holds on a busy machine too, where bare speeds do not."""


def run(runs: int, *, short: bool) -> dict[str, object]:
    """Measure; gives the figures and, under `missed`, each target that was not met."""
    with tempfile.TemporaryDirectory() as folder:
        events, empty, out = Path(folder) / "events.jsonl", Path(folder) / "empty.jsonl", Path(folder) / "out.jsonl"
        empty.touch()
        lines = 0
        with events.open("wb") as file:
            for line in network(**(SHORT if short else YEAR)):
                file.write(line + b"\n")
                lines += 1
        commands = {
            "floor": [sys.executable, "-m", "bench.floor", str(events)],
            "rate": _rate(events, out),
            "rate --final": [*_rate(events, out), "--final"],
        }
        usages: dict[str, list[Usage]] = {name: [] for name in commands}
        for _ in range(runs):
            # In turn, so that a machine whose speed drifts drifts for all of them.
            for name, command in commands.items():
                usages[name].append(measure(command))
        start = measure(_rate(empty, out))
        measure([*_rate(events, out), "--final"])
        days = sum(line.startswith(b'{"topic":"billable-days"') for line in _read(out))
    return _figures(lines, days, usages, start, short=short)


def _rate(events: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "pipeline", "rate", str(events), "--out", str(out)]


def _read(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _figures(lines: int, days: int, usages: dict[str, list[Usage]], start: Usage, *, short: bool) -> dict[str, object]:
    speeds = {name: [lines / used.cpu for used in found] for name, found in usages.items()}
    rows = {}
    missed = []
    for name, found in usages.items():
        speed = median(speeds[name])
        ratio = median(ours / floor for ours, floor in zip(speeds[name], speeds["floor"], strict=True))
        memory = (max(used.peak for used in found) - start.peak) / days
        rows[name] = {
            "events_a_cpu_second": {"min": min(speeds[name]), "median": speed, "max": max(speeds[name])},
            "of_the_floor": ratio,
            "bytes_a_patient_day": memory if name != "floor" else None,
        }
        if name == "floor":
            continue
        if not short and speed < TARGETS[name]:
            missed.append(f"{name}: {speed:,.0f} events a second and core, {TARGETS[name]:,} wanted")
        if ratio < SLOWEST_OF_THE_FLOOR[name]:
            missed.append(f"{name}: {ratio:.3f} of the floor, {SLOWEST_OF_THE_FLOOR[name]} wanted")
        # What is held for a stretch of lines is little of a year and much of a part of one.
        if not short and memory > MOST_BYTES_A_DAY:
            missed.append(f"{name}: {memory:,.0f} bytes a patient-day, at most {MOST_BYTES_A_DAY:,} wanted")
    return {"events": lines, "patient_days": days, "runs": len(usages["rate"]), "rows": rows, "missed": missed}
