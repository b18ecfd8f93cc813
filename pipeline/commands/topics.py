"""`kxwatch topics`: the declared topics on a Kafka, and the schemas of their messages."""

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.topics import admin, schemas
from pipeline.topics.comparison import Difference

Json = Annotated[bool, typer.Option("--json", help="JSON, for a program.")]

app = typer.Typer(help="The topics: made, compared, checked; their schemas.", no_args_is_help=True)


@app.command()
def apply(
    *,
    allow_destructive: Annotated[
        bool, typer.Option("--allow-destructive", help="Also what may lose records: a shorter retention.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the topics that are missing and change what is configured unlike; nothing is ever deleted.

    Exit code 1 when something is left because it may lose records.
    """
    done, left = asyncio.run(admin.apply(Settings.load(), allow_destructive=allow_destructive))
    if as_json:
        typer.echo(msgspec.json.encode({"done": done, "left": left}))
    else:
        made = sum(one.kind == "missing" for one in done)
        typer.echo(f"{made} topics made, {len(done) - made} settings changed.")
        if left:
            _show(left, "Left as they are, for they may lose records; --allow-destructive changes them")
    if left:
        raise typer.Exit(1)


@app.command()
def diff(*, as_json: Json = False) -> None:
    """Show where Kafka's topics are unlike the declared ones; exit code 1 when they are."""
    unlike = asyncio.run(admin.differences(Settings.load()))
    if as_json:
        typer.echo(msgspec.json.encode(unlike))
    elif unlike:
        _show(unlike, "Unlike the declared topics")
    else:
        typer.echo("All topics are as declared.")
    if unlike:
        raise typer.Exit(1)


@app.command()
def check(*, as_json: Json = False) -> None:
    """Tell what a worker could not rely on; exit code 1 when there is such a thing."""
    lines = asyncio.run(admin.check(Settings.load()))
    if as_json:
        typer.echo(msgspec.json.encode(lines))
    else:
        for line in lines or ["All that a worker needs is there."]:
            typer.echo(line, err=bool(lines))
    if lines:
        raise typer.Exit(1)


@app.command("schemas")
def write_schemas(
    *, check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 if one is old.")] = False
) -> None:
    """Write the JSON Schemas of the messages from their types into topics/schemas."""
    old = schemas.outdated()
    if check_only and old:
        raise Refused(f"schemas that are not current: {', '.join(old)}; run `kxwatch topics schemas`", code=1)
    if not check_only:
        schemas.write()
    typer.echo(f"{len(old)} schemas written." if old else "All schemas are current.")


def _show(differences: list[Difference], title: str) -> None:
    table = Table(title=title, title_justify="left")
    for heading in ("topic", "setting", "declared", "found", "kind"):
        table.add_column(heading, overflow="fold")
    for one in differences:
        table.add_row(one.topic, one.setting, one.wanted, one.found or "-", one.kind)
    Console().print(table)
