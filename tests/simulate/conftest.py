"""The demo's run, read once for all."""

import pytest
from simulate.runs import DEMO, Sorted, sort

from pipeline.simulate import network


@pytest.fixture(scope="session")
def demo() -> Sorted:
    return sort(list(network(**DEMO)))
