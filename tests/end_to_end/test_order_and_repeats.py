"""Events in any order, one to three times each, by workers that are restarted and killed: the file's own values."""

import json
from collections.abc import Callable

import pytest
from end_to_end.deployment import SHORT, Deployment, Values, past, unlike, until
from end_to_end.events import nasty, sent, simulated

EVENTS = (*simulated(sites=8, patients=300, days=6), *nasty())


@pytest.fixture(scope="module")
def wanted(deploy: Callable[..., Deployment]) -> Values:
    """What `kxwatch rate --final` says of the events as they happened, each once."""
    return deploy().rated(EVENTS)


@pytest.fixture(scope="module")
def harried(deploy: Callable[..., Deployment]) -> Deployment:
    """A deployment that has processed the shuffled events with a worker restarted, and one killed, at work."""
    deployment = deploy(batch_events=100)
    lines = sent(EVENTS, seed=1)
    third = len(lines) // 3
    # Part by part: however fast a worker is, there is something left for the next.
    deployment.publish(lines[:third])
    with deployment.working(SHORT) as worker:
        until(past(deployment, third // 5))
        assert worker.stop() == 0
    deployment.publish(lines[third : 2 * third])
    with deployment.working(SHORT) as worker:
        until(past(deployment, third + third // 5))
        assert worker.kill() == -9
    deployment.publish(lines[2 * third :])
    with deployment.working(SHORT) as worker:
        until(deployment.finished)
        assert worker.stop() == 0
    return deployment


def test_the_values_are_those_of_the_file_in_its_order_to_the_byte(harried: Deployment, wanted: Values) -> None:
    assert all(len(values) > 100 for values in wanted.values())
    assert unlike(harried.values(), wanted) == []


def test_the_last_alert_of_each_threshold_agrees_with_its_total(harried: Deployment) -> None:
    assert _alerted(harried) == _states(harried.values())


def test_every_state_is_reached(harried: Deployment) -> None:
    states = _states(harried.values())
    assert {(threshold, state) for (*_, threshold), state in states.items()} == {
        (threshold, state) for threshold in ("kx", "review") for state in ("approaching", "exceeded")
    }


def test_two_workers_of_which_one_joins_late_and_one_leaves_come_to_the_same_values(
    deploy: Callable[..., Deployment], wanted: Values
) -> None:
    deployment = deploy(batch_events=100)
    lines = sent(EVENTS, seed=2, most=2)
    deployment.publish(lines)
    with deployment.working() as first:
        until(past(deployment, len(lines) // 8))
        with deployment.working() as second:
            until(lambda: deployment.workers() == 2)
            until(past(deployment, len(lines) // 2))
            assert first.stop() == 0
            until(deployment.finished)
            assert second.stop() == 0
    assert unlike(deployment.values(), wanted) == []
    assert _alerted(deployment) == _states(deployment.values())


def _states(values: Values) -> dict[tuple[str, ...], str]:
    """Give the states that are worth an alert, by patient, year, bucket and threshold."""
    found = {}
    for key, value in values["threshold-totals"].items():
        total = json.loads(value)
        for threshold in ("kx", "review"):
            if (state := total[threshold]["state"]) != "clear":
                found[*key.rsplit("|", 2), threshold] = state
    return found


def _alerted(deployment: Deployment) -> dict[tuple[str, ...], str]:
    """Give the same as who reads the alerts alone, each of a patient's in its order, believes it to be."""
    found: dict[tuple[str, ...], str] = {}
    for record in deployment.held("threshold-alerts"):
        alert = json.loads(record.value)
        if alert["type"].endswith(("projected", "projection_withdrawn")):
            continue  # It tells what is ahead, and changes no state.
        news = alert["data"]
        about = alert["subject"], str(news["year"]), news["bucket"], news["threshold"]
        if alert["type"].endswith("cleared"):
            found.pop(about, None)
        else:
            found[about] = news["level"]
    return found
