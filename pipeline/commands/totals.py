"""`kxwatch totals`: where patients stand now, as `threshold-totals` holds it."""

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.commands.patients import names_of, newest, survivor
from pipeline.events.totals import Threshold, ThresholdTotal
from pipeline.money import dollars
from pipeline.settings import Settings
from pipeline.terminal import plain
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import latest

COLOURS = {"clear": "green", "approaching": "yellow", "exceeded": "red"}
_TOTAL = msgspec.json.Decoder(ThresholdTotal).decode


def totals(
    patient: Annotated[str | None, typer.Argument(help="A patient's id or token; all patients without.")] = None,
    *,
    source: Annotated[str, typer.Option(help="The EMR's `source`, where KXWATCH_ID_NAMESPACE=source.")] = "",
    most: Annotated[
        int, typer.Option(min=1, help="Most rows of the table, the highest totals first; --json gives all.")
    ] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Every value as a JSON line, for a program.")] = False,
) -> None:
    """Show where patients stand against the thresholds of their years, as it is now.

    Of a patient who was merged, where they stand under the name that they are known by now; stderr says so. Exit code
    1 when a patient is asked for of whom nothing is known.
    """
    settings = Settings.load()
    names = names_of(settings, patient, source) if patient is not None else None
    held = asyncio.run(_held(settings, names))
    if names and not held and (home := asyncio.run(survivor(settings, names))):
        typer.echo(f"Merged: this patient is known as {plain(home)}.", err=True)
        held = asyncio.run(_held(settings, {home}))
    if as_json:
        for value in held:
            typer.echo(value)
    elif held:
        _show([_TOTAL(value) for value in held], most)
    else:
        typer.echo("No totals yet: is a worker running?" if patient is None else "No totals of this patient.")
    if patient is not None and not held:
        raise typer.Exit(1)


async def _held(settings: Settings, names: set[str] | None) -> list[bytes]:
    if names is not None:
        return list((await newest(settings, "threshold-totals", names)).values())
    held = await latest(settings, topic_name(settings, "threshold-totals"))
    return [held[key] for key in sorted(held)]


def _show(held: list[ThresholdTotal], most: int) -> None:
    table = Table(title="Totals against the thresholds", title_justify="left")
    table.add_column("patient", overflow="fold", min_width=8)
    for heading in ("year", "bucket"):
        table.add_column(heading, no_wrap=True)
    # What is left of a dollar amount when a narrow terminal cuts it is another amount.
    for heading in ("total", "days", "to KX", "to review"):
        table.add_column(heading, justify="right", no_wrap=True, overflow="ignore")
    table.add_column("last line", no_wrap=True, overflow="ignore")
    for one in sorted(held, key=lambda total: -total.total_cents)[:most]:
        table.add_row(
            plain(one.patient_id),
            str(one.year),
            plain(one.bucket),
            ("~" if one.estimated else "") + dollars(one.total_cents),
            str(one.days),
            _left(one.kx),
            _left(one.review),
            plain(one.last_service_date or "-"),
        )
    console = Console()
    if console.width < console.measure(table).minimum:
        # A line that the terminal breaks can still be read.
        console = Console(width=console.measure(table).minimum, soft_wrap=True)
    console.print(table)
    more = f" {len(held) - most:,} more: --most or --json." if len(held) > most else ""
    console.print(f"~ an estimate: not all is confirmed by remittances.{more}", style="dim", highlight=False)


def _left(threshold: Threshold) -> Text:
    colour = COLOURS[threshold.state]
    words = threshold.state if threshold.state == "exceeded" else f"{dollars(threshold.remaining_cents)} left"
    since = f" {threshold.crossed_on}" if threshold.crossed_on else ""
    return Text.assemble((words + since, colour))
