"""`kxwatch settings`: every setting, its default, what it is, and whether it is set."""

import os
from typing import Annotated, Any

import msgspec
import typer
from pydantic import SecretStr
from pydantic_core import PydanticUndefined
from rich.console import Console
from rich.table import Table

from pipeline.settings import PREFIX, Settings


def settings(*, as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program.")] = False) -> None:
    """Show every setting, what it is and whether it is set; never a secret's value. Exit code 2 when one is wrong."""
    rows = [_row(name) for name in Settings.model_fields]
    if as_json:
        typer.echo(msgspec.json.encode(rows))
    else:
        table = Table(title="Settings, as environment variables", title_justify="left")
        table.add_column("variable", no_wrap=True)
        for heading in ("default", "set to", "what it is"):
            table.add_column(heading, overflow="fold")
        for row in rows:
            shown = ("(secret)" if row["secret"] else row["value"]) if row["set"] else ""
            table.add_row(row["variable"], row["default"], shown, row["description"])
        Console().print(table)
    Settings.load()


def _row(name: str) -> dict[str, Any]:
    field = Settings.model_fields[name]
    variable = PREFIX + name.upper()
    secret = field.annotation is SecretStr
    given = next((text for other, text in os.environ.items() if other.upper() == variable), None)
    default = field.get_default(call_default_factory=True)
    return {
        "variable": variable,
        "default": "" if secret or default in (None, PydanticUndefined) else str(default),
        "description": field.description or "",
        "set": given is not None,
        "value": None if secret else given,
        "secret": secret,
    }
