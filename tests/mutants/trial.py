"""Tries a mutant: a process of its own imports the product with the one module changed, and meets the cases.

Caches of one mutant would answer for another, so nothing of the product is loaded before a process is forked; the
cases, their values by the naive recomputation, and every library are.
"""

import importlib.util
import os
import resource
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from forked import Forked
from reference.recompute import compare, recompute

from conformance.case import Case, ParameterCase, cases, check, check_alerts, check_parameter, parameter_cases

ROOT = Path(__file__).parents[2]
PRODUCT = ("pipeline", "ledger")
COMPACTED = ("billable-days", "threshold-totals", "claim-days")
LOADING = -1
"""In place of a case: what runs when the product is loaded."""
SECONDS = 60
"""Of a processor, after which a mutant runs for ever."""

SOON = 25
"""So many cases come before a module's own tests, all others after them."""

Place = tuple[str, int]
Killer = tuple[str, int | None] | None
"""What failed, and the position of the case where it is one."""


@dataclass(frozen=True)
class Mutant:
    """A module with one change, in a statement from line `first` to line `last`; `within` names function or class."""

    module: str
    within: str
    first: int
    last: int
    operator: str
    line: str
    becomes: str
    text: str

    def __str__(self) -> str:
        return f"{self.module}:{self.first}: {self.line}\n    becomes {self.becomes}"


class Trial:
    """What mutants are tried by: every case, and what the naive recomputation makes of it."""

    def __init__(self, folder: str) -> None:
        """Load all that is not the product's, and learn which cases come by which line of the rules in `folder`."""
        self.folder = folder
        self.cases: list[Case] = cases()
        self.figures: list[ParameterCase] = parameter_cases()
        self.expected = [
            recompute(case.events, case.sites, case.payers, case.settings, case.daily_units) for case in self.cases
        ]
        self._kills: dict[Place, int] = {}
        self._turn = 0
        learned = Forked(self._learn).result()
        self.lines: dict[Place, list[int]] = learned["lines"]
        if learned["failed"]:
            raise SystemExit(f"no mutant, and yet: {learned['failed']}")
        for name in learned["libraries"]:
            importlib.import_module(name)

    def begun(self, mutant: Mutant, tests: list[str]) -> Forked:
        """Begin to find what kills a mutant: a case that comes by its statement, or one of `tests`."""

        def tried() -> Killer:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            _mutate(f"{self.folder.replace('/', '.')}.{mutant.module}", mutant.text)
            near = self._near(mutant)
            soon, later = near[:SOON], near[SOON:]
            try:
                return self._failing(soon) or _failing_test(tests) or self._failing(later) or self._failing_figure()
            except Exception as error:  # noqa: BLE001 - Any at all is a death.
                return f"{type(error).__name__}: {error}", None

        return Forked(tried)

    def _near(self, mutant: Mutant) -> list[int]:
        """Give the cases that come by a statement, all of them for one that runs when its module is loaded."""
        numbers = range(mutant.first, mutant.last + 1)
        found = sorted({position for number in numbers for position in self.lines.get((mutant.module, number), ())})
        found = list(range(len(self.cases))) if LOADING in found else found
        # The case that killed one of late is the likeliest to kill its neighbour.
        return sorted(found, key=lambda position: -self._kills.get((mutant.module, position), 0))

    def killed(self, mutant: Mutant, position: int | None) -> None:
        """Take note of the case that killed a mutant, None for another end."""
        if position is not None:
            self._turn += 1
            self._kills[mutant.module, position] = self._turn

    def _failing(self, near: list[int]) -> Killer:
        with tempfile.TemporaryDirectory() as folder:
            for position in near:
                if failure := self._failure(position, Path(folder) / str(position)):
                    return f"{self.cases[position]}: {failure}", position
        return None

    def _failure(self, position: int, folder: Path) -> str | None:
        from ledger.rated import rated, settings_of  # noqa: PLC0415 - Of the product: in a forked process alone.

        case = self.cases[position]
        folder.mkdir()
        outputs = rated(case.events, settings_of(case, folder))
        ours = {topic: outputs[topic] for topic in COMPACTED}
        failures = check(case, outputs) + check_alerts(case, outputs["care-alerts"])
        failures = failures or compare(ours, self.expected[position])
        return failures[0] if failures else None

    def _failing_figure(self) -> Killer:
        from ledger.rated import stated  # noqa: PLC0415

        from pipeline.rules.parameters import NoFigure  # noqa: PLC0415

        for case in self.figures:
            try:
                found = stated(case.parameter, case.date)
            except NoFigure:
                found = None
            if failures := check_parameter(case, found):
                return failures[0], None
        return None

    def _learn(self) -> dict[str, Any]:
        lines: dict[Place, list[int]] = {}
        failed = None
        before = set(sys.modules)
        # Every mutant's process imports the product.
        sys.dont_write_bytecode = False
        inside = str(ROOT / self.folder) + os.sep
        with tempfile.TemporaryDirectory() as folder:
            for position in (LOADING, *range(len(self.cases))):
                seen: set[Place] = set()
                with traced(inside, seen):
                    if position == LOADING:
                        importlib.import_module("ledger.rated")
                    else:
                        failed = failed or self._failure(position, Path(folder) / str(position))
                for place in seen:
                    lines.setdefault(place, []).append(position)
                # What is kept of one case would hide that the next one comes by.
                sys.modules["pipeline.rules.network"].forget()
        loaded = set(sys.modules) - before
        libraries = sorted(name for name in loaded if name.partition(".")[0] not in PRODUCT and "." not in name)
        return {"lines": lines, "failed": failed, "libraries": libraries}


class traced:  # noqa: N801 - It reads as a statement.
    """Note the lines of a folder's modules that run."""

    def __init__(self, inside: str, seen: set[Place]) -> None:
        self.inside, self.seen = inside, seen

    def __enter__(self) -> None:
        sys.settrace(self._called)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        return self._ran if frame.f_code.co_filename.startswith(self.inside) else None

    def _ran(self, frame: FrameType, _event: str, _argument: object) -> Callable[..., Any]:
        self.seen.add((Path(frame.f_code.co_filename).stem, frame.f_lineno))
        return self._ran


class _Mutated(SourceFileLoader):
    text = ""

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.get_filename(fullname), "exec", dont_inherit=True)


def _mutate(name: str, text: str) -> None:
    class Finder:
        @staticmethod
        def find_spec(fullname: str, _path: object = None, _target: object = None) -> Any:
            if fullname != name:
                return None
            loader = _Mutated(name, str(ROOT / f"{name.replace('.', '/')}.py"))
            loader.text = text
            return importlib.util.spec_from_loader(name, loader)

    sys.meta_path.insert(0, Finder)


def _failing_test(tests: list[str]) -> Killer:
    if not tests:
        return None
    import pytest  # noqa: PLC0415 - Loaded by then, in the parent.

    class Failures:
        name: str | None = None

        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed and self.name is None:
                self.name = report.nodeid

    failures = Failures()
    code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests], plugins=[failures])
    return None if code == pytest.ExitCode.OK else (failures.name or f"pytest ended with {code}", None)


def killers(
    trial: Trial, mutants: list[Mutant], tests: Callable[[str], list[str]], jobs: int
) -> Iterator[tuple[Mutant, str | None]]:
    """Give each mutant with what kills it, in their order, None where nothing does; so many are tried at a time."""
    waiting: deque[tuple[Mutant, Forked]] = deque()
    for mutant in mutants:
        waiting.append((mutant, trial.begun(mutant, tests(mutant.module))))
        if len(waiting) == jobs:
            yield _end(trial, *waiting.popleft())
    while waiting:
        yield _end(trial, *waiting.popleft())


def _end(trial: Trial, mutant: Mutant, tried: Forked) -> tuple[Mutant, str | None]:
    killer, position = tried.result(("it never ended, or fell", None)) or (None, None)
    trial.killed(mutant, position)
    return mutant, killer
