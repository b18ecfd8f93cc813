"""What the clinics take back: segments amended, moved to another date or voided, and visits of the wrong patient."""

from dataclasses import replace

from pipeline.simulate.chance import Chance
from pipeline.simulate.clock import DAY, HOUR, MINUTE
from pipeline.simulate.outbox import Outbox
from pipeline.simulate.patients import MEDICARE
from pipeline.simulate.telling import tell_whole
from pipeline.simulate.treatments import worth_cents
from pipeline.simulate.visits import Segment, Visit, billed

AMENDED = 0.022
VOIDED = 0.009
WHOLE_VISIT_VOIDED = 0.003
WHOLE_VISIT_VOIDED_AT_A_THRESHOLD = 0.15
"""A visit that carries a patient over a threshold is looked at, and found to be another patient's this often."""

MOVED = 0.25
AMENDED_AGAIN = 0.15
"""Of amended segments: to another date, and back to what was told first."""

_LAST_REVISION = 9
"""A void ends a segment, whatever has been amended before."""


def correct(outbox: Outbox, visit: Visit, chance: Chance, *, at_a_threshold: bool) -> None:
    """Take back what was told of a visit, or a part of it, hours to days later."""
    whole = WHOLE_VISIT_VOIDED_AT_A_THRESHOLD if at_a_threshold else WHOLE_VISIT_VOIDED
    if chance.happens(whole):
        _void_visit(outbox, visit, chance)
    elif chance.happens(AMENDED):
        _amend(outbox, visit, chance.one(visit.segments), chance)
    elif chance.happens(VOIDED):
        _void(outbox, visit, chance.one(visit.segments), _later(visit, chance))


def _later(visit: Visit, chance: Chance) -> int:
    """Give a time in office hours: the same evening, or on one of the next days."""
    days = chance.weighted(((0, 35), (1, 35), (2, 15), (3, 10), (6, 5)))
    if days == 0:
        return visit.ends + chance.between(15, 180) * MINUTE
    return (visit.day + days) * DAY + chance.between(8 * HOUR, 18 * HOUR)


def _amend(outbox: Outbox, visit: Visit, segment: Segment, chance: Chance) -> None:
    if chance.happens(MOVED):
        amended = segment.moved(-chance.between(1, 3))
    else:
        # Never shorter than its pauses and its assistant's part.
        longer = chance.between(-9, 9) * MINUTE + chance.between(0, 59)
        least = segment.started + segment.paused + segment.assistant + MINUTE
        amended = replace(segment, stopped=max(segment.stopped + longer, least))
    at = _later(visit, chance)
    amended = replace(amended, revision=2)
    tell_whole(outbox, visit, amended, at)
    if chance.happens(AMENDED_AGAIN):
        tell_whole(outbox, visit, replace(segment, revision=3), at + chance.between(1, 20) * HOUR)


def _void_visit(outbox: Outbox, visit: Visit, chance: Chance) -> None:
    at = _later(visit, chance)
    for nth, segment in enumerate(visit.segments):
        _void(outbox, visit, segment, at + nth)
    if visit.patient.payer_id == MEDICARE:
        visit.patient.believed_cents[visit.plan.bucket] -= worth_cents(billed(visit))


def _void(outbox: Outbox, visit: Visit, segment: Segment, at: int) -> None:
    outbox.send("segment.voided", visit.patient, at, {"segment_id": segment.segment_id, "revision": _LAST_REVISION})
