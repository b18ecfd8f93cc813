"""A visit as it happens: which codes, one after the other, by the clock."""

from dataclasses import dataclass, replace

from pipeline.simulate.chance import Chance
from pipeline.simulate.clock import DAY, MINUTE
from pipeline.simulate.patients import Patient, Plan
from pipeline.simulate.treatments import (
    DEFICITS,
    EVALUATIONS,
    MISCODED_EVERY,
    RE_EVALUATION,
    is_evaluation,
    units,
    weight,
)

VISIT_MINUTES = (44, 66)
CODES = ((2, 15), (3, 45), (4, 40))
RESUMED = 0.6
"""How often one code of a visit is left and taken up again, as a segment of its own."""

PAUSED = 0.04
ASSISTED = 0.03
RE_EVALUATED_AFTER, RE_EVALUATED = 12, 0.3
THERAPIST_HURRIES = 0.008
"""How often the next patient is started on the timer before the last one is stopped."""

SEGMENTS_OVERLAP = 0.006
_COGNITIVE = ("97129", "97130")


@dataclass(frozen=True, slots=True)
class Segment:
    """One code by the clock of the site, and the version that was last told of it."""

    segment_id: str
    code: str
    started: int
    stopped: int
    paused: int = 0
    assistant: int = 0
    revision: int = 1
    deficits: int | None = None

    @property
    def day(self) -> int:
        return self.started // DAY

    @property
    def seconds(self) -> int:
        return self.stopped - self.started - self.paused

    def moved(self, days: int) -> "Segment":
        return replace(self, started=self.started + days * DAY, stopped=self.stopped + days * DAY)


@dataclass(frozen=True, slots=True)
class Visit:
    """One patient with one therapist on one day."""

    plan: Plan
    number: int
    segments: tuple[Segment, ...]

    @property
    def patient(self) -> Patient:
        return self.plan.patient

    @property
    def day(self) -> int:
        return self.segments[0].day

    @property
    def ends(self) -> int:
        return self.segments[-1].stopped


def begins(plan: Plan, day: int, chance: Chance) -> int:
    """Give when the visit begins: after the therapist's last patient and the patient's last therapist, as a rule."""
    therapist = plan.therapist
    morning = day * DAY + therapist.begins
    start = max(morning + chance.between(0, 240), therapist.free_at + chance.between(20, 300))
    if therapist.free_at > morning and chance.happens(THERAPIST_HURRIES):
        start = therapist.free_at - chance.between(60, 360)
    return max(start, plan.patient.free_at + chance.between(30, 200))


def treat(plan: Plan, start: int, chance: Chance) -> Visit:
    """Let a visit happen from a local time on: the evaluation first, then the codes of the plan."""
    patient = plan.patient
    patient.visits += 1
    codes = _codes(plan, chance)
    seconds = _lengths(codes, chance)
    segments: list[Segment] = []
    clock = start
    for nth, (code, length) in enumerate(zip(codes, seconds, strict=True), start=1):
        if segments and chance.happens(SEGMENTS_OVERLAP):
            clock -= min(chance.between(60, 300), length // 2)
        paused = chance.between(30, 240) if chance.happens(PAUSED) else 0
        assisted = plan.discipline != "SLP" and not is_evaluation(code) and chance.happens(ASSISTED)
        segments.append(
            Segment(
                segment_id=f"s-{patient.number}-{patient.visits}-{nth}",
                code=code,
                started=clock,
                stopped=clock + length + paused,
                paused=paused,
                assistant=(length if chance.happens(0.5) else length * chance.between(1, 9) // 10) if assisted else 0,
                deficits=_deficits(plan, code, chance) if plan.discipline == "OT" and is_evaluation(code) else None,
            )
        )
        clock += length + paused + chance.between(0, 75)
    plan.done += 1
    plan.visits_left -= 1
    visit = Visit(plan, patient.visits, tuple(segments))
    plan.therapist.free_at = patient.free_at = visit.ends
    return visit


def _deficits(plan: Plan, code: str, chance: Chance) -> int:
    """Give as many as the level is for; of every tenth patient any number."""
    found = chance.between(1, 7)
    if plan.patient.number % MISCODED_EVERY == 0 or code not in DEFICITS:
        return found
    fewest, most = DEFICITS[code]
    return fewest + found % (most - fewest + 1)


def minutes_by_code(segments: tuple[Segment, ...]) -> dict[str, int]:
    seconds: dict[str, int] = {}
    for segment in segments:
        seconds[segment.code] = seconds.get(segment.code, 0) + segment.seconds
    return {code: spent // MINUTE for code, spent in seconds.items()}


def billed(visit: Visit) -> dict[str, int]:
    """Give the units by code that the clinic believes it bills for the visit."""
    return units(minutes_by_code(visit.segments))


def _codes(plan: Plan, chance: Chance) -> list[str]:
    if plan.done == 0:
        evaluation = chance.weighted(EVALUATIONS[plan.discipline])
        return [evaluation, *chance.several(plan.codes, 0 if plan.discipline == "SLP" else chance.between(0, 2))]
    codes = chance.several(plan.codes, 1 if plan.discipline == "SLP" else chance.weighted(CODES))
    if _COGNITIVE[0] in codes and chance.happens(0.6):
        codes.insert(codes.index(_COGNITIVE[0]) + 1, _COGNITIVE[1])
    if chance.happens(RESUMED) and plan.discipline != "SLP":
        codes.append(codes[0])
    again = RE_EVALUATION[plan.discipline]
    if again and plan.done % RE_EVALUATED_AFTER == 0 and chance.happens(RE_EVALUATED):
        codes[0] = again
    return codes


def _lengths(codes: list[str], chance: Chance) -> list[int]:
    """Share the visit's seconds out over its codes, unevenly: remainders are what the rules are about."""
    whole = chance.between(*VISIT_MINUTES) * MINUTE + chance.between(0, 59)
    if len(codes) == 1:
        return [whole * 3 // 4]
    parts = [weight(code) * chance.between(45, 155) for code in codes]
    return [whole * part // sum(parts) for part in parts]
