"""What a person sees at a terminal: others' text made harmless, money as it is said."""

import os
import sys

from rich.text import Text


def plain(text: str) -> Text:
    """Give text that others wrote for a table or a line: no markup, and no character that steers a terminal."""
    return Text("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text))


def dollars(cents: int) -> str:
    """Write whole cents as dollars: $1,234.50."""
    sign, amount = "-" if cents < 0 else "", abs(cents)
    return f"{sign}${amount // 100:,}.{amount % 100:02d}"


def leave_the_pipe() -> None:
    """Let Python's own flush at the end go nowhere: the reader, `head` say, has what it wanted."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
