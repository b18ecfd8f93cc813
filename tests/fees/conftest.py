"""Every test here begins and ends with the packaged figures alone."""

from collections.abc import Iterator

import pytest

from pipeline.rules.network import install


@pytest.fixture(autouse=True)
def packaged_alone() -> Iterator[None]:
    install([])
    yield
    install([])
