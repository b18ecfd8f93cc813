"""State that does not grow for ever: what leaves, what is too late for it, and that nothing else is changed by it."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from ledger.emr import accrual, appointment, attestation, base, claim, coverage, note, remittance, segment, void
from streams.years import NEVER, Told, Years, told

from pipeline.commands.reopening import reopening
from pipeline.events.codec import read
from pipeline.events.days import BillableDay

NEW_YEAR = segment("e-new", "2026-05-01")
"""425 days after the third of March 2025."""


def reasons(years: Years) -> list[tuple[str | None, str | None]]:
    """Give event id and field of what was refused; all of it because it was too late."""
    assert {refusal.reason for _, refusal in years.letters} <= {"too_late"}
    return [(refusal.event_id, refusal.field) for _, refusal in years.letters]


def after(*events: dict[str, Any], keep_days: int = 400) -> Years:
    """Give what has processed these events, each as a batch of its own."""
    years = Years(keep_days)
    years.take_all([told(event) for event in events], size=1)
    return years


def practice(seed: int, days: int, *, wild: bool = False) -> Iterator[Told]:
    """Give what a practice tells from 2022 on: patients who come and go, corrections, and old matters now and then."""
    chance = Random(seed)
    facts: list[dict[str, Any]] = []
    for number in range(days):
        today = date(2022, 1, 3) + timedelta(number)
        for at in range(chance.choice((0, 1, 2))):
            old = wild and chance.random() < 0.15
            when = today - timedelta(chance.choice((380, 410, 500, 900, 1500)) if old else chance.choice((0, 0, 1, 9)))
            patient = {"patient_id": f"p-{number // 60}-{chance.randrange(3)}"}
            event = one_of(chance, f"e-{number}-{at}", when.isoformat()) | patient
            facts.append(event)
            yield told(event, today.isoformat())
        if facts and chance.random() < 0.4:
            past = chance.choice(facts if wild and chance.random() < 0.3 else facts[-20:])
            yield told(corrected(chance, past, f"e-{number}-c", today.isoformat()), today.isoformat())


def one_of(chance: Random, name: str, day: str) -> dict[str, Any]:
    kind = chance.randrange(10)
    if kind == 0:
        return accrual(name, chance.choice((100_000, 240_000)), accrual_id=f"a-{name}", year=int(day[:4]), as_of=day)
    if kind == 1:
        until = (date.fromisoformat(day) + timedelta(60)).isoformat()
        return attestation(name, day, until, attestation_id=f"n-{name}")
    if kind == 2:
        return claim(name, day, ("97530", ["GO"], 2), claim_id=f"c-{name}")
    if kind == 4:
        return note(name, day, without=chance.choice(("progress", "")))
    if kind == 3:
        stop = {"segment_id": f"s-{name}", "revision": 1, "stopped_at": f"{day}T10:00:00-05:00"}
        return base("segment.stopped", name) | stop
    return segment(name, day, chance.choice((15, 30, 53)))


def corrected(chance: Random, event: dict[str, Any], name: str, today: str) -> dict[str, Any]:
    """Give the event again, or a later version: another length or day, or taken back."""
    if "segment_id" not in event or chance.random() < 0.2:
        return event
    patient = {"patient_id": event["patient_id"]}
    if chance.random() < 0.4:
        return void(name, event["segment_id"], chance.choice((2, 3))) | patient
    day = chance.choice((today, str(event.get("started_at", today))[:10]))
    return segment(name, day, 45, segment_id=event["segment_id"], revision=chance.choice((0, 2, 3, 4))) | patient


@pytest.mark.parametrize("seed", range(6))
def test_what_is_not_too_late_comes_to_the_same_as_without_a_limit(seed: int) -> None:
    limited, unlimited = Years(), Years(NEVER)
    limited.take_all(practice(seed, 1_300, wild=True))
    assert len(limited.letters) > 10
    unlimited.take_all(limited.accepted)
    assert limited.values == unlimited.values
    assert unlimited.letters == []


@pytest.mark.parametrize("seed", range(3))
def test_the_cut_of_the_batches_decides_neither_days_nor_what_is_too_late_for_them(seed: int) -> None:
    history = list(practice(seed, 900, wild=True))
    one, many = Years(), Years()
    one.take_all(history, size=1)
    many.take_all(history, size=170)
    assert one.values["billable-days"] == many.values["billable-days"]
    # In which order claims and computed days come is chance, as they are in two topics.
    assert [
        [reason for reason in reasons(years) if reason[1] in {"started_at", "segment_id"}] for years in (one, many)
    ] == [[reason for reason in reasons(one) if reason[1] in {"started_at", "segment_id"}]] * 2


def test_state_does_not_grow_over_the_years() -> None:
    limited, unlimited = Years(), Years(NEVER)
    held = []
    history = list(practice(1, 2_200))
    for start in range(0, len(history), len(history) // 12):
        for years in (limited, unlimited):
            years.take_all(history[start : start + len(history) // 12])
        held.append((limited.held("days", "segments"), limited.held("years", "patients", "facts"), unlimited.held()))
    assert max(days for days, _, _ in held[6:]) < 1.25 * max(days for days, _, _ in held[:6])
    assert held[-1][1] < 1.25 * held[-4][1]
    assert limited.held() < 0.6 * unlimited.held()
    assert limited.values == unlimited.values
    assert limited.letters == []


def test_a_day_leaves_with_its_segments_and_its_results_stay() -> None:
    years = after(segment("e-1"), void("e-2", "s-x"), NEW_YEAR)
    assert list(years.tables["segments"]) == ["p-1|s-e-new"]
    assert list(years.tables["days"]) == ["p-1|2026-05-01"]
    assert list(years.values["billable-days"]) == ["p-1|2025-03-03", "p-1|2026-05-01"]
    assert not [message for message in years.sent if message.value is None]


def test_a_day_is_kept_as_long_as_is_set_and_not_a_day_longer() -> None:
    first, last = "2025-03-03", (date(2025, 3, 3) + timedelta(400)).isoformat()
    assert reasons(after(segment("e-1", first), segment("e-2", last), segment("e-3", first))) == []
    too_late = after(segment("e-1", first), segment("e-2", "2026-04-08"), segment("e-3", first))
    assert reasons(too_late) == [("e-3", "started_at")]


@pytest.mark.parametrize(
    ("late", "field"),
    [
        (segment("e-3"), "started_at"),
        (segment("e-3", "2026-04-30", segment_id="s-e-1", revision=2), "segment_id"),
        (void("e-3", "s-e-1"), "segment_id"),
    ],
)
def test_what_comes_for_a_day_or_a_segment_that_has_left_is_too_late(late: dict[str, Any], field: str) -> None:
    years = after(segment("e-1"), NEW_YEAR, late)
    assert reasons(years) == [("e-3", field)]
    assert years.values == after(segment("e-1"), NEW_YEAR).values


def test_a_note_leaves_with_its_day_and_one_that_comes_afterwards_is_too_late() -> None:
    known = segment("e-1"), note("e-2", without="progress"), NEW_YEAR
    years = after(*known)
    assert list(years.tables["segments"]) == ["p-1|s-e-new"]
    years.take([told(note("e-3"))])
    assert reasons(years) == [("e-3", "service_date")]
    assert years.values == after(*known).values


def test_a_late_note_is_taken_when_its_day_is_opened_again_and_so_are_the_others_of_the_day() -> None:
    of_another = note("e-3", without="progress", therapist_id="t-2")
    known = [segment("e-1"), note("e-2", without="progress"), of_another, NEW_YEAR]
    years = after(*known, note("e-4"))
    open_again(years, note("e-4"), known)
    assert years.values == after(*known, note("e-4"), keep_days=NEVER).values


def test_a_note_alone_makes_no_day_and_leaves_like_one() -> None:
    years = after(note("e-1"), NEW_YEAR)
    assert list(years.tables["segments"]) == ["p-1|s-e-new"]
    assert list(years.values["billable-days"]) == ["p-1|2026-05-01"]
    assert not [message for message in years.sent if message.value is None]


def test_a_void_that_comes_before_its_segment_is_not_too_late() -> None:
    years = after(segment("e-1"), NEW_YEAR, void("e-2", "s-e-3"), segment("e-3", "2026-04-30"))
    assert years.letters == []
    assert "p-1|2026-04-30" not in years.values["billable-days"]


def test_an_event_with_a_clock_that_is_years_ahead_makes_nothing_leave() -> None:
    ahead = told(segment("e-2", "2062-01-01"), "2025-03-04")
    years = Years()
    years.take_all([told(segment("e-1"), "2025-03-03"), ahead, told(segment("e-3"), "2025-03-05")])
    assert years.letters == []
    assert "p-1|s-e-1" in years.tables["segments"]


def test_a_limit_that_is_raised_later_brings_no_day_back() -> None:
    years = after(segment("e-1"), NEW_YEAR)
    years.terms = msgspec.structs.replace(years.terms, keep_days=NEVER)
    years.take([told(segment("e-2"))])
    assert reasons(years) == [("e-2", "started_at")]


@pytest.mark.parametrize(
    ("late", "field"),
    [
        (accrual("e-9", 5_000), "year"),
        (claim("e-9", "2025-03-03", ("97530", ["GO"], 2)), "service_date"),
        (attestation("e-9", "2025-03-01", "2025-05-01"), "through"),
        (coverage("e-9"), "effective_through"),
        (remittance("e-9", "2025-03-03", 3_000), "service_date"),
        (appointment("e-9", "2025-03-03"), "starts_at"),
    ],
)
def test_a_year_leaves_when_it_is_two_years_closed(late: dict[str, Any], field: str) -> None:
    known = [segment("e-1"), accrual("e-2", 100_000), claim("e-3", "2025-03-03", ("97530", ["GO"], 2))]
    known += [attestation("e-4", "2025-01-01", "2025-12-31"), segment("e-5", "2027-12-31"), coverage("e-7")]
    assert reasons(after(*known, late)) == []
    years = after(*known, segment("e-6", "2028-01-01"), late)
    assert reasons(years) == [("e-9", field)]
    assert not [
        key for name in ("years", "facts") for key in years.tables[name] if "2025" in key or key[-3:] in {"n-1", "v-1"}
    ]
    assert "p-1|2025|OT" in years.values["threshold-totals"]


def test_remittances_and_appointments_leave_with_their_year() -> None:
    known = [segment("e-1"), remittance("e-2", "2025-03-03", 3_000), appointment("e-3", "2025-03-05")]
    known += [remittance("e-4", "2025-03-03", -3_000, reverses="r-e-2")]
    assert {key.split("|")[1] for key in after(*known).tables["facts"]} == {"remittance", "appointment"}
    years = after(*known, segment("e-5", "2028-01-01"))
    assert not years.tables["facts"]
    assert "p-1|2025|OT" in years.values["threshold-totals"]


def test_a_reversal_of_a_year_that_has_left_still_reverses_what_is_of_a_later_one() -> None:
    known = [segment("e-1", "2026-12-30"), remittance("e-2", "2026-12-30", 3_000)]
    known += [remittance("e-3", "2025-03-03", -3_000, reverses="r-e-2"), segment("e-4", "2028-01-01")]
    again = remittance("e-5", "2026-12-30", 2_000, remittance_id="r-e-2", revision=2)
    years = after(*known, again)
    assert "p-1|2025" not in years.tables["years"]
    total = msgspec.json.decode(years.values["threshold-totals"]["p-1|2026|OT"])
    assert (total["estimated"], total["provenance"]["adjudicated"]["lines"]) == (True, 0)


def test_a_late_event_is_taken_with_all_of_its_day_when_it_is_opened_again() -> None:
    day = [
        segment("e-1"),
        segment("e-2", started_at="2025-03-03T10:00:00-05:00", stopped_at="2025-03-03T10:40:00-05:00"),
    ]
    gone = segment("e-3", started_at="2025-03-03T12:00:00-05:00", stopped_at="2025-03-03T12:40:00-05:00")
    late = segment("e-9", started_at="2025-03-03T14:00:00-05:00", stopped_at="2025-03-03T14:25:00-05:00")
    known = [*day, gone, void("e-4", "s-e-3"), accrual("e-5", 236_000), segment("e-6", "2025-03-20"), NEW_YEAR]
    years = after(*known, late, void("e-10", "s-e-1"))
    assert reasons(years) == [("e-9", "started_at"), ("e-10", "segment_id")]
    open_again(years, late, [*known])
    assert years.values == after(*known, late, keep_days=NEVER).values
    open_again(years, void("e-10", "s-e-1"), [*known, late])
    everything = [*known, late, void("e-10", "s-e-1")]
    assert years.values == after(*everything, keep_days=NEVER).values
    # While it is open it takes what comes; and it leaves again.
    years.take([told(gone), told(segment("e-11"))])
    assert len(years.letters) == 2
    assert years.values == after(*everything, segment("e-11"), keep_days=NEVER).values
    years.take([told(segment("e-12", "2027-06-30")), told(segment("e-13"))])
    years.take([told(segment("e-14", "2027-06-30"))])
    assert reasons(years)[2:] == [("e-13", "started_at")]
    assert list(years.tables["days"]) == ["p-1|2027-06-30"]


def test_a_replay_of_the_log_under_another_application_takes_and_refuses_the_same() -> None:
    late = segment("e-9", started_at="2025-03-03T14:00:00-05:00", stopped_at="2025-03-03T14:25:00-05:00")
    years = after(segment("e-1"), NEW_YEAR, late, segment("e-10", segment_id="s-e-1", revision=3))
    open_again(years, late, [segment("e-1")])
    anew = Years()
    anew.take_all(years.history)
    assert (anew.values, anew.tables["segments"]) == (years.values, years.tables["segments"])
    assert reasons(anew) == reasons(years) == [("e-9", "started_at"), ("e-10", "started_at")]


def test_a_day_of_a_year_that_has_left_is_not_opened_again() -> None:
    late = segment("e-9", started_at="2025-03-03T14:00:00-05:00", stopped_at="2025-03-03T14:25:00-05:00")
    known = [segment("e-1"), segment("e-2", "2028-01-01")]
    years = after(*known)
    open_again(years, late, [segment("e-1")])
    assert reasons(years) == [("e-9", "dates")]
    assert years.values == after(*known).values


def open_again(years: Years, event: dict[str, Any], known: list[dict[str, Any]]) -> None:
    """Send in what `kxwatch rejected replay` makes of a late event and of what session-events holds."""
    found = [read(told(one)[1], max_bytes=9_999, max_segment_minutes=240)[0] for one in [*known, event]]
    segments: list[Any] = [one for one in found if hasattr(one, "segment_id") or hasattr(one, "elements")]
    days = {key: msgspec.json.decode(value, type=BillableDay) for key, value in years.values["billable-days"].items()}
    value = msgspec.json.encode(reopening(segments[-1], segments[:-1], days))
    years.take([("day.reopened", value, "2026-05-02")])
