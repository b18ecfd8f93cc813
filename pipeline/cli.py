"""The command `kxwatch`: its parts, and how what goes wrong is told."""

import logging
import sys
import traceback
from importlib.metadata import version as installed
from pathlib import Path
from typing import Annotated

import typer

from pipeline.commands import (
    alerts,
    broker,
    demo,
    explain,
    fees,
    identity,
    publish,
    rate,
    rejected,
    report,
    settings,
    simulate,
    topics,
    totals,
    worker,
)
from pipeline.errors import Refused

DEFECT = 70
"""The exit code of a fault in kxwatch itself (`EX_SOFTWARE`)."""

cli = typer.Typer(
    help="Therapy session events in; billable units, running totals and threshold alerts out, on Kafka.",
    no_args_is_help=True,
    # A traceback of rich's shows local variables, and those hold patients.
    pretty_exceptions_enable=False,
)
cli.command()(demo.demo)
cli.command()(worker.worker)
cli.command()(simulate.simulate)
cli.command()(publish.publish)
cli.command()(rate.rate)
cli.command()(totals.totals)
cli.command()(alerts.alerts)
cli.command()(explain.explain)
cli.add_typer(rejected.app, name="rejected")
cli.add_typer(report.app, name="report")
cli.add_typer(topics.app, name="topics")
cli.add_typer(broker.app, name="broker")
cli.add_typer(fees.app, name="fees")
cli.command()(identity.token)
cli.command()(settings.settings)


def _version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"kxwatch {installed('kxwatch')}")
        raise typer.Exit


@cli.callback()
def _options(
    *,
    version: Annotated[  # noqa: ARG001 -- its callback does it all.
        bool, typer.Option("--version", callback=lambda value: _version(wanted=value), is_eager=True)
    ] = False,
) -> None:
    # What its clients log of a connection that fails is told once, by the line that ends the command.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def main() -> None:
    """Run the command line, and tell in one line what went wrong: never a traceback, which may hold patients' data.

    Exit codes: 0 done; 1 something was found or partly failed; 2 it cannot be done as asked; 70 a defect of ours; 130
    interrupted.
    """
    try:
        cli(prog_name="kxwatch")
    except Refused as refusal:
        _end(f"kxwatch: {refusal}", refusal.code)
    except Exception as error:  # noqa: BLE001 -- the last door: what passes here would be printed with its data.
        _end(f"kxwatch: a defect, please report it: {type(error).__name__} in {_place(error)}", DEFECT)


def _place(error: Exception) -> str:
    """Name the innermost lines of ours that the error came through, without a word of what they held."""
    home = Path(__file__).parent
    frames = [
        f"{Path(frame.filename).relative_to(home.parent)}:{frame.lineno}"
        for frame in reversed(traceback.extract_tb(error.__traceback__))
        if Path(frame.filename).is_relative_to(home)
    ]
    return " < ".join(frames[:3])


def _end(line: str, code: int) -> None:
    print(line, file=sys.stderr)  # noqa: T201 -- what a command says when it fails.
    sys.exit(code)
