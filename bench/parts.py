"""What each benchmark has found, as a part of the page, and the chart."""

import io
import re
from collections.abc import Mapping
from pathlib import Path

from rich.bar import Bar
from rich.console import Console
from rich.table import Table

WIDTH = 60
Result = Mapping[str, object]


def full(full: Result) -> str:
    """Say the full job by each way to run it, and its latency."""
    lines = ["| way | events/s | CPU µs an event |", "| --- | ---: | ---: |"]
    lines += [
        f"| {name} | {row['events_a_second']:,.0f} | {row['cpu_us_an_event']:.0f} |"
        for name, row in full["speed"].items()
    ]
    lines += ["", "At 1,000 events a second, from the append to emr-events to a reader of what is committed:", ""]
    lines += ["| topic | messages | p50 ms | p95 ms | p99 ms |", "| --- | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {title} | {row['messages']:,.0f} | {row['p50']:.0f} | {row['p95']:.0f} | {row['p99']:.0f} |"
        for title, row in full["latency_ms"].items()
    ]
    return "\n".join(lines) + "\n"


def state(state: Result) -> str:
    """Say tables in memory and outside."""
    lines = [f"{state['keys']:,} keys with values of {state['value_bytes']} bytes, one partition number.", ""]
    lines += ["| tables | load s | open again s | bytes a key over its value | reads a second |"]
    lines += ["| --- | ---: | ---: | ---: | ---: |"]
    lines += [
        f"| {name} | {row['seconds']:.1f} | {row['again_seconds']:.2f} | {row['bytes_a_key']:.0f} | "
        f"{row['reads_a_second']:,.0f} |"
        for name, row in state["rows"].items()
    ]
    return "\n".join(lines) + "\n"


def stalls(found: Result) -> str:
    """Say how long partitions stand still."""
    job = found["job"]
    about = (
        f"The longest time that any of {job['partitions']} partitions was without a committed output, all of them "
        f"under load, {job['workers']} workers, a session of {job['session']:g} s, {job['keys']:,} keys a partition, "
        f"{job['rounds']} rounds; found by a reader of what is committed, in the process of the load."
    )
    lines = [
        about,
        "",
        "| | median s | worst s | the load itself stood still, s |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {row['about']} | {row['median_s']:.2f} | {row['worst_s']:.2f} | {row['load_late_s']:.2f} |"
        for row in found["stalls"].values()
    ]
    return "\n".join(lines) + "\n"


def commits(found: Result) -> str:
    """Say what transactions cost."""
    job = found["job"]
    lines = [
        (
            f"{job['partitions']} partitions, shared by so many transactional producers, each of which writes a record "
            f"to each of its own and commits with offsets every {job['every_ms']} ms; {job['rounds']} rounds."
        ),
        "",
        "| producers | commits a second | a commit, ms | client CPU ms a commit | broker CPU ms a commit |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {producers} | {row['commits_a_second']:.0f} | {row['commit_ms']:.1f} | {row['client_cpu_ms']:.2f} "
        f"| {row['broker_cpu_ms']:.2f} |"
        for producers, row in found["producers"].items()
    ]
    return "\n".join(lines) + "\n"


def rate(found: Result) -> str:
    """Say events from a file."""
    lines = [
        (
            f"{found['events']:,} events of a simulated year, {found['patient_days']:,} patient-days, {found['runs']} "
            "runs. The floor reads and decodes the same lines to typed events."
        ),
        "",
        "| | events a CPU-second | of the floor | bytes a patient-day |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {name} | {row['events_a_cpu_second']['median']:,.0f} | {row['of_the_floor']:.3f} "
        f"| {row['bytes_a_patient_day'] or 0:,.0f} |"
        for name, row in found["rows"].items()
    ]
    return "\n".join(lines) + "\n"


def day(found: Result) -> str:
    """Say how long a day takes."""
    lines = [
        (
            f"{found['days']:,} days, each another, of {found['segments']} segments in turn and of several payers, "
            "from the versions of their segments; with its explanation the median is to take at most "
            f"{found['most_us']} µs of one core."
        ),
        "",
        "| | median µs | p95 µs |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| {name} | {row['median_us']:.1f} | {row['p95_us']:.1f} |" for name, row in found["rows"].items()]
    return "\n".join(lines) + "\n"


def chart(peers: Mapping[str, Result], path: Path) -> None:
    """Draw the speeds of the counting job as bars, the fastest first."""
    speeds = sorted(((one["events_a_second"]["median"], name) for name, one in peers.items()), reverse=True)
    table = Table(title="Counting job, events a second", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("", width=WIDTH)
    table.add_column("events/s", justify="right")
    for speed, name in speeds:
        table.add_row(name, Bar(speeds[0][0], 0, speed, width=WIDTH), f"{speed:,.0f}")
    console = Console(record=True, width=WIDTH + 40, file=io.StringIO())
    console.print(table)
    drawn = console.export_svg(title="python -m bench.peers")
    # The fonts of whoever looks at it will do: a page of ours fetches nothing from elsewhere.
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), "utf-8")
