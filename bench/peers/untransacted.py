"""The same engine without transactions, for comparison alone: records sent, then offsets committed, at least once."""

from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from bench.peers import batched
from pipeline.engine import openings
from pipeline.engine.layout import Layout
from pipeline.engine.partition import Snapshot
from pipeline.engine.store import Written
from pipeline.engine.transaction import Writer, _all


class Untransacted(Writer):
    """Writes what a transaction would, with nothing around it: an older owner is not shut out either."""

    def __init__(self, number: int, layout: Layout, options: Any) -> None:
        super().__init__(number, layout, options)
        own = {name: value for name, value in options.items() if name != "transaction_timeout_ms"}
        self._producer = AIOKafkaProducer(enable_idempotence=True, **own)

    async def _commit(self, snapshot: Snapshot) -> Written:
        places = self._batches(snapshot)
        ends = await _all([self._send(topic, partition, batches) for (topic, partition), batches in places.items()])
        offsets = {
            TopicPartition(self._prefix + topic, self._number): OffsetAndMetadata(at, "")
            for topic, at in snapshot.positions.items()
        }
        # As its own group's member: of any other the broker takes no offsets while there are members.
        coordinator: Any = batched.app.engine._group._coordinator  # noqa: SLF001
        await coordinator.commit_offsets(coordinator._subscription.subscription.assignment, offsets)  # noqa: SLF001
        return self._written(snapshot, dict(zip(places, ends, strict=True)))


openings.Writer = Untransacted  # type: ignore[misc]

if __name__ == "__main__":
    batched.main()
