"""`kxwatch broker`: the embedded Kafka in the background."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from pipeline import broker
from pipeline.broker.jars import Progress as Told
from pipeline.settings import Settings

NOT_RUNNING = 3
"""The exit code that service managers give a program that is not running."""

app = typer.Typer(help="The embedded Apache Kafka: start, stop, look.", no_args_is_help=True)


@app.command()
def start(
    *, reset: Annotated[bool, typer.Option("--reset", help="Begin with empty data; the old is kept beside it.")] = False
) -> None:
    """Start the embedded Kafka in the background, and print its address.

    The first start fetches Kafka (45 MB). One that runs already is left as it is, and its address printed.
    """
    with progress() as told:
        address, new = broker.start(Settings.load(), reset=reset, progress=told)
    typer.echo(f"The embedded Kafka {'runs' if new else 'already runs'} at {address}; `kxwatch broker stop` stops it.")


@app.command()
def stop() -> None:
    """Stop the embedded Kafka cleanly; its data stays."""
    stopped = broker.stop(Settings.load())
    typer.echo("The embedded Kafka is stopped; its data stays." if stopped else "No embedded Kafka runs.")


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for a program.")] = False) -> None:
    """Tell whether the embedded Kafka runs, and where; exit code 3 when it does not."""
    found = broker.status(Settings.load())
    if as_json:
        typer.echo(msgspec.json.encode(found))
    elif found.running:
        megabytes = f"{found.data_bytes / 1e6:,.1f} MB of data, {(found.memory_bytes or 0) / 1e6:,.0f} MB of memory"
        typer.echo(f"Kafka {found.version} runs at {found.address}, process {found.pid}, {found.lives}: {megabytes}.")
    else:
        typer.echo(f"No embedded Kafka runs; {found.data_bytes / 1e6:,.1f} MB of data in {found.home}.")
    if not found.running:
        raise typer.Exit(NOT_RUNNING)


@contextmanager
def progress() -> Iterator[Told]:
    """Show how far the fetching of Kafka is, and then that it starts, on standard error and only to a person."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("Starting Kafka", total=None)

        def told(filename: str, done: int, total: int) -> None:
            bars.update(task, description=f"Fetching Kafka: {filename}", completed=done, total=total)
            if done == total:
                bars.update(task, description="Starting Kafka", completed=0, total=None)

        yield told
