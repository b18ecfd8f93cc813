"""The mutants that no test can kill, each with the reason."""

from pathlib import Path

import yaml
from trial import Mutant

Entry = tuple[str, str, str, str]


class Survivors:
    """A file of lists by module: `within`, the line and what it `becomes` (one or several), and `why` it survives."""

    def __init__(self, path: Path) -> None:
        """Read the file."""
        stated = yaml.safe_load(path.read_text("utf-8")) or {}
        self._why: dict[Entry, str] = {}
        for module, entries in stated.items():
            for entry in entries:
                becomes = entry["becomes"]
                for text in [becomes] if isinstance(becomes, str) else becomes:
                    self._why[module, entry.get("within", ""), entry["line"], text] = entry["why"]
        self._met: set[Entry] = set()

    def explain(self, mutant: Mutant) -> str | None:
        """Give the reason for which a mutant survives, None where there is none."""
        entry = mutant.module, mutant.within, mutant.line, mutant.becomes
        self._met.add(entry)
        return self._why.get(entry)

    def not_met(self, modules: set[str]) -> list[str]:
        """Name the entries of modules that no survivor asked for."""
        return [": ".join(entry) for entry in self._why if entry[0] in modules and entry not in self._met]
