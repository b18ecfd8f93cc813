"""Minutes that are counted together, and the units and codes that they make."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.ledger.segments import MICROSECONDS, Segment
from pipeline.rules.assistants import Standard, assisted_units
from pipeline.rules.codes import Kind, pair, table
from pipeline.rules.fees import UnitPrice
from pipeline.rules.parameters import Unpriced
from pipeline.rules.units import UNIT_MINUTES, UnitRule, ama_midpoint, caregiver, cms_total


class Count(Struct, frozen=True, gc=False):
    """The whole minutes of one code, or of the two codes of a pair, on one patient, date, payer and discipline.

    `code` is the first code of a pair; `started_at` and `site_id` are those of the earliest segment. `microseconds` is
    the time before it is cut, `by_assistant` what of it an assistant furnished alone.
    """

    code: str
    kind: Kind
    minutes: int
    started_at: str | None
    site_id: str
    segment_ids: list[str]
    microseconds: int
    by_assistant: int

    @property
    def assistant_minutes(self) -> int:
        """Give the whole minutes of the assistant's time; the therapist has the rest."""
        return self.by_assistant // _MINUTE


class Share(Struct, frozen=True, gc=False):
    """What one line bills of a count: its code, units and minutes, and whether they are an assistant's."""

    code: str
    units: int
    minutes: int
    by_assistant: bool


_MINUTE = 60 * MICROSECONDS


def counts_of(segments: Sequence[Segment]) -> list[Count]:
    """Sum the seconds of each count and cut them to whole minutes, in the order of the codes.

    `segments` are those of one payer and discipline, earliest first, their codes in the table.
    """
    codes = table()
    members: dict[str, list[Segment]] = {}
    for segment in segments:
        code = codes[segment.code].count
        if code in members:
            members[code].append(segment)
        else:
            members[code] = [segment]
    counts = []
    for code in sorted(members):
        of_code = members[code]
        first = of_code[0]
        spent, assisted, segment_ids = first.microseconds, first.by_assistant, [first.segment_id]
        for segment in of_code[1:]:
            spent += segment.microseconds
            assisted += segment.by_assistant
            segment_ids.append(segment.segment_id)
        kind = codes[code].kind
        counts.append(
            Count(code, kind, spent // _MINUTE, first.started_at, first.site_id, segment_ids, spent, assisted)
        )
    return counts


def units_of(counts: Sequence[Count], rule: UnitRule, prices: Sequence[UnitPrice | Unpriced]) -> dict[str, int]:
    """Give the units of each count by its payer's rule; `prices` are those of a unit of each, for ties.

    An untimed code is one unit whatever its minutes; caregiver training rounds alone under every rule.
    """
    units = {}
    timed = {}
    for count in counts:
        if count.kind == "untimed":
            units[count.code] = 1
        elif count.kind == "caregiver":
            units[count.code] = caregiver(count.minutes)
        elif rule == "ama_midpoint":
            units[count.code] = ama_midpoint(count.minutes)
        else:
            timed[count.code] = count.minutes
    if timed:
        # One code alone has nothing to tie with.
        full_cents = {} if len(timed) == 1 else _full_cents(counts, prices)
        units |= cms_total(timed, full_cents)
    return units


def _full_cents(counts: Sequence[Count], prices: Sequence[UnitPrice | Unpriced]) -> dict[str, int]:
    return {
        count.code: price.full_cents
        for count, price in zip(counts, prices, strict=True)
        if isinstance(price, UnitPrice)
    }


def shares(count: Count, units: int, standard: Standard | None) -> list[Share]:
    """Split a count's units over its codes, and those of each over therapist and assistant.

    The further code of a pair has what the first does not. `standard` is the date's for a payer that wants the
    assistant's modifier, None where no line carries it.
    """
    if not units:
        return []
    if not count.by_assistant or standard is None:
        return _of_one_kind(count, units, by_assistant=False)
    if count.kind in ("untimed", "caregiver"):
        return _of_one_kind(count, units, by_assistant=standard.in_part(count.by_assistant, count.microseconds))
    assistant = count.assistant_minutes
    therapist = count.minutes - assistant
    assisted = assisted_units(units, therapist, assistant, standard)
    plain = units - assisted
    if not (assisted and plain):
        return _of_one_kind(count, units, by_assistant=plain == 0)
    if count.kind == "timed":
        return [Share(count.code, plain, therapist, False), Share(count.code, assisted, assistant, True)]
    # Plain units come first, so that the first code of the pair is theirs.
    return [*_of_pair(count, plain, therapist, False), Share(pair(count.code)[1], assisted, assistant, True)]


def _of_one_kind(count: Count, units: int, *, by_assistant: bool) -> list[Share]:
    """Split units that are all the therapist's or all the assistant's; they share all minutes."""
    if count.kind in ("cognitive", "caregiver"):
        return _of_pair(count, units, count.minutes, by_assistant)
    return [Share(count.code, units, count.minutes, by_assistant)]


def _of_pair(count: Count, units: int, minutes: int, by_assistant: bool) -> list[Share]:
    first, further = pair(count.code)
    if units == 1:
        return [Share(first, 1, minutes, by_assistant)]
    whole = UNIT_MINUTES if count.kind == "cognitive" else 2 * UNIT_MINUTES
    return [Share(first, 1, whole, by_assistant), Share(further, units - 1, minutes - whole, by_assistant)]
