"""What of a patient's care somebody must act on: plans, progress reports, notes and coverage before a visit."""

from pipeline.ledger.care_alerts import Matter
from pipeline.ledger.care_facts import CareFacts, Family
from pipeline.rules.care import care_figure, certified_through, later
from pipeline.rules.payers import Payers


class Book:
    """The matters that are found, by what they are about, and the dates from which others will be.

    `today` is the newest day that was ticked, "" before the first: then no date has come. `payers` say what they ask.
    """

    def __init__(self, today: str, payers: Payers) -> None:
        self.today = today
        self.payers = payers
        self.matters: dict[str, Matter] = {}
        self.dates: set[str] = set()

    def come(self, date: str) -> bool:
        """Tell whether a day has come; one that has not is to be looked at then."""
        if date <= self.today:
            return True
        self.dates.add(date)
        return False


def certification(facts: CareFacts, discipline: str, book: Book) -> None:
    """See whether a certified plan covers each visit, and for how long yet (42 CFR 424.24(c))."""
    visits = {
        date: days
        for date, parts in facts.visits.items()
        for part in parts
        if part.discipline == discipline and part.planned
        if (days := book.payers.at(part.payer_id, date).certification_days) is not None
    }
    if not visits:
        return
    plans = [plan for plan in facts.plans.values() if plan.discipline == discipline]
    spans = {
        days: [(plan.first, certified_through(plan.first, plan.through, days)) for plan in plans]
        for days in set(visits.values())
    }
    open_visits = [
        date for date, days in visits.items() if not any(first <= date <= through for first, through in spans[days])
    ]
    last = max(visits)
    if open_visits:
        date = min(open_visits)
        _uncertified(date, discipline, [through for _, through in spans[visits[date]]], book)
        return
    through = max(through for _, through in spans[visits[last]])
    warned = care_figure("certification_warned_days", through)
    if warned is None or not book.come(later(through, -warned)) or not _in_treatment(facts, discipline, last, book):
        return
    text = f"the {discipline} plan of care is certified through {through}."
    book.matters[f"plan|{discipline}"] = Matter("certification_expiring", text, discipline=discipline, due_on=through)


def _uncertified(date: str, discipline: str, ends: list[str], book: Book) -> None:
    about = f"plan|{discipline}"
    ended = max((end for end in ends if end < date), default=None)
    if ended is not None:
        text = f"the {discipline} plan of care was certified through {ended}, and the visit of {date} is later."
        matter = Matter("certification_expired", text, discipline=discipline, service_date=date, due_on=ended)
        book.matters[about] = matter
        return
    grace = care_figure("certification_grace_days", date)
    if grace is not None and book.come(later(date, grace)):
        due_on = later(date, grace)
        text = f"no certified {discipline} plan of care covers the visit of {date}; it was due by {due_on}."
        matter = Matter("certification_missing", text, discipline=discipline, service_date=date, due_on=due_on)
        book.matters[about] = matter


def _in_treatment(facts: CareFacts, discipline: str, last: str, book: Book) -> bool:
    """Tell whether a patient whose last visit is of a date was treated lately, or is to be."""
    days = care_figure("in_treatment_days", last)
    if days is not None and not book.come(later(last, days + 1)):
        return True
    planned = [
        found.date for found in facts.appointments.values() if found.discipline == discipline and not found.cancelled
    ]
    return bool(planned) and not book.come(later(max(planned), 1))


def progress(facts: CareFacts, discipline: str, book: Book) -> None:
    """See whether a progress report is due: after so many treatment days, or days, since the last or the evaluation."""
    days: dict[str, list[str]] = {}
    begins = ""
    for date, parts in facts.visits.items():
        for part in parts:
            if part.discipline == discipline:
                days.setdefault(part.payer_id, []).append(date)
                if part.begins and date > begins:
                    begins = date
    reports = [
        key[:10]
        for key, notes in facts.notes.items()
        if key[11:] == discipline and any(note.reports for note in notes.values())
    ]
    reported = max(reports, default="")
    for payer_id, dates in days.items():
        since = sorted(date for date in dates if date > reported and date >= begins)
        due = _report_due(payer_id, since, reported if reported >= begins else "", book)
        if due is not None:
            due_on, count = due
            after = f"the report of {reported}" if reported and reported >= begins else since[0]
            text = f"{discipline}: a progress report is due on {due_on}, {count} since {after}."
            matter = Matter("progress_report_due", text, discipline, payer_id, service_date=due_on, due_on=due_on)
            book.matters[f"progress|{discipline}|{payer_id}"] = matter


def _report_due(payer_id: str, since: list[str], reported: str, book: Book) -> tuple[str, str] | None:
    if not since:
        return None
    asked = book.payers.at(payer_id, since[0])
    visits, days = asked.progress_report_visits, asked.progress_report_days
    found = (since[visits - 1], f"{visits} treatment days") if visits and len(since) >= visits else None
    if days is not None:
        due_on = later(reported or since[0], days)
        # By whichever of the two is first.
        if found is not None and found[0] <= due_on:
            return found
        lasts = care_figure("in_treatment_days", due_on)
        if book.come(due_on) and lasts is not None and not book.come(later(since[-1], lasts + 1)):
            return due_on, f"{days} days"
    return found


def documentation(facts: CareFacts, date: str, discipline: str, book: Book) -> None:
    """See which elements a visit's notes lack."""
    for therapist_id, note in facts.notes.get(f"{date}|{discipline}", {}).items():
        if missing := note.missing:
            names = ", ".join(name.replace("_", " ") for name in missing)
            text = f"the {discipline} note of {date} by {therapist_id} lacks {names}."
            matter = Matter(
                "documentation_missing", text, discipline=discipline, service_date=date, about=[therapist_id, *missing]
            )
            book.matters[f"elements|{date}|{discipline}|{therapist_id}"] = matter


def noted(facts: CareFacts, date: str, discipline: str, book: Book) -> None:
    """See whether a visit that bills units has a note, once the days for it have passed."""
    billed = [
        part for part in facts.visits.get(date, ()) if part.discipline == discipline and part.noted and part.units
    ]
    if not billed or facts.notes.get(f"{date}|{discipline}"):
        return
    grace = care_figure("note_grace_days", date)
    if grace is not None and book.come(later(date, grace)):
        text = f"the {discipline} visit of {date} is billed and has no note."
        matter = Matter(
            "note_missing", text, discipline, billed[0].payer_id, service_date=date, due_on=later(date, grace)
        )
        book.matters[f"note|{date}|{discipline}"] = matter


def verified(facts: CareFacts, book: Book) -> None:
    """See whether coverage was verified before the appointments to come; the first that lacks it stands for all."""
    dates = sorted({found.date for found in facts.appointments.values() if found.covered and not found.cancelled})
    spans = [(found.first, found.through) for found in facts.coverages.values() if found.verified]
    for date in dates:
        ahead, kept = care_figure("verification_ahead_days", date), care_figure("appointment_kept_days", date)
        if ahead is None or kept is None or any(first <= date <= through for first, through in spans):
            continue
        if book.come(later(date, kept)):
            continue
        if book.come(later(date, -ahead)):
            text = f"no coverage was verified for the visit of {date}."
            matter = Matter("coverage_not_verified", text, service_date=date, due_on=later(date, -ahead))
            book.matters["verify"] = matter
        return


def families(facts: CareFacts) -> list[Family]:
    """Give every family of matters that a day's beginning may change."""
    found: dict[Family, None] = {}
    for date, parts in facts.visits.items():
        for part in parts:
            found["plan", part.discipline] = found["progress", part.discipline] = found["cover", part.payer_id] = None
            if part.noted and f"{date}|{part.discipline}" not in facts.notes:
                found["note", date, part.discipline] = None
    found |= {("cover", coverage.payer_id): None for coverage in facts.coverages.values()}
    return [*found, ("verify",)]
