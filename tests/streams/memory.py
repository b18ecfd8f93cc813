"""The app in memory: the production wiring and the engine's own faults, without a Kafka."""

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from properties.network import settings

from pipeline.connection import partition_of
from pipeline.engine.testing import Event, Mark, Tester
from pipeline.streams.stages import create_app

COMPACTED = ("billable-days", "claim-days", "threshold-totals")
PARTITIONS = 12


def sent(event: dict[str, Any]) -> Event:
    """Give an event as an EMR sends it."""
    return Event("emr-events", event["patient_id"].encode(), json.dumps(event).encode())


def processed(what: Iterable[dict[str, Any] | Event | Mark], *, compact: bool = False) -> Tester:
    """Give the app after events and faults; every topic has as many partitions as are declared."""
    tester = Tester(create_app(settings()), partitions=PARTITIONS, compact=compact)  # type: ignore[arg-type]
    asyncio.run(tester.consume([sent(one) if isinstance(one, dict) else one for one in what]))
    assert [record.value for record in tester.emitted("rejected-events")] == []
    return tester


def values(tester: Tester) -> dict[str, dict[str, bytes]]:
    """Give what a reader of the compacted topics ends with; each value is in the partition of its patient."""
    found: dict[str, dict[str, bytes]] = {topic: {} for topic in COMPACTED}
    for topic in COMPACTED:
        for record in tester.emitted(topic):
            key = (record.key or b"").decode()
            assert record.partition == partition_of(key.partition("|")[0], PARTITIONS)
            if record.value is None:
                found[topic].pop(key, None)
            else:
                found[topic][key] = record.value
    return found


def alerts(tester: Tester, topic: str) -> list[Any]:
    """Give the alerts of a topic in the order that they were written in; each in the partition of its patient."""
    found = []
    for record in tester.emitted(topic):
        alert = json.loads(record.value or b"")
        assert record.partition == partition_of(alert["subject"], PARTITIONS)
        found.append(alert)
    return found
