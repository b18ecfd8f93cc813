"""What two accounts of one day differ in, line by line."""

from collections.abc import Iterator

from msgspec import Struct

from pipeline.events.days import ClaimLine
from pipeline.explaining.account import Account

_OF_LINES = (
    *("units", "minutes", "modifiers", "full_cents", "allowed_cents"),
    *("patient_cents", "payer_cents"),
)
_ASSISTED = {"CO", "CQ"}
Value = int | str | None


class Difference(Struct, frozen=True):
    """One thing that differs: what it is about, its name, what it is now and what it would be; None: not there."""

    about: str
    name: str
    now: Value
    then: Value


def differences(now: Account | None, then: Account | None) -> list[Difference]:
    """Give what other rules would change of a day: lines, units, minutes, findings and totals, in this order."""
    found = [*_lines(now, then), *_measures(now, then), *_findings(now, then), *_totals(now, then)]
    return [one for one in found if one.now != one.then]


def _lines(now: Account | None, then: Account | None) -> Iterator[Difference]:
    ours, theirs = _by_name(now), _by_name(then)
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None:
            yield Difference(name, "line", _told(one), _told(other))
            continue
        for of in _OF_LINES:
            yield Difference(name, of, _plain(getattr(one, of)), _plain(getattr(other, of)))


def _by_name(of: Account | None) -> dict[str, ClaimLine]:
    found = {}
    for explained in of.lines if of else ():
        line = explained.line
        assisted = sorted(_ASSISTED.intersection(line.modifiers))
        found[" ".join([line.payer_id, line.discipline, line.code, *assisted])] = line
    return found


def _told(line: ClaimLine | None) -> str | None:
    return None if line is None else f"{line.units} x {line.code}"


def _plain(value: object) -> Value:
    if isinstance(value, list):
        return " ".join(value)
    return value if isinstance(value, int | str) else None


def _measures(now: Account | None, then: Account | None) -> Iterator[Difference]:
    for of in ("minutes", "units"):
        for kind in ("timed", "untimed"):
            ours = getattr(getattr(now, of), kind) if now else None
            theirs = getattr(getattr(then, of), kind) if then else None
            yield Difference("the day", f"{kind} {of}", ours, theirs)


def _findings(now: Account | None, then: Account | None) -> Iterator[Difference]:
    ours, theirs = _kinds(now), _kinds(then)
    for about, kind in sorted(ours | theirs):
        there = {True: "found", False: None}
        yield Difference(about, kind, there[(about, kind) in ours], there[(about, kind) in theirs])


def _kinds(of: Account | None) -> set[tuple[str, str]]:
    return {
        (" ".join(part for part in (found.payer_id, found.discipline, found.code) if part) or "the day", found.kind)
        for found in (of.findings if of else ())
    }


def _totals(now: Account | None, then: Account | None) -> Iterator[Difference]:
    ours = {one.total.bucket: one.total for one in now.totals} if now else {}
    theirs = {one.total.bucket: one.total for one in then.totals} if then else {}
    for bucket in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(bucket), theirs.get(bucket)
        yield Difference(bucket, "total_cents", one.total_cents if one else None, other.total_cents if other else None)
        for name in ("kx", "review"):
            was = getattr(one, name).state if one else None
            would = getattr(other, name).state if other else None
            yield Difference(bucket, name, was, would)
