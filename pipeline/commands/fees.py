"""`kxwatch fees`: the dated figures, official files of the network's own, and a year carried forward."""

from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from pipeline.errors import Refused
from pipeline.figures import carrying, folder, importing, listing
from pipeline.rules.network import Carried, Item, RelativeValues
from pipeline.settings import Settings

app = typer.Typer(help="The dated figures: list them, import CMS's own files, carry a year forward.")


@app.command("list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program.")] = False) -> None:
    """Show every figure: its dates, unit, source, release and checksum, packaged or the network's, provisional or not.

    Exit code 2 when a file of the network's figures is wrong.
    """
    found = listing.entries(folder.use(Settings.load().figures))
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    for name, same in groupby(found, key=lambda entry: entry.name):
        _show(name, list(same))


def _show(name: str, same: list[listing.Entry]) -> None:
    """Print a figure as a table of its own: its dates and values, and below it where they are from."""
    units = sorted({entry.unit for entry in same if entry.unit})
    table = Table(title=f"{name}, {' or '.join(units)}" if units else name, title_justify="left", box=SIMPLE_HEAD)
    for heading in ("from", "through", "value", "whose"):
        table.add_column(heading, no_wrap=heading != "value", overflow="fold")
    for entry in same:
        whose = f"{entry.origin}, provisional" if entry.provisional else entry.origin
        table.add_row(_shown(entry.first), _shown(entry.through), entry.value, whose)
    console = Console(highlight=False)
    console.print(table)
    for told in dict.fromkeys((entry.release, entry.checksum[:12], entry.source) for entry in same):
        console.print("  ", "; ".join(part for part in told if part), end="\n\n", markup=False)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CMS's files as published: .csv, .txt, .zip.")],
    *,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="The date that a changed conversion factor holds from."),
    ] = None,
) -> None:
    """Take official files into the folder of KXWATCH_FIGURES: PPRRVU, GPCI, NCCI practitioner edits and MUE tables.

    A file is recognised by its headings. What is wrong in one is told with line and column, and then nothing of any is
    taken: exit code 2. Only codes of the code table and needed columns are kept; no description is. A worker takes
    what is new at its next start.
    """
    target = _folder()
    known = folder.use(target)
    found = importing.read(files, known, None if first is None else first.date())
    written = folder.write(target, found.items)
    folder.use(target)
    for item, path in zip(found.items, written, strict=True):
        typer.echo(f"{path.name}: {'; '.join(folder.releases([item]))}, {_count(item)}")
    for name in found.left:
        typer.echo(f"left out: {name}")
    for note in found.notes:
        typer.echo(note)


@app.command()
def carry(year: Annotated[int, typer.Argument(help="The year that lacks figures, as 2027.")]) -> None:
    """Carry the year before into a year that lacks figures, as provisional: every total and alert made with it says so.

    An official figure that comes later takes its place. Exit code 2 when there is nothing to carry.
    """
    target = _folder()
    carried = carrying.carry(year, folder.load(target))
    (path,) = folder.write(target, [carried])
    for name, origin in carried.figures.items():
        typer.echo(f"{name} of {year} is that of {origin}, provisional")
    typer.echo(f"{path.name}: taken by `rate` now, by a worker at its next start")


def _shown(day: date | None) -> str:
    return "" if day is None or day == date.max else day.isoformat()


def _folder() -> Path:
    found = Settings.load().figures
    if found is None:
        raise Refused("set KXWATCH_FIGURES to the folder of the network's own figures")
    return found


def _count(item: Item) -> str:
    rows = 0 if isinstance(item, Carried) else len(item.rows)
    factors = item.factors if isinstance(item, RelativeValues) else {}
    told = [f"conversion factor {value} from {day}" for day, value in sorted(factors.items())]
    return ", ".join([f"{rows} rows of codes or localities" if rows else "no rows", *told])
