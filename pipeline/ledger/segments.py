"""A segment of treatment, from what was said of it: whole, in halves, corrected, taken back."""

from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.events.fields import microseconds_between
from pipeline.ledger.versions import SERVICE, STARTED, STOPPED, VOIDED, Version, newer, newest, older

Result = Literal["applied", "duplicate", "superseded"]

MICROSECONDS = 1_000_000


class SegmentFacts(Struct, frozen=True, array_like=True, gc=False):
    """What stands of a segment: the newest whole version, and the newest start and stop that it does not replace.

    `since` is for one that has no date, being voided or without its start: the newest date that its partition number
    had come to when it was last told of. `others` are versions that stand no more, or never did: one for each further
    date that the segment was said to be of, as a claim may have been sent for it.
    """

    whole: Version | None = None
    start: Version | None = None
    stop: Version | None = None
    since: str | None = None
    others: list[Version] = []


class Segment(Struct, frozen=True, gc=False):
    """A segment as the day counts it.

    `started_at` and `stopped_at` are None without a clock, `microseconds` the counted time, pauses taken out, and
    `by_assistant` what of it an assistant furnished alone; `fits` is False for two halves that no segment can be made
    of, which bill nothing until one is corrected. `said` is the version that says who, what and when.
    """

    segment_id: str
    site_id: str
    payer_id: str
    discipline: str
    code: str
    started_at: str | None
    stopped_at: str | None
    microseconds: int
    by_assistant: int
    fits: bool
    said: Version


def take(facts: SegmentFacts, version: Version) -> tuple[SegmentFacts, Result]:
    """Add a version to what stands of its segment; the order of arrival never matters.

    The same facts are given back where nothing is new, not even a date.
    """
    after, result = _taken(facts, version)
    whole = facts.whole
    if version.kind == STOPPED or (
        facts.start is None and not facts.others and (whole is None or date_of(whole) == date_of(version))
    ):
        # Nearly always: no date is taken away, and none is told of beside it.
        return after, result
    known = dates_of(after)
    others = list(after.others)
    for one in (*versions_of(facts), version):
        date = date_of(one)
        if date is not None and date not in known:
            known.add(date)
            others.append(one)
    return (msgspec.structs.replace(after, others=others) if len(others) > len(after.others) else after), result


def _taken(facts: SegmentFacts, version: Version) -> tuple[SegmentFacts, Result]:
    name = "start" if version.kind == STARTED else "stop" if version.kind == STOPPED else "whole"
    standing: Version | None = getattr(facts, name)
    if standing is not None and not newer(version, standing):
        return facts, "duplicate" if version == standing else "superseded"
    if name != "whole" and facts.whole is not None and older(version, facts.whole):
        return facts, "superseded"
    if name != "whole":
        return msgspec.structs.replace(facts, **{name: version}), "applied"
    # A half that the new whole replaces can never stand again: wholes only get newer.
    start = facts.start if facts.start and not older(facts.start, version) else None
    stop = facts.stop if facts.stop and not older(facts.stop, version) else None
    return SegmentFacts(version, start, stop), "applied"


def united(said: Sequence[tuple[str, SegmentFacts]]) -> SegmentFacts:
    """Give what stands of a segment of which several patients' records tell who are one, each after its patient."""
    whole = newest([(of, facts.whole) for of, facts in said if facts.whole])
    start = newest([(of, facts.start) for of, facts in said if facts.start])
    stop = newest([(of, facts.stop) for of, facts in said if facts.stop])
    if whole is not None:
        start = start if start and not older(start, whole) else None
        stop = stop if stop and not older(stop, whole) else None
    return SegmentFacts(whole, start, stop)


def versions_of(facts: SegmentFacts) -> list[Version]:
    """Give the versions that are known of a segment, those that stand first."""
    return [*[version for version in (facts.whole, facts.start, facts.stop) if version is not None], *facts.others]


def dates_of(facts: SegmentFacts) -> set[str]:
    """Give every date that a segment was ever said to be of."""
    return {date for version in versions_of(facts) if (date := date_of(version)) is not None}


def date_of(version: Version) -> str | None:
    """Give the date that a version says its segment is of: that of its start in its own offset; None without one."""
    return version.service_date if version.started_at is None else version.started_at[:10]


def standing_base(facts: SegmentFacts) -> Version | None:
    """Give the version that says who, what and when, or None: a start stands over the whole that it is newer than."""
    base = facts.start or facts.whole
    return None if base is None or base.kind == VOIDED else base


def service_date(facts: SegmentFacts) -> str | None:
    """Give the date that a segment is of; None when it is voided or unknown."""
    base = standing_base(facts)
    return None if base is None else date_of(base)


def resolve(facts: SegmentFacts, max_minutes: int) -> Segment | None:
    """Give the segment that its versions make, or None while it has no stop, no start, or is voided.

    `max_minutes` is the longest that a segment may be, pauses included.
    """
    base = standing_base(facts)
    if base is None:
        return None
    if base.kind == SERVICE:
        minutes, by_assistant = base.minutes or 0, base.assistant_minutes or 0
        minute = 60 * MICROSECONDS
        return _segment(base, None, None, minutes * minute, by_assistant * minute, fits=True)
    stop = facts.stop or base
    started_at, stopped_at = base.started_at, stop.stopped_at
    if stopped_at is None or started_at is None:
        return None
    elapsed = microseconds_between(started_at, stopped_at)
    pauses = base.paused_seconds if stop.paused_seconds is None else stop.paused_seconds
    counted = elapsed - (pauses or 0) * MICROSECONDS
    # One event that does not fit is refused at the door; here it takes two halves to disagree.
    stated = base.assistant_seconds if stop.assistant_seconds is None else stop.assistant_seconds
    by_assistant = (stated or 0) * MICROSECONDS
    fits = elapsed >= 0 and by_assistant <= counted and elapsed <= max_minutes * 60 * MICROSECONDS
    return _segment(base, started_at, stopped_at, counted, by_assistant, fits=fits)


def _segment(
    base: Version, started_at: str | None, stopped_at: str | None, microseconds: int, by_assistant: int, *, fits: bool
) -> Segment:
    return Segment(
        base.segment_id,
        base.site_id,
        base.payer_id or "",
        base.discipline or "",
        base.code or "",
        started_at,
        stopped_at,
        microseconds,
        by_assistant,
        fits,
        base,
    )
