"""Who pays what is told again wherever it changes, and step by step to who asks."""

import json
from typing import Any

from ledger.emr import Event, coverage, segment, void
from properties.stream import Stream, streamed

from pipeline.events.days import Line
from pipeline.ledger.coverage import coverage_of
from pipeline.ledger.payment import Payments, payment_steps
from pipeline.ledger.tables import Effect
from pipeline.ledger.year import PatientFacts, YearFacts
from pipeline.rules.payers import packaged

VISITS = [segment(f"e-{day}", f"2025-03-{day:02d}", 15, code="97530") for day in range(3, 14)]


def shares(stream: Stream) -> dict[str, tuple[int, int]]:
    found = {key: json.loads(value) for key, value in stream.values["claim-days"].items()}
    return {
        key.rpartition("-")[2]: (claim["lines"][0]["patient_cents"], claim["lines"][0]["payer_cents"])
        for key, claim in found.items()
    }


def claims_sent(effects: list[Effect]) -> list[str]:
    return [effect.key for effect in effects if effect.topic == "claim-days"]


def next_batch(stream: Stream, *events: Event) -> list[str]:
    stream.deliver(events)
    stream.fold_days()
    return claims_sent(stream.fold_totals())


def test_a_back_dated_line_sends_the_days_again_that_it_takes_the_deductible_from() -> None:
    stream = streamed(VISITS)
    before = shares(stream)
    sent = next_batch(stream, segment("e-new", "2025-03-01", 15, discipline="PT", code="97110"))
    assert sent == ["p-1|2025-03-01", *[f"p-1|2025-03-{day:02d}" for day in range(3, 14)]]
    assert shares(stream)["10"] != before["10"]


def test_a_line_that_is_taken_back_gives_the_deductible_back() -> None:
    stream = streamed(VISITS)
    next_batch(stream, void("e-void", "s-e-3"))
    assert (shares(stream)["10"], shares(stream)["11"]) == ((3461, 0), (1871, 1590))


def test_a_coverage_that_is_told_later_sends_the_days_again_that_it_covers() -> None:
    stream = streamed(VISITS)
    sent = next_batch(stream, coverage("e-c", effective_from="2025-03-05", deductible_remaining_cents=0))
    assert sent == [f"p-1|2025-03-{day:02d}" for day in range(5, 14)]
    assert (shares(stream)["04"], shares(stream)["05"]) == ((3461, 0), (692, 2769))


def test_a_coverage_that_is_another_payers_now_holds_for_the_first_no_more() -> None:
    stream = streamed([*VISITS, coverage("e-c", deductible_remaining_cents=0)])
    assert shares(stream)["03"] == (692, 2769)
    next_batch(stream, coverage("e-d", revision=2, payer_id="uhc", deductible_remaining_cents=0))
    assert shares(stream)["03"] == (3461, 0)


def test_a_coverage_of_a_payer_without_lines_sends_nothing() -> None:
    assert next_batch(streamed(VISITS), coverage("e-c", payer_id="cigna", copay_cents=2_500)) == []


def test_a_commercial_line_changes_no_other_day() -> None:
    stream = streamed([segment(f"e-{day}", f"2025-03-{day:02d}", payer_id="uhc") for day in range(3, 9)])
    assert next_batch(stream, segment("e-new", "2025-03-01", payer_id="uhc")) == ["p-1|2025-03-01"]


def line(**said: Any) -> Line:
    usual: dict[str, Any] = {
        "payer_id": "medicare-b",
        "discipline": "OT",
        "code": "97530",
        "units": 1,
        "minutes": 15,
        "modifiers": ["GO"],
        "allowed_cents": 3_461,
        "full_cents": 3_461,
        "reductions": [],
        "segment_ids": ["s-1"],
        "started_at": "2025-03-03T09:00:00-05:00",
    }
    return Line(**usual | said)


def steps(*lines: Line, left: int | None = None, date: str = "2025-03-03") -> list[str]:
    stated = {} if left is None else {"deductible_remaining_cents": left}
    told = {"v-1": coverage_of(read(coverage("e-c", **stated)))}
    payments = Payments(int(date[:4]), YearFacts(), PatientFacts(coverages=told), packaged())
    return payment_steps(lines, payments.of(date, lines))


def read(event: Event) -> Any:
    from properties.stream import taken  # noqa: PLC0415 -- it loads the whole ledger.

    return taken(event)[0]


def test_the_steps_say_line_by_line_who_pays_what() -> None:
    lines = line(), line(code="97110", modifiers=["GO", "CO"], started_at="2025-03-03T10:00:00-05:00")
    first, second = steps(*lines, left=4_000)
    assert first == (
        "medicare-b OT 97530 GO: of $34.61 the patient owes $34.61 ($34.61 of the deductible, $0.00 of the rest), "
        "the payer $0.00"
    )
    assert second == (
        "medicare-b OT 97110 GO CO: of $34.61 the patient owes $11.23 ($5.39 of the deductible, $5.84 of the rest), "
        "the payer $19.87; $3.51 is cut for the assistant (42 USC 1395m(v))"
    )


def test_the_steps_say_why_it_is_open_who_pays_what() -> None:
    lines = line(allowed_cents=None), line(payer_id="medicare-secondary")
    assert steps(*lines) == [
        "medicare-b OT 97530 GO: who pays what is open: the line has no amount",
        "medicare-secondary OT 97530 GO: who pays what is open: another payer comes first",
    ]
    assert steps(line(), date="2027-03-03") == [
        "medicare-b OT 97530 GO: who pays what is open: no part_b_deductible for 2027-01-01 in this release"
    ]
