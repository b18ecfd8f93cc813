"""What of a patient's totals and claims stands on figures that are carried forward from another year."""

from collections.abc import Sequence

from msgspec.structs import replace

from pipeline.events.fields import Bucket
from pipeline.ledger.claim_alerts import Trouble
from pipeline.ledger.year import YearFacts
from pipeline.rules.parameters import provisional
from pipeline.rules.thresholds import NAMES

_THRESHOLDS = tuple(f"{name}_threshold" for name in NAMES)


def of_total(year: int, facts: YearFacts, bucket: Bucket) -> list[str]:
    """Name the figures carried forward that a bucket's total was made with: its thresholds, its lines' prices."""
    found = {name for entry in facts.days.values() for of, name in entry.provisional if of == bucket}
    return sorted(found.union(provisional(_THRESHOLDS, year)))


def caveat(names: Sequence[str]) -> str:
    """Say in an alert that it was made with figures carried forward; nothing where it was not."""
    return f" Provisional: {', '.join(names)} carried forward from another year." if names else ""


def with_caveats(troubles: dict[str, Trouble], date: str, facts: YearFacts) -> dict[str, Trouble]:
    """Say in each trouble of a day which figures carried forward its lines and its thresholds were made with."""
    entry = facts.days.get(date)
    names = {name for _, name in entry.provisional} if entry else set()
    if not troubles or not (told := caveat(sorted(names.union(provisional(_THRESHOLDS, int(date[:4])))))):
        return troubles
    return {about: replace(trouble, sentence=trouble.sentence + told) for about, trouble in troubles.items()}
