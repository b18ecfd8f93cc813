"""Events of 350 bytes for the counting job, the same ones for the same seed, and what they come to."""

import random
import zlib
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

TEMPLATE = (
    '{"event_id":"e-%010d","event_type":"segment.recorded","occurred_at":"2026-03-02T10:05:00-05:00","k":"%s",'
    '"amount":%d,"site_id":"site-07","source":"emr-north","therapist_id":"t-31","payer_id":"medicare-b",'
    '"discipline":"PT","code":"97110","started_at":"2026-03-02T09:00:00-05:00",'
    '"stopped_at":"2026-03-02T09:23:00-05:00","modifiers":["GP"]}'
)


class Made(NamedTuple):
    """An event as it is sent: its key and value, and the amount in it."""

    key: bytes
    amount: int
    value: bytes


def events(keys: int, seed: int = 1) -> Iterator[Made]:
    """Give events without end, each of one of so many keys, all equally likely."""
    chance = random.Random(seed)
    for number in count():
        key, amount = f"k-{chance.randrange(keys):08d}", chance.randrange(1, 1_000)
        yield Made(key.encode(), amount, (TEMPLATE % (number, key, amount)).encode())


def partition(key: bytes, partitions: int) -> int:
    """Give the partition of a key."""
    return zlib.crc32(key) % partitions


class Expected:
    """What every output must be: for each key its total after each of its events, computed directly."""

    def __init__(self) -> None:
        self.totals: dict[bytes, list[int]] = {}
        self.events = 0

    def add(self, event: Made) -> None:
        """Take one more event, in the order of its key."""
        totals = self.totals.setdefault(event.key, [])
        totals.append(event.amount + (totals[-1] if totals else 0))
        self.events += 1

    def total(self) -> int:
        """Give the sum of all amounts."""
        return sum(totals[-1] for totals in self.totals.values())
