"""What of a patient's totals and claims stands on figures that are carried forward from another year."""

from collections.abc import Sequence

from msgspec.structs import replace

from pipeline.events.fields import Bucket
from pipeline.ledger.claim_alerts import Trouble
from pipeline.ledger.year import DayEntry, YearFacts
from pipeline.rules.parameters import provisional
from pipeline.rules.thresholds import NAMES

_THRESHOLDS = tuple(f"{name}_threshold" for name in NAMES)


def of_year(year: int) -> list[str]:
    """Name the figures carried forward that every total of a year is made with: its thresholds."""
    return sorted(provisional(_THRESHOLDS, year))


def of_total(year: int, facts: YearFacts, bucket: Bucket, ahead: Sequence[str] = ()) -> list[str]:
    """Name the figures carried forward that a bucket's total was made with: its thresholds, its estimates' prices.

    A line that a payer has answered is no estimate. `ahead` are those that what is planned is priced by.
    """
    found = {name for entry in facts.days.values() if entry.provisional for name in _of_estimates(entry, bucket)}
    return sorted(found.union(ahead, of_year(year)))


def _of_estimates(entry: DayEntry, bucket: Bucket) -> list[str]:
    estimated = {line.position for line in entry.counted if line.adjudicated_on is None and line.bucket == bucket}
    return [name for position, name in entry.provisional if position in estimated]


def caveat(names: Sequence[str]) -> str:
    """Say in an alert that it was made with figures carried forward; nothing where it was not."""
    return f" Provisional: {', '.join(names)} carried forward from another year." if names else ""


def with_caveats(troubles: dict[str, Trouble], date: str, facts: YearFacts) -> dict[str, Trouble]:
    """Say in each trouble of a day which figures carried forward its lines and its thresholds were made with."""
    entry = facts.days.get(date)
    names = {name for _, name in entry.provisional} if entry else set()
    if not troubles or not (told := caveat(sorted(names.union(of_year(int(date[:4])))))):
        return troubles
    return {about: replace(trouble, caveat=told) for about, trouble in troubles.items()}
