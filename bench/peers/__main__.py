"""`python -m bench.peers`: the counting job by each peer; 1 when one that was to be measured gave no figures."""

import argparse
import asyncio
import sys
from pathlib import Path

import orjson

from bench.machine import machine
from bench.peers import report
from bench.peers.field import FIELD
from bench.peers.measure import Figures, run
from bench.peers.peer import Peer, Unavailable
from bench.peers.stage import Stage, stage
from bench.peers.topics import Input, Kafka

RESULTS = Path(__file__).parents[1] / "results"
SLOW = 200_000
"""A peer that gets no more events than this is a slow one."""


def main() -> int:
    chosen = _chosen()
    on = machine()
    runs: dict[str, list[Figures]] = {}
    out: dict[str, str] = {}
    for peer in (peers := _peers(chosen)):
        try:
            peer.prepare()
            runs[peer.name] = []
        except Unavailable as error:
            out[peer.name] = str(error)
    with stage() as at:
        inputs: dict[int, Input] = {}
        for number in range(chosen.rounds):
            # In turn, so that a machine whose speed drifts drifts for all of them.
            for peer in (one for one in peers if one.name not in out):
                events = min(chosen.events, peer.most_events if peer.most_events > SLOW else chosen.slow_events)
                if events not in inputs:
                    inputs[events] = asyncio.run(_filled(at, events, chosen))
                try:
                    found = run(at.brokers, peer, inputs[events], f"{peer.name}-{number}", at.folder)
                except (RuntimeError, TimeoutError) as error:
                    out[peer.name] = str(error)
                    _say(f"{peer.name}: {error}")
                    continue
                runs[peer.name].append(found)
                _say(f"{peer.name} {number + 1}/{chosen.rounds}: {found.events_a_second:,.0f} events a second")
    rows = [
        report.unavailable(peer, out[peer.name]) if peer.name in out else report.row(peer, runs[peer.name])
        for peer in peers
    ]
    # Named, not skipped in silence: who reads the short form sees what is not in it.
    rows += [report.unavailable(peer, "left out of this run") for peer in FIELD if peer not in peers]
    setting = f"{chosen.partitions} partitions, {chosen.keys:,} keys, {chosen.rounds} rounds"
    chosen.results.mkdir(exist_ok=True)
    asked = {"partitions": chosen.partitions, "keys": chosen.keys, "rounds": chosen.rounds, "short": chosen.short}
    result = {"machine": on, "job": asked, "peers": rows}
    (chosen.results / f"{chosen.name}.json").write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2))
    table = report.markdown(on, rows, setting)
    (chosen.results / f"{chosen.name}.md").write_text(table, "utf-8")
    _say(table)
    return 1 if out else 0


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.peers", description=__doc__)
    parser.add_argument("--short", action="store_true", help="few events, one round, what needs no further download")
    parser.add_argument("--events", type=int, help="events for each peer; slow ones get fewer (1,000,000)")
    parser.add_argument("--slow-events", type=int, default=200_000, help="most events for slow peers (200,000)")
    parser.add_argument("--name", default="peers", help="name of the results: peers.json, peers.md")
    parser.add_argument("--rounds", type=int, help="rounds, each with every peer (3)")
    parser.add_argument("--partitions", type=int, default=12)
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--only", help="names of peers, with commas between")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for peers.json and peers.md")
    chosen = parser.parse_args()
    chosen.events = chosen.events or (20_000 if chosen.short else 1_000_000)
    chosen.rounds = chosen.rounds or (1 if chosen.short else 3)
    return chosen


def _peers(chosen: argparse.Namespace) -> list[Peer]:
    if not chosen.only:
        return [peer for peer in FIELD if peer.in_short or not chosen.short]
    by_name = {peer.name: peer for peer in FIELD}
    wanted = chosen.only.split(",")
    if unknown := sorted(set(wanted) - set(by_name)):
        raise SystemExit(f"no peer is named {', '.join(unknown)}: there are {', '.join(by_name)}")
    return [by_name[name] for name in wanted]


async def _filled(at: Stage, events: int, chosen: argparse.Namespace) -> Input:
    async with Kafka(at.brokers) as kafka:
        source = Input(f"numbers-{events}", chosen.partitions, chosen.keys)
        await source.make(kafka, events)
    return source


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
