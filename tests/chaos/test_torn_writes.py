"""A worker that dies while it writes: what it wrote by then, some outputs, some tables, spoils nothing."""

from pathlib import Path
from random import Random

import pytest
from chaos.tally import unequal
from end_to_end.deployment import SHORT, Deployment, unlike, until
from end_to_end.events import nasty, sent, simulated

STOCK_DEATH = """
import os, signal
from pipeline.engine.stock.runner import Runner

whole, left = Runner._deliver, [{deliveries}]

async def torn(self, sent):
    sent = list(sent)
    left[0] -= bool(sent)
    if left[0] < 0:
        await whole(self, sent[: round(len(sent) * {part})])
        os.kill(os.getpid(), signal.SIGKILL)
    await whole(self, sent)

Runner._deliver = torn
"""
"""Kills the worker in the delivery after so many, when a part of it has arrived."""

DEATH = """
import os, signal
from aiokafka import AIOKafkaProducer

whole, left = AIOKafkaProducer.{step}, [{times}]

async def torn(self, *given, **named):
    left[0] -= 1
    if left[0] < 0 and {before}:
        os.kill(os.getpid(), signal.SIGKILL)
    done = await whole(self, *given, **named)
    if left[0] < 0:
        if done is not None:
            await done
        os.kill(os.getpid(), signal.SIGKILL)
    return done

AIOKafkaProducer.{step} = torn
"""
"""Kills the worker in a step of a transaction after so many of its kind, before or after it has arrived."""

STEPS = {
    "some outputs sent": ("send_batch", False),
    "offsets told": ("send_offsets_to_transaction", False),
    "all sent, nothing committed": ("commit_transaction", True),
    "committed, nothing noted": ("commit_transaction", False),
}


def test_a_worker_that_dies_in_any_step_of_a_transaction_is_made_good_by_the_next(
    kafka: str, kafka_home: Path, tmp_path: Path
) -> None:
    # A member with a name of its own: the next one need not wait until the group has given the dead one up.
    deployment, chance = Deployment(kafka, kafka_home, tmp_path, batch_events=50, instance="one"), Random(4)
    deployment.run("topics", "apply")
    lines = sent((*simulated(sites=2, patients=40, days=5), *nasty(each=40)), seed=4, most=2)
    deployment.publish(lines)
    for step, before in STEPS.values():
        with deployment.working(
            SHORT, first=DEATH.format(step=step, before=before, times=chance.randrange(6))
        ) as worker:
            assert worker.process.wait(60) == -9
    with deployment.working(SHORT) as worker:
        until(deployment.finished)
        assert worker.stop() == 0
    assert unlike(deployment.values(), deployment.rated(lines)) == []
    assert unequal(deployment, lines) == []


@pytest.mark.chaos
@pytest.mark.parametrize("seed", [10, 11, 12])
def test_on_stock_faust_a_worker_that_dies_in_the_middle_of_a_batch_is_made_good_by_the_next(
    kafka: str, kafka_home: Path, tmp_path: Path, seed: int
) -> None:
    deployment, chance = Deployment(kafka, kafka_home, tmp_path, batch_events=50, engine="stock"), Random(seed)
    deployment.run("topics", "apply")
    events = (*simulated(sites=2, patients=40, days=5), *nasty(each=40))
    deployment.publish(sent(events, seed=seed, most=2))
    for _ in range(4):
        death = STOCK_DEATH.format(deliveries=chance.randrange(4, 70), part=chance.choice((0.5, 1.0)))
        with deployment.working(SHORT, first=death) as worker:
            assert worker.process.wait(60) == -9
    with deployment.working(SHORT) as worker:
        until(deployment.finished)
        assert worker.stop() == 0
    assert unlike(deployment.values(), deployment.rated(events)) == []
