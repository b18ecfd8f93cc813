"""What payers said of a patient's coverage, as far as it tells who pays what."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from pipeline.events.coverage import CoverageReported
from pipeline.events.fields import instant


class Coverage(Struct, frozen=True, array_like=True, gc=False):
    """A coverage as its newest version tells it: whose, for which dates, what it says in whole cents, and as of when.

    `said_at` is when it was verified, or where nobody says so, when it was told.
    """

    payer_id: str
    first: str
    through: str
    said_at: str
    occurred_at: str
    event_id: str
    copay_cents: int | None
    deductible_cents: int | None

    @property
    def holds_from(self) -> str:
        """Give the date from which on what is left of the deductible is as it says: what was before is in it."""
        return max(self.first, self.said_at[:10])


def coverage_of(event: CoverageReported) -> Coverage:
    """Give what a report tells of who pays what."""
    return Coverage(
        event.payer_id,
        event.effective_from,
        event.effective_through,
        event.verified_at or event.occurred_at,
        event.occurred_at,
        event.event_id,
        event.copay_cents,
        event.deductible_remaining_cents,
    )


Order = tuple[tuple[datetime, str], tuple[datetime, str], str, str]


def newest_first(coverages: Mapping[str, Coverage], payer_id: str) -> list[Coverage]:
    """Give a payer's coverages, that which was said last first: by when it was verified, told, by its event and id."""

    def order(coverage_id: str) -> Order:
        found = coverages[coverage_id]
        return instant(found.said_at), instant(found.occurred_at), found.event_id, coverage_id

    mine = [name for name, found in coverages.items() if found.payer_id == payer_id]
    return [coverages[name] for name in sorted(mine, key=order, reverse=True)]


def copay(newest: Iterable[Coverage], date: str) -> int | None:
    """Give the copay of a date, whole cents, by the newest coverage of it that states one."""
    stated = (found for found in newest if found.copay_cents is not None and found.first <= date <= found.through)
    found = next(stated, None)
    return None if found is None else found.copay_cents
