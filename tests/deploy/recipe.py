"""A Dockerfile as its instructions, and what of a folder its build is given."""

import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple, Self

ROOT = Path(__file__).parents[2]


class Instruction(NamedTuple):
    """One instruction: the number of its stage from 0, its word, and what follows."""

    stage: int
    word: str
    rest: str

    @property
    def arguments(self) -> list[str]:
        """What follows as a list: the exec form is JSON, all else words."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


class Recipe:
    """A Dockerfile."""

    def __init__(self, instructions: list[Instruction]) -> None:
        self.instructions = instructions
        self.last = instructions[-1].stage

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read one: comments out, lines that go on joined."""
        text = "\n".join(line for line in path.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
        lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]
        stage, instructions = -1, []
        for line in lines:
            word, _, rest = line.strip().partition(" ")
            stage += word == "FROM"
            instructions.append(Instruction(stage, word, rest.strip()))
        return cls(instructions)

    def of(self, word: str, stage: int | None = None) -> list[Instruction]:
        """Give the instructions of that word, in the last stage unless another is named."""
        wanted = self.last if stage is None else stage
        return [one for one in self.instructions if one.word == word and one.stage == wanted]

    def environment(self, stage: int | None = None) -> dict[str, str]:
        """Give what ENV sets; `$PATH` stays as it is written."""
        return dict(pair.split("=", 1) for one in self.of("ENV", stage) for pair in one.arguments)

    def command(self, *arguments: str) -> list[str]:
        """Give the command line of a container: the entry point, then these arguments or the image's own."""
        (entry,), (default,) = self.of("ENTRYPOINT"), self.of("CMD")
        return entry.arguments + (list(arguments) or default.arguments)

    def health(self) -> list[str]:
        """Give the command of the health check."""
        (check,) = self.of("HEALTHCHECK")
        command: list[str] = json.loads(check.rest.partition(" CMD ")[2])
        return command


def given(path: str) -> bool:
    """Tell whether a build is given this file of the folder: of .dockerignore, the last line that fits decides."""
    parts = path.split("/")
    above = {"/".join(parts[:length]) for length in range(1, len(parts) + 1)}
    left_out = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        if pattern == "*" or pattern in above or (pattern.startswith("**/") and pattern[3:] in parts):
            left_out = not line.startswith("!")
    return not left_out
