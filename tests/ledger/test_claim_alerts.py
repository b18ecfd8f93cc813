"""Claim alerts: what is amiss with a day's claims is raised, told anew when it changes, and settled."""

from itertools import permutations

import pytest
from ledger.emr import Event, accrual, attestation, claim, remittance, segment, void
from ledger.rated import rated


def told(*events: Event) -> list[tuple[str, str]]:
    found = [alert for alert in rated(events)["alerts"] if alert["type"].startswith("kxwatch.claim.")]
    return [(alert["type"].removeprefix("kxwatch.claim."), alert["data"]["sentence"]) for alert in found]


def kinds(*events: Event) -> list[str]:
    return [kind for kind, _ in told(*events)]


OVER = accrual("e-over", 242_000)


def test_kx_that_no_attestation_covers_is_told_with_its_lines() -> None:
    assert told(OVER, segment("e-1")) == [
        (
            "kx_not_attested",
            "Patient p-1, 2025-03-03: KX is due on 97530 GO x 2 and no attestation covers the date.",
        )
    ]


def test_an_attestation_settles_the_dates_that_it_covers_alone() -> None:
    events = OVER, segment("e-1"), segment("e-2", "2025-03-05"), attestation("e-3", "2025-03-01", "2025-03-04")
    assert told(*events)[2:] == [("settled", "Patient p-1, 2025-03-03: settled: what was amiss is so no more.")]


def test_an_attestation_that_no_longer_covers_a_date_raises_it_again() -> None:
    events = (
        *(OVER, segment("e-1"), attestation("e-2", "2025-03-01", "2025-03-31")),
        attestation("e-3", "2025-03-04", "2025-03-31", revision=2),
    )
    assert kinds(*events) == ["kx_not_attested", "settled", "kx_not_attested"]


def test_an_attestation_of_the_other_bucket_settles_nothing() -> None:
    assert kinds(OVER, segment("e-1"), attestation("e-2", "2025-01-01", "2025-12-31", bucket="PT-SLP")) == [
        "kx_not_attested"
    ]


def test_a_claim_that_was_sent_as_the_day_stands_is_no_trouble() -> None:
    assert told(segment("e-1"), claim("e-2", "2025-03-03", ("97530", ["GO"], 2))) == []


def test_the_order_of_modifiers_is_no_difference() -> None:
    events = attestation("e-0", "2025-01-01", "2025-12-31"), OVER, segment("e-1")
    assert told(*events, claim("e-2", "2025-03-03", ("97530", ["KX", "GO"], 2))) == []


def test_a_claim_that_differs_is_raised_changed_and_settled() -> None:
    events = (
        claim("e-1", "2025-03-03", ("97530", ["GO"], 2)),
        segment("e-2", minutes=15),
        segment("e-3", minutes=45, segment_id="s-e-2", revision=2),
        segment("e-4", minutes=30, segment_id="s-e-2", revision=3),
    )
    was = "Patient p-1, 2025-03-03: Claim c-1 was sent with other lines than the day has now:"
    assert told(*events) == [
        ("resubmit", f"{was} 97530 GO x 1."),
        ("resubmit", f"{was} 97530 GO x 3."),
        ("settled", "Patient p-1, 2025-03-03: settled: what was amiss is so no more."),
    ]


def test_a_change_that_leaves_the_trouble_as_it_is_raises_nothing() -> None:
    events = claim("e-1", "2025-03-03", ("97530", ["GO"], 2)), segment("e-2", minutes=15)
    assert kinds(*events, segment("e-3", minutes=16, segment_id="s-e-2", revision=2)) == ["resubmit"]


def test_a_back_dated_segment_that_flips_kx_on_a_claim_already_sent_asks_for_a_new_one() -> None:
    attested = attestation("e-0", "2025-01-01", "2025-12-31")
    sent = claim("e-3", "2025-03-20", ("97530", ["GO"], 2))
    events = attested, accrual("e-1", 230_000), segment("e-2", "2025-03-20"), sent
    assert told(*events) == []
    back_dated = segment("e-4", "2025-03-04", 120)
    assert told(*events, back_dated) == [
        (
            "resubmit",
            "Patient p-1, 2025-03-20: Claim c-1 was sent with other lines than the day has now: 97530 GO KX x 2.",
        )
    ]


def test_a_claim_that_moves_to_another_date_settles_the_first() -> None:
    moved = claim("e-3", "2025-03-04", ("97530", ["GO"], 2), revision=2)
    events = segment("e-1", minutes=15), claim("e-2", "2025-03-03", ("97530", ["GO"], 2)), segment("e-4", "2025-03-04")
    assert told(*events, moved) == [
        (
            "resubmit",
            "Patient p-1, 2025-03-03: Claim c-1 was sent with other lines than the day has now: 97530 GO x 1.",
        ),
        ("settled", "Patient p-1, 2025-03-03: settled: what was amiss is so no more."),
    ]


def test_a_claim_for_a_day_that_was_taken_back_is_to_be_taken_back_too() -> None:
    events = segment("e-1"), claim("e-2", "2025-03-03", ("97530", ["GO"], 2)), void("e-3", "s-e-1")
    assert told(*events) == [
        ("resubmit", "Patient p-1, 2025-03-03: Claim c-1 was sent with other lines than the day has now: none.")
    ]


@pytest.mark.parametrize("in_order", list(permutations(range(3))))
def test_it_is_so_whichever_of_segment_claim_and_void_came_first(in_order: tuple[int, ...]) -> None:
    events = segment("e-1"), claim("e-2", "2025-03-03", ("97530", ["GO"], 2)), void("e-3", "s-e-1")
    assert told(*(events[place] for place in in_order))[-1:] == [
        ("resubmit", "Patient p-1, 2025-03-03: Claim c-1 was sent with other lines than the day has now: none.")
    ]


@pytest.mark.parametrize("in_order", list(permutations(range(3))))
def test_a_claim_for_the_date_that_a_segment_was_moved_from_is_to_be_taken_back(in_order: tuple[int, ...]) -> None:
    moved = segment("e-3", "2025-03-05", segment_id="s-e-1", revision=2)
    events = segment("e-1"), claim("e-2", "2025-03-03", ("97530", ["GO"], 2)), moved
    (*_, last) = told(*(events[place] for place in in_order))
    assert last[0] == "resubmit"
    assert last[1].startswith("Patient p-1, 2025-03-03: ")


def test_a_version_that_is_known_is_told_of_once_however_often_it_comes_late() -> None:
    late = segment("e-1"), segment("e-4", segment_id="s-e-1", revision=0)
    sent = claim("e-2", "2025-03-03", ("97530", ["GO"], 2))
    assert kinds(sent, void("e-3", "s-e-1"), *late, *late) == ["resubmit"]


def test_a_segment_that_is_recorded_after_all_settles_it() -> None:
    events = void("e-3", "s-e-1"), segment("e-1"), claim("e-2", "2025-03-03", ("97530", ["GO"], 2))
    assert kinds(*events, segment("e-4", segment_id="s-e-1", revision=3)) == ["resubmit", "settled"]


def test_a_claim_for_a_date_of_which_nothing_was_ever_said_waits_for_its_day() -> None:
    sent = claim("e-2", "2025-03-03", ("97530", ["GO"], 2))
    assert told(void("e-3", "s-e-1"), sent, segment("e-4", "2025-03-05")) == []


def test_the_claim_that_was_submitted_last_is_compared_not_the_one_that_came_last() -> None:
    wrong = claim("e-2", "2025-03-03", ("97530", ["GO"], 9), submitted_at="2025-03-09T20:00:00Z")
    right = claim("e-3", "2025-03-03", ("97530", ["GO"], 2), claim_id="c-2")
    assert told(segment("e-1"), right, wrong) == []


def test_a_code_that_is_not_listed_is_told_until_it_is_corrected() -> None:
    assert kinds(segment("e-1", code="99999"), segment("e-2", segment_id="s-e-1", revision=2)) == [
        "code_not_listed",
        "settled",
    ]


def test_a_line_without_a_price_is_told_with_the_figure_and_the_date() -> None:
    ((kind, sentence),) = told(segment("e-1", "2024-03-04"))
    assert kind == "no_price"
    assert "relative_values for 2024-03-04" in sentence


def test_a_year_without_thresholds_is_told_and_has_no_total() -> None:
    outputs = rated([segment("e-1", "2030-03-04")])
    assert outputs["threshold-totals"] == {}
    assert [alert["type"] for alert in outputs["alerts"]] == ["kxwatch.claim.no_threshold", "kxwatch.claim.no_price"]
    news = outputs["alerts"][0]["data"]
    assert (news["year"], news["service_date"]) == (2030, None)
    assert news["sentence"] == (
        "Patient p-1, 2030: The year has no total: no kx_threshold for 2030-01-01 in this release."
    )


def test_a_year_without_thresholds_is_told_once_and_settled_with_its_last_line() -> None:
    events = segment("e-1", "2030-03-04", code="97110"), segment("e-2", "2030-03-05")
    of_year = [kind for kind in kinds(*events) if kind == "no_threshold"]
    assert of_year == ["no_threshold"]
    gone = kinds(*events, void("e-3", "s-e-1"), void("e-4", "s-e-2"))
    assert gone.count("no_threshold") == 1
    assert gone.count("settled") == 3


DAY_OF_TWO = (
    segment("e-1", discipline="OT"),
    segment(
        "e-2",
        discipline="PT",
        code="97110",
        started_at="2025-03-03T10:00:00-05:00",
        stopped_at="2025-03-03T10:30:00-05:00",
    ),
    claim("e-3", "2025-03-03", ("97530", ["GO"], 2), claim_id="c-ot"),
    claim("e-4", "2025-03-03", ("97110", ["GP"], 2), claim_id="c-pt", submitted_at="2025-03-11T20:00:00Z"),
)


def test_a_day_that_went_out_on_a_claim_a_discipline_is_in_order() -> None:
    assert [kind for kind in kinds(*DAY_OF_TWO) if kind == "resubmit"] == []


def test_of_a_day_on_two_claims_the_one_that_differs_is_named() -> None:
    told_of = [sentence for kind, sentence in told(*DAY_OF_TWO, segment("e-5", minutes=45)) if kind == "resubmit"]
    assert told_of == [
        "Patient p-1, 2025-03-03: Claim c-ot was sent with other lines than the day has now: 97530 GO x 3."
    ]


def test_a_modifier_that_is_not_computed_here_makes_no_difference() -> None:
    sent = claim("e-3", "2025-03-03", ("97530", ["GO", "LT"], 2))
    assert [kind for kind in kinds(segment("e-1"), sent) if kind == "resubmit"] == []


def test_a_modifier_that_is_computed_here_and_not_due_is_to_be_taken_back() -> None:
    for modifier in ("CO", "59", "XS", "GA"):
        sent = claim("e-3", "2025-03-03", ("97530", ["GO", modifier], 2))
        assert kinds(segment("e-1"), sent) == ["resubmit"]


BESIDE = segment("e-2", minutes=15, code="97140", segment_id="s-beside")


def test_a_blocked_line_is_told_until_its_times_are_mended() -> None:
    later = {"started_at": "2025-03-03T10:00:00-05:00", "stopped_at": "2025-03-03T10:30:00-05:00"}
    mended = segment("e-3", segment_id="s-e-1", revision=2, **later)
    assert told(segment("e-1", minutes=31), BESIDE, mended) == [
        (
            "blocked",
            "Patient p-1, 2025-03-03: 97530: It overlaps 97140: bill it beside that code only for other minutes.",
        ),
        ("settled", "Patient p-1, 2025-03-03: settled: what was amiss is so no more."),
    ]


def actions(*events: Event) -> list[str]:
    found = [alert for alert in rated(events)["alerts"] if alert["type"] == "kxwatch.claim.resubmit"]
    return [alert["data"]["action"] for alert in found]


def test_a_correction_says_what_to_change_to_drop_and_to_add() -> None:
    sent = claim("e-3", "2025-03-03", ("97530", ["GO"], 1), ("97140", ["GO"], 1))
    manual = segment(
        "e-2", code="97110", started_at="2025-03-03T10:00:00-05:00", stopped_at="2025-03-03T10:15:00-05:00"
    )
    assert actions(segment("e-1"), manual, sent) == [
        "Send a corrected claim c-1: drop 97140 GO x 1, change 97530 GO x 1 to 97530 GO x 2, add 97110 GO x 1."
    ]


def test_a_claim_for_a_day_that_was_taken_back_is_to_be_voided() -> None:
    sent = claim("e-2", "2025-03-03", ("97530", ["GO"], 2))
    assert actions(segment("e-1"), sent, void("e-3", "s-e-1")) == ["Void claim c-1: drop 97530 GO x 2."]


def test_a_service_without_a_clock_is_compared_with_its_claim_like_a_segment() -> None:
    service = segment("e-1") | {"event_type": "service.recorded", "service_date": "2025-03-03", "minutes": 15}
    service = {name: value for name, value in service.items() if name not in {"started_at", "stopped_at"}}
    assert actions(service, claim("e-2", "2025-03-03", ("97530", ["GO"], 2))) == [
        "Send a corrected claim c-1: change 97530 GO x 2 to 97530 GO x 1."
    ]


def test_a_denied_line_is_told_with_its_reasons_and_settled_when_a_later_answer_pays() -> None:
    denied = segment("e-1"), remittance("e-2", "2025-03-03", 0)
    assert told(*denied) == [("denied", "Patient p-1, 2025-03-03: medicare-b denied 97530 GO: CO-50 $90.00.")]
    assert kinds(*denied, remittance("e-3", "2025-03-03", 5_800, adjudicated_on="2025-05-01")) == ["denied", "settled"]


def test_a_line_that_was_allowed_in_part_is_not_denied() -> None:
    adjusted = [{"group": "CO", "reason": "45", "amount_cents": 3_000}]
    assert told(segment("e-1"), remittance("e-2", "2025-03-03", 5_000, adjustments=adjusted)) == []


def test_a_denial_that_is_reversed_is_settled() -> None:
    reversal = remittance("e-3", "2025-03-03", 0, reverses="r-e-2", adjustments=[])
    assert kinds(segment("e-1"), remittance("e-2", "2025-03-03", 0), reversal) == ["denied", "settled"]


def test_an_answer_of_a_date_without_a_day_is_told_until_the_day_is_there() -> None:
    assert told(remittance("e-1", "2025-03-03", 5_000), segment("e-2")) == [
        (
            "remittance_without_line",
            "Patient p-1, 2025-03-03: Nothing was recorded for what was answered: r-e-1: 97530 GO.",
        ),
        ("settled", "Patient p-1, 2025-03-03: settled: what was amiss is so no more."),
    ]


def test_an_answer_to_no_line_of_a_day_that_stands_is_a_finding_of_the_claim_day() -> None:
    outputs = rated([segment("e-1"), remittance("e-2", "2025-03-03", 5_000, code="97112")])
    (claim_day,) = outputs["claim-days"].values()
    assert [(found["kind"], found["code"]) for found in claim_day["findings"]] == [("remittance_without_line", "97112")]
    assert outputs["alerts"] == []
