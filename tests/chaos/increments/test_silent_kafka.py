"""A Kafka that says nothing any more: who lets go of it keeps nothing open."""

import asyncio
from contextlib import AsyncExitStack

import psutil
from chaos.increments.kafka import Kafka
from engine.deployment import Deployment
from homes import MakeHome

from pipeline.engine.app import make_layout
from pipeline.engine.partition import Snapshot
from pipeline.engine.record import Message
from pipeline.engine.transaction import Writer

SILENT_SECONDS = 0.3


def connections(port: int) -> int:
    found = psutil.Process().net_connections("tcp")
    return sum(one.status == "ESTABLISHED" and bool(one.raddr) and one.raddr.port == port for one in found)


async def given_up(kafka: Kafka) -> None:
    async with AsyncExitStack() as stack:
        deployment = Deployment(kafka.address, "silent.", stack)
        await deployment.connect()
        await deployment.make_all()
        app = deployment.app()
        app.finalize()
        writer = Writer(0, make_layout(app), {"bootstrap_servers": kafka.by_link, "request_timeout_ms": 60_000})
        await writer.open()
        await writer.commit(Snapshot({}, [Message("results", b"a", b"", 0)], {"words": 1}, []))
        kafka.link.silence()
        commit = asyncio.ensure_future(
            writer.commit(Snapshot({}, [Message("results", b"a", b"", 0)], {"words": 2}, []))
        )
        done, _ = await asyncio.wait([commit], timeout=SILENT_SECONDS)
        assert not done
        assert connections(kafka.link.port) > 0
        await writer.close()
        commit.cancel()
        await asyncio.gather(commit, return_exceptions=True)
        assert connections(kafka.link.port) == 0


def test_a_writer_that_cannot_end_in_time_leaves_no_socket_open(make_home: MakeHome) -> None:
    kafka = Kafka(make_home())
    with kafka.up():
        try:
            asyncio.run(given_up(kafka))
        finally:
            kafka.link.mend()
