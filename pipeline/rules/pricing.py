"""What a unit is worth to a payer: a percent of a schedule, or a table of its own."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from pipeline.rules.fees import NATIONAL, UnitPrice, half_up, relative_share, unit_price
from pipeline.rules.parameters import Unpriced, figure
from pipeline.rules.payers import Fees, Payer, Schedule

_WHOLE = Decimal(100)
_PRICED_BY_TABLE = "A"
_NOTHING = UnitPrice(0, 0, Decimal(0), False, _PRICED_BY_TABLE)


def payer_price(
    payer: Payer, code: str, day: str, schedule: str, locality: str, *, apm: bool = False
) -> UnitPrice | Unpriced:
    """Price one unit of a code for a payer on an ISO date, by the site's schedule and locality where it goes by them.

    `apm` tells that the site is a qualifying APM participant.

    A percent is taken of the whole cents of a unit, in full and reduced, and rounded half up. A table's own fee is
    reduced by CMS's national share of practice expense, and stands whatever the code's status; what it ranks by is
    CMS's. Under a rate a visit or a case it is what the code would be by CMS, for ties alone. Gives `Unpriced`, naming
    what is missing, where nothing states the price.
    """
    price = payer.price
    if type(price) is Schedule:
        found = unit_price(code, day, schedule, locality, apm) if price.of == "site" else _national(code, day)
        return found if price.percent == _WHOLE else _part(found, price.percent)
    if type(price) is Fees:
        return _by_table(price, payer, code, day)
    if price is None:
        return Unpriced(f"price of payer {payer.payer_id}", day)
    found = _national(code, day)
    return _unreduced(found) if isinstance(found, UnitPrice) else _NOTHING


def _national(code: str, day: str) -> UnitPrice | Unpriced:
    return unit_price(code, day, "cms", NATIONAL)


def _part(price: UnitPrice | Unpriced, percent: Decimal) -> UnitPrice | Unpriced:
    return price if isinstance(price, Unpriced) else _percent_of(price, percent)


@lru_cache(maxsize=16_384)
def _percent_of(price: UnitPrice, percent: Decimal) -> UnitPrice:
    share = Fraction(percent) / 10_000
    full, reduced = half_up(price.full_cents * share), half_up(price.reduced_cents * share)
    return UnitPrice(full, reduced, price.practice_expense, price.reducible, price.status, price.provisional)


@lru_cache(maxsize=16_384)
def _unreduced(price: UnitPrice) -> UnitPrice:
    return UnitPrice(price.full_cents, price.full_cents, price.practice_expense, False, price.status)


def _by_table(table: Fees, payer: Payer, code: str, day: str) -> UnitPrice | Unpriced:
    fee = table.cents.get(code)
    if fee is None and code.isdecimal():
        fee = table.cents.get(int(code))
    if fee is not None:
        return _own_fee(code, day, fee, payer.multiple_procedure)
    if table.others_percent is not None:
        return _part(_national(code, day), table.others_percent)
    return Unpriced(f"fee of {code} in the table of payer {payer.payer_id}", day)


@lru_cache(maxsize=16_384)
def _own_fee(code: str, day: str, fee_cents: int, reduced: bool) -> UnitPrice | Unpriced:
    """Price by a payer's own fee; where the payer reduces, CMS's values of the date are needed too."""
    if not reduced:
        return UnitPrice(fee_cents, fee_cents, Decimal(0), False, _PRICED_BY_TABLE)
    cms = _national(code, day)
    if isinstance(cms, Unpriced):
        return cms
    taken = relative_share(code, day) * Fraction(figure("multiple_procedure_reduction", day), 100)
    cents = half_up(Fraction(fee_cents, 100) * (1 - taken)) if cms.reducible else fee_cents
    return UnitPrice(fee_cents, cents, cms.practice_expense, cms.reducible, _PRICED_BY_TABLE, cms.provisional)
