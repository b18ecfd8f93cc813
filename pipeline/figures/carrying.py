"""A year carried forward: what nothing states for it yet takes the value of the year before, as provisional."""

from collections.abc import Sequence
from importlib.resources import files

from pipeline.errors import Refused
from pipeline.rules.fees import source_year
from pipeline.rules.network import LOCALITIES, RELATIVE_VALUES, Carried, Item, install
from pipeline.rules.parameters import document, parameter

_TABLES = (LOCALITIES, RELATIVE_VALUES)
_YEARS = range(2018, 10_000)


def dated() -> list[str]:
    """Give the names of the packaged dated figures."""
    folder = files("pipeline.rules") / "params"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".yaml"))
    found = [(name.removesuffix(".yaml"), document(name)) for name in names]
    return [name for name, stated in found if {"name", "unit", "values", "through"} <= stated.keys()]


def carry(year: int, known: Sequence[Item]) -> Carried:
    """Carry into a year what it lacks and the year before has; `known` are the network's figures until now.

    What is carried once stays so: a later official file takes its place. Installs nothing but `known` without the
    year's own carrying.

    Errors: `Refused` when there is nothing to carry.
    """
    if year not in _YEARS:
        raise Refused(f"{year} is no year that figures are carried into")
    install([item for item in known if not (isinstance(item, Carried) and item.year == year)])
    figures: dict[str, int] = {}
    for table in _TABLES:
        origin = source_year(table, year - 1)
        if source_year(table, year) is None and origin is not None:
            figures[table] = origin
    for name in dated():
        stated = parameter(name)
        if not stated.of_year(year) and stated.of_year(year - 1):
            figures[name] = _origin(name, year - 1, known)
    if not figures:
        raise Refused(f"there is nothing to carry into {year}: each figure of {year - 1} is stated for it, or has none")
    return Carried(year=year, figures=dict(sorted(figures.items())))


def _origin(name: str, year: int, known: Sequence[Item]) -> int:
    """Give the year that a year's value is from: itself, or the one that it was carried from."""
    carried = {item.year: item.figures for item in known if isinstance(item, Carried)}
    if year in parameter(name).provisional:
        return carried[year][name]
    return year
