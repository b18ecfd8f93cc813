"""What the demo shows: counted from the messages themselves, as any subscriber could."""

from collections import Counter, deque

import msgspec

from pipeline.events.days import BillableDay
from pipeline.events.totals import ThresholdTotal

NEWEST = 8
_day = msgspec.json.Decoder(BillableDay).decode
_total = msgspec.json.Decoder(ThresholdTotal).decode


class _News(msgspec.Struct):
    sentence: str
    level: str = ""


class _Alert(msgspec.Struct):
    type: str
    time: str
    data: _News


_alert = msgspec.json.Decoder(_Alert).decode


class Scene:
    """What has come out so far.

    `values` holds the newest value of each key of the compacted topics, `states` patients by threshold, bucket and
    state, `units` the units billed, `newest` the newest alerts.
    """

    def __init__(self) -> None:
        self.values: dict[str, dict[str, bytes]] = {"billable-days": {}, "threshold-totals": {}, "claim-days": {}}
        self.states: Counter[tuple[str, str, str]] = Counter()
        self.units = 0
        self.alerts: Counter[str] = Counter()
        self.newest: deque[_Alert] = deque(maxlen=NEWEST)
        self.rejected: Counter[str] = Counter()
        self._seen: dict[str, tuple[str, str]] = {}

    @property
    def patients(self) -> int:
        """Give how many patients have a day that stands."""
        return len({key.partition("|")[0] for key in self.values["billable-days"]})

    def take(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Take a message of an output topic."""
        name = (key or b"").decode()
        if topic in self.values:
            self._count(topic, name, value)
            if value is None:
                self.values[topic].pop(name, None)
            else:
                self.values[topic][name] = value
        elif value is not None and topic == "rejected-events":
            self.rejected[msgspec.json.decode(value)["reason"]] += 1
        elif value is not None:
            alert = _alert(value)
            self.alerts[alert.type] += 1
            if topic == "threshold-alerts":
                self.newest.append(alert)

    def _count(self, topic: str, key: str, value: bytes | None) -> None:
        if topic == "billable-days":
            was = self.values[topic].get(key)
            self.units += _units(value) - _units(was)
        elif topic == "threshold-totals":
            bucket = key.rpartition("|")[2]
            states = None
            if value is not None:
                total = _total(value)
                states = total.kx.state, total.review.state
            for step, found in ((-1, self._seen.get(key)), (1, states)):
                for threshold, state in zip(("kx", "review"), found or (), strict=False):
                    self.states[threshold, bucket, state] += step
            if states is None:
                self._seen.pop(key, None)
            else:
                self._seen[key] = states


def _units(value: bytes | None) -> int:
    if value is None:
        return 0
    units = _day(value).units
    return units.timed + units.untimed
