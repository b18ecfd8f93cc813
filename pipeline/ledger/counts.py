"""Minutes that are counted together, and the units and codes that they make."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from pipeline.ledger.segments import MICROSECONDS, Segment
from pipeline.rules.codes import Kind, pair, table
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
    members: dict[str, list[Segment]] = {}
    for segment in segments:
        members.setdefault(codes[segment.code].count, []).append(segment)
    return [
        Count(
            code,
            codes[code].kind,
            sum([segment.microseconds for segment in found]) // (60 * MICROSECONDS),
            found[0].started_at,
            found[0].site_id,
            [segment.segment_id for segment in found],
        )
        for code, found in sorted(members.items())
    ]


def units_of(counts: Sequence[Count], rule: UnitRule, full_cents: Mapping[str, int]) -> dict[str, int]:
    """Give the units of each count by its payer's rule; `full_cents` are full unit prices, for ties.

    An untimed code is one unit whatever its minutes; caregiver training rounds alone under every rule.
    """
    units = {}
    timed = {}
    for count in counts:
        if count.kind == "untimed":
            units[count.code] = 1
        elif count.kind == "caregiver":
            units[count.code] = caregiver(count.minutes)
        else:
            timed[count.code] = count.minutes
    if rule == "cms_total":
        return units | cms_total(timed, full_cents)
    return units | {code: ama_midpoint(minutes) for code, minutes in timed.items()}


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
