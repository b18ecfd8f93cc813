"""`python -m bench.report`: what the benchmarks have found, as docs/benchmarks.md and a chart beside it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import orjson

from bench import parts
from bench.day import MOST_MICROSECONDS
from bench.parts import Result
from bench.rate import TARGETS

RESULTS = Path(__file__).parent / "results"
DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# Benchmarks

Measured by `python -m bench.peers`, `bench.peers.latency`, `bench.full`, `bench.state` and `bench.stalls`, the broker
on the same machine as the worker. Each figure is the median of its rounds, as many as its table says, the peers in turn
within a round. Every output of every run was checked. A speed is worth comparing within one table: machines and their
spells differ.

Where an event's time goes in the engine, by a sampling profile of the counting job: a quarter in the body, a tenth to
read it, an eighth to build batches, a sixth to transactions, the rest to sockets and the event loop. The broker's work
for commits takes a part of a core beside it (see "What commits cost"), and the machine has two. Quix Streams reads and
writes through librdkafka, in C, and by default commits every 5 s, so that an output is seen by others as much later:
seven times that speed would be nine tenths of what aiokafka reads and decodes with no job to do (`floor`).

![Events a second of the counting job](benchmarks.svg)
"""


class Goal(NamedTuple):
    """A ratio that is wanted: what it is, the ratio found (None: not measured), and the bound it is held to."""

    what: str
    found: float | None
    bound: float
    most: bool = False

    def row(self) -> str:
        """Give it as a row of a table."""
        if self.found is None:
            return f"| {self.what} | {self._bound()} | not measured | |"
        met = self.found <= self.bound if self.most else self.found >= self.bound
        return f"| {self.what} | {self._bound()} | {self.found:,.2f} | {'met' if met else 'missed'} |"

    def _bound(self) -> str:
        return f"at {'most' if self.most else 'least'} {self.bound:g}"


def main() -> int:
    found = results(RESULTS)
    peers = _measured(found)
    again, paced = found.get("recovery", {}).get("job", {}), found.get("latency", {}).get("job", {})
    page = [
        HEAD,
        "## What is wanted, and what was found\n",
        wanted(found) + "\n",
        f"Recovery: {again.get('rounds', 0)} rounds, {again.get('keys', 0):,} keys.\n",
        "## The counting job\n",
        _text("peers.md"),
        "## The counting job with a million keys\n",
        _text("keys.md"),
        "## Latency of one stage\n",
        f"Rounds: {paced.get('rounds', 0)}.\n",
        _text("latency.md"),
    ]
    if full := found.get("full"):
        page += ["## The full job\n", parts.full(full)]
    if state := found.get("state"):
        page += ["## Tables\n", parts.state(state["state"])]
    if large := found.get("state-large"):
        page += [parts.state(large["state"])]
    if stalled := found.get("stalls"):
        page += ["## Workers that come and go\n", parts.stalls(stalled)]
    if commits := found.get("commits"):
        page += ["## What commits cost\n", parts.commits(commits)]
    if rated := found.get("rate"):
        page += ["## Events from a file: `kxwatch rate`\n", parts.rate(rated["rate"])]
    if day := found.get("day"):
        page += ["## A day of four segments\n", parts.day(day)]
    (DOCS / "benchmarks.md").write_text("\n".join(page).rstrip() + "\n", "utf-8")
    parts.chart(peers, DOCS / "benchmarks.svg")
    return 0


def results(folder: Path) -> dict[str, Result]:
    """Give what was measured last, by part."""
    paths = (path for path in sorted(folder.glob("*.json")) if path.stem != "latest")
    return {path.stem: orjson.loads(path.read_bytes()) for path in paths}


def wanted(found: Mapping[str, Result]) -> str:
    """Give what the project holds itself to beside what was found, as a table."""
    rows = [goal.row() for goal in goals(found, _measured(found))]
    return "| ratio in one run | wanted | found | |\n| --- | --- | ---: | --- |\n" + "\n".join(rows)


def _measured(found: Mapping[str, Result]) -> dict[str, Result]:
    return {one["name"]: one for one in found.get("peers", {}).get("peers", []) if "unavailable" not in one}


def goals(found: Mapping[str, Result], peers: Mapping[str, Result]) -> list[Goal]:
    """Give the ratios that this project holds itself to."""

    def speed(name: str, field: str = "events_a_second") -> float | None:
        figure = peers.get(name, {}).get(field)
        return figure["median"] if figure else None

    def times(one: float | None, other: float | None) -> float | None:
        return one / other if one and other else None

    engine, cpu = speed("engine"), speed("engine", "cpu_us_an_event")
    streams = max((name for name in peers if name.startswith("streams")), key=lambda name: speed(name) or 0, default="")
    latest = {one["name"]: one for one in found.get("latency", {}).get("peers", [])}
    p99 = {name: _at(latest.get(name), 1_000, "p99_ms") for name in ("engine", "echo")}
    full, memory = found.get("full", {}), found.get("state", {}).get("state", {}).get("rows", {}).get("memory", {})
    again = {one["name"]: one.get("recovery_records_a_second") for one in found.get("recovery", {}).get("peers", [])}
    loaded = {name: figure["median"] for name, figure in again.items() if figure}
    recovery = times(loaded.get("engine"), loaded.get("faust"))
    return [
        Goal("counting job against plain Faust", times(engine, speed("faust")), 40),
        Goal("against Quix Streams, a commit every 50 ms in both", times(engine, speed("quix-50ms")), 7),
        Goal("against Quix Streams, its commits as by default (5 s)", times(engine, speed("quix")), 7),
        Goal(f"against Kafka Streams (`{streams}`), CPU an event", times(speed(streams, "cpu_us_an_event"), cpu), 2.5),
        Goal(f"against Kafka Streams (`{streams}`), events a second", times(engine, speed(streams)), 1.3),
        Goal("against the floor", times(engine, speed("floor")), 0.4),
        Goal("against the floor, CPU an event", times(speed("floor", "cpu_us_an_event"), cpu), 0.4),
        Goal("exactly once against at least once, same engine", times(engine, speed("engine-untransacted")), 0.9),
        Goal("recovery against plain Faust, records a second", recovery, 40),
        Goal("the full job against plain Faust with the same rules", full.get("times_plain"), 12),
        Goal("p99 at 1,000 events a second against the bare echo", times(p99["engine"], p99["echo"]), 1.5, most=True),
        Goal(
            "p99 from emr-events to threshold-alerts at 1,000 a second, ms",
            full.get("latency_ms", {}).get("threshold-alerts", {}).get("p99"),
            500,
            most=True,
        ),
        Goal("memory a key over the encoded value, bytes", memory.get("bytes_a_key"), 250, most=True),
        Goal("a day of four segments with its explanation, µs", _day(found), MOST_MICROSECONDS, most=True),
        *_rated(found),
        *stalls(found.get("stalls", {})),
    ]


def _day(found: Mapping[str, Result]) -> float | None:
    return found.get("day", {}).get("rows", {}).get("explained", {}).get("median_us")


def _rated(found: Mapping[str, Result]) -> list[Goal]:
    rows = found.get("rate", {}).get("rate", {}).get("rows", {})
    return [
        Goal(
            f"`kxwatch {name}`, events a second and core",
            rows.get(name, {}).get("events_a_cpu_second", {}).get("median"),
            bound,
        )
        for name, bound in TARGETS.items()
    ]


def stalls(found: Result) -> list[Goal]:
    """Give how long a partition may be without progress, in seconds: the worst of all rounds."""
    session = found.get("job", {}).get("session", 3)
    bounds = {
        "roll": ("rolling restart", 2),
        "kill": (f"kill -9, a session of {session:g} s", session + 1),
        "again": (f"kill -9 and a new start at once, a session of {session:g} s", session + 1),
        "join": ("a worker joins, partitions that it does not take", 1),
    }
    rows = found.get("stalls", {})
    return [
        Goal(f"a partition without progress, s: {what}", rows.get(kind, {}).get("worst_s"), bound, most=True)
        for kind, (what, bound) in bounds.items()
    ]


def _at(row: Result | None, rate: int, field: str) -> float | None:
    rates = (row or {}).get("rates", [])
    return next((one[field] for one in rates if one.get("rate") == rate or one.get("events_a_second") == rate), None)


def _text(name: str) -> str:
    path = RESULTS / name
    return path.read_text("utf-8") if path.is_file() else "Not measured.\n"


if __name__ == "__main__":
    sys.exit(main())
