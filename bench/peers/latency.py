"""`python -m bench.peers.latency`: latency under a paced load, each peer beside a bare transactional echo."""

import argparse
import asyncio
import gc
import sys
from collections.abc import Iterable
from pathlib import Path
from statistics import median

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
    found: dict[str, list[list[dict[str, float]]]] = {name: [] for name in chosen.only}
    out: dict[str, str] = {}
    with stage() as at:
        for number in range(chosen.rounds):
            # In turn, so that a machine whose speed drifts drifts for all of them.
            for name in (one for one in chosen.only if one not in out):
                try:
                    PEERS[name].prepare()
                    found[name].append(asyncio.run(_measure(at, PEERS[name], f"paced-{name}-{number}", chosen)))
                except (Unavailable, RuntimeError, TimeoutError) as error:
                    out[name] = str(error)
                print(f"{name} {number + 1}/{chosen.rounds}: {out.get(name, 'measured')}", flush=True)
    rows = [_row(PEERS[name], found[name], out.get(name)) for name in chosen.only]
    asked = {name: getattr(chosen, name) for name in ("partitions", "keys", "seconds", "rounds")}
    chosen.results.mkdir(exist_ok=True)
    result = {"machine": on, "job": asked, "peers": rows}
    (chosen.results / "latency.json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    (chosen.results / "latency.md").write_text(_markdown(rows), "utf-8")
    print(_markdown(rows))
    return 1 if out else 0


def _row(peer: Peer, rounds: list[list[dict[str, float]]], why: str | None) -> dict[str, object]:
    row: dict[str, object] = {"name": peer.name, "about": peer.about}
    if why is not None:
        return {**row, "unavailable": why}
    # A rate that one round did not keep up with has no later ones in that round: what is left is what all have.
    rates = [
        {field: median(one[field] for one in same) for field in same[0]}
        | {"kept_up": all(one["kept_up"] for one in same)}
        for same in zip(*rounds, strict=False)
    ]
    return {**row, "versions": peer.versions(), "rates": rates}


async def _measure(at: Stage, peer: Peer, run: str, chosen: argparse.Namespace) -> list[dict[str, float]]:
    job = Job(
        brokers=at.brokers,
        input=run,
        output=f"{run}-output",
        group=run,
        state=str(at.folder / run / "state"),
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
        with Running(peer.command(job), at.folder / f"{run}.log") as running:
            async with Load(job, chosen.keys, running.check) as load:
                if not await load.first():
                    raise TimeoutError(f"no output of one event in each partition\n{running.said()}")
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
    rows = list(rows)
    lines = [line for row in rows if "unavailable" not in row for line in _lines(row)]
    missing = [f"`{row['name']}` was not measured: {row['unavailable']}" for row in rows if "unavailable" in row]
    return "\n".join([*head, *lines, "", *missing]) + "\n"


def _lines(row: dict[str, object]) -> list[str]:
    return [
        f"| `{row['name']}` | {one['rate']:,.0f} | {one['p50_ms']:.0f} | {one['p99_ms']:.0f} | {one['max_ms']:.0f} "
        f"| {one['cores']:.2f} | {one['late_ms']:.0f} |"
        if one["kept_up"]
        else f"| `{row['name']}` | {one['rate']:,.0f} | did not keep up | | | | |"
        for one in row["rates"]
    ]


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.peers.latency", description=__doc__)
    parser.add_argument("--only", type=_names, default=list(PEERS), help="names of peers, with commas between")
    parser.add_argument("--rates", type=_numbers, default=[500, 1_000, 5_000, 20_000], help="events a second")
    parser.add_argument("--seconds", type=float, default=15.0, help="of each rate; the first two do not count")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, each with every peer")
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
