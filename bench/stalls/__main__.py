"""`python -m bench.stalls`: the longest time that a partition is without progress when workers come and go."""

import argparse
import asyncio
import shutil
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import NamedTuple

import orjson
from aiokafka.admin import AIOKafkaAdminClient

from bench.machine import machine
from bench.peers.stage import Stage, stage
from bench.peers.topics import CHANGELOG, Kafka
from bench.stalls.group import Group
from bench.stalls.load import Load
from bench.stalls.worker import Orders

RESULTS = Path(__file__).parents[1] / "results"
KINDS = ("roll", "kill", "again", "join")
ABOUT = {
    "roll": "each worker in turn asked to stop, and started again",
    "kill": "one worker killed with -9",
    "again": "one worker killed with -9, and another started at once",
    "join": "a worker joins; the partitions that it does not take",
    "moved": "a worker joins; the partitions that it takes",
}


class Stall(NamedTuple):
    """The longest gap of any partition, and how long the load itself stood still; seconds."""

    longest: float
    late: float


def main() -> int:
    chosen = _chosen()
    on = machine()
    found: dict[str, list[Stall]] = defaultdict(list)
    with stage() as at:
        try:
            for number in range(chosen.rounds):
                for kind, stall in asyncio.run(_round(at, f"stalls-{number}", chosen)).items():
                    found[kind].append(stall)
                    print(f"{number + 1}/{chosen.rounds} {kind}: {stall.longest:.2f} s", flush=True)
        finally:
            if chosen.logs:
                shutil.copytree(at.folder, chosen.logs, ignore=shutil.ignore_patterns("broker"), dirs_exist_ok=True)
    rows = {
        kind: {
            "about": ABOUT[kind],
            "median_s": median(one.longest for one in stalls),
            "worst_s": max(one.longest for one in stalls),
            "rounds_s": [one.longest for one in stalls],
            "load_late_s": max(one.late for one in stalls),
        }
        for kind, stalls in found.items()
    }
    asked = {name: getattr(chosen, name) for name in ("rounds", "workers", "partitions", "keys", "session")}
    chosen.results.mkdir(parents=True, exist_ok=True)
    result = {"machine": on, "job": asked, "stalls": rows}
    (chosen.results / "stalls.json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    for kind, row in rows.items():
        print(f"{kind}: median {row['median_s']:.2f} s, worst {row['worst_s']:.2f} s: {row['about']}")
    return 0


async def _round(at: Stage, run: str, chosen: argparse.Namespace) -> dict[str, Stall]:
    orders = Orders(at.brokers, run, f"{run}-source", f"{run}-output", chosen.session, "")
    folder = at.folder / run
    folder.mkdir()
    async with Kafka(at.brokers) as kafka:
        for name in (orders.source, orders.output):
            await kafka.make(name, chosen.partitions)
        await kafka.make(f"{run}-counts-changelog", chosen.partitions, CHANGELOG)
    admin = AIOKafkaAdminClient(bootstrap_servers=at.brokers)
    await admin.start()
    group = Group(admin, orders, chosen.partitions, folder)
    try:
        async with Load(at.brokers, orders.source, orders.output, chosen.partitions) as load:
            for _ in range(chosen.workers):
                group.start()
            await load.fill(chosen.keys)
            load.begin()
            await group.shared()
            await load.flowing()
            found = await _faults(group, load, chosen)
            await load.end()
        for name in group.names:
            await group.stop(name)
    finally:
        group.end()
        await admin.close()
    return found


async def _faults(group: Group, load: Load, chosen: argparse.Namespace) -> dict[str, Stall]:
    """Let befall a group what the kinds say, one after the other; give the stall of each."""
    found = {}
    for kind in chosen.only:
        if kind == "join":
            await group.stop(group.names[0])
        before = await group.shared()
        await load.flowing()
        began = time.monotonic()
        if kind == "roll":
            for name in group.names:
                await group.stop(name)
                group.start()
                await group.shared()
        elif kind in ("kill", "again"):
            group.kill(group.names[0])
            if kind == "again":
                group.start()
        else:
            group.start()
        after = await group.shared()
        await load.flowing()
        ended = time.monotonic()
        gaps, late = load.gaps(began, ended), load.late(began, ended)
        if kind == "join":
            taken = after[group.names[-1]]
            assert group.names[-1] not in before
            found["moved"] = Stall(max(gaps[number] for number in taken), late)
            gaps = [gap for number, gap in enumerate(gaps) if number not in taken]
        found[kind] = Stall(max(gaps), late)
        if kind == "kill":
            group.start()
    return found


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.stalls", description=__doc__)
    parser.add_argument("--only", type=_kinds, default=list(KINDS), help=f"with commas between, of {', '.join(KINDS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--keys", type=int, default=1_000, help="of each partition, in its table beforehand")
    parser.add_argument("--session", type=float, default=3.0, help="seconds that the group waits for a silent worker")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for stalls.json")
    parser.add_argument("--logs", type=Path, help="folder for what the workers say; none: not kept")
    return parser.parse_args()


def _kinds(text: str) -> list[str]:
    kinds = text.split(",")
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise argparse.ArgumentTypeError(f"nothing is called {', '.join(unknown)}: there are {', '.join(KINDS)}")
    return kinds


if __name__ == "__main__":
    sys.exit(main())
