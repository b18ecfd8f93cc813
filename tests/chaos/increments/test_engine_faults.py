"""Faults at random against plain increments: every number counts once, in every table and topic.

Workers are killed, asked to stop, held still until their group has given them up and then let go on, parted from their
Kafka, and their Kafka is killed, while changelogs are compacted. Nothing keyed hides a repeat here: what is done twice
or never makes a count wrong for good.

`KXCHAOS_SEED` repeats a run's faults; the moments at which they meet the work are the machine's own.
"""

import os
import time
from collections import Counter
from pathlib import Path
from random import Random, SystemRandom

import psutil
import pytest
from chaos.increments.audit import Audit
from chaos.increments.crew import LONG, Crew, crew
from chaos.increments.kafka import Kafka, until
from chaos.increments.stream import TABLES, Feed, Stream
from homes import MakeHome

DOCUMENTED = {("kill", -9), ("roll", 0), ("left", 0), ("outage", 1)}
"""What befell a worker and how it ended; who starts while there is no Kafka cannot."""


def seeded() -> Random:
    seed = int(os.environ.get("KXCHAOS_SEED") or SystemRandom().randrange(10**6))
    print(f"KXCHAOS_SEED={seed} repeats these faults")  # noqa: T201 -- pytest shows it where the test fails.
    return Random(seed)


def run(kafka: Kafka, folder: Path, *, workers: int, numbers: int, faults: list[str], chance: Random) -> Crew:
    """Let faults befall workers while numbers are fed, and see that all is exact once all is done."""
    began, before = time.time(), children()
    with kafka.up():
        stream = Stream(kafka.address)
        stream.make()
        feed = Feed(stream, numbers, chance)
        with crew(kafka, stream, workers, folder, chance) as members:
            until(members.whole, LONG, "a whole group")
            feed.start()
            try:
                for fault in faults:
                    done, _ = stream.progress()
                    until(lambda done=done: goes_on(stream, members, done, feed), LONG, "some work between two faults")
                    getattr(members, fault)()
                feed.finish()
            finally:
                feed.end()
            until(lambda: finished(stream, members, numbers), 2 * LONG, "the end of the work")
            members.leave()
        audit = Audit(stream)
        for what, (every, one) in sorted(audit.stalls(members).items()):
            print(f"longest without output, {what}: {every:.2f} s in all, {one:.2f} s in one partition")  # noqa: T201
        assert audit.faults()[:20] == []
        assert sum(map(len, audit.numbers.values())) == numbers
        assert [table for table in TABLES if not kafka.cleaned(stream.changelogs[table])] == []
    assert children() <= before
    print(f"{time.time() - began:.0f} s, {Counter(faults)}, ends {members.ends}")  # noqa: T201
    return members


def children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def goes_on(stream: Stream, members: Crew, done: int, feed: Feed) -> bool:
    members.look()
    return stream.progress()[0] > done or feed.all_sent


def finished(stream: Stream, members: Crew, numbers: int) -> bool:
    members.look()
    done, left = stream.progress()
    return done >= numbers and left == 0


def test_every_number_counts_once_whatever_befalls_workers_and_their_kafka(make_home: MakeHome, tmp_path: Path) -> None:
    chance, faults = seeded(), ["kill", "kill", "zombie", "roll", "outage", "silence"]
    chance.shuffle(faults)
    members = run(Kafka(make_home()), tmp_path, workers=2, numbers=60_000, faults=faults, chance=chance)
    assert set(members.ends) <= DOCUMENTED


@pytest.mark.chaos
def test_every_number_of_a_million_counts_once_in_a_long_run_of_faults(make_home: MakeHome, tmp_path: Path) -> None:
    chance, faults = seeded(), 20 * ["kill"] + 10 * ["zombie"] + 10 * ["roll"] + 5 * ["outage"]
    faults += 3 * ["cut", "silence", "flicker"]
    chance.shuffle(faults)
    members = run(Kafka(make_home()), tmp_path, workers=3, numbers=1_000_000, faults=faults, chance=chance)
    assert set(members.ends) <= DOCUMENTED
