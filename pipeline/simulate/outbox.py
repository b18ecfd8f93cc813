"""The way from the EMRs: every event as a line, when it arrives, sometimes twice, sometimes broken first."""

from typing import Any

import orjson

from pipeline.simulate.chance import Chance
from pipeline.simulate.clock import DAY
from pipeline.simulate.faults import Faults
from pipeline.simulate.patients import Patient

RESENT = 0.005
"""How often a line is sent again, to the byte."""

BROKEN = 0.0045
"""How often a segment's event comes broken, and then mended under the same id."""

HELD_UP = 0.02
"""How often an event is minutes to hours on its way, so that later ones overtake it."""


class Outbox:
    """Events on their way, by the day in UTC on which they arrive."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._faults = Faults(chance)
        self._queued: dict[int, list[tuple[int, int, bytes]]] = {}
        self._lines = 0
        self._events = 0

    def send(self, kind: str, patient: Patient, at: int, said: dict[str, Any]) -> None:
        """Send what happened at a local time of the patient's site; fields that are None stay out."""
        site, chance = patient.site, self._chance
        self._events += 1
        event = {
            "event_id": f"e-{self._events:06d}",
            "event_type": kind,
            "occurred_at": site.zone.text(at),
            "patient_id": patient.patient_id,
            "site_id": site.site_id,
            "source": site.feed.source,
        }
        event.update((name, value) for name, value in said.items() if value is not None)
        line = orjson.dumps(event)
        arrives = site.zone.instant(at) + chance.between(1, 40)
        if chance.happens(HELD_UP):
            arrives += chance.between(60, 7_200)
        if kind == "segment.recorded" and chance.happens(BROKEN):
            self._queue(arrives, self._faults.broken(event))
            arrives += chance.between(30, 7_200)
        self._queue(arrives, line)
        if chance.happens(RESENT):
            self._queue(arrives + chance.between(1, DAY), line)

    def arrived(self, day: int) -> list[bytes]:
        """Give the lines of a day in UTC, in order; all is there once the day is over at every site."""
        return [line for _, _, line in sorted(self._queued.pop(day, ()))]

    @property
    def last_day(self) -> int | None:
        """The last day on which something arrives; None while nothing is on its way."""
        return max(self._queued, default=None)

    def _queue(self, arrives: int, line: bytes) -> None:
        # The running number settles a tie, so that lines are never compared.
        self._lines += 1
        self._queued.setdefault(arrives // DAY, []).append((arrives, self._lines, line))
