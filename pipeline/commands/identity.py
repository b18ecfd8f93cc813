"""`kxwatch token`: what stands for a patient in all that goes out."""

import sys
from typing import Annotated

import typer

from pipeline.errors import Refused
from pipeline.events.rejected import Rejected
from pipeline.identity import Identity
from pipeline.settings import Settings


def token(
    patient: Annotated[str, typer.Argument(metavar="ID", help="A patient's id as the EMR sends it; - reads many.")],
    *,
    source: Annotated[str, typer.Option(help="The EMR's `source`, where KXWATCH_ID_NAMESPACE=source.")] = "",
) -> None:
    """Print the token that stands for a patient's id.

    With - for the id, ids are read from standard input, one a line, and stand in no history of commands.
    """
    settings = Settings.load()
    if not settings.patient_key.get_secret_value() and settings.id_namespace == "none":
        raise Refused("there are no tokens: set KXWATCH_PATIENT_KEY, until then ids are passed on as they are sent")
    if settings.id_namespace == "source" and not source:
        raise Refused("KXWATCH_ID_NAMESPACE=source: tell the source of the id with --source")
    identity = Identity(settings)
    try:
        for line in sys.stdin if patient == "-" else [patient]:
            typer.echo(identity.token(line.rstrip("\r\n"), source))
    except Rejected as refusal:
        raise Refused(f"--source: {refusal.detail}") from None
