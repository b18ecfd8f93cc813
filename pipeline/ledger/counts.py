"""Minutes that are counted together, and the units and codes that they make."""

from collections.abc import Sequence

from msgspec import Struct

from pipeline.ledger.segments import MICROSECONDS, Segment
from pipeline.rules.codes import Kind, pair, table
from pipeline.rules.fees import UnitPrice
from pipeline.rules.parameters import Unpriced
from pipeline.rules.units import UNIT_MINUTES, UnitRule, ama_midpoint, caregiver, cms_total


class Count(Struct, frozen=True, gc=False):
    """The whole minutes of one code, or of the two codes of a pair, on one patient, date, payer and discipline.

    `code` is the first code of a pair; `started_at` and `site_id` are those of the earliest segment.
    """

    code: str
    kind: Kind
    minutes: int
    started_at: str | None
    site_id: str
    segment_ids: list[str]


class Share(Struct, frozen=True, gc=False):
    """What one code bills of a count: its units and minutes."""

    code: str
    units: int
    minutes: int


def counts_of(segments: Sequence[Segment]) -> list[Count]:
    """Sum the seconds of each count and cut them to whole minutes, in the order of the codes.

    `segments` are those of one payer and discipline, earliest first, their codes in the table.
    """
    codes = table()
    firsts: dict[str, Segment] = {}
    spent: dict[str, int] = {}
    segment_ids: dict[str, list[str]] = {}
    for segment in segments:
        code = codes[segment.code].count
        if code not in firsts:
            firsts[code] = segment
            spent[code] = segment.microseconds
            segment_ids[code] = [segment.segment_id]
        else:
            spent[code] += segment.microseconds
            segment_ids[code].append(segment.segment_id)
    return [
        Count(
            code,
            codes[code].kind,
            spent[code] // (60 * MICROSECONDS),
            firsts[code].started_at,
            firsts[code].site_id,
            segment_ids[code],
        )
        for code in sorted(firsts)
    ]


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


def shares(count: Count, units: int) -> list[Share]:
    """Split a count's units over its codes; the further code of a pair has what the first does not."""
    if not units:
        return []
    if count.kind not in ("cognitive", "caregiver"):
        return [Share(count.code, units, count.minutes)]
    first, further = pair(count.code)
    if units == 1:
        return [Share(first, 1, count.minutes)]
    whole = UNIT_MINUTES if count.kind == "cognitive" else 2 * UNIT_MINUTES
    return [Share(first, 1, whole), Share(further, units - 1, count.minutes - whole)]
