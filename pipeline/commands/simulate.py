"""`kxwatch simulate`: realistic events, the same for the same seed."""

import sys
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.errors import Refused
from pipeline.simulate import START, arrivals
from pipeline.terminal import leave_the_pipe

_FIRST_YEAR, _LAST_YEAR = 2000, 2099


def simulate(
    *,
    sites: Annotated[int, typer.Option(min=1, max=999, help="Clinics.")] = 20,
    patients: Annotated[int, typer.Option(min=1, max=10_000_000, help="Patients who come through the run.")] = 2_000,
    days: Annotated[int, typer.Option(min=1, max=3_660, help="Days of the calendar, weekends among them.")] = 11,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and arguments give the same bytes.")] = 1,
    start: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="The first day. Fixed unless given, never today.",
            show_default=START.isoformat(),
        ),
    ] = datetime(START.year, START.month, START.day),  # noqa: DTZ001 -- a calendar day, as typer takes one.
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="File to write; without it, the standard output.")
    ] = None,
) -> None:
    """Write the events of a clinic network that never was, one JSON line each, in the order in which they arrive.

    The same seed and arguments give the same bytes on every machine. Some three lines in a thousand are broken on
    purpose, some come twice, late, amended or voided. Claims, corrections and remittances still arrive after the last
    day.

    A year of a network, some 200,000 lines: kxwatch simulate --sites 40 --patients 2100 --days 360 --out year.jsonl
    """
    first = start.date()
    if not _FIRST_YEAR <= first.year <= _LAST_YEAR:
        raise Refused(f"--start {first} is out of range: give a day from {_FIRST_YEAR} through {_LAST_YEAR}")
    with Progress(
        TextColumn("Simulating"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("days, {task.fields[lines]:,} lines"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=out is None,
    ) as progress:
        task = progress.add_task("", total=days, lines=0)
        lines = 0
        try:
            with out.open("wb") if out else nullcontext(sys.stdout.buffer) as file:
                day = arrivals(sites=sites, patients=patients, days=days, seed=seed, start=first)
                for number, arrived in enumerate(day, start=1):
                    file.writelines(line + b"\n" for line in arrived)
                    lines += len(arrived)
                    progress.update(task, completed=min(number, days), lines=lines)
                file.flush()
        except BrokenPipeError:
            leave_the_pipe()
        except OSError as error:
            raise Refused(f"cannot write {out or 'the standard output'}: {error.strerror}") from None
