"""How far a worker is, as gauges: lag, committed offsets, partitions by state, and what is being loaded."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.ops.health import Facts


class Progress(Collector):
    """The gauges of the last look, which the worker's loop puts into `facts`."""

    def __init__(self) -> None:
        self.facts = Facts()

    def collect(self) -> Iterable[Metric]:
        """Give the gauges."""
        facts = self.facts
        lag = GaugeMetricFamily("kxwatch_lag", "Records behind the end.", labels=["topic", "partition"])
        for (topic, number), records in facts.behind.items():
            lag.add_metric((topic, str(number)), records)
        yield lag
        committed = GaugeMetricFamily(
            "kxwatch_committed_offset",
            "Where the worker would read on if it were started again.",
            labels=["topic", "partition"],
        )
        for (topic, number), at in facts.committed.items():
            committed.add_metric((topic, str(number)), at)
        yield committed
        partitions = GaugeMetricFamily(
            "kxwatch_partitions",
            "The worker's own partitions: open, opening (tables are loaded), or waiting to be opened.",
            labels=["state"],
        )
        for state, count in facts.partitions.items():
            partitions.add_metric((state,), count)
        yield partitions
        loading = facts.loading
        yield GaugeMetricFamily(
            "kxwatch_loading_records",
            "Changelog records still to load; 0 when none are.",
            loading.records - loading.taken if loading else 0,
        )
        yield GaugeMetricFamily(
            "kxwatch_loading_seconds_left",
            "An estimate of how long that takes, by how long it took so far.",
            (loading.seconds_left or 0) if loading else 0,
        )
