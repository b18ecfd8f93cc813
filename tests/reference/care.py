"""What care lacks in the end: every matter that stands, from all events at once and the newest day that has begun."""

from collections import defaultdict
from datetime import date, timedelta

from reference.facts import Event, by_patient, newest, notes
from reference.recompute import recompute

BEGIN = {"97161", "97162", "97163", "97165", "97166", "97167", "92521", "92522", "92523", "92524"}
ELEMENTS = ("functional_goals", "medical_necessity", "patient_response", "plan_of_care")
ELEMENTS += ("progress", "services_provided", "treatment_time")
UNWATCHED = {"self-pay"}
"""Payers that ask for no certificate and no report; all others do, after 90 days and after ten treatment days."""
NEVER = "0001-01-01"
"""The day that it is before the first tick."""

Visit = tuple[str, str, str, int, bool]
"""Date, payer, discipline, units, and whether an evaluation is among them."""


def after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days)).isoformat()


def matters(events: list[Event], sites: dict[str, dict]) -> dict[str, list[dict]]:
    """Give by patient what alerts say that stand: plans, reports, notes, limits, authorizations, verification."""
    today = max((event["date"] for event in events if event["event_type"] == "day.ticked"), default=NEVER)
    days = recompute(events, sites)["billable-days"]
    found = {}
    for patient, said in by_patient(events).items():
        treated = [visit for key, day in days.items() if key.split("|")[0] == patient for visit in visits(day)]
        found[patient] = [
            *certificates(treated, said, today),
            *reports(treated, notes(said)),
            *of_notes(treated, notes(said), today),
            *limits(treated, said, today),
            *verification(said, today),
        ]
    return {patient: told for patient, told in found.items() if told}


def visits(day: dict) -> list[Visit]:
    of = {(line["payer_id"], line["discipline"]) for line in day["lines"]}
    found = []
    for payer, discipline in of:
        lines = [line for line in day["lines"] if (line["payer_id"], line["discipline"]) == (payer, discipline)]
        begins = any(line["code"] in BEGIN for line in lines)
        found.append((day["service_date"], payer, discipline, sum(line["units"] for line in lines), begins))
    return found


def facts(said: list[Event], name: str, *types: str) -> list[Event]:
    """Give the newest version of each fact of some types, by the name of its id."""
    versions = defaultdict(list)
    for event in said:
        if event["event_type"] in types:
            versions[event[name]].append(event)
    return [newest(same) for same in versions.values()]


def kept_appointments(said: list[Event]) -> list[Event]:
    made = facts(said, "appointment_id", "visit.scheduled", "visit.cancelled")
    return [one for one in made if one["event_type"] == "visit.scheduled"]


def certificates(treated: list[Visit], said: list[Event], today: str) -> list[dict]:
    told = []
    plans = facts(said, "plan_id", "plan.certified")
    for of in {discipline for _, _, discipline, _, _ in treated}:
        dates = sorted(day for day, payer, discipline, _, _ in treated if discipline == of and payer not in UNWATCHED)
        spans = [
            (plan["certified_from"], min(plan["certified_through"], after(plan["certified_from"], 89)))
            for plan in plans
            if plan["discipline"] == of
        ]
        uncovered = [day for day in dates if not any(first <= day <= last for first, last in spans)]
        if uncovered:
            first = uncovered[0]
            ended = [last for _, last in spans if last < first]
            if ended:
                told.append(matter("certification_expired", of, day=first, due=max(ended)))
            elif today >= after(first, 30):
                told.append(matter("certification_missing", of, day=first, due=after(first, 30)))
        elif dates:
            ends = max(last for _, last in spans)
            coming = [one["starts_at"][:10] for one in kept_appointments(said) if one["discipline"] == of]
            lately = today <= after(dates[-1], 30) or any(today <= day for day in coming)
            if today >= after(ends, -14) and lately:
                told.append(matter("certification_expiring", of, due=ends))
    return told


def reports(treated: list[Visit], noted: list[Event]) -> list[dict]:
    told = []
    for payer, of in {(payer, discipline) for _, payer, discipline, _, _ in treated if payer not in UNWATCHED}:
        begun = max((day for day, _, discipline, _, begins in treated if discipline == of and begins), default="")
        written = [note["service_date"] for note in noted if note["discipline"] == of and note["progress_report"]]
        last = max((day for day in written if day >= begun), default="")
        dates = [day for day, by, discipline, _, _ in treated if (by, discipline) == (payer, of)]
        since = sorted(day for day in dates if day >= begun and day > last)
        if len(since) >= 10:
            told.append(matter("progress_report_due", of, payer, day=since[9], due=since[9]))
    return told


def of_notes(treated: list[Visit], noted: list[Event], today: str) -> list[dict]:
    told = []
    for note in noted:
        lacking = [name for name in ELEMENTS if name not in note["elements"]]
        if lacking:
            about = [note["therapist_id"], *lacking]
            told.append(matter("documentation_missing", note["discipline"], day=note["service_date"], about=about))
    there = {(note["service_date"], note["discipline"]) for note in noted}
    for day, of in {(day, discipline) for day, _, discipline, _, _ in treated} - there:
        if today >= after(day, 2):
            payer = min(by for on, by, discipline, _, _ in treated if (on, discipline) == (day, of))
            told.append(matter("note_missing", of, payer, day=day, due=after(day, 2)))
    return told


def answered_on(report: Event) -> str:
    return (report.get("verified_at") or report["occurred_at"])[:10]


def limits(treated: list[Visit], said: list[Event], today: str) -> list[dict]:
    told = []
    reported = facts(said, "coverage_id", "coverage.reported")
    for report in reported:
        payer, first, last = (report[name] for name in ("payer_id", "effective_from", "effective_through"))
        newer = [
            other
            for other in reported
            if other["payer_id"] == payer
            and other["effective_from"] <= last
            and first <= other["effective_through"]
            and (answered_on(other), other["coverage_id"]) > (answered_on(report), report["coverage_id"])
        ]
        if newer:
            continue
        own = sorted((day, units) for day, by, _, units, _ in treated if by == payer and first <= day <= last)
        if report.get("visit_limit") is not None:
            used = len(own)
            if report.get("visits_used") is not None:
                used = report["visits_used"] + sum(day >= answered_on(report) for day, _ in own)
            left = report["visit_limit"] - used
            if used and left <= 3:
                told.append(matter("visit_limit", payer=payer, left=left, about=[report["coverage_id"]]))
        if report.get("authorization"):
            told += authorization(report, own, said, today)
    return told


def authorization(report: Event, own: list[tuple[str, int]], said: list[Event], today: str) -> list[dict]:
    told, leave, payer = [], report["authorization"], report["payer_id"]
    about = [report["coverage_id"], leave["number"]]
    known = min(
        answered_on(other)
        for other in said
        if other["event_type"] == "coverage.reported"
        and other["payer_id"] == payer
        and (other.get("authorization") or {}).get("number") == leave["number"]
    )
    ends = leave.get("through")
    counted = [(day, units) for day, units in own if day >= known]
    within = [(day, units) for day, units in counted if ends is None or day <= ends]
    if within and leave.get("visits") is not None and leave["visits"] - len(within) <= 3:
        told.append(matter("authorization_visits", payer=payer, left=leave["visits"] - len(within), about=about))
    if within and leave.get("units") is not None:
        units = leave["units"] - sum(units for _, units in within)
        if units <= 12:
            told.append(matter("authorization_units", payer=payer, left=12 if units > 0 else 0, about=about))
    if ends is not None and counted:
        late = [day for day, _ in counted if day > ends]
        if late:
            told.append(matter("authorization_expired", payer=payer, day=late[0], due=ends, about=about))
        elif after(ends, -14) <= today <= after(counted[-1][0], 30):
            told.append(matter("authorization_expiring", payer=payer, due=ends, about=about))
    return told


def verification(said: list[Event], today: str) -> list[dict]:
    covered = [
        (report["effective_from"], report["effective_through"])
        for report in facts(said, "coverage_id", "coverage.reported")
        if report.get("verified_at") is not None
    ]
    for day in sorted({one["starts_at"][:10] for one in kept_appointments(said)}):
        if any(first <= day <= last for first, last in covered) or today >= after(day, 30):
            continue
        return [matter("coverage_not_verified", day=day, due=after(day, -2))] if today >= after(day, -2) else []
    return []


def matter(
    kind: str,
    discipline: str | None = None,
    payer: str | None = None,
    *,
    day: str | None = None,
    due: str | None = None,
    left: int | None = None,
    about: list[str] | None = None,
) -> dict:
    return {
        "kind": kind,
        "discipline": discipline,
        "payer_id": payer,
        "service_date": day,
        "due_on": due,
        "left": left,
        "about": about or [],
    }
