"""What a unit is worth by each kind of price that a payer may have."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from pipeline.rules.fees import UnitPrice
from pipeline.rules.parameters import Unpriced
from pipeline.rules.payers import Case, Fees, Payer, Price, Schedule, Visit, packaged
from pipeline.rules.pricing import payer_price

DAY = "2025-03-03"
NOTHING = UnitPrice(0, 0, Decimal(0), False, "A")


def payer(price: Price | None, *, reduced: bool = False) -> Payer:
    return replace(packaged().at("unlisted", DAY), price=price, multiple_procedure=reduced)


def price(by: Price | None, code: str = "97530", day: str = DAY, *, reduced: bool = False) -> UnitPrice | Unpriced:
    return payer_price(payer(by, reduced=reduced), code, day, "cms", "10112-00")


@pytest.mark.parametrize(
    ("code", "percent", "full", "reduced"),
    [
        ("97530", "100", 3_461, 2_458),
        # 34.61 and 24.58 by 1.01 are 34.9561 and 24.8258, by 0.99 34.2639 and 24.3342.
        ("97530", "101", 3_496, 2_483),
        ("97530", "99", 3_426, 2_433),
        # Half of 100.60 is 50.30, of 75.85 is 37.925.
        ("97165", "50", 5_030, 3_793),
        ("97530", "0", 0, 0),
    ],
)
def test_a_percent_is_of_the_whole_cents_of_a_unit_of_the_national_schedule(
    code: str, percent: str, full: int, reduced: int
) -> None:
    found = price(Schedule(percent=Decimal(percent)), code)
    assert isinstance(found, UnitPrice)
    assert (found.full_cents, found.reduced_cents) == (full, reduced)


def test_a_schedule_of_the_site_is_of_its_locality() -> None:
    national, site = price(Schedule(of="national")), price(Schedule(of="site"))
    assert isinstance(national, UnitPrice)
    assert isinstance(site, UnitPrice)
    assert (national.full_cents, site.full_cents) == (3_461, 3_185)


def test_a_site_is_no_qualifying_participant_unless_it_is_said() -> None:
    medicare = packaged().at("medicare-b", "2026-03-02")
    # 1.05 x 33.4009 and x 33.5675
    plain = payer_price(medicare, "97530", "2026-03-02", "cms", "national")
    qualifying = payer_price(medicare, "97530", "2026-03-02", "cms", "national", apm=True)
    assert isinstance(plain, UnitPrice)
    assert isinstance(qualifying, UnitPrice)
    assert (plain.full_cents, qualifying.full_cents) == (3_507, 3_525)


@pytest.mark.parametrize("rate", [Visit(9_500), Case(60_000)])
def test_under_a_rate_a_unit_is_what_it_would_be_by_cms_and_never_reduced(rate: Price) -> None:
    assert price(rate) == UnitPrice(3_461, 3_461, Decimal("0.62"), False, "A")
    assert price(rate, "12345") == NOTHING
    assert price(rate, day="2024-06-03") == NOTHING


def test_a_fee_of_a_table_is_not_reduced_where_the_payer_does_not_reduce() -> None:
    assert price(Fees({97530: 4_000})) == UnitPrice(4_000, 4_000, Decimal(0), False, "A")
    assert price(Fees({"G0283": 1_000}), "G0283") == UnitPrice(1_000, 1_000, Decimal(0), False, "A")


def test_a_fee_of_a_table_is_reduced_by_half_of_cmss_share_of_practice_expense() -> None:
    # 40.00 less half of 0.62 / 1.07: 28.411
    assert price(Fees({"97530": 4_000}), reduced=True) == UnitPrice(4_000, 2_841, Decimal("0.62"), True, "A")
    assert price(Fees({"97530": 4_000}), day="2024-06-03", reduced=True) == Unpriced("relative_values", "2024-06-03")


def test_what_a_table_does_not_list_has_no_price_or_its_percent() -> None:
    assert price(Fees({97530: 4_000}), "97110") == Unpriced("fee of 97110 in the table of payer unlisted", DAY)
    others = price(Fees({97530: 4_000}, others_percent=Decimal(50)), "97165")
    assert isinstance(others, UnitPrice)
    assert others.full_cents == 5_030


def test_a_payer_whose_profile_has_no_price_on_a_date_is_named() -> None:
    assert price(None) == Unpriced("price of payer unlisted", DAY)
