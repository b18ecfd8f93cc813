"""The whole demo, once, at a terminal: every claim here is of the same run."""

import json
import re
import time
from collections.abc import Iterator

import msgspec
import pytest
from demo.performance import Performance, performing
from end_to_end.events import taken

from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.settings import Settings
from pipeline.simulate import network

LINES = list(network(sites=20, patients=2_000, days=11, seed=1))


class Ended(msgspec.Struct):
    """How the demo ended."""

    performance: Performance
    code: int
    seconds: float

    @property
    def summary(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.performance.said.rstrip().splitlines()[-1])
        return found


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    began = time.monotonic()
    with performing(tmp_path_factory.mktemp("demo"), terminal=True) as performance:
        code = performance.wait(180)
        yield Ended(performance, code, time.monotonic() - began)


@pytest.fixture(scope="module")
def rated() -> dict[str, dict[str, dict]]:
    """What the rater says of the demo's events: the number rejected, and the final values."""
    rater = Rater(Settings(), final=True)
    rejected = sum(output.topic == "rejected-events" for output in rater.lines("demo", LINES))
    values: dict[str, dict[str, dict]] = {"rejected": {"count": {"": rejected}}}
    for output in rater.results():
        values.setdefault(output.topic, {})[output.key or ""] = json.loads(encode(output.value))
    return values


def test_it_ends_by_itself_in_under_two_minutes(ended: Ended) -> None:
    assert ended.code == 0, ended.performance.said[-2_000:]
    assert ended.seconds < 120


def test_its_last_line_counts_what_was_sent_and_what_was_refused(ended: Ended, rated: dict) -> None:
    assert list(ended.summary) == ["events", "rejected", "patients", "alerts"]
    assert ended.summary["events"] == len(LINES)
    assert ended.summary["rejected"] == rated["rejected"]["count"][""] > 0


def test_it_counts_the_patients_of_whom_a_day_came_out(ended: Ended, rated: dict) -> None:
    # A few have no day any more in the end: all that was recorded of them was voided.
    standing = {key.rpartition("|")[0] for key in rated["billable-days"]}
    recorded = {event.patient_id for event in map(taken, LINES) if hasattr(event, "segment_id")}
    assert len(standing) <= ended.summary["patients"] <= len(recorded)
    assert ended.summary["patients"] - len(standing) < 10


def test_it_counts_an_alert_at_least_for_every_threshold_that_is_neared_or_exceeded(ended: Ended, rated: dict) -> None:
    totals = rated["threshold-totals"].values()
    counts = {
        state: sum(total[threshold]["state"] == state for total in totals for threshold in ("kx", "review"))
        for state in ("approaching", "exceeded")
    }
    rows = _rows(ended.performance.said)
    assert rows["threshold.approaching"] >= counts["approaching"] > 50
    assert rows["threshold.exceeded"] >= counts["exceeded"] > 50
    kinds = [count for name, count in rows.items() if name.startswith(("threshold.", "claim.", "care."))]
    assert ended.summary["alerts"] == sum(kinds)


def test_it_says_that_every_value_is_what_rate_makes_of_the_same_events(ended: Ended, rated: dict) -> None:
    count = sum(len(rated[topic]) for topic in ("billable-days", "claim-days", "threshold-totals"))
    claim = f"All {count:,} values equal those of `kxwatch rate` on the same events, byte for byte."
    assert claim in " ".join(ended.performance.said.split())


def test_the_live_view_shows_progress_states_and_alerts_as_sentences(ended: Ended) -> None:
    assert ended.performance.steered
    said = ended.performance.said
    for text in ("events sent", "a second", "patients by state", "KX threshold, OT", "targeted review, PT-SLP"):
        assert text in said
    sentence = r"● Patient p-\d+, (occupational|physical and speech) therapy 2026: \$[\d,]+\.\d\d "
    assert re.search(sentence + r"nears the KX threshold of \$2,480\.00, \$[\d,]+\.\d\d left\.", said)
    assert re.search(sentence + r"is over the KX threshold of \$2,480\.00, crossed on 2026-\d\d-\d\d\.", said)
    assert re.search(sentence + r"is over the targeted-review threshold of \$3,000\.00", said)


def test_it_leaves_nothing_running_and_no_folder(ended: Ended) -> None:
    assert ended.performance.running() == []
    assert ended.performance.left() == []


def _rows(said: str) -> dict[str, int]:
    table = said[said.index("What came out") :]
    found = re.findall(r"^([a-z._ -]+?) {2,}([\d,]+) *$", table, re.MULTILINE)
    return {name: int(count.replace(",", "")) for name, count in found}
