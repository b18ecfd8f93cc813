"""Where patients stand against the thresholds, as gauges: how many in each state, and the dollars they have left."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.events.totals import ThresholdTotal
from pipeline.ledger.standing import assess, total_of
from pipeline.ledger.year import BUCKETS, YearFacts

THRESHOLDS = ("kx", "review")
STATES = ("clear", "approaching", "exceeded")
DOLLARS = (0, 100, 250, 500, 750, 1_000, 1_500, 2_000, 2_500, 3_000)
"""Upper bounds of the buckets of dollars left."""

_decode = msgspec.msgpack.Decoder(YearFacts).decode


class _Standing(NamedTuple):
    """The states and the cents left, each by the order of THRESHOLDS."""

    states: tuple[str, ...]
    cents: tuple[int, ...]


class _Left:
    """Dollars left to one threshold in one bucket: how many patients below each bound, and the sum in cents."""

    def __init__(self) -> None:
        self.counts = [0] * (len(DOLLARS) + 1)
        self.cents = 0


class Standings(Collector):
    """Counts each patient once a bucket, by the newest year that there is a total of.

    It is corrected as totals change and told which partitions come and go; no patient is in a label.
    """

    def __init__(self) -> None:
        self._partitions: dict[int, dict[tuple[str, str], dict[str, _Standing]]] = {}
        # All cells from the start: the scraping thread reads while the loop writes.
        places: list[tuple[str, str]] = [(threshold, bucket) for threshold in THRESHOLDS for bucket in BUCKETS]
        self._patients: dict[tuple[str, str, str], int] = {(*place, state): 0 for place in places for state in STATES}
        self._left: dict[tuple[str, str], _Left] = {place: _Left() for place in places}

    def put(self, partition: int, key: str, total: ThresholdTotal | None) -> None:
        """Replace the total of `patient|year|bucket`; None where there is none any more."""
        patient, year, bucket = key.rsplit("|", 2)
        years = self._partitions.setdefault(partition, {}).setdefault((patient, bucket), {})
        was = _newest(years)
        if total is None:
            years.pop(year, None)
        else:
            thresholds = (total.kx, total.review)
            years[year] = _Standing(
                tuple(one.state for one in thresholds), tuple(one.remaining_cents for one in thresholds)
            )
        self._replace(bucket, was, _newest(years))
        if not years:
            del self._partitions[partition][patient, bucket]

    def drop(self, partition: int) -> None:
        """Forget a partition that is another worker's now."""
        for (_, bucket), years in self._partitions.pop(partition, {}).items():
            self._replace(bucket, _newest(years), None)

    def collect(self) -> Iterable[Metric]:
        """Give the gauges."""
        patients = GaugeMetricFamily(
            "kxwatch_patients", "Patients by where their newest year stands.", labels=["threshold", "bucket", "state"]
        )
        for labels, count in self._patients.items():
            patients.add_metric(labels, count)
        yield patients
        dollars = GaugeHistogramMetricFamily(
            "kxwatch_dollars_left", "Dollars left to the threshold, a patient.", labels=["threshold", "bucket"]
        )
        for place, left in self._left.items():
            dollars.add_metric(place, list(_cumulated(left.counts)), gsum_value=left.cents / 100)
        yield dollars

    def _replace(self, bucket: str, was: _Standing | None, now: _Standing | None) -> None:
        if was == now:
            return
        for standing, change in ((was, -1), (now, 1)):
            if standing is None:
                continue
            for threshold, state, cents in zip(THRESHOLDS, standing.states, standing.cents, strict=True):
                self._patients[threshold, bucket, state] += change
                left = self._left[threshold, bucket]
                left.cents += change * cents
                left.counts[_place(cents)] += change


def totals_of(entries: Mapping[str, bytes]) -> Iterator[tuple[str, ThresholdTotal]]:
    """Give the totals that entries of the table `years` come to, by `patient|year|bucket`."""
    for key, value in entries.items():
        patient, _, year = key.rpartition("|")
        facts = _decode(value)
        standing = assess(int(year), facts, None)
        for bucket in standing.amounts:
            if total := total_of(patient, int(year), facts, standing, bucket):
                yield f"{key}|{bucket}", total


def _newest(years: Mapping[str, _Standing]) -> _Standing | None:
    return years[max(years)] if years else None


def _place(cents: int) -> int:
    return next((place for place, bound in enumerate(DOLLARS) if cents <= bound * 100), len(DOLLARS))


def _cumulated(counts: Iterable[int]) -> Iterator[tuple[str, float]]:
    total = 0
    for bound, count in zip((*map(str, map(float, DOLLARS)), "+Inf"), counts, strict=True):
        total += count
        yield bound, total
