"""What a biller should know of a day, beside its lines."""

from collections.abc import Sequence

from pipeline.events.days import Finding
from pipeline.ledger.counts import Count
from pipeline.ledger.lines import BUNDLED, Draft, Group
from pipeline.ledger.segments import Segment
from pipeline.rules.codes import table
from pipeline.rules.instead import instead_of
from pipeline.rules.payers import Payer, Payers


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Give findings in their fixed order: by kind, then by what they are about."""
    if not findings:
        return []
    return sorted(
        findings,
        key=lambda found: (
            found.kind,
            found.payer_id or "",
            found.discipline or "",
            found.code or "",
            found.segment_ids,
        ),
    )


def of_segments(segments: Sequence[Segment]) -> list[Finding]:
    """Find what is amiss with segments by themselves: halves that do not fit, unknown codes, no clock."""
    codes = table()
    found: list[Finding] = []
    for segment in segments:
        if not segment.fits:
            text = "The start and the stop do not fit together: nothing is billed until one of them is corrected."
            found.append(about(segment, "halves_do_not_fit", text))
        elif segment.code not in codes:
            text = "The code is not in the code table: it is not billed until a release lists it."
            found.append(about(segment, "code_not_listed", text))
        if segment.started_at is None:
            found.append(about(segment, "times_missing", "Minutes without a clock: no overlap can be seen."))
    return found


def of_payers(segments: Sequence[Segment], date: str, payers: Payers) -> list[Finding]:
    """Find the payers of what fits that no profile describes, and those whose profile says nothing of the date."""
    found: list[Finding] = []
    for payer_id in {segment.payer_id for segment in segments if segment.fits}:
        rules = payers.at(payer_id, date)
        if not rules.listed:
            text = "No profile describes this payer: midpoint rule, CMS's national amounts, no thresholds."
            found.append(_of_payer(payer_id, "unlisted_payer", text))
        if rules.lacks:
            found.append(_of_payer(payer_id, "no_profile_value", _lacking(rules, date)))
    return found


def _lacking(rules: Payer, date: str) -> str:
    named = ", ".join(rules.lacks)
    held = "a missing price leaves lines without an amount, for the rest `unlisted` holds"
    return f"The payer's profile has no value of {named} for {date}: add it to {rules.file}; until then {held}."


def _of_payer(payer_id: str, kind: str, text: str) -> Finding:
    return Finding(kind=kind, message=text, payer_id=payer_id, discipline=None, code=None, segment_ids=[])


def about(segment: Segment, kind: str, text: str, parameters: Sequence[str] = ()) -> Finding:
    """Say something of a segment; `parameters` are the dated figures that it is about."""
    return Finding(
        kind=kind,
        message=text,
        payer_id=segment.payer_id,
        discipline=segment.discipline,
        code=segment.code,
        segment_ids=[segment.segment_id],
        parameters=list(parameters),
    )


def no_unit(payer_id: str, discipline: str, count: Count) -> Finding:
    """Say that a code's minutes make no unit; they count in the day's minutes all the same."""
    return Finding(
        kind="no_unit",
        message=f"{count.minutes} minutes make no unit of this code.",
        payer_id=payer_id,
        discipline=discipline,
        code=count.code,
        segment_ids=count.segment_ids,
    )


def no_standard(group: Group) -> Finding:
    """Say that no parameter tells which units are an assistant's: the lines carry no CO or CQ."""
    return Finding(
        kind="no_figure",
        message=f"No line carries the assistant's modifier: {group.lacks}.",
        payer_id=group.payer_id,
        discipline=group.discipline,
        code=None,
        segment_ids=[segment_id for count in group.counts if count.by_assistant for segment_id in count.segment_ids],
    )


def of_drafts(drafts: Sequence[Draft], date: str) -> list[Finding]:
    """Find the lines without an amount, and those whose price is carried forward."""
    found: list[Finding] = []
    for draft in drafts:
        price = draft.price
        if draft.barred or price is None:
            found.append(_of_price(draft, date))
        if price is not None and price.provisional:
            found.append(_of_carried(draft, price.provisional))
    return found


def _of_price(draft: Draft, date: str) -> Finding:
    """Say why a line has no amount: no parameter prices it, or its code's status bars it."""
    missing = [] if draft.missing is None else [draft.missing.parameter]
    if draft.price is None:
        kind, text = "no_price", f"The line has no amount: {draft.missing}."
    elif draft.price.status == BUNDLED:
        kind, text = "bundled", "The code is bundled into the other services of the day: do not bill it by itself."
    else:
        instead = f"use {instead_of(draft.code, date) or 'another'}"
        kind, text = "not_valid_for_medicare", f"Medicare does not take this code: {instead}."
    return _of_draft(draft, kind, text, missing)


def _of_carried(draft: Draft, names: Sequence[str]) -> Finding:
    """Say that a line's price stands on figures carried forward from another year, by their names."""
    text = f"The price is provisional: {', '.join(names)} are carried forward from another year."
    return _of_draft(draft, "provisional", text, [*names])


def _of_draft(draft: Draft, kind: str, text: str, parameters: list[str]) -> Finding:
    return Finding(
        kind=kind,
        message=text,
        payer_id=draft.payer_id,
        discipline=draft.discipline,
        code=draft.code,
        segment_ids=draft.segment_ids,
        parameters=parameters,
    )
