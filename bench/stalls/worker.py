"""`python -m bench.stalls.worker ORDERS`: a worker of the measured group; it counts each key's events."""

import asyncio
import logging
import signal
import sys
from collections import Counter
from collections.abc import Sequence

import msgspec
import structlog

from pipeline.engine.app import EngineApp
from pipeline.engine.pace import Pace
from pipeline.engine.record import Message, Output, Record, Tables
from pipeline.engine.stage import House, batched


class Orders(msgspec.Struct, frozen=True):
    """What a worker is told: its Kafka, its group, the topics' names, the session's seconds, its own name."""

    brokers: str
    group: str
    source: str
    output: str
    session: float
    name: str


def counting(orders: Orders) -> EngineApp:
    """Make the app."""

    def count(tables: Tables, records: Sequence[Record]) -> Output:
        """Count a key's events, and tell each count."""
        counts, told = tables["counts"], []
        for record in records:
            key = (record.key or b"").decode()
            counts[key] = b"%d" % (int(counts.get(key, b"0")) + 1)
            told.append(Message(orders.output, record.key, counts[key], record.partition))
        return Output(told, Counter())

    app = EngineApp(
        orders.group,
        house=House(_refuse),
        connect={"bootstrap_servers": orders.brokers, "client_id": orders.name},
        pace=Pace(session_seconds=orders.session),
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )
    table = app.Table("counts", key_type=bytes, value_type=bytes)
    app.agent(app.topic(orders.source), name="count")(batched(count, tables=[table]))
    return app


def _refuse(record: Record, kind: str) -> Output:
    """End the run: no event of it is a bad one."""
    raise RuntimeError(kind, record.offset)


async def main() -> int:
    """Run until SIGTERM, or until the app cannot go on; give the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s.%(msecs)03d %(name)s %(message)s", datefmt="%H:%M:%S")
    structlog.configure(
        processors=[structlog.processors.TimeStamper(fmt="%H:%M:%S.%f"), structlog.dev.ConsoleRenderer(colors=False)],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    app = counting(msgspec.json.decode(sys.argv[1], type=Orders))
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    await app.start()
    ends = [asyncio.ensure_future(asked.wait()), asyncio.ensure_future(app.wait_until_stopped())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if not asked.is_set():
        return 1
    await app.stop()
    ends[1].cancel()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
