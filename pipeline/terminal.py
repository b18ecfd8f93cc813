"""What a person sees at a terminal: others' text made harmless."""

import os
import sys

from rich.text import Text


def plain(text: str) -> Text:
    """Give text that others wrote for a table or a line: no markup, and no character that steers a terminal."""
    return Text("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text))


def leave_the_pipe() -> None:
    """Let Python's own flush at the end go nowhere: the reader, `head` say, has what it wanted."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
