"""What segments share on the clock, piece by piece between every two times that anything starts or stops at."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from reference.facts import Segment
from reference.figures import CAREGIVER, LISTED, UNTIMED


def whole(moment: Fraction) -> int:
    """Give a moment in microseconds, what is less cut off."""
    return int(moment * 1_000_000)


def covers(segment: Segment, start: int, stop: int) -> bool:
    return whole(segment.started) <= start and stop <= whole(segment.stopped)


def overlap(one: Segment, other: Segment) -> bool:
    """Tell whether two segments share any time; what has no clock shares none."""
    if one.started is None or other.started is None:
        return False
    return max(whole(one.started), whole(other.started)) < min(whole(one.stopped), whole(other.stopped))


def is_compared(segment: Segment) -> bool:
    clocked = segment.started is not None and segment.fits
    return clocked and segment.code in LISTED and segment.code not in UNTIMED and segment.code not in CAREGIVER


def counted_once(segments: list[Segment]) -> tuple[list[Segment], bool]:
    """Take from each what earlier-started ones cover; tells whether any two overlap."""
    compared = sorted(filter(is_compared, segments), key=lambda s: (s.started, s.segment_id))
    left = {}
    for at, segment in enumerate(compared):
        earlier = compared[:at]
        start, stop = whole(segment.started), whole(segment.stopped)
        cuts = {start, stop} | {whole(time) for other in earlier for time in (other.started, other.stopped)}
        inside = sorted(cut for cut in cuts if start <= cut <= stop)
        pieces = pairwise(inside)
        lost = sum(end - begin for begin, end in pieces if any(covers(other, begin, end) for other in earlier))
        seconds = max(Fraction(0), segment.seconds - Fraction(lost, 1_000_000))
        left[segment.segment_id] = replace(segment, seconds=seconds, assistant=min(segment.assistant, seconds))
    found = any(overlap(one, other) for at, one in enumerate(compared) for other in compared[:at])
    return [left.get(segment.segment_id, segment) for segment in segments], found
