import re
from pathlib import Path

import click
import pytest
import typer.main
from docs.manual import PAGES, README, blocks, command_lines, table

from pipeline.cli import cli

ROOT_COMMAND = typer.main.get_command(cli)


def resolved(line: str) -> tuple[click.Command, list[str]]:
    """Give the command that a line names, and the words after its name."""
    command: click.Command = ROOT_COMMAND
    words = re.sub(r"[\[\]]", " ", line).split()
    while words and isinstance(getattr(command, "commands", None), dict) and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_that_is_told_exists_with_the_options_shown(page: Path) -> None:
    for line in command_lines(page):
        if "|" in line:  # A name for several commands at once: `broker start|stop`.
            group, names = line.split(maxsplit=1)
            lines = [f"{group} {name}" for name in names.split()[0].split("|")]
        else:
            lines = [line]
        for one in lines:
            command, words = resolved(one)
            assert command is not ROOT_COMMAND, f"kxwatch {one}"
            unknown = {word.split("=")[0] for word in words if word.startswith("--")} - options(command)
            assert not unknown, f"kxwatch {one}"


def test_the_table_of_commands_has_every_command_with_every_option() -> None:
    told = {}
    for cells in table("Commands"):
        for shown in re.findall(r"`kxwatch ([^`]+)`", cells[0]):
            command, words = resolved(shown)
            told[id(command)] = {word for word in words if word.startswith("--")}
    pending = list(ROOT_COMMAND.commands.items())
    while pending:
        name, command = pending.pop()
        if isinstance(getattr(command, "commands", None), dict):
            pending += [(f"{name} {inner}", found) for inner, found in command.commands.items()]
            continue
        assert id(command) in told, f"kxwatch {name} is not in the table"
        assert told[id(command)] == {option for option in options(command) if option.startswith("--")} - {"--help"}, (
            name
        )


def test_the_two_commands_are_those_of_the_makefile() -> None:
    assert blocks(README, "sh")[0].text == "make demo\nmake test\n"
    makefile = (README.parent / "Makefile").read_text("utf-8")
    for target in {word for page in PAGES for word in re.findall(r"`make (\w+)", page.read_text("utf-8"))}:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"
