"""A patient's day from its segments: minutes, units, prices, findings."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from reference.checks import checks, documented
from reference.clock import counted_once
from reference.facts import Segment
from reference.figures import (
    ASSISTANT,
    CAREGIVER,
    COGNITIVE,
    DISCIPLINES,
    INITIAL_EVALUATIONS,
    LISTED,
    MODIFIER,
    UNTIMED,
    parameter,
)
from reference.marks import mark
from reference.payers import lacking, listed, rule
from reference.prices import UnitPrice, unit_price

# 16 minutes to 37 are the first unit of caregiver training; each 15 minutes past 30 round on.
CAREGIVER_FIRST_FROM, CAREGIVER_SECOND_FROM = 16, 38


@dataclass
class Count:
    """One minute count: a code, or the two codes of a pair, of one payer and discipline."""

    payer: str
    discipline: str
    code: str
    segments: list[Segment]
    site: dict
    minutes: int = 0
    units: int = 0

    @property
    def timed(self) -> bool:
        return self.code not in UNTIMED

    @property
    def started(self) -> Fraction | None:
        return min((s.started for s in self.segments if s.started is not None), default=None)


@dataclass
class Line:
    """A line of the day, with its price."""

    count: Count
    code: str
    units: int
    minutes: int
    price: UnitPrice | None
    full: int | None = None
    allowed: int | None = None
    assisted: bool = False
    distinct: str | None = None
    notice: bool = False

    @property
    def place(self) -> tuple:
        return self.count.payer, DISCIPLINES.index(self.count.discipline), self.code, self.assisted


def count_code(code: str) -> str:
    for first, further in (COGNITIVE, CAREGIVER):
        if code == further:
            return first
    return code


def clock_order(segment: Segment) -> tuple:
    return segment.started is None, segment.started or 0, segment.segment_id


def day(
    date: str, segments: list[Segment], sites: dict[str, dict], notes: Sequence[dict] = ()
) -> tuple[list[Line], list[Count], set[str]]:
    """Give the lines in order, the counts and the kinds of findings of one patient's date."""
    segments, overlapping = counted_once(segments)
    fitting = [s for s in segments if s.fits]
    counts = counted([s for s in fitting if s.code in LISTED], sites)
    give_units(counts, date)
    lines = sorted((line for count in counts for line in lines_of(count, date)), key=lambda line: line.place)
    price(lines, date)
    rated = at_one_rate(lines, date)
    marked = mark(lines, [s for s in fitting if s.code in LISTED])
    checked = checks([s for s in fitting if s.code in LISTED], lines, date, sites) | documented(notes, segments, lines)
    kinds = dict.fromkeys({*marked, *rated, *checked}, True) | {
        "overlap": overlapping,
        "no_figure": any(lacks_figure(count, date) for count in counts),
        "halves_do_not_fit": len(fitting) < len(segments),
        "code_not_listed": any(s.code not in LISTED for s in fitting),
        "times_missing": any(s.started is None for s in fitting),
        "unlisted_payer": any(not listed(s.payer_id) for s in fitting),
        "no_profile_value": any(lacking(s.payer_id, date) for s in fitting),
        "no_unit": any(c.units == 0 for c in counts),
        "no_price": any(line.price is None for line in lines),
        "bundled": any(line.price and line.price.status == "B" for line in lines),
        "not_valid_for_medicare": any(
            line.price and line.price.status == "I" and rule(line.count.payer, "not_valid_status_applies", date)
            for line in lines
        ),
    }
    return lines, counts, {kind for kind, found in kinds.items() if found}


def counted(segments: list[Segment], sites: dict[str, dict]) -> list[Count]:
    together = defaultdict(list)
    for segment in segments:
        together[segment.payer_id, segment.discipline, count_code(segment.code)].append(segment)
    counts = []
    for (payer, discipline, code), same in sorted(together.items()):
        first = min(same, key=clock_order)
        count = Count(payer, discipline, code, same, sites.get(first.site_id, {}))
        count.minutes = int(sum(s.seconds for s in same) // 60)
        counts.append(count)
    return counts


def give_units(counts: list[Count], date: str) -> None:
    pools = defaultdict(list)
    for count in counts:
        if count.code in UNTIMED:
            count.units = 1
        elif count.code in CAREGIVER:
            count.units = caregiver_units(count.minutes)
        elif rule(count.payer, "unit_rule", date) == "ama_midpoint":
            count.units = (count.minutes + 7) // 15
        else:
            pools[count.payer, count.discipline].append(count)
    for pool in pools.values():
        total_units(pool, date)


def caregiver_units(minutes: int) -> int:
    if minutes < CAREGIVER_FIRST_FROM:
        return 0
    if minutes < CAREGIVER_SECOND_FROM:
        return 1
    return 1 + (minutes - 30 + 7) // 15


def total_units(pool: list[Count], date: str) -> None:
    """Share out the units of one discipline's total minutes."""

    def claim(count: Count) -> tuple:
        fee = unit_price(count.code, date, count.payer, count.site)
        return -(count.minutes % 15), count.minutes // 15, -(fee.full if fee else 0), count.code

    due = (sum(c.minutes for c in pool) + 7) // 15
    for count in pool:
        count.units = count.minutes // 15
    left = due - sum(c.units for c in pool)
    for count in sorted(pool, key=claim)[:left]:
        count.units += 1


def lines_of(count: Count, date: str) -> list[Line]:
    """Hand out a count's units one by one, plain ones first; units of one code and kind are a line."""
    assisted = assisted_units(count, date)
    kinds = [False] * (count.units - assisted) + [True] * assisted
    pair = next((p for p in (COGNITIVE, CAREGIVER) if p[0] == count.code), (count.code, count.code))
    dealt = defaultdict(int)
    for at, kind in enumerate(kinds):
        dealt[pair[0] if at == 0 else pair[1], kind] += 1
    lines = []
    for kind in (False, True):
        minutes = count.minutes
        if len(set(kinds)) == 2:
            by_assistant = int(assistant_seconds(count) // 60)
            minutes = by_assistant if kind else count.minutes - by_assistant
        mine = [(code, units) for (code, of), units in dealt.items() if of == kind]
        for at, (code, units) in enumerate(mine):
            last = at == len(mine) - 1
            spent = minutes if last else units * (30 if code == CAREGIVER[0] else 15)
            minutes -= spent
            price = unit_price(code, date, count.payer, count.site)
            lines.append(Line(count, code, units, spent, price, assisted=kind))
    return lines


def assistant_seconds(count: Count) -> Fraction:
    return sum((s.assistant for s in count.segments), Fraction(0))


def lacks_figure(count: Count, date: str) -> bool:
    figures = "assistant_share", "assistant_therapist_minutes"
    wanted = assistant_seconds(count) > 0 and count.discipline in ASSISTANT
    wanted = wanted and rule(count.payer, "assistant_modifiers", date)
    return wanted and any(parameter(name, date) is None for name in figures)


def assisted_units(count: Count, date: str) -> int:
    """Give the units that carry CO or CQ."""
    by_assistant = assistant_seconds(count)
    if not rule(count.payer, "assistant_modifiers", date):
        return 0
    if not by_assistant or count.discipline not in ASSISTANT or lacks_figure(count, date):
        return 0
    if count.code in UNTIMED or count.code in CAREGIVER:
        return count.units if by_assistant * 10 > sum(s.seconds for s in count.segments) else 0
    assistant = int(by_assistant // 60)
    therapist = count.minutes - assistant
    given = [True] * (assistant // 15) + [False] * (therapist // 15)
    last = count.units - len(given)
    if last == 2:
        given += [True, False]
    elif last == 1:
        given.append(therapist % 15 < 8 and assistant % 15 * 10 > assistant % 15 + therapist % 15)
    return sum(given)


def price(lines: list[Line], date: str) -> None:
    """Price each line in full, then reduce all but the first unit of each payer and TIN."""
    groups = defaultdict(list)
    for line in lines:
        if line.price is None:
            continue
        line.full = line.allowed = line.units * line.price.full
        if line.price.reducible and rule(line.count.payer, "multiple_procedure", date):
            groups[line.count.payer, line.count.site.get("tin")].append(line)
    for group in groups.values():
        in_full = min(group, key=lambda line: (-line.price.rank, -line.price.full, line.code, line.place))
        for line in group:
            line.allowed = line.units * line.price.reduced
        in_full.allowed += in_full.price.full - in_full.price.reduced


def at_one_rate(lines: list[Line], date: str) -> set[str]:
    """Put rates a visit or a case on their lines; gives the kinds of findings for the others."""
    found = set()
    given = set()
    for line in lines:
        stated = rule(line.count.payer, "price", date)
        if stated is None or stated["by"] not in ("visit", "case") or line.price.status in barred(line, date):
            continue
        of = line.count.payer, line.count.discipline
        carries = of not in given and (stated["by"] == "visit" or line.code in INITIAL_EVALUATIONS)
        line.full = line.allowed = stated["cents"] if carries else 0
        if carries:
            given.add(of)
        else:
            found.add(f"in_{stated['by']}_rate")
    return found


def barred(line: Line, date: str) -> set[str]:
    return {"B", "I"} if rule(line.count.payer, "not_valid_status_applies", date) else {"B"}


def modifiers(line: Line, date: str) -> list[str]:
    found = [MODIFIER[line.count.discipline]] if rule(line.count.payer, "discipline_modifiers", date) else []
    if line.assisted:
        found.append(ASSISTANT[line.count.discipline])
    if line.distinct:
        found.append(line.distinct)
    return [*found, "GA"] if line.notice else found


def line_value(line: Line, date: str, *, kx: bool = False) -> dict:
    return {
        "payer_id": line.count.payer,
        "discipline": line.count.discipline,
        "code": line.code,
        "units": line.units,
        "minutes": line.minutes,
        "modifiers": [*modifiers(line, date), *(["KX"] if kx else [])],
        "allowed_cents": line.allowed,
        "full_cents": line.full,
        "segment_ids": sorted(s.segment_id for s in line.count.segments),
    }


def day_value(patient: str, date: str, segments: list[Segment], computed: tuple) -> dict:
    lines, counts, kinds = computed
    return {
        "patient_id": patient,
        "service_date": date,
        "site_ids": sorted({s.site_id for s in segments}),
        "payers": sorted({s.payer_id for s in segments}),
        "lines": [line_value(line, date) for line in lines],
        "findings": [{"kind": kind} for kind in sorted(kinds)],
        "minutes": {
            "timed": sum(c.minutes for c in counts if c.timed),
            "untimed": sum(c.minutes for c in counts if not c.timed),
        },
        "units": {
            "timed": sum(c.units for c in counts if c.timed),
            "untimed": sum(c.units for c in counts if not c.timed),
        },
    }
