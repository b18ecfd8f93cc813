"""The metrics `kxwatch_*`: counted when a batch is done, so that what is done twice is counted twice and no less."""

import time
from collections.abc import Iterable

import msgspec
from aiokafka.errors import KafkaTimeoutError, RequestTimedOutError
from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from pipeline.engine.errors import LostError
from pipeline.engine.record import Message
from pipeline.engine.stage import Outcome
from pipeline.events.fields import moment
from pipeline.events.totals import ThresholdTotal
from pipeline.ops.health import Place
from pipeline.ops.progress import Progress
from pipeline.ops.standings import Standings

COMMIT_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)
SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400)
_total = msgspec.json.Decoder(ThresholdTotal).decode


class Metrics:
    """One worker's metrics, in a registry of their own; no patient is in a label."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.progress = Progress()
        self.standings = Standings()
        self.registry.register(self.progress)
        self.registry.register(self.standings)
        self._counters = {
            "events": self._counter(
                "events", "Events: accepted or rejected; of those accepted, duplicate or superseded.", "type", "result"
            ),
            "unknown_fields": self._counter("unknown_fields", "Fields of events that no event has, kept out."),
            "rejected": self._counter("rejected", "Dead letters by reason.", "reason"),
            "units": self._counter(
                "units", "Units that days bill more (billed) or less (taken_back) than before.", "kind", "change"
            ),
            "alerts": self._counter(
                "alerts", "Alerts by threshold (or claim, care) and level (or kind).", "threshold", "level"
            ),
            "commits": self._counter("commits", "Transactions committed: outputs, state and offsets as one."),
            "dropped": self._counter("dropped", "Partitions that were given up and opened anew, by reason.", "reason"),
        }
        self._latency = Histogram(
            "kxwatch_latency_seconds",
            "From an event, since it occurred or was appended to emr-events, to the totals it led to.",
            ["since"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._commit_seconds = Histogram(
            "kxwatch_commit_seconds", "What a commit takes.", buckets=COMMIT_SECONDS, registry=self.registry
        )
        self._done: dict[tuple[str, str, int], int] = {}

    def observe(self, outcome: Outcome) -> None:
        """Count what a batch came to, once it is done."""
        for (name, *labels), count in outcome.counts.items():
            counter = self._counters[name]
            (counter.labels(*labels) if labels else counter).inc(count)
        for record in outcome.records:
            self._done[outcome.agent, record.topic, record.partition] = record.offset + 1
        if outcome.agent != "totals":
            return
        for message in outcome.messages:
            if message.topic == "threshold-totals" and message.key is not None:
                total = None if message.value is None else _total(message.value)
                self.standings.put(outcome.partition, message.key.decode(), total)
        self._observe_latency(outcome.messages)

    def done(self, topic: str, partition: int) -> int | None:
        """Give the offset that every agent of a topic has come to; None before any has."""
        offsets = [offset for (_, *place), offset in self._done.items() if place == [topic, partition]]
        return min(offsets, default=None)

    def forget(self, owned: set[Place]) -> None:
        """Forget how far partitions had come that are another worker's now."""
        self._done = {key: offset for key, offset in self._done.items() if key[1:] in owned}

    def commit(self, seconds: float) -> None:
        """Count a commit."""
        self._counters["commits"].inc()
        self._commit_seconds.observe(seconds)

    def drop(self, error: Exception) -> None:
        """Count a partition that was given up: another worker has taken it over, Kafka was too slow, or said no."""
        reason = "taken_over" if isinstance(error, LostError) else "timeout" if _timeout(error) else "refused"
        self._counters["dropped"].labels(reason).inc()

    def _observe_latency(self, messages: Iterable[Message]) -> None:
        now = time.time()
        causes = {(message.headers.get("occurred_at"), message.headers.get("appended")) for message in messages}
        for occurred_at, appended in causes:
            if appended:
                self._latency.labels("appended").observe(max(0.0, now - int(appended) / 1000))
            if occurred_at:
                self._latency.labels("occurred").observe(max(0.0, now - moment(occurred_at.decode()).timestamp()))

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"kxwatch_{name}", what, labels, registry=self.registry)


def _timeout(error: Exception) -> bool:
    return isinstance(error, (TimeoutError, KafkaTimeoutError, RequestTimedOutError))
