from itertools import count
from typing import Any

import pytest

from pipeline.ops.health import Facts, Health, Loading

TOPICS = ("emr-events", "session-events", "billable-days")


class Watched:
    """A worker's health by a clock that a test moves: one look a second."""

    def __init__(self) -> None:
        self.now = 0.0
        self.health = Health(lambda: self.now)

    def during(self, seconds: int, facts: Facts) -> "Watched":
        for _ in range(seconds):
            self.now += 1
            self.health.see(facts)
        return self

    def moving(self, seconds: int, lag: int = 5) -> "Watched":
        for at in range(seconds):
            self.during(1, work({1: at}, lag))
        return self

    @property
    def why(self) -> list[str]:
        good, body = self.health.ready()
        assert body["ready"] == good == (not body["why"])
        return list(body["why"])

    @property
    def said(self) -> dict[str, Any]:
        return self.health.ready()[1]

    @property
    def alive(self) -> bool:
        return self.health.alive()[0]


def work(committed: dict[int, int], lag: int = 0, **more: Any) -> Facts:
    places = {(topic, number): at for number, at in committed.items() for topic in TOPICS}
    ends = {place: at + (lag if place[0] == "emr-events" else 0) for place, at in places.items()}
    return Facts(**({"joined": True, "wanted": frozenset(committed), "committed": places, "ends": ends} | more))


@pytest.fixture
def worker() -> Watched:
    return Watched()


def test_a_worker_that_has_not_joined_its_group_is_not_ready_and_says_so(worker: Watched) -> None:
    assert worker.why == ["it has not joined its group yet, for 0 s"]
    assert worker.during(7, Facts()).why == ["it has not joined its group yet, for 7 s"]


def test_a_member_that_nothing_waits_for_is_ready_for_ever(worker: Watched) -> None:
    worker.during(5_000, work({1: 7, 2: 7}))
    assert (worker.why, worker.alive) == ([], True)
    assert worker.said["partitions"] == {"open": 2, "opening": 0, "waiting": 0}


def test_a_member_more_than_there_are_partitions_is_ready(worker: Watched) -> None:
    worker.during(5_000, work({}))
    assert (worker.why, worker.alive) == ([], True)


def test_a_worker_that_commits_while_more_and_more_waits_is_ready(worker: Watched) -> None:
    assert worker.moving(600, lag=1_000_000).why == []
    assert worker.said["lag"] == 1_000_000


def test_a_worker_that_loads_says_how_far_it_is_and_how_long_it_may_take(worker: Watched) -> None:
    loading = Facts(joined=True, wanted=frozenset({1, 2}), opening=frozenset({1, 2}), loading=Loading(1200, 50_000, 12))
    assert worker.during(1, loading).why == ["loading: 1,200 of 50,000 records, about 12 s left"]
    assert worker.said["loading"] == {"taken": 1200, "records": 50_000, "seconds_left": 12}
    assert worker.said["partitions"] == {"open": 0, "opening": 2, "waiting": 0}


def test_a_newcomer_that_only_prepares_is_not_ready_and_a_member_at_work_that_prepares_is(worker: Watched) -> None:
    assert worker.during(1, work({}, loading=Loading(0, 9, None))).why == ["loading: 0 of 9 records"]
    assert worker.during(1, work({1: 0}, loading=Loading(1, 9, 3))).why == []


def test_partitions_that_cannot_be_opened_are_named(worker: Watched) -> None:
    facts = work({1: 0}, wanted=frozenset({1, 3, 4, 5}), failing=frozenset({3, 4}), opening=frozenset({3}))
    assert worker.during(4, facts).why == [
        "partitions 3, 4 could not be opened, for 3 s",
        "partitions 5 are not open yet",
    ]
    assert worker.said["partitions"] == {"open": 1, "opening": 1, "waiting": 2}


def test_one_partition_of_many_that_stands_still_is_a_stall(worker: Watched) -> None:
    for at in range(30):
        facts = work({1: at, 2: 7}, lag=40)
        worker.during(1, facts)
    assert worker.why == ["stalled: 40 records wait in partitions 2, and nothing was committed for 29 s"]
    assert worker.alive
    worker.during(1, work({1: 31, 2: 8}, lag=40))
    assert worker.why == []


def test_what_begins_to_wait_after_a_quiet_hour_is_no_stall_at_once(worker: Watched) -> None:
    worker.during(3_600, work({1: 7}))
    assert worker.during(10, work({1: 7}, lag=1)).why == []
    assert worker.during(10, work({1: 7}, lag=1)).why != []


def test_a_worker_that_is_stalled_for_five_minutes_is_not_alive(worker: Watched) -> None:
    worker.during(300, work({1: 7}, lag=1))
    assert worker.alive
    worker.during(1, work({1: 7}, lag=1))
    assert not worker.alive
    assert "stalled" in worker.health.alive()[1]["why"][0]


def test_a_loading_that_goes_on_for_an_hour_is_alive_and_one_that_stands_for_five_minutes_is_not(
    worker: Watched,
) -> None:
    for taken in range(3_600):
        worker.during(1, work({}, wanted=frozenset({1}), loading=Loading(taken, 5_000, None)))
    assert worker.alive
    worker.during(301, work({}, wanted=frozenset({1}), loading=Loading(3_600, 5_000, None)))
    assert not worker.alive


def test_a_kafka_that_is_away_makes_a_worker_unready_and_is_no_reason_to_restart_it(worker: Watched) -> None:
    worker.moving(10).during(3_600, work({1: 9}, lag=5, answered=False))
    assert (worker.why, worker.alive) == (["Kafka has not answered for 3600 s"], True)
    assert worker.during(5, work({1: 9}, lag=5)).why == []
    assert worker.during(11, work({1: 9}, lag=5)).why != []


def test_a_loop_that_stands_still_is_told_of_by_whoever_asks(worker: Watched) -> None:
    worker.during(1, work({1: 7}))
    worker.now += 20
    assert (worker.why, worker.alive) == (["it stands still: it has not looked at itself for 20 s"], True)
    worker.now += 300
    assert not worker.alive


def test_a_partition_that_went_and_comes_back_begins_anew(worker: Watched) -> None:
    worker.during(100, work({1: 7}, lag=1)).during(1, work({}))
    assert worker.during(10, work({1: 7}, lag=1)).why == []


def test_nothing_is_kept_of_partitions_that_went(worker: Watched) -> None:
    numbers = count(1)
    for _ in range(50):
        worker.during(1, work({next(numbers): 0}, lag=1))
    assert len(worker.health._clocks) < 10
