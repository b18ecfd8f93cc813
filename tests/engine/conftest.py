import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from engine.deployment import Deployment


@pytest.fixture
async def bare(kafka: str) -> AsyncIterator[Deployment]:
    """The counting app on the run's broker, without a topic."""
    async with AsyncExitStack() as stack:
        deployment = Deployment(kafka, f"t-{uuid4().hex[:12]}.", stack)
        await deployment.connect()
        yield deployment
    # As in tests/broker: a fenced client leaves futures behind that are to be collected where that does no harm.
    gc.collect()


@pytest.fixture
async def deployment(bare: Deployment) -> Deployment:
    """The same with all its topics."""
    await bare.make_all()
    return bare
