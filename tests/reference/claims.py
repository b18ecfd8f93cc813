"""Claims for days that have come and gone: somebody said that there was something, and nothing stands of it."""

from reference.facts import WHOLE, Event, by_patient, segments, standing


def claims_to_take_back(events: list[Event]) -> set[tuple[str, str, str]]:
    """Give patient, date and payer of each claim that was sent for such a day, and stands with lines.

    A date that no segment was ever said to be of is none: what was done there may still be to come.
    """
    found = set()
    for patient, said in by_patient(events).items():
        told_of = {date_said(event) for event in said if event["event_type"] in WHOLE | {"segment.started"}}
        gone = told_of - {segment.date for segment in segments(said)}
        for claim in standing(said, "claim.submitted"):
            if claim["service_date"] in gone and claim["lines"]:
                found.add((patient, claim["service_date"], claim["payer_id"]))
    return found


def date_said(event: Event) -> str:
    return event["started_at"][:10] if "started_at" in event else event["service_date"]
