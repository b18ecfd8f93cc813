"""Claims and answers of merged patients: what is amiss is told of the survivor, whichever record it was sent for."""

from ledger.emr import Event, base, claim, note, remittance, segment, void
from ledger.rated import rated

MERGED = base("patient.merged", "m-1") | {"patient_id": "p-2", "into_patient_id": "p-1", "revision": 1}


def told(*events: Event) -> list[tuple[str, str]]:
    """Give the claim alerts that stand in the end, by subject."""
    found: dict[tuple[str, str], str] = {}
    for alert in rated(events)["alerts"]:
        if alert["type"].startswith("kxwatch.claim."):
            place = alert["subject"], alert["data"]["kind"]
            found.pop(place, None)
            if not alert["type"].endswith("settled"):
                found[place] = alert["data"]["sentence"]
    return sorted(found)


def of_other(event: Event) -> Event:
    return event | {"patient_id": "p-2"}


def test_an_answer_of_a_date_without_a_day_is_told_and_settled_by_the_other_records_day() -> None:
    answer = of_other(remittance("e-1", "2025-03-03", 5_000))
    assert told(MERGED, answer) == told(answer, MERGED) == [("p-1", "remittance_without_line")]
    assert told(MERGED, answer, segment("e-2")) == []


def test_a_claim_for_a_day_that_the_other_record_took_back_is_to_be_taken_back() -> None:
    sent = claim("e-2", "2025-03-03", ("97530", ["GO"], 2))
    gone = of_other(void("e-3", "s-e-1")), of_other(segment("e-1"))
    assert told(MERGED, *gone, sent) == told(*gone, sent, MERGED) == [("p-1", "resubmit")]


def test_a_note_alone_makes_no_day_that_a_claim_differs_from() -> None:
    sent = claim("e-2", "2025-03-03", ("97530", ["GO"], 2))
    assert told(MERGED, sent, of_other(note("e-1"))) == told(sent, of_other(note("e-1")), MERGED) == []
