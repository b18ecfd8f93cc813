"""The engine: an agent, a table, an output an event, exactly once; milliseconds between commits, memory or rocksdb."""

import sys
from collections import Counter
from collections.abc import Sequence

import msgspec

from bench.peers.job import Event, told
from pipeline.engine.app import EngineApp
from pipeline.engine.depot import RocksDepot
from pipeline.engine.pace import Pace
from pipeline.engine.record import Message, Output, Record, Tables
from pipeline.engine.stage import House, batched
from pipeline.engine.store import Depot

JOB = told(sys.argv[1])
COMMIT_SECONDS = int(sys.argv[2]) / 1000 if sys.argv[2:] else 0.05
DEPOT = RocksDepot(JOB.folder() / "tables") if sys.argv[3:] == ["rocksdb"] else Depot()


class Totals(msgspec.Struct):
    """What the table keeps and the output says of a key."""

    k: str
    count: int
    total: int


_event = msgspec.json.Decoder(Event).decode
_totals = msgspec.json.Decoder(Totals).decode
_encode = msgspec.json.Encoder().encode


def count(tables: Tables, records: Sequence[Record]) -> Output:
    """Count each event."""
    table, counts, number = tables["counts"], {}, records[0].partition
    messages = []
    for record in records:
        event = _event(record.value)
        totals = counts.get(event.k)
        if totals is None:
            value = table.get(event.k)
            totals = counts[event.k] = Totals(event.k, 0, 0) if value is None else _totals(value)
        totals.count += 1
        totals.total += event.amount
        messages.append(Message(JOB.output, record.key, _encode(totals), number, {}))
    for key, totals in counts.items():
        table[key] = _encode(totals)
    return Output(messages, Counter())


def refuse(record: Record, kind: str) -> Output:
    """End the run: there is no bad record in this job."""
    raise RuntimeError(kind, record.offset)


app = EngineApp(
    JOB.group,
    house=House(refuse),
    connect={"bootstrap_servers": JOB.brokers},
    pace=Pace(commit_seconds=COMMIT_SECONDS),
    depot=DEPOT,
    broker=f"kafka://{JOB.brokers}",
    datadir=JOB.state,
    web_enabled=False,
    topic_allow_declare=False,
    topic_disable_leader=True,
)
numbers = app.topic(JOB.input, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
app.agent(numbers, name="counted")(
    batched(count, tables=[app.Table("counts", key_type=bytes, value_type=bytes, partitions=JOB.partitions)])
)


def main() -> None:
    """Run the worker."""
    sys.argv[1:] = ["worker", "--loglevel=warn", "--without-web"]
    app.main()


if __name__ == "__main__":
    main()
