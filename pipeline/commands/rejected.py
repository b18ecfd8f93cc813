"""`kxwatch rejected`: the dead letters, sending them in again once mended, dismissing them."""

import asyncio
import base64
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_args

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.commands.reopening import is_late, reopen
from pipeline.errors import Refused
from pipeline.events import codec
from pipeline.events.rejected import Reason, Rejected
from pipeline.settings import Settings
from pipeline.terminal import plain
from pipeline.topics.letters import Letter, dismiss, letters, replay

Json = Annotated[bool, typer.Option("--json", help="JSON, for a program.")]
Places = Annotated[list[str], typer.Argument(metavar="ID…", help="Letters, as `list` calls them: partition:offset.")]
OptionalPlaces = Annotated[
    list[str] | None, typer.Argument(metavar="[ID…]", help="Letters, as `list` calls them: partition:offset.")
]

app = typer.Typer(help="The dead letters: events that were refused, with their bytes.", no_args_is_help=True)


@app.command("list")
def list_letters(
    *,
    reason: Annotated[str | None, typer.Option(help="Only those with this reason.")] = None,
    settled_too: Annotated[bool, typer.Option("--all", help="Also those that are settled.")] = False,
    show_bytes: Annotated[bool, typer.Option("--show-bytes", help="Also what was sent: it names patients.")] = False,
    as_json: Json = False,
) -> None:
    """Show the dead letters that are open: their reasons, never their bytes unless asked."""
    _check_reason(reason)

    def wanted(letter: Letter) -> bool:
        return (settled_too or letter.settled is None) and reason in (None, letter.event.reason)

    found = asyncio.run(letters(Settings.load(), wanted))
    if as_json:
        for letter in found:
            typer.echo(msgspec.json.encode(_row(letter, show_bytes=show_bytes)))
    elif not found:
        typer.echo("No dead letters." if settled_too else "No open dead letters.")
    else:
        _show(found, show_bytes=show_bytes)


@app.command("replay")
def replay_letters(
    places: OptionalPlaces = None,
    *,
    reason: Annotated[str | None, typer.Option(help="All open letters with this reason.")] = None,
    mend: Annotated[Path | None, typer.Option(help="A file with the mended event in place of one letter's.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also letters that are settled.")] = False,
    as_json: Json = False,
) -> None:
    """Send letters in again to the topic that they came from, as they came or mended; then they are settled.

    With one that was too late goes what session-events holds of its day, which is opened again.

    Exit code 1 when one could not be sent; it stays open.
    """
    settings = Settings.load()
    _check_reason(reason)
    if not places and reason is None:
        raise Refused("say which letters: by ID, as `kxwatch rejected list` shows, or by --reason")
    if mend is not None and len(places or []) != 1:
        raise Refused("--mend: stands for one letter; name it by its ID")
    mended = None if mend is None else _mended(settings, mend)
    chosen = _chosen(settings, places, reason, again=again)
    late = [letter for letter in chosen if is_late(letter)]
    failed = asyncio.run(replay(settings, [letter for letter in chosen if not is_late(letter)], mended))
    if late:
        failed |= asyncio.run(reopen(settings, late, mended))
    if as_json:
        sent = [letter.place for letter in chosen if letter.place not in failed]
        typer.echo(msgspec.json.encode({"replayed": sent, "failed": failed}))
    else:
        for place, why in failed.items():
            typer.echo(f"{place}: {why}", err=True)
        typer.echo(f"Sent in again: {len(chosen) - len(failed)}. Not: {len(failed)}.")
    if failed:
        raise typer.Exit(1)


@app.command("dismiss")
def dismiss_letters(
    places: Places,
    *,
    why: Annotated[str, typer.Option(help="For whoever looks later; no patient's name.")],
    as_json: Json = False,
) -> None:
    """Settle letters without sending them in again."""
    settings = Settings.load()
    if not why.strip():
        raise Refused("--why: say it in a word or two")
    chosen = _chosen(settings, places, None, again=False)
    asyncio.run(dismiss(settings, chosen, why))
    if as_json:
        typer.echo(msgspec.json.encode({"dismissed": [letter.place for letter in chosen]}))
    else:
        typer.echo(f"Dismissed: {len(chosen)}.")


def _check_reason(reason: str | None) -> None:
    if reason is not None and reason not in (reasons := get_args(Reason)):
        raise Refused(f"--reason: is none of {', '.join(reasons)}")


def _chosen(settings: Settings, places: list[str] | None, reason: str | None, *, again: bool) -> list[Letter]:
    """Find the letters that were named; refuse them all when one is not there or settled already."""
    named = set(places or [])
    by_reason: Callable[[Letter], bool] = lambda letter: reason in (None, letter.event.reason)  # noqa: E731
    found = asyncio.run(
        letters(
            settings,
            lambda letter: by_reason(letter) and (letter.place in named if named else again or letter.settled is None),
        )
    )
    if missing := sorted(named - {letter.place for letter in found}):
        raise Refused(f"{', '.join(missing)}: no such letter" + (f" with reason {reason}" if reason else ""))
    settled = [f"{letter.place} ({letter.settled.how})" for letter in found if letter.settled]
    if settled and not again:
        raise Refused(f"{', '.join(settled)}: settled already; `replay --again` sends in again all the same")
    return found


def _mended(settings: Settings, path: Path) -> tuple[bytes, bytes]:
    """Read a mended event: its patient as the key, and its bytes; refused here if it would be refused again."""
    try:
        value = path.read_bytes().strip()
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from None
    try:
        event, _ = codec.read(
            value, max_bytes=settings.max_event_bytes, max_segment_minutes=settings.max_segment_minutes
        )
    except Rejected as refusal:
        raise Refused(f"{path}: would be refused again: {refusal.reason}: {refusal.detail}") from None
    return event.patient_id.encode(), value


def _row(letter: Letter, *, show_bytes: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"id": letter.place} | msgspec.to_builtins(letter.event)
    if not show_bytes:
        del row["key_base64"], row["value_base64"]
    return row | {"settled": letter.settled}


def _show(found: list[Letter], *, show_bytes: bool) -> None:
    table = Table(title="Dead letters", title_justify="left")
    for heading in ("id", "received", "reason", "field", "source", "event", "settled"):
        table.add_column(heading, overflow="fold")
    for letter in found:
        event = letter.event
        table.add_row(
            letter.place,
            plain((event.received_at or "-")[:19]),
            event.reason,
            plain(event.field or "-"),
            plain(event.source or "-"),
            plain(event.event_id or "-"),
            letter.settled.how if letter.settled else "-",
        )
    console = Console()
    console.print(table)
    reasons = Counter(letter.event.reason for letter in found)
    console.print(", ".join(f"{count} {reason}" for reason, count in reasons.most_common()), highlight=False)
    if show_bytes:
        for letter in found:
            value = base64.b64decode(letter.event.value_base64 or "").decode("utf-8", "backslashreplace")
            console.print(plain(f"{letter.place}: {value}"), soft_wrap=True)
