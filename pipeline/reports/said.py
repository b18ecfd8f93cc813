"""What EMRs and payers said, as far as a report asks: segments with their therapists and sites, and remittances."""

from collections.abc import Iterable
from typing import Any

from pipeline.events.base import Event
from pipeline.events.claims import RemittancePosted
from pipeline.events.codec import read, write
from pipeline.events.fields import instant
from pipeline.events.patients import PatientMerged
from pipeline.events.rejected import Rejected
from pipeline.identity import Identity
from pipeline.ledger.days import SEGMENT_EVENTS
from pipeline.ledger.households import Households
from pipeline.ledger.segments import Segment, SegmentFacts, resolve, service_date, take
from pipeline.ledger.versions import version_of
from pipeline.settings import Settings


class Said:
    """The newest version of each segment and remittance; the order and repetition of events do not matter."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._identity = Identity(settings)
        self._facts: dict[tuple[str, str], SegmentFacts] = {}
        self._remittances: dict[tuple[str, str], list[RemittancePosted]] = {}
        self._households = Households({})

    def take(self, lines: Iterable[bytes]) -> "Said":
        """Take events as JSON lines; what is no valid event is left out, as it bills nothing."""
        limits: dict[str, Any] = {"max_bytes": self._settings.max_event_bytes}
        limits["max_segment_minutes"] = self._settings.max_segment_minutes
        for line in lines:
            try:
                event, _ = read(line, **limits)
                self._put(self._identity.replace(event))
            except Rejected:
                continue
        return self

    def _put(self, event: Event) -> None:
        if isinstance(event, PatientMerged):
            self._households.take(event)
        elif isinstance(event, RemittancePosted):
            self._remittances.setdefault((event.patient_id, event.remittance_id), []).append(event)
        elif isinstance(event, SEGMENT_EVENTS):
            of = event.patient_id, event.segment_id
            self._facts[of], _ = take(self._facts.get(of, SegmentFacts()), version_of(event))

    def segments(self, first: str, last: str) -> dict[tuple[str, str], Segment]:
        """Give the complete segments of service dates from `first` through `last`, by patient and id.

        Merged patients are known as their survivor, so that equal ids of theirs are one segment.
        """
        known: dict[tuple[str, str], SegmentFacts] = {}
        for (patient_id, segment_id), facts in self._facts.items():
            of = self._households.home(patient_id), segment_id
            both = known.get(of)
            for version in (facts.whole, facts.start, facts.stop) if both is not None else ():
                if version is not None and both is not None:
                    both, _ = take(both, version)
            known[of] = both or facts
        found = {}
        for of, facts in known.items():
            date = service_date(facts)
            if date is not None and first <= date <= last:
                segment = resolve(facts, self._settings.max_segment_minutes)
                if segment is not None:
                    found[of] = segment
        return found

    def remittances(self, first: str, last: str) -> list[tuple[str, RemittancePosted]]:
        """Give what payers adjudicated from `first` through `last`, each after its patient.

        What is reversed falls away, and so does what reverses.
        """
        known: dict[tuple[str, str], RemittancePosted] = {}
        for (patient_id, name), said in self._remittances.items():
            of = self._households.home(patient_id), name
            known[of] = max([*said, *([known[of]] if of in known else [])], key=_order)
        fallen = {(patient_id, one.reverses) for (patient_id, _), one in known.items() if one.reverses}
        return [
            (of[0], one)
            for of, one in sorted(known.items())
            if first <= one.adjudicated_on <= last and one.reverses is None and of not in fallen
        ]


def _order(event: RemittancePosted) -> tuple[int, Any, str, bytes]:
    return event.revision, instant(event.occurred_at), event.event_id, write(event)
