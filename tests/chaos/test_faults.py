"""Faults at random, and every event counts once: the values are those of the file, to the byte.

Promised, and tested: a worker may be killed, asked to stop, or held still for as long as may be, and its Kafka may go
and come back, at any moment. What a worker had not committed is as if it had never been, and is read again; one that
was given up and goes on commits nothing more. So the compacted topics end as `kxwatch rate` says, every event is in
`session-events` or `rejected-events` once, no alert is told twice to who reads what is committed, and a worker ends
with 0 when it was asked to, with 1 when it cannot go on.

On stock Faust less is promised, and here only a restart is tested: there is no fence against a worker that was held
still, and what was not acknowledged is sent again.

`KXCHAOS_SEED` repeats a run's faults; the moments at which they meet the work are the machine's own.
"""

import os
from pathlib import Path
from random import Random, SystemRandom
from threading import Thread

import pytest
from chaos.faults import Fault, befall, crew
from chaos.tally import told_again, unequal
from end_to_end.deployment import SHORT, Deployment, past, unlike, until
from end_to_end.events import nasty, sent, simulated
from homes import MakeHome, free_port

from pipeline.broker import EmbeddedBroker
from pipeline.settings import Settings

QUICK = 12.0, 4.0
"""A patience that makes a dead worker's partitions another's soon: seconds for a delivery, a session."""
PATIENT = 30.0, 6.0
"""One that outlasts a broker's restart."""
DOCUMENTED = {("killed", -9), ("stopped", 0), ("left", 0), ("stopped", -15), ("left", -15)}
"""What befell a worker and how it ended; who is asked to stop before it has begun is ended by the signal."""


def seeded() -> Random:
    seed = int(os.environ.get("KXCHAOS_SEED") or SystemRandom().randrange(10**6))
    print(f"KXCHAOS_SEED={seed} repeats these faults")  # noqa: T201 -- pytest shows it where the test fails.
    return Random(seed)


def test_workers_killed_stopped_and_held_still_beyond_their_session_count_every_event_once(
    kafka: str, kafka_home: Path, tmp_path: Path
) -> None:
    deployment, chance = Deployment(kafka, kafka_home, tmp_path, batch_events=50), seeded()
    deployment.run("topics", "apply")
    events = (*simulated(sites=4, patients=150, days=4), *nasty(each=10))
    lines = sent(events, seed=chance.randrange(100), most=2)
    deployment.publish(lines)
    with crew(deployment, 2, QUICK, chance) as workers:
        faults: list[Fault] = [workers.freeze, workers.hold, workers.stop, workers.kill]
        chance.shuffle(faults)
        befall(deployment, workers, faults, len(lines))
        workers.leave()
    assert unlike(deployment.values(), deployment.rated(events)) == []
    assert unequal(deployment, lines) == []
    assert told_again(deployment) == []
    assert set(workers.ends) <= DOCUMENTED


@pytest.mark.chaos
def test_on_stock_faust_a_worker_that_is_stopped_and_started_again_loses_nothing(
    kafka: str, kafka_home: Path, tmp_path: Path
) -> None:
    deployment = Deployment(kafka, kafka_home, tmp_path, batch_events=50, engine="stock")
    deployment.run("topics", "apply")
    lines = (*simulated(sites=2, patients=60, days=4), *nasty(each=10))
    some = len(lines) // 2
    deployment.publish(lines[:some])
    with deployment.working(SHORT) as worker:
        until(past(deployment, some // 2))
        assert worker.stop() == 0
    deployment.publish(lines[some:])
    with deployment.working(SHORT) as worker:
        until(deployment.finished)
        assert worker.stop() == 0
    assert unlike(deployment.values(), deployment.rated(lines)) == []
    assert unequal(deployment, lines) == []


@pytest.mark.chaos
@pytest.mark.parametrize("_round", range(2))
def test_faults_of_every_kind_and_a_kafka_that_goes_and_comes_back_count_every_event_once(
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
            faults: list[Fault] = [workers.freeze, workers.hold, workers.stop, workers.kill] * 4
            faults += [lambda: workers.without(broker), workers.freeze]
            chance.shuffle(faults)
            befall(deployment, workers, faults, len(lines))
            workers.leave()
        sending.join()
        assert unlike(deployment.values(), deployment.rated(lines)) == []
        assert unequal(deployment, lines) == []
        assert told_again(deployment) == []
        # Who was asked to stop while Kafka was away, or had waited too long for it, cannot end cleanly.
        assert set(workers.ends) <= DOCUMENTED | {("outage", 1), ("outage", 0)}
