"""What a network's folder says, each thing found by its own year, name and date among others of its kind."""

from datetime import date

import msgspec
import pytest

from pipeline.rules import network
from pipeline.rules.network import (
    Carried,
    DailyUnits,
    EditPairs,
    IndexRow,
    Item,
    Localities,
    Network,
    RelativeRow,
    RelativeValues,
    UnitsRow,
    install,
)

ROW = RelativeRow("A", "0.44", "0.62", "0.01", "5")
INDEX = IndexRow("1.0", "0.9", "0.6")
UNITS = UnitsRow(4, 3, "clinical: data")


def said(of: type, number: int = 0, **fields: object) -> object:
    return of(release=f"release {number}", file="file.txt", sha256=f"{number:064x}", **fields)


VALUES = {
    year: said(RelativeValues, year, year=year, factor="conversion_factor", rows={"97530": ROW})
    for year in (2026, 2027, 2028)
}
PLACES = {year: said(Localities, year, year=year, rows={"10112-00": INDEX}) for year in (2026, 2027, 2028)}
UNITS_OF = {
    day: said(DailyUnits, day.day, first=day, rows={"97530": UNITS}) for day in (date(2026, 7, 1), date(2026, 4, 1))
}
PAIRS = said(EditPairs, part="f1", rows=[])
FACTORS = [
    said(RelativeValues, 7, year=2026, factor="conversion_factor", factors={date(2026, 1, 1): "33.4009"}),
    said(RelativeValues, 8, year=2026, factor="conversion_factor_apm", factors={date(2026, 1, 1): "33.5675"}),
]
CARRIED = [Carried(year=2027, figures={"kx_threshold": 2026}), Carried(year=2028, figures={"relative_values": 2026})]
ALL = Network((*CARRIED, *FACTORS, *VALUES.values(), *PLACES.values(), PAIRS, *UNITS_OF.values()))


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028, 2029])
def test_tables_are_those_of_the_year_that_is_asked_for(year: int) -> None:
    assert (ALL.relative_values(year), ALL.localities(year)) == (VALUES.get(year), PLACES.get(year))


def test_factors_are_those_of_the_name_that_is_asked_for_and_a_file_with_a_factor_alone_has_no_rows() -> None:
    assert ALL.factors("conversion_factor") == {date(2026, 1, 1): "33.4009"}
    assert ALL.factors("conversion_factor_apm") == {date(2026, 1, 1): "33.5675"}
    assert ALL.factors("kx_threshold") == {}
    assert Network(tuple(FACTORS)).relative_values(2026) is None


def test_a_figure_is_carried_into_the_years_that_name_it() -> None:
    assert ALL.carried("kx_threshold") == {2027: 2026}
    assert ALL.carried("relative_values") == {2028: 2026}
    assert ALL.carried("localities") == {}


def test_edit_pairs_are_found_alone_and_tables_of_units_by_their_dates() -> None:
    assert ALL.edit_pairs() == [PAIRS]
    assert [table.first for table in ALL.daily_units()] == [date(2026, 4, 1), date(2026, 7, 1)]


@pytest.mark.parametrize("item", ALL.items, ids=lambda item: type(item).__name__)
def test_what_a_file_says_is_read_as_it_was_written_and_no_word_that_is_not_known(item: Item) -> None:
    plain = msgspec.to_builtins(item)
    assert msgspec.convert(plain, Item) == item
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(plain | {"yera": 2027}, Item)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (["A", "0.44", "0.62", "0.01", "5"], RelativeRow),
        (["1.0", "0.9", "0.6"], IndexRow),
        (["97140", "97530", "2020-01-01", None, True, "why"], network.EditRow),
        ([4, 3, "why"], UnitsRow),
    ],
)
def test_a_row_is_a_list_of_its_own_length(row: list[object], kind: type) -> None:
    assert msgspec.to_builtins(msgspec.convert(row, kind)) == row
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert([*row, "more"], kind)


@pytest.mark.parametrize(
    ("units", "indicator", "good"), [(0, 1, True), (-1, 1, False), (4, 0, False), (4, 3, True), (4, 4, False)]
)
def test_units_of_a_day_are_from_nothing_and_an_indicator_is_one_of_three(
    units: int, indicator: int, good: bool
) -> None:
    try:
        msgspec.convert([units, indicator, "why"], UnitsRow)
    except msgspec.ValidationError:
        assert not good
    else:
        assert good


def test_what_was_read_of_other_figures_is_forgotten_when_a_network_is_laid_over_them() -> None:
    try:
        assert network.carried_from("kx_threshold", 2027) is None
        install(CARRIED)
        assert network.carried_from("kx_threshold", 2027) == 2026
        assert network.network() == Network(tuple(CARRIED))
    finally:
        install([])
    assert network.carried_from("kx_threshold", 2027) is None
    assert network.network() == Network()
