"""Care of merged patients: notes, plans and coverage of either record are the survivor's, and told once."""

from typing import Any

from ledger.care import coverage, note, plan, tick, visit
from ledger.emr import Event, base
from ledger.rated import rated


def of(patient: str, event: Event) -> Event:
    return event | {"patient_id": patient, "event_id": f"{patient}-{event['event_id']}"}


def merge(patient: str, into: str, revision: int = 1) -> Event:
    said = {"patient_id": patient, "into_patient_id": into, "revision": revision}
    return base("patient.merged", f"m-{patient}-{revision}") | said


def standing(*events: Event) -> dict[tuple[str, str], Any]:
    """Give the last care alerts by patient and kind, less what is settled."""
    found: dict[tuple[str, str], Any] = {}
    for alert in rated(events)["alerts"]:
        if alert["type"].startswith("kxwatch.care."):
            place = alert["subject"], alert["data"]["kind"]
            found.pop(place, None)
            if not alert["type"].endswith("settled"):
                found[place] = alert["data"]["about"]
    return found


def test_a_note_under_one_record_is_that_of_the_others_visit() -> None:
    late = tick("2025-03-10")
    events = of("p-1", visit("2025-03-03")), of("p-2", note("2025-03-03"))
    assert ("p-1", "note_missing") in standing(*events, late)
    assert ("p-1", "note_missing") not in standing(*events, late, merge("p-2", "p-1"))
    assert ("p-1", "note_missing") in standing(*events, late, merge("p-2", "p-1"), merge("p-2", "p-2", 2))


def test_what_was_amiss_with_the_merged_patient_is_settled_and_told_of_the_survivor() -> None:
    events = of("p-2", visit("2025-03-03")), tick("2025-04-10")
    assert {patient for patient, _ in standing(*events)} == {"p-2"}
    assert {patient for patient, _ in standing(*events, merge("p-2", "p-1"))} == {"p-1"}
    assert standing(*events, merge("p-2", "p-1"), merge("p-2", "p-2", 2)) == standing(*events)


def test_the_order_of_merge_and_facts_does_not_matter() -> None:
    facts = [
        of("p-1", visit("2025-03-03", payer_id="uhc")),
        of("p-2", visit("2025-03-05", payer_id="uhc")),
        of("p-2", plan("2025-03-01", "2025-05-01")),
        of("p-2", coverage(visit_limit=3, visits_used=1)),
        of("p-1", note("2025-03-05")),
    ]
    after = standing(*facts, tick("2025-03-20"), merge("p-2", "p-1"))
    assert after == standing(merge("p-2", "p-1"), *facts, tick("2025-03-20"))
    assert ("p-1", "visit_limit") in after
