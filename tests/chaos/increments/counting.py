"""An app of plain increments, run as `python -m chaos.increments.counting`: what is done twice or never is seen.

`first` counts and adds up the numbers of each key and sends each on under a key of another partition; `second` counts
what it gets, and keeps a mark while a count is odd, so that its table loses keys as well.
"""

import asyncio
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from zlib import crc32

import faust
import structlog
from msgspec import Struct, json

from pipeline.engine.app import EngineApp
from pipeline.engine.pace import Pace
from pipeline.engine.record import Message, Output, Record, Tables
from pipeline.engine.stage import House, batched

PARTITIONS = 8
SECOND_KEYS = 997
STARTED = b"the app has started"
NO_HEADERS: Mapping[str, bytes] = {}


class Orders(Struct, frozen=True):
    """What a worker of the test is told, in the variable KXCHAOS_WORKER."""

    app_id: str
    prefix: str
    brokers: str
    client: str
    session: float
    request: float
    instance: str | None
    datadir: str


def place(key: bytes) -> int:
    """Give the partition of a key."""
    return crc32(key) % PARTITIONS


def first(tables: Tables, records: Sequence[Record]) -> Output:
    """Count and add up a key's numbers; send each on, told which of its key it is."""
    sums, messages = tables["sums"], []
    for record in records:
        assert record.key is not None
        assert record.value is not None
        count, total = map(int, sums.get(record.key.decode(), b"0 0").split())
        count, total = count + 1, total + int(record.value)
        sums[record.key.decode()] = b"%d %d" % (count, total)
        key = b"s%d" % (int(record.value) % SECOND_KEYS)
        value = b"%s %d %s" % (record.key, count, record.value)
        messages.append(Message("moved", key, value, place(key), NO_HEADERS))
    return Output(messages, Counter())


def second(tables: Tables, records: Sequence[Record]) -> Output:
    """Count what comes under a key; send it on, told which of its key it is."""
    counts, odd, messages = tables["counts"], tables["odd"], []
    for record in records:
        assert record.key is not None
        assert record.value is not None
        name = record.key.decode()
        count = int(counts.get(name, b"0"))
        assert (name in odd) == bool(count % 2)
        count += 1
        counts[name] = b"%d" % count
        if count % 2:
            odd[name] = b"%d" % count
        else:
            del odd[name]
        value = b"%d %s" % (count, record.value)
        messages.append(Message("results", record.key, value, record.partition, NO_HEADERS))
    return Output(messages, Counter())


def refuse(record: Record, kind: str) -> Output:
    """Tell of a record that a body could not process: no run may have one."""
    letter = f"{kind} {record.topic} {record.offset}".encode()
    return Output([Message("results", b"refused", letter, record.partition, NO_HEADERS)], Counter())


def counting(orders: Orders) -> EngineApp:
    """Make the app."""
    app = EngineApp(
        orders.app_id,
        house=House(refuse, prefix=orders.prefix),
        connect={"bootstrap_servers": orders.brokers, "client_id": orders.client},
        pace=Pace(
            poll_records=500,
            request_seconds=orders.request,
            open_seconds=3 * orders.request,
            session_seconds=orders.session,
            heartbeat_seconds=orders.session / 6,
            instance=orders.instance,
        ),
        datadir=orders.datadir,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
    )
    for name, body, source, names in (
        ("first", first, "numbers", ["sums"]),
        ("second", second, "moved", ["counts", "odd"]),
    ):
        tables = [app.Table(table, key_type=bytes, value_type=bytes) for table in names]
        app.agent(app.topic(orders.prefix + source), name=name)(batched(body, tables=tables))
    return app


async def live(app: faust.App) -> int:
    """Run the app until SIGTERM, or until it cannot go on; give the exit code."""
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked.set)
    await app.start()
    structlog.get_logger().info(STARTED.decode())
    ends = [asyncio.ensure_future(asked.wait()), asyncio.ensure_future(app.wait_until_stopped())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if app.crash_reason is not None:
        structlog.get_logger().critical("crashed", error=repr(app.crash_reason))
        os._exit(1)
    await app.stop()
    for end in ends:
        end.cancel()
    return 0


async def main() -> int:
    """Run the app as it is told to."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    structlog.configure(
        processors=[structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    return await live(counting(json.decode(os.environ["KXCHAOS_WORKER"], type=Orders)))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
