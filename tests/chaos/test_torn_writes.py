"""A worker that dies while it writes: what it wrote by then, some outputs, some tables, spoils nothing."""

from pathlib import Path
from random import Random

import pytest
from end_to_end.deployment import SHORT, Deployment, unlike, until
from end_to_end.events import nasty, sent, simulated

DEATH = """
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


@pytest.mark.chaos
@pytest.mark.parametrize("seed", [10, 11, 12])
def test_a_worker_that_dies_in_the_middle_of_a_batch_is_made_good_by_the_next(
    kafka: str, kafka_home: Path, tmp_path: Path, seed: int
) -> None:
    deployment, chance = Deployment(kafka, kafka_home, tmp_path, batch_events=50), Random(seed)
    deployment.run("topics", "apply")
    events = (*simulated(sites=2, patients=40, days=5), *nasty(each=40))
    deployment.publish(sent(events, seed=seed, most=2))
    for _ in range(4):
        death = DEATH.format(deliveries=chance.randrange(4, 70), part=chance.choice((0.5, 1.0)))
        with deployment.working(SHORT, first=death) as worker:
            assert worker.process.wait(60) == -9
    with deployment.working(SHORT) as worker:
        until(deployment.finished)
        assert worker.stop() == 0
    assert unlike(deployment.values(), deployment.rated(events)) == []
