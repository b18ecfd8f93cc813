"""A run repeats itself, to the byte."""

from datetime import date
from hashlib import sha256

from simulate.runs import SMALL, sort

from pipeline.simulate import arrivals, network
from pipeline.simulate.treatments import EVALUATIONS


def test_same_seed_and_arguments_give_same_bytes() -> None:
    assert list(network(**SMALL)) == list(network(**SMALL))


def test_bytes_are_the_same_on_every_machine_and_python() -> None:
    lines = b"\n".join(network(**SMALL))
    # Written down once: who changes what the simulator sends changes this too, and says so.
    assert sha256(lines).hexdigest() == "bda439d6f0c511065e4b55cc3e88ed684ec87c792b4e5682589c488134af0621"


def test_another_seed_gives_other_lines() -> None:
    assert list(network(**SMALL)) != list(network(**(SMALL | {"seed": 8})))


def test_another_start_moves_the_run() -> None:
    events = sort(list(network(**SMALL, start=date(2025, 6, 2)))).of("segment.recorded")
    assert min(event["started_at"][:10] for event in events) in {"2025-06-02", "2025-06-03"}


def test_smallest_run_has_a_visit() -> None:
    events = sort(list(network(sites=1, patients=1, days=1, seed=1))).of("segment.recorded")
    assert events[0]["code"] in {code for choices in EVALUATIONS.values() for code, _ in choices}


def test_days_give_the_same_lines_as_the_whole() -> None:
    assert [line for day in arrivals(**SMALL) for line in day] == list(network(**SMALL))
