"""Unit prices against figures worked by hand from CMS's rows: work, practice and malpractice, each by its index."""

from datetime import date

import pytest

from pipeline.rules import fees
from pipeline.rules.fees import UnitPrice, unit_price
from pipeline.rules.parameters import Unpriced

DAY = "2025-03-03"


@pytest.mark.parametrize(
    ("code", "locality", "full", "reduced"),
    [
        # (0.44 + 0.62 + 0.01) x 32.3465 = 34.6108; (0.44 + 0.31 + 0.01) x 32.3465 = 24.5833
        ("97530", "national", 3461, 2458),
        # Alabama, 1 / 0.869 / 0.575: (0.44 + 0.53878 + 0.00575) x 32.3465 = 31.8461; with half of 0.53878: 23.1323
        ("97530", "10112-00", 3185, 2313),
        # Alaska, 1.5 / 1.081 / 0.592: (0.66 + 0.67022 + 0.00592) x 32.3465 = 43.2194; 0.33511 for pe: 32.3798
        ("97530", "02102-01", 4322, 3238),
        # (1.54 + 1.53 + 0.04) x 32.3465 = 100.5976; (1.54 + 0.765 + 0.04) x 32.3465 = 75.8525
        ("97165", "national", 10060, 7585),
    ],
)
def test_a_unit_by_locality(code: str, locality: str, full: int, reduced: int) -> None:
    price = unit_price(code, DAY, "cms", locality)
    assert isinstance(price, UnitPrice)
    assert (price.full_cents, price.reduced_cents) == (full, reduced)


def test_a_network_schedule_ranks_by_the_practice_expense_of_its_locality() -> None:
    guide, cms = unit_price("97530", DAY, "guide-2025", "10112-00"), unit_price("97530", DAY, "cms", "10112-00")
    assert isinstance(guide, UnitPrice)
    assert isinstance(cms, UnitPrice)
    # 43.78 less half of its 0.62 / 1.07 share: 43.78 - 12.684 = 31.096
    assert (guide.full_cents, guide.reduced_cents) == (4378, 3110)
    assert guide.practice_expense == cms.practice_expense


def test_a_code_that_the_guide_does_not_list_takes_the_price_of_its_locality() -> None:
    assert unit_price("97533", DAY, "guide-2025", "10112-00") == unit_price("97533", DAY, "cms", "10112-00")


@pytest.mark.parametrize(
    ("code", "day", "schedule", "locality", "missing"),
    [
        ("97530", "2024-06-03", "cms", "national", "relative_values"),
        ("97530", "2027-01-01", "cms", "national", "relative_values"),
        ("97530", "2026-01-01", "cms", "10112-00", "geographic indices of locality 10112-00"),
        ("97530", DAY, "cms", "99999-99", "geographic indices of locality 99999-99"),
        ("97530", DAY, "cms", "somewhere", "geographic indices of locality somewhere"),
        ("97530", DAY, "guide-2025", "99999-99", "geographic indices of locality 99999-99"),
        ("97530", "2026-01-01", "guide-2025", "national", "schedule guide-2025"),
        # What is missing first is the schedule: its own fee needs no index.
        ("97530", "2026-01-01", "guide-2025", "10112-00", "schedule guide-2025"),
        ("12345", DAY, "cms", "national", "relative value of 12345"),
    ],
)
def test_what_has_no_figure_has_no_price_and_says_which(
    code: str, day: str, schedule: str, locality: str, missing: str
) -> None:
    assert unit_price(code, day, schedule, locality) == Unpriced(missing, day)


@pytest.mark.parametrize("day", ["2025-01-01", "2025-12-31"])
def test_a_year_of_the_schedule_holds_from_its_first_day_through_its_last(day: str) -> None:
    assert unit_price("97530", day, "guide-2025", "national") == unit_price("97530", DAY, "guide-2025", "national")


def test_a_schedule_of_any_name_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fees, "_own_schedule", lambda _: (date(2025, 1, 1), date(2025, 12, 31), {"97530": 5_000}))
    own = fees.unit_price.__wrapped__("97530", DAY, "acme", "10112-00")
    assert isinstance(own, UnitPrice)
    assert own.full_cents == 5_000
    assert fees.unit_price.__wrapped__("97530", "2026-01-01", "acme", "10112-00") == Unpriced(
        "schedule acme", "2026-01-01"
    )


def test_a_qualifying_participant_has_a_factor_of_its_own_from_its_first_day_on() -> None:
    # 1.05 x 33.5675 and x 33.4009; until 2026 there was one factor for all.
    assert [cents("2026-01-01", apm=apm) for apm in (True, False)] == [3_525, 3_507]
    assert cents("2025-12-31", apm=True) == cents("2025-12-31", apm=False) == 3_461


def cents(day: str, *, apm: bool) -> int:
    price = unit_price("97530", day, "cms", "national", apm)
    assert isinstance(price, UnitPrice)
    return price.full_cents
