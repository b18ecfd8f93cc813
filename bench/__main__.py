"""`python -m bench`: the benchmarks and the peers beside them; tables, bench/results/latest.json; 1 on a miss."""

import argparse
import subprocess
import sys
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench import rate, report
from bench.machine import machine

RESULTS = Path(__file__).parent / "results"
SECTIONS: dict[str, tuple[str, str]] = {
    "day": ("bench.day", ""),
    "peers": ("bench.peers", "--rounds 5 --events 1000000"),
    # As many records as take long enough to tell: a fast peer gets more of them.
    "recovery": (
        "bench.peers",
        "--name recovery --only engine,faust --rounds 5 --events 2000000 --keys 2000000 --slow-events 60000",
    ),
    "keys": (
        "bench.peers",
        "--name keys --only engine,engine-rocksdb,streams,quix --rounds 1 --keys 1000000 --events 1000000",
    ),
    "latency": ("bench.peers.latency", "--only echo,engine,streams-memory --rounds 5 --seconds 8"),
    "full": ("bench.full", "--rounds 5 --events 50000"),
    "state": ("bench.state", ""),
    "state-large": ("bench.state", "--keys 10000000"),
    "stalls": ("bench.stalls", "--rounds 5"),
    "commits": ("bench.commits", "--rounds 5"),
}
"""What is measured by programs of their own, in this order: the module and what it is asked for."""
SHORT = {"peers": "--short"}
"""The same in CI, where a bare time says nothing: the machine is whatever it is."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a fifth of the year, one run, few peers: what CI does")
    parser.add_argument("--runs", type=int, default=3, help="runs of `kxwatch rate`, in turn")
    parser.add_argument("--only", default=f"rate,{','.join(SECTIONS)}", help="parts, with commas between (all)")
    chosen = parser.parse_args()
    on, console = machine(), Console(soft_wrap=True)
    RESULTS.mkdir(exist_ok=True)
    wanted, missed = chosen.only.split(","), []
    if "rate" in wanted:
        rated = rate.run(1 if chosen.short else chosen.runs, short=chosen.short)
        (RESULTS / "rate.json").write_bytes(orjson.dumps({"machine": on, "rate": rated}, option=orjson.OPT_INDENT_2))
        show(console, on, rated)
        missed += rated["missed"]
    for name in (one for one in SECTIONS if one in wanted and (one in SHORT or not chosen.short)):
        module, options = SECTIONS[name]
        console.print(f"\n{name}: python -m {module}")
        done = subprocess.run(
            [sys.executable, "-m", module, *(SHORT[name] if chosen.short else options).split()], check=False
        )
        if done.returncode:
            missed.append(f"{name} ended with {done.returncode}")
    found = report.results(RESULTS)
    (RESULTS / "latest.json").write_bytes(orjson.dumps({"machine": on, **found}, option=orjson.OPT_INDENT_2))
    if not chosen.short:
        console.print(report.wanted(found))
    for one in missed:
        console.print(f"MISSED {one}")
    return 1 if missed else 0


def show(console: Console, on: dict, found: dict) -> None:
    console.print(f"{on['processor']}, {on['cores']} cores, Python {on['python']}, load {on['load_before']:.1f} before")
    title = f"kxwatch rate, {found['events']:,} events, {found['patient_days']:,} patient-days, {found['runs']} runs"
    table = Table(title=title, title_justify="left")
    for heading in ("", "events a CPU-second (median)", "min", "max", "of the floor", "bytes a patient-day"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, row in found["rows"].items():
        speed, memory = row["events_a_cpu_second"], row["bytes_a_patient_day"]
        numbers = [f"{speed[part]:,.0f}" for part in ("median", "min", "max")]
        table.add_row(name, *numbers, f"{row['of_the_floor']:.3f}", f"{memory:,.0f}" if memory else "")
    console.print(table)
    console.print("The floor reads and decodes the same lines to typed events, and does nothing else.")


if __name__ == "__main__":
    sys.exit(main())
