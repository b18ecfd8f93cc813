"""What a payer still allows a patient: visits of a limit, visits, units and days of an authorization."""

from collections.abc import Iterator

from pipeline.events.alerts import CareKind
from pipeline.events.coverage import Authorization
from pipeline.ledger.care.alerts import Matter
from pipeline.ledger.care.facts import CareFacts
from pipeline.ledger.care.matters import Book
from pipeline.ledger.care.said import Coverage
from pipeline.rules.care import care_figure, later

Billed = tuple[str, int]
"""A visit: its date, and its units. What a date bills for two disciplines are two visits."""


def coverage(facts: CareFacts, payer_id: str, book: Book) -> None:
    """See what is left of a payer's limit and authorization, of each coverage that no newer one stands for."""
    if not _limits(facts, payer_id, book):
        # Most patients, Medicare's above all: nothing is counted.
        return
    visits = sorted(
        (date, part.units) for date, parts in facts.visits.items() for part in parts if part.payer_id == payer_id
    )
    standing = list(_standing(facts, payer_id))
    for coverage_id, found in standing:
        about = f"cover|{payer_id}|{coverage_id}"
        own = [(date, units) for date, units in visits if found.first <= date <= found.through]
        _limit(found, coverage_id, own, about, book)
        if found.authorization is not None:
            granted = facts.granted.get(f"{payer_id}|{found.authorization.number}", found.as_of)
            counted = [(date, units) for date, units in own if date >= granted]
            _authorization(found.authorization, (coverage_id, payer_id), counted, about, book)
    _needed(payer_id, visits, [found for _, found in standing], book)
    if visits and not any(found.limit is not None and found.through >= visits[-1][0] for _, found in standing):
        _yearly(payer_id, [date for date, _ in visits], book)


def _limits(facts: CareFacts, payer_id: str, book: Book) -> bool:
    """Tell whether a payer may set any limit."""
    if any(
        found.payer_id == payer_id and (found.limit is not None or found.authorization is not None)
        for found in facts.coverages.values()
    ):
        return True
    dates = [date for date, parts in facts.visits.items() for part in parts if part.payer_id == payer_id]
    asked = [book.payers.at(payer_id, date) for date in ((min(dates), max(dates)) if dates else ())]
    if asked and asked[0] is not asked[1]:
        asked = [book.payers.at(payer_id, date) for date in dates]
    return any(found.visit_limit is not None or found.authorization_needed for found in asked)


def _standing(facts: CareFacts, payer_id: str) -> Iterator[tuple[str, Coverage]]:
    """Give a payer's coverages that no report of a later answer overlaps."""
    of_payer = [(name, found) for name, found in facts.coverages.items() if found.payer_id == payer_id]
    for name, found in sorted(of_payer):
        if not any(
            other.first <= found.through and found.first <= other.through and _order(other, key) > _order(found, name)
            for key, other in of_payer
        ):
            yield name, found


def _order(found: Coverage, coverage_id: str) -> tuple[str, str]:
    return found.as_of, coverage_id


def _limit(found: Coverage, coverage_id: str, own: list[Billed], about: str, book: Book) -> None:
    if found.limit is None:
        return
    # What a payer says is used it has counted before its answer; what it does not say is counted from the start.
    used = len(own) if found.used is None else found.used + sum(date >= found.as_of for date, _ in own)
    warned = care_figure("visits_warned", found.as_of)
    left = found.limit - used
    if warned is not None and left <= warned and used:
        text = f"{found.payer_id} pays {found.limit} visits through {found.through}: {_left(left, 'visit')}."
        matter = Matter("visit_limit", text, payer_id=found.payer_id, left=left, about=[coverage_id])
        book.matters[f"{about}|limit"] = matter


def _yearly(payer_id: str, dates: list[str], book: Book) -> None:
    """See what is left of the limit that a payer sets for a year, where no coverage says another."""
    year = dates[-1][:4]
    limit, warned = book.payers.at(payer_id, dates[-1]).visit_limit, care_figure("visits_warned", dates[-1])
    left = (limit or 0) - sum(date[:4] == year for date in dates)
    if limit is not None and warned is not None and left <= warned:
        text = f"{payer_id} pays {limit} visits in {year}: {_left(left, 'visit')}."
        matter = Matter("visit_limit", text, payer_id=payer_id, due_on=f"{year}-12-31", left=left)
        book.matters[f"cover|{payer_id}||year"] = matter


def _authorization(leave: Authorization, of: tuple[str, str], counted: list[Billed], about: str, book: Book) -> None:
    coverage_id, payer_id = of
    name, ids = f"authorization {leave.number} of {payer_id}", [coverage_id, leave.number]
    within = [(date, units) for date, units in counted if leave.through is None or date <= leave.through]
    for kind, limit, used in (
        ("visits", leave.visits, len(within)),
        ("units", leave.units, sum([units for _, units in within])),
    ):
        warned = care_figure(f"{kind}_warned", within[-1][0]) if within else None
        if limit is None or warned is None or limit - used > warned:
            continue
        left = limit - used
        text = _left(left, kind[:-1])
        if kind == "units":
            # Every segment uses some: what is told is that they run out, and that they have, not each number between.
            left, text = (warned, f"{warned} or fewer left") if left > 0 else (0, "all are used")
        matter = Matter(_KINDS[kind], f"{name} is for {limit} {kind}: {text}.", payer_id=payer_id, left=left, about=ids)
        book.matters[f"{about}|{kind}"] = matter
    if leave.through is not None and counted:
        _days(leave.through, (payer_id, name, ids), [date for date, _ in counted], f"{about}|days", book)


_KINDS: dict[str, CareKind] = {"visits": "authorization_visits", "units": "authorization_units"}


def _days(through: str, of: tuple[str, str, list[str]], dates: list[str], about: str, book: Book) -> None:
    payer_id, name, ids = of
    late = next((date for date in dates if date > through), None)
    if late is not None:
        text = f"{name} ended on {through}, and the visit of {late} is later."
        book.matters[about] = Matter(
            "authorization_expired", text, payer_id=payer_id, service_date=late, due_on=through, about=ids
        )
        return
    warned, lasts = care_figure("authorization_warned_days", through), care_figure("in_treatment_days", dates[-1])
    if warned is None or lasts is None or not book.come(later(through, -warned)):
        return
    if not book.come(later(dates[-1], lasts + 1)):
        text = f"{name} ends on {through}."
        book.matters[about] = Matter("authorization_expiring", text, payer_id=payer_id, due_on=through, about=ids)


def _needed(payer_id: str, visits: list[Billed], standing: list[Coverage], book: Book) -> None:
    spans = [(found.first, found.through) for found in standing if found.authorization is not None]
    for date, _ in visits:
        if book.payers.at(payer_id, date).authorization_needed and not any(
            first <= date <= through for first, through in spans
        ):
            text = f"{payer_id} asks for an authorization, and none is known for the visit of {date}."
            matter = Matter("authorization_missing", text, payer_id=payer_id, service_date=date)
            book.matters[f"cover|{payer_id}||missing"] = matter
            return


def _left(left: int, what: str) -> str:
    number = f"{abs(left)} {what}{'' if abs(left) == 1 else 's'}"
    return f"{number} left" if left > 0 else f"{number} more than that" if left < 0 else "none left"
