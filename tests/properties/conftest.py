"""How much hypothesis tries: little in `make test`, much in `make chaos`; what fails prints how to have it again."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

COMMON = settings(
    deadline=None,  # Cores that others share: time says nothing about a rule.
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    # Explaining a failure takes many more runs; the smallest example tells as much.
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink],
)
settings.register_profile("test", COMMON, max_examples=60, stateful_step_count=20)
settings.register_profile("chaos", COMMON, max_examples=1_000, stateful_step_count=40)


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("chaos" if config.option.markexpr == "chaos" else "test")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Make every property a fault test of `make chaos` too, where each gets more examples."""
    if config.option.markexpr == "chaos":
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker("chaos")
