"""The same app on the engine, on stock Faust, and on the engine again: one app id, one group, the same changelogs."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from engine.counting import PARTITIONS, count, lengths, refuse
from engine.deployment import SECONDS, Deployment, done, until
from structlog.testing import capture_logs

from pipeline.engine.depot import RocksDepot
from pipeline.engine.partition import HANDED
from pipeline.engine.stage import House, Sizes, batched
from pipeline.engine.stock.app import StockApp
from pipeline.engine.stock.runner import Pace
from pipeline.engine.store import Depot
from pipeline.engine.transaction import BORN, POSITIONS_KEY

WORDS = [f"w{number % 9}" for number in range(60)]


def stock_app(deployment: Deployment) -> StockApp:
    """Make the counting app, both its agents, of stock Faust."""
    prefix, kafka = deployment.prefix, deployment.kafka
    app = StockApp(
        deployment.name,
        house=House(refuse, Sizes(largest=1000), prefix, handed=frozenset(["results"])),
        connect={"bootstrap_servers": kafka},
        pace=Pace(100, 0.02, 6.0),
        broker=f"kafka://{kafka}",
        broker_commit_interval=0.2,
        topic_allow_declare=False,
        topic_disable_leader=True,
        autodiscover=False,
        web_enabled=False,
    )
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}
    own = {"key_type": bytes, "value_type": bytes}
    words, results = app.topic(f"{prefix}words", **raw), app.topic(f"{prefix}results", allow_empty=True, **raw)
    app.agent(words, name="count")(batched(count, tables=[app.Table("counts", **own)]))
    tables = [app.Table("told", **own), app.Table("last", **own)]
    app.agent(results, name="lengths")(batched(lengths, tables=tables))
    return app


@asynccontextmanager
async def stock(deployment: Deployment) -> AsyncIterator[StockApp]:
    app = stock_app(deployment)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


async def counted(deployment: Deployment, wanted: Counter[str]) -> None:
    """Wait until both agents' changelogs say that each word came so often; the second refuses each seventh result."""
    results = {word: often - (often >= 7) for word, often in wanted.items()}
    async with asyncio.timeout(SECONDS):
        while (await deployment.counts(), await told(deployment)) != (wanted, results):  # noqa: ASYNC110 -- Kafka's.
            await asyncio.sleep(0.1)


async def told(deployment: Deployment) -> dict[str, int]:
    records = await deployment.held(f"{deployment.name}-told-changelog")
    return {one.key.decode(): int(one.value) for one in records if one.key != POSITIONS_KEY}


async def on_the_engine(deployment: Deployment, wanted: Counter[str], depot: Depot | None = None) -> None:
    async with deployment.working(chained=True, handed=True, depot=depot) as app:
        await counted(deployment, wanted)
        await until(lambda: done(app))


@pytest.mark.parametrize("kept", [False, True], ids=["memory", "rocksdb"])
async def test_there_and_back_each_record_counts_once(deployment: Deployment, tmp_path: Path, *, kept: bool) -> None:
    def depot() -> Depot:
        return RocksDepot(tmp_path / "state") if kept else Depot()

    with capture_logs() as logs:
        await deployment.put(WORDS)
        await on_the_engine(deployment, Counter(WORDS), depot())
        await deployment.put(WORDS[:50])
        async with stock(deployment) as app:
            await counted(deployment, Counter(WORDS + WORDS[:50]))
            entries = [entry for number in app.entries("counts").values() for entry in number.items()]
            assert {word: int(value) for word, value in entries} == Counter(WORDS + WORDS[:50])
        await deployment.put(WORDS[:40])
        await on_the_engine(deployment, Counter(WORDS + WORDS[:50] + WORDS[:40]), depot())
    assert [line for line in logs if "thrown away" in line["event"]] == []
    assert len(await deployment.held(f"{deployment.prefix}results")) == 150


async def hold_open(deployment: Deployment) -> AIOKafkaProducer:
    """Begin what a worker of the engine would, and leave it: a count and a result that are not true."""
    worker = AIOKafkaProducer(bootstrap_servers=deployment.kafka, transactional_id=f"{deployment.name}-0")
    await worker.start()
    await worker.begin_transaction()
    await worker.send_and_wait(deployment.changelog, b"999", b"untrue", partition=0)
    await worker.send_and_wait(f"{deployment.prefix}results", b"999", b"untrue", partition=0)
    return worker


async def test_a_worker_of_the_engine_that_still_writes_is_shut_out_and_what_it_left_is_not_true(
    deployment: Deployment,
) -> None:
    await deployment.put(WORDS)
    await on_the_engine(deployment, Counter(WORDS))
    zombie = await hold_open(deployment)
    try:
        # Their results come behind what it left.
        await deployment.put(["one", "two"], partition=0)
        async with stock(deployment):
            await counted(deployment, Counter([*WORDS, "one", "two"]))
        with pytest.raises(KafkaError):
            await zombie.commit_transaction()
    finally:
        await zombie.stop()


async def set_back(deployment: Deployment) -> None:
    """Have the group begin at the beginning again, as an operator might."""
    async with AIOKafkaConsumer(
        bootstrap_servers=deployment.kafka, group_id=deployment.name, enable_auto_commit=False
    ) as consumer:
        names = [f"{deployment.prefix}{topic}" for topic in ("words", "results")]
        places = [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]
        consumer.assign(places)
        await consumer.commit(dict.fromkeys(places, 0))


async def test_offsets_that_are_set_back_count_nothing_twice_on_stock_faust_either(deployment: Deployment) -> None:
    await deployment.put(WORDS)
    await on_the_engine(deployment, Counter(WORDS))
    await set_back(deployment)
    await deployment.put(["once"])
    async with stock(deployment):
        await counted(deployment, Counter([*WORDS, "once"]))
    assert await deployment.counts() == Counter([*WORDS, "once"])


async def test_what_a_number_has_handed_over_to_itself_is_not_processed_once_more(deployment: Deployment) -> None:
    await deployment.put(WORDS)
    await on_the_engine(deployment, Counter(WORDS))
    positions = [one for one in await deployment.held(deployment.changelog) if one.key == POSITIONS_KEY]
    for mark, word in ((dict(positions[-1].headers)[BORN], b"own"), (b"another's", b"foreign")):
        await deployment.producer.send_and_wait(
            f"{deployment.prefix}results", b"1", word, partition=positions[-1].partition, headers=[(HANDED, mark)]
        )
    await deployment.put(["last"])
    async with stock(deployment), asyncio.timeout(SECONDS):
        while not {"foreign", "last"} <= (await told(deployment)).keys():  # noqa: ASYNC110 -- Kafka's.
            await asyncio.sleep(0.1)
    assert "own" not in await told(deployment)


def test_stock_faust_needs_nothing_of_what_the_engine_does_in_a_group() -> None:
    code = """
import sys
for name in ("membership", "assignor"):
    sys.modules[f"pipeline.engine.{name}"] = None
from pipeline.settings import Settings
from pipeline.streams.stages import create_app
create_app(Settings(engine="stock"))
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False, timeout=60)
    assert ended.returncode == 0
