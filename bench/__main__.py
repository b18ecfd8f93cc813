"""`python -m bench`: run the benchmarks, print a table, write bench/results/latest.json; 1 when a target is missed."""

import argparse
import sys
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench import rate
from bench.machine import machine

RESULTS = Path(__file__).parent / "results" / "latest.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a fifth of the year, one run: what CI does")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command, in turn")
    chosen = parser.parse_args()
    on = machine()
    found = rate.run(1 if chosen.short else chosen.runs, short=chosen.short)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(orjson.dumps({"machine": on, "rate": found}, option=orjson.OPT_INDENT_2))
    show(Console(soft_wrap=True), on, found)
    return 1 if found["missed"] else 0


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
    for missed in found["missed"]:
        console.print(f"MISSED {missed}")


if __name__ == "__main__":
    sys.exit(main())
