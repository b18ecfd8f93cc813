"""A Faust app that runs batched agents on stock Faust, at least once."""

from collections.abc import Mapping
from typing import Any

import faust
from faust.types import StreamT

from pipeline.engine.stage import House, stages
from pipeline.engine.stock.consumer import CommittedConsumer
from pipeline.engine.stock.loading import Loader
from pipeline.engine.stock.recovery import OwnTableManager
from pipeline.engine.stock.runner import Pace, Runner
from pipeline.engine.stock.tables import Table


class Source(faust.Topic):  # type: ignore[misc]
    """What an agent reads: `faust agents` fails at one with several topics, unless they have a name together."""

    def get_topic_name(self) -> str:
        """Give the topics' names."""
        return ", ".join(self.topics)


class StockApp(faust.App):  # type: ignore[misc]
    """A Faust app whose batched agents run on Faust's own consumer and producer, with tables in memory.

    `connect` is what an `EngineApp` is told, for what is read of the changelogs; Faust has its own settings besides.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 -- as Faust names it.
        *,
        house: House,
        connect: Mapping[str, Any],
        pace: Pace,
        **conf: Any,
    ) -> None:
        self.house = house
        self.connect = connect
        self.loader = Loader(self)
        self.pace = pace
        self._runners: list[Runner] = []
        own = {
            "Topic": Source,
            "Table": Table,
            "TableManager": OwnTableManager,
            # A copy of another worker's partitions would be read here for nothing: the loader reads what it needs.
            "table_standby_replicas": 0,
            "stream_wait_empty": False,
            "broker_session_timeout": pace.session_seconds,
        }
        super().__init__(id, **own | conf)
        self.on_partitions_revoked.connect(self._settle)
        self.on_before_shutdown.connect(self._settle)

    def _new_transport(self) -> Any:
        transport = super()._new_transport()
        transport.Consumer = CommittedConsumer
        return transport

    async def run_batches(self, fun: Any, stream: StreamT) -> None:
        """Run an agent's body on its stream until the app stops."""
        stage = next(stage for stage in stages(self, self.house.prefix) if stage.body is fun.body)
        runner = Runner(self, stage, fun.tables, self.loader.holds, self.pace)
        self._runners.append(runner)
        await runner.run(stream)

    def entries(self, table: str) -> dict[int, Mapping[str, bytes]]:
        """Give what this worker holds of a table, by partition number."""
        return dict(self.tables[table].data.partitions)

    async def _settle(self, *_: object, **__: object) -> None:
        """See the batches at work through before partitions go to another worker, and before the app stops.

        Faust's own way (`stream_wait_empty`) waits for each message that was begun; of two agents on one topic it may
        have thrown a message away that the other has done, and then it waits for ever.
        """
        for runner in self._runners:
            await runner.settle()
        await self.consumer.commit()
