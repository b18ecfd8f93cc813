"""`kxwatch explain`: why a day has its units, prices and modifiers, step by step, and what other rules would change."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from pipeline import profiles
from pipeline.commands.explanation import show, show_differences
from pipeline.commands.patients import events_of, names_of, newest
from pipeline.errors import Refused
from pipeline.explaining.account import Account, account
from pipeline.explaining.against import Values, rated, rated_against, with_tokens
from pipeline.explaining.difference import differences
from pipeline.explaining.outputs import TOPICS, of_values
from pipeline.figures import folder
from pipeline.settings import Settings


def explain(
    patient: Annotated[str, typer.Argument(help="A patient's id or token.")],
    date: Annotated[str, typer.Argument(help="The service date, YYYY-MM-DD.")],
    *,
    file: Annotated[
        Path | None, typer.Option("--file", help="Events as JSON lines, in place of what the topics hold.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="PATH",
            help="Other rules: a folder or file of figures, the folder of another release, or what `rate` wrote.",
        ),
    ] = None,
    source: Annotated[str, typer.Option(help="The EMR's `source`, where KXWATCH_ID_NAMESPACE=source.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a program.")] = False,
) -> None:
    """Tell why a patient's day has those units, prices and modifiers, step by step, with the source of each rule.

    With --against, the day is computed anew from its events, by the rules and figures of now and by the others, and
    what differs is shown. Exit code 1 when nothing is billed on that day, now or by the other rules.
    """
    settings = Settings.load()
    names = names_of(settings, patient, source)
    folder.use(settings.figures)
    events = None if file is None else _lines(file)
    if against is None:
        values = asyncio.run(_held(settings, names)) if events is None else rated(settings, events)
        found = _account(settings, values, names, date)
        if as_json and found is not None:
            sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        elif found is not None:
            show(found)
        elif not as_json:
            typer.echo("Nothing is billed for this patient on that date.")
        raise typer.Exit(found is None)
    if events is None:
        events, settings = asyncio.run(events_of(settings, names)), with_tokens(settings)
    now = _account(settings, rated(settings, events), names, date)
    then = _account(settings, rated_against(settings, events, against), names, date)
    found_differences = differences(now, then)
    if as_json:
        told = {"now": now, "against": then, "differences": found_differences}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    else:
        show_differences(date, found_differences, there=now is not None or then is not None)
    raise typer.Exit(now is None and then is None)


def _account(settings: Settings, values: Values, names: Iterable[str], date: str) -> Account | None:
    outputs, payers = of_values(values, names), profiles.load(settings.payers)
    found = [account(outputs, f"{name}|{date}", payers) for name in sorted(names)]
    return next((one for one in found if one is not None), None)


async def _held(settings: Settings, names: set[str]) -> Values:
    return {topic: await newest(settings, topic, names) for topic in TOPICS}


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from None
