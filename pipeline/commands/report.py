"""`kxwatch report`: revenue of a period, and what payers took off in a week."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import Refused
from pipeline.explaining.against import Values, rated, with_tokens
from pipeline.explaining.outputs import TOPICS, Outputs, of_values
from pipeline.money import dollars
from pipeline.reports.chart import KINDS, draw
from pipeline.reports.denials import denials as denials_of
from pipeline.reports.denials import week_of
from pipeline.reports.revenue import revenue as revenue_of
from pipeline.reports.said import Said
from pipeline.reports.section import Cell, Section, as_csv
from pipeline.settings import Settings
from pipeline.terminal import plain
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import latest, reading

app = typer.Typer(help="Reports: revenue of a period, and denials of a week.", no_args_is_help=True)

_FILE = typer.Option("--file", help="Events as JSON lines, in place of what the topics hold.")
_CSV = typer.Option("--csv", file_okay=False, metavar="DIR", help="Write each table as a CSV file into this folder.")
_JSON = typer.Option("--json", help="As JSON, for a program.")


@app.command()
def revenue(
    *,
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="First date.")],
    last: Annotated[datetime, typer.Option("--through", formats=["%Y-%m-%d"], metavar="DATE", help="Last date.")],
    file: Annotated[Path | None, _FILE] = None,
    csv: Annotated[Path | None, _CSV] = None,
    chart: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it: a file .png or .svg.")] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Report minutes billed and not by site and therapist, units by code, what the reduction costs, findings, states.

    Exit code 1 when nothing was treated in the period.
    """
    if last < first:
        raise Refused("--through is before --from")
    if chart is not None and chart.suffix not in KINDS:
        raise Refused(f"--chart {chart}: name a file that ends in {' or '.join(KINDS)}")
    begin, end = first.date().isoformat(), last.date().isoformat()
    settings = Settings.load()
    outputs, said = _read(settings, file)
    sections = revenue_of(outputs, said.segments(begin, end), begin, end)
    _give(sections, csv, as_json=as_json)
    if chart is not None:
        draw(chart, sections, f"{begin} through {end}")
    raise typer.Exit(not sections[0].rows)


@app.command()
def denials(
    *,
    week: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Any date of the week.")],
    file: Annotated[Path | None, _FILE] = None,
    csv: Annotated[Path | None, _CSV] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """Report what payers took off in a week, Monday through Sunday: by payer, site, code, group and reason.

    A remittance is of the week that it was adjudicated in. Exit code 1 when there is none.
    """
    settings = Settings.load()
    outputs, said = _read(settings, file)
    found = said.remittances(*week_of(week.date()))
    every = said.segments(date.min.isoformat(), date.max.isoformat())
    section = denials_of(outputs, found, every)
    _give([section], csv, as_json=as_json)
    raise typer.Exit(not section.rows)


def _read(settings: Settings, file: Path | None) -> tuple[Outputs, Said]:
    if file is None:
        values, lines = asyncio.run(_held(settings))
        return of_values(values), Said(with_tokens(settings)).take(lines)
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise Refused(f"{file}: cannot be read: {error.strerror}") from None
    return of_values(rated(settings, lines)), Said(settings).take(lines)


async def _held(settings: Settings) -> tuple[Values, list[bytes]]:
    values: Values = {}
    for title in TOPICS:
        held = await latest(settings, topic_name(settings, title))
        values[title] = {key.decode(): value for key, value in held.items()}
    async with reading(settings, [topic_name(settings, "session-events")]) as log:
        return values, [record.value async for record in log.held() if record.value is not None]


def _give(sections: Sequence[Section], csv: Path | None, *, as_json: bool) -> None:
    if csv is not None:
        try:
            csv.mkdir(parents=True, exist_ok=True)
            for section in sections:
                (csv / f"{section.name}.csv").write_text(as_csv(section), encoding="utf-8")
        except OSError as error:
            raise Refused(f"--csv {csv}: cannot be written: {error.strerror}") from None
    if as_json:
        typer.echo(msgspec.json.encode(sections).decode())
    elif csv is None:
        for section in sections:
            _show(section)


def _show(section: Section) -> None:
    table = Table(title=section.title, title_justify="left")
    for name in section.columns:
        words = name.removesuffix("_cents").replace("_", " ")
        number = bool(section.rows) and isinstance(section.rows[0][section.columns.index(name)], int)
        table.add_column(words, justify="right" if number else "left", overflow="fold")
    for row in section.rows:
        table.add_row(*[plain(_told(name, cell)) for name, cell in zip(section.columns, row, strict=True)])
    Console().print(table)


def _told(name: str, cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return dollars(cell) if name.endswith("_cents") else str(cell) if name == "year" else f"{cell:,}"
