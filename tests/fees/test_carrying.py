"""A year carried forward: priced by the year before, provisional in every figure, until something official comes."""

from datetime import date
from pathlib import Path

import pytest
from fees.releases import GPCI_2026, RVU_2026, changed, imported

from pipeline.errors import Refused
from pipeline.figures import carrying, folder
from pipeline.rules.fees import UnitPrice, unit_price
from pipeline.rules.network import Carried, install
from pipeline.rules.parameters import Unpriced, figure, parameter, provisional
from pipeline.rules.thresholds import limits

DAY = "2027-01-04"


def carried(target: Path, year: int) -> Carried:
    found = carrying.carry(year, folder.load(target))
    folder.write(target, [found])
    install(folder.load(target))
    return found


def price(day: str, locality: str = "national") -> UnitPrice:
    found = unit_price("97530", day, "cms", locality)
    assert isinstance(found, UnitPrice)
    return found


def test_a_year_carried_forward_has_the_prices_and_thresholds_of_the_year_before(tmp_path: Path) -> None:
    with pytest.raises(LookupError):
        limits("kx", 2027)
    carried(tmp_path, 2027)
    assert price(DAY).full_cents == price("2026-12-31").full_cents
    assert limits("kx", 2027) == limits("kx", 2026)
    assert figure("part_b_deductible", DAY) == figure("part_b_deductible", "2026-12-31")


def test_each_figure_that_is_carried_is_named(tmp_path: Path) -> None:
    carried(tmp_path, 2027)
    assert price(DAY).provisional == ("conversion_factor", "relative_values")
    assert price("2026-12-31").provisional == ()
    names = ("kx_threshold", "review_threshold")
    assert (provisional(names, 2027), provisional(names, 2026)) == (("kx_threshold",), ())


def test_a_year_that_is_carried_into_changes_no_price_before_it(tmp_path: Path) -> None:
    before = unit_price("97530", "2026-03-02", "cms", "national", apm=True)
    carried(tmp_path, 2027)
    assert unit_price("97530", "2026-03-02", "cms", "national", apm=True) == before
    assert unit_price("97530", "2026-03-02", "cms", "national", apm=False) != before


def test_indices_of_2025_carried_into_2026_price_a_site_with_a_locality(tmp_path: Path) -> None:
    found = carried(tmp_path, 2026)
    assert found.figures == {"localities": 2025}
    # 0.44 x 1 + 0.60 x 0.869 + 0.01 x 0.575 = 0.96715, x 33.4009 = 32.3037
    assert price("2026-03-02", "10112-00").full_cents == 3230
    assert price("2026-03-02", "10112-00").provisional == ("localities",)
    assert price("2026-03-02").provisional == ()


def test_an_official_figure_takes_the_place_of_one_that_was_carried(tmp_path: Path) -> None:
    carried(tmp_path, 2026)
    imported(tmp_path, GPCI_2026)
    assert price("2026-03-02", "10112-00").full_cents == 3242
    assert price("2026-03-02", "10112-00").provisional == ()


def test_an_official_factor_takes_the_place_of_one_that_was_carried(tmp_path: Path) -> None:
    carried(tmp_path, 2027)
    later = changed(RVU_2026, tmp_path, "2026 National", "2027 National", name="PPRRVU2027_Jan_nonQPP.csv")
    later.write_text(later.read_text().replace("33.4009", "34.0000"))
    imported(tmp_path, later)
    assert (price(DAY).full_cents, price(DAY).provisional) == (3570, ())


def test_a_second_year_is_carried_from_the_one_that_was_official(tmp_path: Path) -> None:
    carried(tmp_path, 2027)
    found = carried(tmp_path, 2028)
    assert found.figures["kx_threshold"] == 2026
    assert found.figures["review_threshold"] == 2027
    assert limits("kx", 2028) == limits("kx", 2026)


def test_what_was_not_carried_still_has_no_figure(tmp_path: Path) -> None:
    carried(tmp_path, 2027)
    assert unit_price("97530", "2028-01-03", "cms", "national") == Unpriced("relative_values", "2028-01-03")
    assert parameter("kx_threshold").stated(date(2028, 1, 1)) is None


@pytest.mark.parametrize("year", [2020, 2029, 1900])
def test_a_year_with_nothing_to_carry_is_refused(year: int, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        carried(tmp_path, year)
