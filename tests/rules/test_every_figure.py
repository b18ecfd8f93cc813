"""Every packaged figure, changed by its last digit, fails a conformance case."""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from ledger.rated import rated, settings_of, stated

from conformance.case import Case, ParameterCase, cases, check, check_parameter, parameter_cases
from pipeline.errors import Refused
from pipeline.rules.network import forget, install
from pipeline.rules.parameters import NoFigure
from pipeline.settings import Settings

PACKAGED = Path(str(files("pipeline.rules"))) / "params"
_FIGURE = re.compile(r'(?<![\w.-])"?(\d+(?:\.\d+)?)"?(?=\s*(?:[,}\]]|$|#))')
_DATED = re.compile(r"^\s+\d{4}-\d{2}-\d{2}:\s*")
_FEE = re.compile(r'^\s+"[0-9A-Z]{5}":\s*')
# A code's status and descriptions of a row are no figures; nothing is computed from the indicator of a code whose
# status bars it, or that no line can have.
_BARRED = {"97010", "97014", "97598", "G0541", "G0542", "G0543"}


@dataclass(frozen=True)
class Figure:
    """A figure in a file: its place in the text, how it is written, what it is written as once it is changed."""

    file: str
    line: int
    start: int
    written: str
    changed: str
    heading: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line + 1}: {self.written} as {self.changed}"


def last_digit_changed(written: str) -> str:
    """Change a number by one in its last digit: up, and 9 down."""
    last = int(written[-1])
    return f"{written[:-1]}{last + 1 if last < 9 else 8}"


def figures() -> Iterator[Figure]:
    for path in sorted(PACKAGED.rglob("*")):
        name = path.relative_to(PACKAGED).as_posix()
        if path.suffix == ".csv":
            yield from _cells(name, path)
        elif path.suffix == ".yaml" and not name.startswith("payers/"):
            yield from _values(name, path)


def _values(name: str, path: Path) -> Iterator[Figure]:
    """Give the values by date or by code of a file."""
    for number, line in enumerate(path.read_text().splitlines()):
        if (begun := _DATED.match(line) or _FEE.match(line)) and (found := _FIGURE.search(line, begun.end() - 1)):
            yield Figure(name, number, found.start(1), found[1], last_digit_changed(found[1]))


def _cells(name: str, path: Path) -> Iterator[Figure]:
    lines = path.read_text().splitlines()
    headings = lines[0].split(",")
    for number, line in enumerate(lines[1:], 1):
        # A quoted name holds commas of its own.
        cells = re.sub(r'"[^"]*"', lambda quoted: "x" * len(quoted[0]), line).split(",")
        start = 0
        for heading, cell in zip(headings, cells, strict=True):
            if heading.endswith(("_rvu", "_gpci")):
                yield Figure(name, number, start, cell, last_digit_changed(cell), heading)
            elif heading == "multiple_procedure_indicator" and line[:5] not in _BARRED:
                yield Figure(name, number, start, cell, "0" if cell == "5" else "5")
            start += len(cell) + 1


class Params:
    """A copy of the packaged parameters that the rules read, with a figure changed at a time."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._root = root
        shutil.copytree(PACKAGED, root / "params")
        for name, module in list(sys.modules.items()):
            if name.startswith("pipeline.rules.") and hasattr(module, "files"):
                monkeypatch.setattr(module, "files", lambda _: root)

    def write(self, figure: Figure | None, name: str) -> None:
        """Write a file with a figure changed, or as it is packaged."""
        text = (PACKAGED / name).read_text()
        if figure is not None:
            lines = text.splitlines()
            line, end = lines[figure.line], figure.start + len(figure.written)
            assert line[figure.start : end] == figure.written
            lines[figure.line] = line[: figure.start] + figure.changed + line[end:]
            text = "\n".join(lines) + "\n"
        (self._root / "params" / name).write_text(text)
        forget()


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Params]:
    install([])
    yield Params(tmp_path / "rules", monkeypatch)
    monkeypatch.undo()
    forget()


@cache
def by_parameter() -> dict[str, list[ParameterCase]]:
    found: dict[str, list[ParameterCase]] = {}
    for case in parameter_cases():
        found.setdefault(case.parameter, []).append(case)
    return found


@cache
def priced() -> list[Case]:
    """Give the cases of events, those with the most patients first: they notice most."""
    return sorted(cases(), key=lambda case: -len(case.events))


class Days:
    """The cases of events, each with its settings: what they make of the figures as they are."""

    def __init__(self, folder: Path) -> None:
        self._settings: dict[str, Settings] = {}
        for number, case in enumerate(priced()):
            of_case = folder / f"case-{number}"
            of_case.mkdir()
            self._settings[case.name] = settings_of(case, of_case)
        assert not [case.name for case in priced() if self.fails(case)]

    def fails(self, case: Case) -> bool:
        try:
            return check(case, rated(case.events, self._settings[case.name], final=True)) != []
        except (Refused, NoFigure, KeyError, ValueError):
            return True


@pytest.fixture
def days(params: Params, tmp_path: Path) -> Days:  # noqa: ARG001 -- the cases are met by the copy of the parameters.
    return Days(tmp_path)


def named(figure: Figure, line: str) -> list[str]:
    """Name the cases of parameters that a figure may be stated by."""
    stem = figure.file.removesuffix(".yaml").removesuffix(".csv")
    if stem.startswith("fees/rvu"):
        code, year = line[:5], stem[-4:]
        return [f"{kind} of {code}|{year}" for kind in ("work", "practice_expense", "malpractice")]
    if stem.startswith("fees/gpci"):
        carrier, _, locality = line.split(",")[:3]
        kinds = ("work_index", "practice_expense_index", "malpractice_index")
        return [f"{kind} of {carrier}-{locality}|{stem[-4:]}" for kind in kinds]
    share = f"{stem.removeprefix('approaching_')}_approaching_share"
    return [f"{stem}|", f"{share}|"]


def stated_otherwise(names: list[str]) -> bool:
    for name, _, year in (name.partition("|") for name in names):
        for case in by_parameter().get(name, ()):
            if not case.date.startswith(year):
                continue
            try:
                found = stated(case.parameter, case.date)
            except NoFigure:
                found = None
            if check_parameter(case, found):
                return True
    return False


def test_each_is_noticed(params: Params, days: Days) -> None:
    unnoticed = []
    known = list(figures())
    for figure in known:
        params.write(figure, figure.file)
        line = (PACKAGED / figure.file).read_text().splitlines()[figure.line]
        if not stated_otherwise(named(figure, line)) and not any(days.fails(case) for case in priced()):
            unnoticed.append(str(figure))
        params.write(None, figure.file)
    assert len(known) > 600
    assert not unnoticed, "\n".join(unnoticed)


def test_each_relative_value_of_work_and_practice_moves_a_price(params: Params, days: Days) -> None:
    """What a case states of a figure by itself, a case of a day states in cents."""
    of_all = [case for case in priced() if re.search(r"(have their|has its) price of \d{4}", case.name)]
    unnoticed = []
    for figure in figures():
        row = (PACKAGED / figure.file).read_text().splitlines()[figure.line]
        if figure.heading not in {"work_rvu", "nonfacility_pe_rvu"} or row[:5] in _BARRED:
            continue
        year = figure.file[-8:-4]
        params.write(figure, figure.file)
        if not any(days.fails(case) for case in of_all if f"price of {year}" in case.name):
            unnoticed.append(str(figure))
        params.write(None, figure.file)
    assert not unnoticed, "\n".join(unnoticed)
