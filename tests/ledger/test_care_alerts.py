"""Care alerts: what is missing or runs out is raised by events and by the beginning of days, told anew, and settled."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from ledger.care import ELEMENTS, appointment, care, coverage, kinds, note, plan, sentences, tick, visit
from ledger.emr import Event, base, segment, void
from ledger.rated import rated, settings_for

from pipeline.settings import Settings


def days(first: str, count: int, every: int = 2) -> list[str]:
    start = date.fromisoformat(first)
    return [(start + timedelta(every * nth)).isoformat() for nth in range(count)]


def visits(first: str, count: int, **said: object) -> list[Event]:
    return [visit(day, **said) for day in days(first, count)]


# Notes.


def test_a_visit_that_bills_and_has_no_note_is_told_when_its_days_have_passed() -> None:
    events = visit("2025-03-03"), tick("2025-03-04"), tick("2025-03-05")
    assert kinds(*events[:2], of="note") == []
    assert sentences(*events, of="note") == ["Patient p-1: the OT visit of 2025-03-03 is billed and has no note."]


def test_a_note_settles_it_and_one_that_came_in_time_raises_nothing() -> None:
    assert kinds(visit("2025-03-03"), tick("2025-03-05"), note("2025-03-03"), of="note") == ["note_missing", "settled"]
    assert kinds(visit("2025-03-03"), note("2025-03-03"), tick("2025-03-05"), of="note") == []


def test_a_visit_that_is_taken_back_needs_no_note() -> None:
    events = visit("2025-03-03"), tick("2025-03-05"), void("x", "s-v-2025-03-03")
    assert kinds(*events, of="note") == ["note_missing", "settled"]


def test_minutes_that_bill_no_unit_need_no_note() -> None:
    assert kinds(visit("2025-03-03", 5), tick("2025-03-09"), of="note") == []


def test_a_note_of_another_discipline_is_none_of_this_visit() -> None:
    assert kinds(visit("2025-03-03"), note("2025-03-03", discipline="PT"), tick("2025-03-05"), of="note") == [
        "note_missing"
    ]


def test_a_site_whose_emr_never_tells_of_notes_has_none_missing(tmp_path: Path) -> None:
    settings = settings_for({"site-a": {"untold": ["notes"]}}, tmp_path)
    assert kinds(visit("2025-03-03"), tick("2025-03-09"), of="note", settings=settings) == []


def test_elements_that_a_note_lacks_are_told_at_once_and_settled_by_a_whole_one() -> None:
    lacking = note("2025-03-03", elements=ELEMENTS[1:-1])
    mended = note("2025-03-03", event_id="n-2", occurred_at="2025-03-03T21:00:00Z")
    text = "the OT note of 2025-03-03 by t-1 lacks plan of care, services provided."
    assert sentences(lacking, mended, of="documentation") == [
        f"Patient p-1: {text}",
        f"Patient p-1: settled, it is so no more: {text}",
    ]
    assert kinds(mended, lacking, of="documentation") == []


# Plans of care.


def test_treatment_without_a_certified_plan_is_told_after_thirty_days_and_settled_by_one() -> None:
    events = visit("2025-03-03"), tick("2025-04-01"), tick("2025-04-02")
    assert kinds(*events[:2], of="certification") == []
    assert sentences(*events, of="certification") == [
        "Patient p-1: no certified OT plan of care covers the visit of 2025-03-03; it was due by 2025-04-02."
    ]
    assert kinds(*events, plan("2025-03-03", "2025-05-31"), of="certification") == ["certification_missing", "settled"]


def test_a_plan_of_the_other_discipline_certifies_nothing_here() -> None:
    events = visit("2025-03-03"), plan("2025-03-03", "2025-05-31", discipline="PT"), tick("2025-04-02")
    assert kinds(*events, of="certification") == ["certification_missing"]


def test_who_pays_alone_needs_no_certificate() -> None:
    assert kinds(visit("2025-03-03", payer_id="self-pay"), tick("2025-06-02"), of="certification") == []
    assert kinds(visit("2025-03-03", payer_id="cigna"), tick("2025-06-02"), of="certification") == [
        "certification_missing"
    ]


def test_a_plan_that_ends_in_two_weeks_is_told_while_the_patient_is_treated() -> None:
    events = plan("2025-03-03", "2025-04-30"), visit("2025-04-10"), tick("2025-04-15"), tick("2025-04-16")
    assert kinds(*events[:3], of="certification") == []
    assert sentences(*events, of="certification") == [
        "Patient p-1: the OT plan of care is certified through 2025-04-30."
    ]
    gone = plan("2025-03-03", "2025-04-30"), visit("2025-03-03"), tick("2025-04-16")
    assert kinds(*gone, of="certification") == []
    assert kinds(*gone, appointment("2025-04-20"), of="certification") == ["certification_expiring"]


def test_it_is_settled_by_a_recertification_and_when_the_patient_comes_no_more() -> None:
    events = plan("2025-03-03", "2025-04-30"), visit("2025-04-10"), tick("2025-04-16")
    again = plan("2025-04-16", "2025-07-14", plan_id="plan-2")
    assert kinds(*events, again, of="certification") == ["certification_expiring", "settled"]
    assert kinds(*events, tick("2025-05-11"), of="certification") == ["certification_expiring", "settled"]


def test_a_visit_after_the_plan_has_ended_is_told_at_once() -> None:
    events = plan("2025-03-03", "2025-04-30"), visit("2025-04-10"), visit("2025-05-02")
    assert sentences(*events, of="certification") == [
        "Patient p-1: the OT plan of care was certified through 2025-04-30, and the visit of 2025-05-02 is later."
    ]


def test_a_plan_counts_for_ninety_days_whatever_it_says() -> None:
    year = plan("2025-01-01", "2025-12-31")
    assert kinds(year, visit("2025-03-31"), of="certification") == []
    assert kinds(year, visit("2025-04-01"), of="certification") == ["certification_expired"]


# Progress reports.


def test_a_progress_report_is_due_with_the_tenth_treatment_day_and_settled_by_one() -> None:
    ten = visits("2025-03-03", 10)
    assert kinds(*ten[:9], of="progress") == []
    assert sentences(*ten, of="progress") == [
        "Patient p-1: OT: a progress report is due on 2025-03-21, 10 treatment days since 2025-03-03."
    ]
    report = note("2025-03-21", progress_report=True)
    assert kinds(*ten, report, of="progress") == ["progress_report_due", "settled"]
    assert kinds(*ten[:9], report, *ten[9:], of="progress") == []


def test_the_next_ten_days_are_counted_from_the_report() -> None:
    twenty = visits("2025-03-03", 20)
    report = note("2025-03-21", progress_report=True)
    assert kinds(report, *twenty[:19], of="progress") == []
    assert sentences(report, *twenty, of="progress") == [
        "Patient p-1: OT: a progress report is due on 2025-04-10, 10 treatment days since the report of 2025-03-21."
    ]


def test_two_segments_of_a_day_are_one_treatment_day_and_a_later_visit_says_nothing_new() -> None:
    ten = visits("2025-03-03", 10)
    again = segment(
        "again", "2025-03-03", started_at="2025-03-03T13:00:00-05:00", stopped_at="2025-03-03T13:30:00-05:00"
    )
    assert kinds(*ten[:9], again, of="progress") == []
    assert kinds(*ten, visit("2025-03-25"), of="progress") == ["progress_report_due"]


def test_an_evaluation_begins_the_counting_anew() -> None:
    evaluation = visit("2025-06-02", code="97165")
    events = *visits("2025-03-03", 8), evaluation, *visits("2025-06-04", 8)
    assert kinds(*events, of="progress") == []
    assert kinds(*events, visit("2025-06-20"), of="progress") == ["progress_report_due"]


# What a payer allows.


def test_a_visit_limit_is_told_from_three_visits_left_on_and_each_visit_anew() -> None:
    limit = coverage(visit_limit=30, visits_used=25, verified_at="2025-03-01T08:00:00Z")
    events = limit, *visits("2025-03-03", 6, payer_id="uhc")
    text = "Patient p-1: uhc pays 30 visits through 2025-12-31:"
    assert sentences(*events[:2], of="visit_limit") == []
    assert sentences(*events, of="visit_limit") == [
        *(f"{text} 3 visits left.", f"{text} 2 visits left.", f"{text} 1 visit left."),
        *(f"{text} none left.", f"{text} 1 visit more than that."),
    ]


def test_a_visit_before_the_payers_answer_is_among_those_that_it_says_are_used() -> None:
    limit = coverage(visit_limit=30, visits_used=27, verified_at="2025-03-04T08:00:00Z")
    assert [alert["data"]["left"] for alert in care(visit("2025-03-03", payer_id="uhc"), limit)] == [3]


def test_a_higher_limit_settles_it() -> None:
    events = coverage(visit_limit=4), *visits("2025-03-03", 2, payer_id="uhc")
    more = coverage("c-2", visit_limit=40, revision=2)
    assert kinds(*events, more, of="visit_limit") == ["visit_limit", "visit_limit", "settled"]


def test_a_visit_of_another_payer_uses_nothing() -> None:
    assert kinds(coverage(visit_limit=4), visit("2025-03-03"), of="visit_limit") == []


def authorized(**left: object) -> Event:
    return coverage(authorization={"number": "A-1", **left})


def test_visits_of_an_authorization_run_out() -> None:
    events = authorized(visits=5), *visits("2025-03-03", 2, payer_id="uhc")
    assert sentences(*events, of="authorization") == [
        "Patient p-1: authorization A-1 of uhc is for 5 visits: 3 visits left."
    ]
    assert kinds(*events, void("x", "s-v-2025-03-05"), of="authorization") == ["authorization_visits", "settled"]


def test_units_of_an_authorization_are_told_once_when_they_run_out_and_once_when_none_are_left() -> None:
    first = visit("2025-03-03", 45, payer_id="uhc")
    longer = visit("2025-03-03", 60, payer_id="uhc", revision=2) | {"event_id": "w"}
    assert [alert["data"]["left"] for alert in care(authorized(units=16), first, longer)] == [12]
    assert [alert["data"]["left"] for alert in care(authorized(units=15), first, longer)] == [12]
    text = "Patient p-1: authorization A-1 of uhc is for 14 units:"
    many = visits("2025-03-03", 9, payer_id="uhc")
    assert sentences(authorized(units=14), *many, of="authorization") == [
        f"{text} 12 or fewer left.",
        f"{text} all are used.",
    ]


def test_units_that_are_given_back_are_told_at_the_same_numbers() -> None:
    seven = authorized(units=14), *visits("2025-03-03", 7, payer_id="uhc")
    assert [alert["data"]["left"] for alert in care(*seven, void("x", "s-v-2025-03-03"))] == [12, 0, 12]
    more = coverage("c-2", revision=2, authorization={"number": "A-1", "units": 27})
    assert kinds(*seven, more, of="authorization") == ["authorization_units", "authorization_units", "settled"]


def test_visits_are_counted_from_when_the_authorization_was_first_told_of() -> None:
    early = visit("2025-01-01", payer_id="uhc")
    again = coverage(
        "c-2", revision=2, verified_at="2025-06-01T08:00:00Z", authorization={"number": "A-1", "visits": 5}
    )
    events = early, authorized(visits=5), *visits("2025-03-03", 2, payer_id="uhc"), again
    assert kinds(*events, of="authorization") == ["authorization_visits"]
    assert kinds(early, again, *events[2:4], authorized(visits=5), of="authorization") == ["authorization_visits"]


def test_an_authorization_that_ends_is_told_two_weeks_before_and_a_visit_after_it_at_once() -> None:
    events = authorized(through="2025-03-31"), visit("2025-03-10", payer_id="uhc"), tick("2025-03-16")
    assert kinds(*events, of="authorization") == []
    assert sentences(*events, tick("2025-03-17"), of="authorization") == [
        "Patient p-1: authorization A-1 of uhc ends on 2025-03-31."
    ]
    late = visit("2025-04-02", payer_id="uhc")
    assert kinds(*events, late, of="authorization") == ["authorization_expired"]
    assert kinds(*events, tick("2025-03-17"), late, of="authorization")[1:] == ["authorization_expired"]


def own_payer(folder: Path, was: str, becomes: str) -> Settings:
    """Give settings of a network whose payer `acme` is as the example, but for this."""
    text = (Path(__file__).parents[2] / "examples/payers/acme-health.yaml").read_text("utf-8")
    assert was in text
    (folder / "acme.yaml").write_text(text.replace("acme-health", "acme").replace(was, becomes), "utf-8")
    return Settings(payers=folder)


def test_a_payers_own_limit_holds_where_no_coverage_says_another(tmp_path: Path) -> None:
    settings = own_payer(tmp_path, "visit_limit: {value: 30", "visit_limit: {value: 4")
    over = care(*visits("2025-12-30", 2, payer_id="acme"), settings=settings)
    years = [alert["data"]["due_on"][:4] for alert in over if alert["data"]["kind"] == "visit_limit"]
    assert years == ["2025", "2026"]
    assert kinds(*visits("2025-03-03", 2, payer_id="acme"), of="visit_limit", settings=settings) == ["visit_limit"] * 2
    told = coverage(payer_id="acme", visit_limit=40)
    assert kinds(told, *visits("2025-03-03", 2, payer_id="acme"), of="visit_limit", settings=settings) == []


def test_a_payer_that_asks_for_an_authorization_has_none(tmp_path: Path) -> None:
    settings = own_payer(tmp_path, "page 14", "page 16")
    first = visit("2025-03-03", payer_id="acme")
    granted = coverage(payer_id="acme", authorization={"number": "A-1"})
    assert kinds(first, of="authorization", settings=settings) == ["authorization_missing"]
    assert kinds(first, granted, of="authorization", settings=settings) == ["authorization_missing", "settled"]


def test_a_payer_may_ask_for_progress_reports_by_days(tmp_path: Path) -> None:
    settings = own_payer(tmp_path, "progress_report_days: {value: null", "progress_report_days: {value: 21")
    events = visit("2025-03-03", payer_id="acme"), visit("2025-03-20", payer_id="acme"), tick("2025-03-23")
    assert kinds(*events, of="progress", settings=settings) == []
    due = *events, tick("2025-03-24")
    assert kinds(*due, of="progress", settings=settings) == ["progress_report_due"]
    reported = note("2025-03-24", progress_report=True)
    assert kinds(*due, reported, of="progress", settings=settings) == ["progress_report_due", "settled"]
    assert kinds(*due, tick("2025-04-20"), of="progress", settings=settings) == ["progress_report_due", "settled"]


# Coverage before a visit.


def test_coverage_that_nobody_verified_is_told_two_days_before_the_visit() -> None:
    events = appointment("2025-03-10"), appointment("2025-03-12"), tick("2025-03-07"), tick("2025-03-08")
    assert kinds(*events[:3]) == []
    assert sentences(*events) == ["Patient p-1: no coverage was verified for the visit of 2025-03-10."]
    assert kinds(*events, coverage()) == ["coverage_not_verified", "settled"]
    assert kinds(*events, coverage(verified_at=None)) == ["coverage_not_verified"]
    assert kinds(*events, coverage(effective_from="2025-04-01")) == ["coverage_not_verified"]


def test_a_visit_that_is_cancelled_needs_no_coverage() -> None:
    events = appointment("2025-03-10"), tick("2025-03-08"), appointment("2025-03-10", cancelled=True)
    assert kinds(*events) == ["coverage_not_verified", "settled"]


# Timers.


def started(at: str, **said: object) -> Event:
    whole = segment("e-start", started_at=at, **said) | {"event_type": "segment.started"}
    del whole["stopped_at"]
    return whole


def stopped(at: str) -> Event:
    return base("segment.stopped", "e-stop") | {"segment_id": "s-e-start", "revision": 1, "stopped_at": at}


def test_a_timer_that_nobody_stopped_is_told_on_the_first_day_that_begins_twelve_hours_later() -> None:
    start = started("2025-03-03T06:00:00-05:00")
    assert sentences(start, tick("2025-03-04"), of="timer") == [
        "Patient p-1: the timer of 97530 was started at 06:00 on 2025-03-03 and never stopped."
    ]
    evening = started("2025-03-03T20:00:00-05:00")
    assert kinds(evening, tick("2025-03-04"), of="timer") == []
    assert kinds(evening, tick("2025-03-05"), of="timer") == ["timer_open"]


def test_the_day_begins_in_the_directorys_time_zone(tmp_path: Path) -> None:
    settings = settings_for({}, tmp_path, time_zone="America/New_York")
    evening = started("2025-03-03T11:59:00-05:00")
    assert kinds(evening, tick("2025-03-04"), of="timer", settings=settings) == ["timer_open"]
    assert kinds(started("2025-03-03T12:00:00-05:00"), tick("2025-03-04"), settings=settings) == ["timer_open"]
    assert kinds(started("2025-03-03T12:01:00-05:00"), tick("2025-03-04"), settings=settings) == []


@pytest.mark.parametrize(
    "end",
    [
        stopped("2025-03-03T09:30:00-05:00"),
        segment("w", segment_id="s-e-start", revision=2),
        void("x", "s-e-start"),
    ],
    ids=["stopped", "recorded whole", "voided"],
)
def test_a_timer_that_is_ended_in_any_way_is_settled_and_before_its_hours_never_told(end: Event) -> None:
    start, day = started("2025-03-03T06:00:00-05:00"), tick("2025-03-04")
    assert kinds(start, day, end, of="timer") == ["timer_open", "settled"]
    assert kinds(start, end, day, of="timer") == kinds(end, start, day, of="timer") == []


def test_a_start_that_comes_after_its_day_is_told_at_once() -> None:
    assert kinds(tick("2025-03-10"), started("2025-03-03T09:00:00-05:00"), of="timer") == ["timer_open"]


# The network.


def test_a_year_without_figures_is_told_sixty_days_before_it_begins_once() -> None:
    found = rated([tick("2026-11-01"), tick("2026-11-02"), tick("2026-11-03")])["alerts"]
    assert [(alert["type"], alert["subject"], alert["time"][:10]) for alert in found] == [
        ("kxwatch.care.figures_missing", "-", "2026-11-02")
    ]
    assert found[0]["data"]["sentence"].startswith("The network: 2027 has no conversion_factor")


# Ticks.


def test_a_tick_that_comes_again_or_late_says_nothing_new_and_missed_days_are_made_good_by_one() -> None:
    events = visit("2025-03-03"), tick("2025-04-20")
    assert kinds(*events) == ["certification_missing", "note_missing"]
    assert kinds(*events, tick("2025-04-20"), tick("2025-03-05")) == ["certification_missing", "note_missing"]


def test_an_alert_names_the_event_that_caused_it_and_has_an_id_of_its_own_for_ever() -> None:
    events = visit("2025-03-03"), tick("2025-04-20")
    (first, second), again = care(*events), care(*events)
    assert {first["time"], second["time"]} == {"2025-04-20T00:00:00Z"}
    assert first["id"] != second["id"]
    assert [first, second] == again


def test_what_is_older_than_facts_are_kept_is_not_looked_at() -> None:
    assert kinds(tick("2025-03-03"), visit("2024-01-26")) == []
    assert kinds(tick("2025-03-03"), visit("2024-01-28"), of="note") == ["note_missing"]
