"""The two runs that the simulator is tuned for, and what can be read of them."""

from collections import Counter
from dataclasses import dataclass, field

import orjson

from pipeline.events.codec import read
from pipeline.events.rejected import Rejected
from pipeline.settings import Settings

DEMO = {"sites": 20, "patients": 2_000, "days": 11, "seed": 1}
YEAR = {"sites": 40, "patients": 2_100, "days": 360, "seed": 1}
SMALL = {"sites": 20, "patients": 60, "days": 5, "seed": 7}


@dataclass
class Sorted:
    """A run's lines: the events that the codec takes, as sent, and the reasons of those that it does not."""

    lines: list[bytes]
    events: list[dict] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    reasons: Counter = field(default_factory=Counter)

    def of(self, *kinds: str) -> list[dict]:
        return [event for event in self.events if event["event_type"] in kinds]


def sort(lines: list[bytes]) -> Sorted:
    limits = Settings()
    found = Sorted(lines)
    for line in lines:
        try:
            _, unknown = read(line, max_bytes=limits.max_event_bytes, max_segment_minutes=limits.max_segment_minutes)
        except Rejected as refusal:
            found.reasons[refusal.reason] += 1
        else:
            found.unknown |= set(unknown)
            found.events.append(orjson.loads(line))
    return found
