"""`kxwatch alerts`: what people who bill are told, as sentences."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import msgspec
import typer
from aiokafka import ConsumerRecord
from rich.console import Console
from rich.text import Text

from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.terminal import plain
from pipeline.topics.catalog import topic_name
from pipeline.topics.reading import reading

COLOURS = {"clear": "green", "approaching": "yellow", "exceeded": "red"}

TRIMMED_BY = 10_000
"""How many more than `--last` are held before the oldest are let go."""


class Kind(StrEnum):
    """The topics that alerts are on."""

    threshold = "threshold"
    care = "care"
    claim = "claim"


class _News(msgspec.Struct):
    sentence: str
    level: str = ""
    action: str = ""


class _Alert(msgspec.Struct):
    time: str
    type: str
    subject: str
    data: _News


_ALERT = msgspec.json.Decoder(_Alert).decode


def alerts(
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new ones, until interrupted.")] = False,
    new: Annotated[bool, typer.Option("--new", help="With --follow: leave out those that are there.")] = False,
    last: Annotated[int | None, typer.Option(min=1, help="Only the newest, this many of those there.")] = None,
    topic: Annotated[list[Kind] | None, typer.Option(help="Only of this kind; may be given again.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Each as a JSON line, for a program.")] = False,
) -> None:
    """Show the alerts in the order in which they were raised.

    With --follow, those that are there come first, and then each as it comes.
    """
    if new and not follow:
        raise Refused("--new: there is nothing to show without --follow")
    settings = Settings.load()
    names = [topic_name(settings, f"{kind}-alerts") for kind in topic or list(Kind)]
    asyncio.run(_run(settings, names, follow=follow, new=new, last=last, as_json=as_json))


async def _run(
    settings: Settings, names: list[str], *, follow: bool, new: bool, last: int | None, as_json: bool
) -> None:
    console = Console(soft_wrap=True, highlight=False)
    async with reading(settings, names, new=new) as topics:
        there: list[ConsumerRecord] = []
        async for record in topics.held():
            there.append(record)
            if last and len(there) > last + TRIMMED_BY:
                there = _newest(there, last)
        for record in _newest(there, last):
            _show(console, record, as_json=as_json)
        if not there and not follow and not as_json:
            console.print("No alerts.")
        if follow:
            typer.echo("Waiting for new alerts; Ctrl-C ends.", err=True)
            async for record in topics.coming():
                _show(console, record, as_json=as_json)


def _newest(there: list[ConsumerRecord], last: int | None) -> list[ConsumerRecord]:
    """Order records of several partitions by when Kafka took them."""
    ordered = sorted(there, key=lambda record: (record.timestamp, record.partition, record.offset))
    return ordered[-last:] if last else ordered


def _show(console: Console, record: ConsumerRecord, *, as_json: bool) -> None:
    if record.value is None:
        return
    if as_json:
        sys.stdout.buffer.write(record.value + b"\n")
        sys.stdout.buffer.flush()
        return
    try:
        alert = _ALERT(record.value)
    except msgspec.DecodeError:
        # Its bytes are not told: what others write to the topic may be anything.
        console.print(f"[dim]{record.topic} {record.partition}:{record.offset} is no alert that can be read[/]")
        return
    colour = COLOURS.get(alert.data.level, "cyan")
    line = Text.assemble((plain(alert.time[:16]).plain, "dim"), (" ● ", colour), plain(alert.data.sentence))
    if alert.data.action:
        line.append(" " + plain(alert.data.action).plain, "dim")
    console.print(line)
