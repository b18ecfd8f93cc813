"""What a day's lines carry beside their discipline: 59 or an X modifier, GA; and which lines are blocked."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from pipeline.events.days import Finding, Step
from pipeline.ledger.lines import DISCIPLINE, Draft
from pipeline.ledger.segments import Segment
from pipeline.rules.assistants import MODIFIER as ASSISTANT
from pipeline.rules.codes import table
from pipeline.rules.edits import Edit, RegionPair, among
from pipeline.rules.overlap import Span, common

COMPUTED = "59"
DISTINCT = ("XE", "XP", "XS", "XU", COMPUTED)
"""Modifiers for a distinct service, of which the first that is sent is used."""
NOTICE = "GA"
"""A notice of non-coverage is on file: no KX."""
_KNOWN = {*DISTINCT, NOTICE, "KX", *DISCIPLINE.values(), *ASSISTANT.values()}
_NOTHING_TO_SAY = {discipline: [modifier] for discipline, modifier in DISCIPLINE.items()}

Place = tuple[str, str, str]
"""A count of the day: its payer, discipline and code (of a pair, the first)."""


class Marks(Struct):
    """Modifiers by the positions of lines, what a biller should know of them, and how they came about."""

    distinct: dict[int, str]
    notice: set[int]
    findings: list[Finding]
    steps: list[Step]


def with_modifiers(segments: Sequence[Segment]) -> list[Segment]:
    """Give the segments for which more was sent than their discipline's own modifier."""
    told = []
    for segment in segments:
        sent = segment.said.modifiers
        if sent and sent != _NOTHING_TO_SAY[segment.discipline]:
            told.append(segment)
    return told


def marks_of(
    drafts: Sequence[Draft],
    told: Sequence[Segment],
    segments: Sequence[Segment],
    spans: dict[str, Span] | None,
    day: str,
) -> Marks | None:
    """Mark a day's lines; None where there is nothing to mark, as on most days.

    `segments` are the day's, `told` those of them `with_modifiers`, `spans` their times by id, whole microseconds, or
    None where none overlap.
    """
    pairs = _pairs(drafts, day)
    if not told and not pairs:
        return None
    marks = Marks({}, set(), [], [])
    blocked: dict[int, str] = {}
    for payer_id, pair in pairs:
        of = _Payer(drafts, segments, spans or {}, payer_id)
        if isinstance(pair, Edit):
            _keep_apart(marks, blocked, pair, of)
        else:
            _compare_regions(marks, blocked, pair, of)
    for position in blocked:
        marks.distinct.pop(position, None)
    marks.findings += _blocked(drafts, blocked)
    if told:
        _take_sent(marks, blocked, drafts, told)
    return marks


def _pairs(drafts: Sequence[Draft], day: str) -> list[tuple[str, Edit | RegionPair]]:
    """Give the pairs that the codes of each payer's lines make."""
    if len(drafts) < 2:  # noqa: PLR2004 -- a pair has two.
        return []
    first = drafts[0].payer_id
    if first == drafts[-1].payer_id:
        return [(first, pair) for pair in among(tuple([draft.code for draft in drafts]), day)]
    by_payer: dict[str, list[str]] = {}
    for draft in drafts:
        by_payer.setdefault(draft.payer_id, []).append(draft.code)
    return [
        (payer_id, pair) for payer_id, codes in by_payer.items() if len(codes) > 1 for pair in among(tuple(codes), day)
    ]


class _Payer:
    """One payer's lines and segments of a day."""

    def __init__(
        self, drafts: Sequence[Draft], segments: Sequence[Segment], spans: dict[str, Span], payer_id: str
    ) -> None:
        self.payer_id = payer_id
        self._drafts = drafts
        self._segments = segments
        self._spans = spans

    def lines(self, code: str) -> list[int]:
        """Give the positions of the lines of a code."""
        return [
            position
            for position, draft in enumerate(self._drafts)
            if draft.payer_id == self.payer_id and draft.code == code
        ]

    def together(self, one: str, other: str) -> Iterator[tuple[Segment, Segment]]:
        """Give every segment of one code with each of another that it overlaps; what has no clock overlaps nothing."""
        if not self._spans:
            return
        for segment in self._timed(one):
            for beside in self._timed(other):
                if common(self._spans[segment.segment_id], self._spans[beside.segment_id]):
                    yield segment, beside

    def _timed(self, code: str) -> list[Segment]:
        codes = table()
        count = codes[code].count
        return [
            segment
            for segment in self._segments
            if segment.payer_id == self.payer_id
            and segment.segment_id in self._spans
            and codes[segment.code].count == count
        ]


def _keep_apart(marks: Marks, blocked: dict[int, str], pair: Edit, of: _Payer) -> None:
    """Put 59 on every line of column two when it was at other times than column one, else block it."""
    lines = of.lines(pair.column_two)
    name = f"{of.payer_id} {pair.column_two} beside {pair.column_one}"
    stated: dict[str, int | str] = {"column_one": pair.column_one, "column_two": pair.column_two, "stated": pair.source}
    same_count = table()[pair.column_one].count == table()[pair.column_two].count
    if not pair.modifier_allowed:
        text = f"No modifier allows it beside {pair.column_one}: do not bill both."
    elif not same_count and next(of.together(pair.column_one, pair.column_two), None) is not None:
        text = f"It overlaps {pair.column_one}: bill it beside that code only for other minutes."
    else:
        marks.distinct |= dict.fromkeys(lines, COMPUTED)
        marks.steps.append(Step("edit_pair", name, lines, stated, {"modifier": COMPUTED}, "ncci"))
        return
    blocked |= dict.fromkeys(lines, text)
    marks.steps.append(Step("edit_pair", name, lines, stated, {"blocked": text}, "ncci"))


def _compare_regions(marks: Marks, blocked: dict[int, str], pair: RegionPair, of: _Payer) -> None:
    """Block a code at the same time as another, unless both say regions of the body and have none in common."""
    name = f"{of.payer_id} {pair.code} beside {pair.beside}"
    lines = of.lines(pair.code)
    stated: dict[str, int | str] = {"code": pair.code, "beside": pair.beside, "stated": pair.source}
    together = list(of.together(pair.code, pair.beside))
    if any(not _apart(one.said.body_regions, other.said.body_regions) for one, other in together):
        text = f"It overlaps {pair.beside}, and the segments do not say that each was of other regions of the body."
        blocked |= dict.fromkeys(lines, text)
        marks.steps.append(Step("body_regions", name, lines, stated, {"blocked": text}, "guide"))
    elif together:
        marks.steps.append(Step("body_regions", name, lines, stated, {"apart": "other regions of the body"}, "guide"))


def _apart(some: Sequence[str] | None, others: Sequence[str] | None) -> bool:
    if not some or not others:
        return False
    return {region.strip().casefold() for region in some}.isdisjoint(region.strip().casefold() for region in others)


def _blocked(drafts: Sequence[Draft], blocked: dict[int, str]) -> list[Finding]:
    """Say that lines are blocked; those of one payer, discipline and code are one thing to hold."""
    found = {(drafts[at].payer_id, drafts[at].discipline, drafts[at].code): at for at in blocked}
    return [
        Finding(
            kind="blocked",
            message=blocked[at],
            payer_id=drafts[at].payer_id,
            discipline=drafts[at].discipline,
            code=drafts[at].code,
            segment_ids=drafts[at].segment_ids,
        )
        for at in found.values()
    ]


def _take_sent(marks: Marks, blocked: dict[int, str], drafts: Sequence[Draft], told: Sequence[Segment]) -> None:
    """Use what the EMR sent: the first modifier for a distinct service, on all lines of its code or pair, and GA."""
    codes = table()
    lines: dict[Place, list[int]] = {}
    for position, draft in enumerate(drafts):
        lines.setdefault((draft.payer_id, draft.discipline, codes[draft.code].count), []).append(position)
    chosen: dict[Place, str] = {}
    for segment in told:
        if not segment.fits or segment.code not in codes:
            continue
        place = segment.payer_id, segment.discipline, codes[segment.code].count
        positions = lines.get(place, [])
        sent = segment.said.modifiers or ()
        for modifier in sent:
            if modifier == NOTICE and not marks.notice.issuperset(positions):
                marks.notice.update(positions)
                marks.steps.append(_as_sent(place, positions, NOTICE))
            marks.findings += _amiss(modifier, segment, [drafts[position] for position in positions])
        distinct = [modifier for modifier in DISTINCT if modifier in sent]
        if distinct:
            chosen[place] = min(chosen.get(place, distinct[0]), distinct[0], key=DISTINCT.index)
        if distinct and any(position in blocked for position in positions):
            text = f"{distinct[0]} was sent, but the line is blocked: its times or regions do not show it distinct."
            marks.findings.append(_of_segment(segment, "modifier_contradiction", text))
    for place, modifier in chosen.items():
        positions = lines.get(place, [])
        marks.distinct |= dict.fromkeys(positions, modifier)
        marks.steps.append(_as_sent(place, positions, modifier))


def _as_sent(place: Place, positions: list[int], modifier: str) -> Step:
    return Step("sent_modifier", " ".join(place), positions, {"sent": modifier}, {"modifier": modifier}, "emr")


def _amiss(modifier: str, segment: Segment, drafts: Sequence[Draft]) -> list[Finding]:
    """Find what is amiss with a modifier that was sent: the rules do not know it, or compute another."""
    discipline = segment.discipline
    if modifier not in _KNOWN:
        text = f"The modifier {modifier} is not used: only {', '.join(DISTINCT)} and GA are taken as sent."
        return [_of_segment(segment, "modifier_not_used", text)]
    if modifier in DISCIPLINE.values() and modifier != DISCIPLINE[discipline]:
        text = f"{modifier} was sent, but a segment of {discipline} carries {DISCIPLINE[discipline]}."
        return [_of_segment(segment, "modifier_contradiction", text)]
    if modifier in ASSISTANT.values() and drafts and drafts[0].rules.assistant_modifiers:
        own = modifier == ASSISTANT.get(discipline)
        if not (own and any(draft.by_assistant for draft in drafts)):
            text = f"{modifier} was sent, but by the minutes of therapist and assistant no line carries it."
            return [_of_segment(segment, "modifier_contradiction", text)]
    return []


def _of_segment(segment: Segment, kind: str, text: str) -> Finding:
    return Finding(
        kind=kind,
        message=text,
        payer_id=segment.payer_id,
        discipline=segment.discipline,
        code=segment.code,
        segment_ids=[segment.segment_id],
    )
