"""`python -m bench.peers.latency`: latency under a paced load, each peer beside a bare transactional echo."""

import argparse
import asyncio
import gc
import sys
from collections.abc import Iterable
from pathlib import Path

import orjson

from bench.machine import machine
from bench.peers.field import FIELD, installed, module
from bench.peers.job import Job
from bench.peers.pace import Load
from bench.peers.peer import Peer, Unavailable
from bench.peers.running import Running
from bench.peers.stage import Stage, stage
from bench.peers.topics import CHANGELOG, OUTPUT, Kafka

RESULTS = Path(__file__).parents[1] / "results"
ECHO = Peer(
    name="echo",
    about="a bare transactional echo, a commit every 50 ms: no table, no decoding",
    command=module("echo"),
    versions=installed("aiokafka"),
    outputs="same",
)
PEERS = {peer.name: peer for peer in (ECHO, *FIELD) if peer.outputs != "ends"}


def main() -> int:
    chosen = _chosen()
    on = machine()
    rows: list[dict[str, object]] = []
    with stage() as at:
        for name in chosen.only:
            row: dict[str, object] = {"name": name, "about": PEERS[name].about}
            try:
                PEERS[name].prepare()
                row |= {"versions": PEERS[name].versions(), "rates": asyncio.run(_measure(at, PEERS[name], chosen))}
            except (Unavailable, RuntimeError, TimeoutError) as error:
                row["unavailable"] = str(error)
            rows.append(row)
            print("\n".join(_lines(row)), flush=True)
    asked = {"partitions": chosen.partitions, "keys": chosen.keys, "seconds": chosen.seconds}
    chosen.results.mkdir(exist_ok=True)
    result = {"machine": on, "job": asked, "peers": rows}
    (chosen.results / "latency.json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    (chosen.results / "latency.md").write_text(_markdown(rows), "utf-8")
    return 1 if any("unavailable" in row for row in rows) else 0


async def _measure(at: Stage, peer: Peer, chosen: argparse.Namespace) -> list[dict[str, object]]:
    job = Job(
        brokers=at.brokers,
        input=f"paced-{peer.name}",
        output=f"paced-{peer.name}-output",
        group=f"paced-{peer.name}",
        state=str(at.folder / peer.name / "state"),
        partitions=chosen.partitions,
        events=0,
    )
    job.folder().mkdir(parents=True)
    async with Kafka(at.brokers) as kafka:
        topics = {job.input: {}, job.output: OUTPUT}
        if changelog := peer.changelog(job):
            topics[changelog] = CHANGELOG
        for name, configuration in topics.items():
            await kafka.make(name, job.partitions, configuration)
    found = []
    # A collection in the reader's process would count as latency of the peer.
    gc.collect()
    gc.disable()
    try:
        with Running(peer.command(job), at.folder / f"{peer.name}.log") as running:
            async with Load(job, chosen.keys) as load:
                await load.first()
                for rate in chosen.rates:
                    before = running.look().cpu
                    latency = await load.measure(rate, chosen.seconds)
                    cpu = (running.look().cpu - before) / chosen.seconds
                    found.append({**latency._asdict(), "cores": cpu})
                    if not latency.kept_up:
                        break
                if peer.outputs == "each" and peer.exactly_once and (wrong := load.wrong()):
                    raise RuntimeError(f"{peer.name} is wrong: {'; '.join(wrong)}")
    finally:
        gc.enable()
    return found


def _markdown(rows: Iterable[dict[str, object]]) -> str:
    head = [
        "| | events/s | p50 ms | p99 ms | most ms | cores | the load was late, ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*head, *(line for row in rows for line in _lines(row))]) + "\n"


def _lines(row: dict[str, object]) -> list[str]:
    if "unavailable" in row:
        return [f"| `{row['name']}` | not measured: {row['unavailable']} | | | | | |"]
    return [
        f"| `{row['name']}` | {one['rate']:,} | {one['p50_ms']:.0f} | {one['p99_ms']:.0f} | {one['max_ms']:.0f} "
        f"| {one['cores']:.2f} | {one['late_ms']:.0f} |"
        if one["kept_up"]
        else f"| `{row['name']}` | {one['rate']:,} | did not keep up | | | | |"
        for one in row["rates"]
    ]


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.peers.latency", description=__doc__)
    parser.add_argument("--only", type=_names, default=list(PEERS), help="names of peers, with commas between")
    parser.add_argument("--rates", type=_numbers, default=[500, 1_000, 5_000, 20_000], help="events a second")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each rate; the first two do not count")
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for latency.json and latency.md")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := sorted(set(names) - set(PEERS)):
        raise argparse.ArgumentTypeError(f"no peer is named {', '.join(unknown)}: there are {', '.join(PEERS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
