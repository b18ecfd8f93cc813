"""What of a patient's care somebody must act on: plans, progress reports, notes and coverage before a visit."""

from collections.abc import Iterator

from pipeline.ledger.care.alerts import Matter
from pipeline.ledger.care.facts import CareFacts, Family, Visit
from pipeline.rules.care import care_figure, certified_through, later
from pipeline.rules.payers import Payer, Payers


class Book:
    """The matters that are found, by what they are about, and the dates from which others will be.

    `today` is the newest day that was ticked, "" before the first: then no date has come. `payers` say what they ask.
    """

    def __init__(self, today: str, payers: Payers) -> None:
        self.today = today
        self.payers = payers
        self.matters: dict[str, Matter] = {}
        self.dates: set[str] = set()
        self._treated: dict[str, dict[str, list[tuple[str, Visit]]]] = {}

    def treated(self, facts: CareFacts, discipline: str) -> dict[str, list[tuple[str, Visit]]]:
        """Give a discipline's visits by payer, each after its date."""
        found = self._treated.get(discipline)
        if found is None:
            found = self._treated[discipline] = {}
            for date, visits in facts.visits.items():
                for visit in visits:
                    if visit.discipline == discipline:
                        found.setdefault(visit.payer_id, []).append((date, visit))
        return found

    def come(self, date: str) -> bool:
        """Tell whether a day has come; one that has not is to be looked at then."""
        if date <= self.today:
            return True
        self.dates.add(date)
        return False


def certification(facts: CareFacts, discipline: str, book: Book) -> None:
    """See whether a certified plan covers each visit, and for how long yet (42 CFR 424.24(c))."""
    last, through, open_visits = "", "", []
    for days, dates in _to_be_certified(facts, discipline, book):
        spans = [
            (plan.first, certified_through(plan.first, plan.through, days))
            for plan in facts.plans.values()
            if plan.discipline == discipline
        ]
        left = dates
        for first, end in spans:
            left = [date for date in left if not first <= date <= end]
        if left:
            open_visits.append((min(left), [end for _, end in spans]))
        elif max(dates) > last:
            last, through = max(dates), max([end for _, end in spans])
    if open_visits:
        date, ends = min(open_visits)
        _uncertified(date, discipline, ends, book)
        return
    if not last:
        return
    warned = care_figure("certification_warned_days", through)
    if warned is None or not book.come(later(through, -warned)) or not _in_treatment(facts, discipline, last, book):
        return
    text = f"the {discipline} plan of care is certified through {through}."
    book.matters[f"plan|{discipline}"] = Matter("certification_expiring", text, discipline=discipline, due_on=through)


def _to_be_certified(facts: CareFacts, discipline: str, book: Book) -> Iterator[tuple[int, list[str]]]:
    """Give the dates of visits whose payer asks for a certified plan, after the days that it counts for at most."""
    for payer_id, visits in book.treated(facts, discipline).items():
        dates = [date for date, visit in visits if visit.planned]
        if not dates:
            continue
        asked = book.payers.at(payer_id, max(dates))
        if asked is book.payers.at(payer_id, min(dates)):
            if asked.certification_days is not None:
                yield asked.certification_days, dates
            continue
        for date in dates:
            days = book.payers.at(payer_id, date).certification_days
            if days is not None:
                yield days, [date]


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
    treated = book.treated(facts, discipline)
    begins = max([date for visits in treated.values() for date, visit in visits if visit.begins], default="")
    for payer_id, visits in treated.items():
        dates = [date for date, _ in visits if date >= begins]
        if not dates:
            continue
        asked = book.payers.at(payer_id, max(dates))
        count, days = asked.progress_report_visits, asked.progress_report_days
        if days is None and (not count or len(dates) < count):
            # Most visits: whenever the last report was, none is due.
            continue
        reported = _reported(facts, discipline, begins)
        due = _report_due(asked, sorted(date for date in dates if date > reported), reported, book)
        if due is not None:
            due_on, passed = due
            after = f"the report of {reported}" if reported else min(dates)
            text = f"{discipline}: a progress report is due on {due_on}, {passed} since {after}."
            matter = Matter("progress_report_due", text, discipline, payer_id, service_date=due_on, due_on=due_on)
            book.matters[f"progress|{discipline}|{payer_id}"] = matter


def _reported(facts: CareFacts, discipline: str, begins: str) -> str:
    """Give the date of an episode's last progress report; "" where there is none."""
    dates = [
        key[:10]
        for key, notes in facts.notes.items()
        if key[11:] == discipline and key[:10] >= begins and any(note.reports for note in notes.values())
    ]
    return max(dates, default="")


def _report_due(asked: Payer, since: list[str], reported: str, book: Book) -> tuple[str, str] | None:
    if not since:
        return None
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
