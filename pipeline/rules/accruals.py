"""What others have accrued towards a patient's threshold."""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from pipeline.events.fields import instant


class Accrual(Struct, frozen=True, array_like=True, gc=False):
    """An amount year to date, whole cents, as of a date; `version` orders two that are otherwise alike."""

    bucket: str
    amount_cents: int
    as_of: str
    basis: Literal["other_providers", "all_providers"]
    version: tuple[int, str, str, bytes]


def elsewhere(accrual: Accrual, confirmed_cents: int) -> int:
    """Give what others have accrued, whole cents.

    An amount over all providers has our own lines in it: those that were adjudicated by then, `confirmed_cents`, are
    taken out. Others cannot have accrued less than nothing: where the payer has counted less than it answered us,
    nothing is theirs.
    """
    return (
        accrual.amount_cents if accrual.basis == "other_providers" else max(0, accrual.amount_cents - confirmed_cents)
    )


def standing(accruals: Iterable[Accrual]) -> Accrual | None:
    """Choose the accrual that counts: the latest as of, a tie to all_providers, then the newest version."""
    stated = list(accruals)
    return max(stated, key=_order) if len(stated) > 1 else next(iter(stated), None)


def _order(accrual: Accrual) -> tuple[object, ...]:
    revision, occurred_at, event_id, text = accrual.version
    return accrual.as_of, accrual.basis == "all_providers", revision, instant(occurred_at), event_id, text
