"""Faults at random, and not an event lost: the values are those of the file, to the byte.

Promised, and tested: a worker may be killed, asked to stop, or held still for less than its session, and its Kafka
may go and come back, at any moment. What was not acknowledged is read again upon the old state, and facts that are told
twice change nothing; so the compacted topics end as `kxwatch rate` says, every event is in `session-events` or
`rejected-events` once at least, and a worker ends with 0 when it was asked to, with 1 when it cannot go on.

Not promised: a worker that is held still for longer than its session, and then goes on, writes no batch that was at
work when it stood still that long, and none whose partitions it has been told are gone. But it may begin a batch that
it had read before, in the moment before its group tells it; or be held still in the last step of a batch, between that
look and the writing. Then it overwrites newer state with older. Stock Faust has no fence against it: a transaction
does. Not promised either: that an event is in `session-events` once only, or an alert on its topic.

`KXCHAOS_SEED` repeats a run's faults; the moments at which they meet the work are the machine's own.
"""

import os
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from random import Random, SystemRandom
from threading import Thread

import msgspec
import pytest
from chaos.faults import Fault, befall, crew
from end_to_end.deployment import SHORT, Deployment, unlike
from end_to_end.events import nasty, sent, simulated, taken
from homes import MakeHome, free_port

from pipeline.broker import EmbeddedBroker
from pipeline.events.codec import write
from pipeline.settings import Settings

PATIENT = 12.0, 15.0
"""A patience that outlasts a broker's restart: seconds for a delivery, a session."""
DOCUMENTED = {("killed", -9), ("stopped", 0), ("left", 0), ("stopped", -15)}
"""What befell a worker and how it ended; who is asked to stop before it has begun is ended by the signal."""


def seeded() -> Random:
    seed = int(os.environ.get("KXCHAOS_SEED") or SystemRandom().randrange(10**6))
    print(f"KXCHAOS_SEED={seed} repeats these faults")  # noqa: T201 -- pytest shows it where the test fails.
    return Random(seed)


def lost(deployment: Deployment, lines: Sequence[bytes]) -> list[bytes]:
    """Give the lines that are neither events of session-events nor dead letters."""
    kept = {record.value for record in deployment.held("session-events")}
    letters = {msgspec.json.decode(record.value)["value_base64"] for record in deployment.held("rejected-events")}
    return [
        line
        for line in lines
        if (b64encode(line).decode() not in letters if (event := taken(line)) is None else write(event) not in kept)
    ]


def test_workers_killed_stopped_and_held_still_lose_nothing(kafka: str, kafka_home: Path, tmp_path: Path) -> None:
    deployment, chance = Deployment(kafka, kafka_home, tmp_path, batch_events=50), seeded()
    deployment.run("topics", "apply")
    events = (*simulated(sites=4, patients=150, days=4), *nasty(each=10))
    lines = sent(events, seed=chance.randrange(100), most=2)
    deployment.publish(lines)
    with crew(deployment, 2, SHORT, chance) as workers:
        faults: list[Fault] = [workers.freeze, workers.stop, workers.kill]
        chance.shuffle(faults)
        befall(deployment, workers, faults, len(lines))
        workers.leave()
    assert unlike(deployment.values(), deployment.rated(events)) == []
    assert lost(deployment, lines) == []
    assert set(workers.ends) <= DOCUMENTED


@pytest.mark.chaos
@pytest.mark.parametrize("_round", range(2))
def test_faults_of_every_kind_and_a_kafka_that_goes_and_comes_back_lose_nothing(
    make_home: MakeHome, tmp_path: Path, _round: int
) -> None:
    chance, home, port = seeded(), make_home(), free_port()
    with EmbeddedBroker(Settings(home=home, broker_port=port)) as broker:
        deployment = Deployment(f"127.0.0.1:{port}", home, tmp_path, batch_events=100)
        deployment.run("topics", "apply")
        events = (*simulated(sites=20, patients=1_400, days=6), *nasty())
        lines = sent(events, seed=chance.randrange(100), most=2)[:20_000]
        sending = Thread(target=deployment.publish, args=(lines,))
        with crew(deployment, 2, PATIENT, chance) as workers:
            sending.start()
            faults: list[Fault] = [workers.freeze, workers.stop, workers.kill] * 4
            faults += [lambda: workers.without(broker), workers.freeze]
            chance.shuffle(faults)
            befall(deployment, workers, faults, len(lines))
            workers.leave()
        sending.join()
        assert unlike(deployment.values(), deployment.rated(lines)) == []
        assert lost(deployment, lines) == []
        # Who was asked to stop while Kafka was away, or had waited too long for it, cannot end cleanly.
        assert set(workers.ends) <= DOCUMENTED | {("outage", 1), ("outage", 0)}
