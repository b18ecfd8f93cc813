"""The documents as a reader has them: code blocks, tables, links and names of files."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "conformance/README.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_QUOTED = re.compile(r"`([^`\n]+)`")
_CELLS = re.compile(r"(?<!\\)\|")


class Block(NamedTuple):
    """A fenced block: its language and its text."""

    language: str
    text: str


def blocks(page: Path, *languages: str) -> list[Block]:
    """Give the fenced blocks of these languages."""
    found = [Block(*match.groups()) for match in _FENCE.finditer(page.read_text("utf-8"))]
    return [block for block in found if block.language in languages]


def table(heading: str) -> list[list[str]]:
    """Give the cells of the README's table under a heading, its head left out."""
    section = README.read_text("utf-8").split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip().replace("\\|", "|") for cell in _CELLS.split(row)[1:-1]] for row in rows]


def links(page: Path) -> list[str]:
    """Give where the links of a page lead."""
    return _LINK.findall(page.read_text("utf-8"))


def quoted(text: str) -> list[str]:
    """Give what stands in backquotes, fenced blocks aside."""
    return _QUOTED.findall(_FENCE.sub("", text))


def command_lines(page: Path) -> Iterator[str]:
    """Give what follows each `kxwatch` that a page tells to type, in blocks of a shell and in backquotes."""
    typed = [line for block in blocks(page, "sh", "text") for line in block.text.splitlines()]
    for line in [*typed, *quoted(page.read_text("utf-8"))]:
        words = line.removeprefix("$ ").split()
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            words = words[1:]
        if len(words) > 1 and words[0] in ("kxwatch", ".venv/bin/kxwatch"):
            yield " ".join(words[1:])
