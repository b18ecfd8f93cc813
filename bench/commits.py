"""`python -m bench.commits`: what small transactions cost, by how many producers commit them to 12 partitions."""

import argparse
import asyncio
import sys
import time
from pathlib import Path
from statistics import median

import orjson
import psutil
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.machine import machine
from bench.peers.stage import Stage, stage

RESULTS = Path(__file__).parent / "results"
PARTITIONS = 12
GROUP = "commits"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.commits", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--every-ms", type=int, default=50, help="between the commits of a producer")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for commits.json")
    chosen = parser.parse_args()
    on, found = machine(), {producers: [] for producers in (1, 4, PARTITIONS)}
    with stage() as at:
        for number in range(chosen.rounds):
            for producers, rows in found.items():
                rows.append(asyncio.run(_measure(at, producers, number, chosen)))
    rows = {
        producers: {field: median([row[field] for row in rows]) for field in rows[0]}
        for producers, rows in found.items()
    }
    asked = {"rounds": chosen.rounds, "every_ms": chosen.every_ms, "partitions": PARTITIONS}
    chosen.results.mkdir(exist_ok=True)
    result = {"machine": on, "job": asked, "producers": rows}
    (chosen.results / "commits.json").write_bytes(
        orjson.dumps(result, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS)
    )
    for producers, row in rows.items():
        print(f"{producers} producers: " + ", ".join(f"{name} {value:.2f}" for name, value in row.items()))
    return 0


async def _measure(at: Stage, producers: int, number: int, chosen: argparse.Namespace) -> dict[str, float]:
    """Let producers share the partitions, each commit a record to each of its own, and offsets, every so often."""
    topic = f"outputs-{producers}-{number}"
    admin = AIOKafkaAdminClient(bootstrap_servers=at.brokers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()
    writers = [AIOKafkaProducer(bootstrap_servers=at.brokers, transactional_id=f"c-{one}") for one in range(producers)]
    await asyncio.gather(*[writer.start() for writer in writers])
    took: list[float] = []
    broker = next(one for one in psutil.process_iter() if _is_broker(one, at))
    begin, own, theirs = time.monotonic(), time.process_time(), _cpu(broker)
    end = begin + chosen.seconds

    async def work(writer: AIOKafkaProducer, share: range) -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            async with writer.transaction():
                for partition in share:
                    await writer.send(topic, bytes(100), partition=partition)
                offsets = {TopicPartition(topic, partition): len(took) for partition in share}
                await writer.send_offsets_to_transaction(offsets, GROUP)
            took.append(time.monotonic() - began)
            await asyncio.sleep(max(0.0, began + chosen.every_ms / 1000 - time.monotonic()))

    await asyncio.gather(*[work(one, range(place, PARTITIONS, producers)) for place, one in enumerate(writers)])
    seconds = time.monotonic() - begin
    cpu = {"client_cpu_ms": time.process_time() - own, "broker_cpu_ms": _cpu(broker) - theirs}
    await asyncio.gather(*[writer.stop() for writer in writers])
    return {
        "commits_a_second": len(took) / seconds,
        "commit_ms": median(took) * 1000,
        **{name: value * 1000 / len(took) for name, value in cpu.items()},
    }


def _is_broker(process: psutil.Process, at: Stage) -> bool:
    try:
        return process.name() == "java" and any(str(at.folder) in part for part in process.cmdline())
    except psutil.Error:
        return False


def _cpu(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


if __name__ == "__main__":
    sys.exit(main())
