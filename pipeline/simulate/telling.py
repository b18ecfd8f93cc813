"""How a site's EMR tells of a visit: segments whole, in halves or without a clock, its note, its appointments."""

from typing import Any

from pipeline.simulate.chance import Chance
from pipeline.simulate.clock import DAY, HOUR, MINUTE, date_text
from pipeline.simulate.outbox import Outbox
from pipeline.simulate.patients import Plan
from pipeline.simulate.treatments import LEVELS, MISCODED_EVERY, MODIFIER, REGIONS, TREATED
from pipeline.simulate.visits import Segment, Visit

LATE_VISIT = 0.012
LATE_SEGMENT = 0.008
NEVER_STOPPED, STOPPED_LATE = 0.006, 0.006
"""Of live timers: forgotten for ever, or until somebody closes the clinic's timers at night."""

FORGOTTEN_IS_MENDED = 0.6
DOCUMENTED = 0.94
CANCELLED = 0.06
_PROGRESS_REPORT_EVERY = 10
_ELEMENTS = ("services_provided", "medical_necessity", "functional_goals", "treatment_time", "patient_response",
             "progress", "plan_of_care")  # fmt: skip


def tell(outbox: Outbox, visit: Visit, chance: Chance) -> None:
    """Tell of each segment when it is over, or a visit entered days later."""
    timing = visit.patient.site.feed.timing
    if timing == "live":
        for segment in visit.segments:
            _tell_live(outbox, visit, segment, chance)
        return
    late = chance.between(1, 6) * DAY if chance.happens(LATE_VISIT) else 0
    for segment in visit.segments:
        forgotten = chance.between(1, 9) * DAY if chance.happens(LATE_SEGMENT) else 0
        at = (visit.ends if timing == "minutes" else segment.stopped) + chance.between(5, 150) + (late or forgotten)
        tell_whole(outbox, visit, segment, at)


def tell_whole(outbox: Outbox, visit: Visit, segment: Segment, at: int) -> None:
    """Tell a segment in one event, as the site's EMR does: the first time, and amended."""
    if visit.patient.site.feed.timing == "minutes":
        clock = {
            "service_date": date_text(segment.day),
            "minutes": segment.seconds // MINUTE,
            "assistant_minutes": segment.assistant // MINUTE or None,
        }
        outbox.send("service.recorded", visit.patient, at, {**_treatment(visit, segment), **clock})
        return
    kind = "segment.recorded" if segment.revision == 1 else "segment.amended"
    stopped = {"stopped_at": visit.patient.site.zone.text(segment.stopped)}
    outbox.send(kind, visit.patient, at, {**_treatment(visit, segment), **_clock(visit, segment), **stopped})


def _tell_live(outbox: Outbox, visit: Visit, segment: Segment, chance: Chance) -> None:
    patient, zone = visit.patient, visit.patient.site.zone
    start = {**_treatment(visit, segment), **_clock(visit, segment), "paused_seconds": None, "assistant_seconds": None}
    outbox.send("segment.started", patient, segment.started, start)
    forgotten = chance.happens(NEVER_STOPPED)
    late = not forgotten and chance.happens(STOPPED_LATE)
    stopped = segment.stopped + (chance.between(5 * HOUR, 9 * HOUR) if late else 0)
    if not forgotten:
        stop = {
            "segment_id": segment.segment_id,
            "revision": segment.revision,
            "stopped_at": zone.text(stopped),
            "paused_seconds": segment.paused or None,
            "assistant_seconds": segment.assistant or None,
        }
        outbox.send("segment.stopped", patient, stopped, stop)
    if (forgotten or late) and chance.happens(FORGOTTEN_IS_MENDED):
        mended = Segment(segment.segment_id, segment.code, segment.started, segment.stopped, revision=2)
        tell_whole(outbox, visit, mended, segment.stopped + chance.between(12, 60) * HOUR)


def _treatment(visit: Visit, segment: Segment) -> dict[str, Any]:
    plan, details = visit.plan, visit.patient.site.feed.details
    said = {
        "segment_id": segment.segment_id,
        "revision": segment.revision,
        "therapist_id": visit.plan.therapist.therapist_id,
        "payer_id": visit.patient.payer_id,
        "discipline": plan.discipline,
        "code": segment.code,
        "supervision": "general" if segment.assistant else None,
        "deficits": segment.deficits,
    }
    if details:
        said["diagnoses"] = [plan.diagnosis]
        said["place_of_service"] = "11"
        if segment.code in ("97110", "97140"):
            said["body_regions"] = [_region(visit, by_hand=segment.code == "97140")]
        if segment.code == "97530" and visit.number % 3 == 0:
            said["modifiers"] = [MODIFIER[plan.discipline], "59"]
    if details and segment.code in LEVELS:
        said["history"], said["decision_making"] = LEVELS[segment.code]
    return said


def _region(visit: Visit, *, by_hand: bool) -> str:
    """Give what is treated; of every tenth patient the region is anyone's, and often the wrong one."""
    number = visit.patient.number
    places = TREATED.get(visit.plan.diagnosis)
    if places is None or number % MISCODED_EVERY == 0:
        return REGIONS[(number + by_hand) % len(REGIONS)]
    return places[by_hand]


def _clock(visit: Visit, segment: Segment) -> dict[str, Any]:
    return {
        "started_at": visit.patient.site.zone.text(segment.started),
        "paused_seconds": segment.paused or None,
        "assistant_seconds": segment.assistant or None,
    }


def document(outbox: Outbox, visit: Visit, chance: Chance) -> None:
    """Send the visit's note, most often whole, where the EMR sends notes."""
    if not visit.patient.site.feed.notes or not chance.happens(DOCUMENTED):
        return
    missing = chance.one(_ELEMENTS) if chance.happens(0.08) else None
    note = {
        "service_date": date_text(visit.day),
        "discipline": visit.plan.discipline,
        "therapist_id": visit.plan.therapist.therapist_id,
        "elements": [element for element in _ELEMENTS if element != missing],
        "progress_report": visit.plan.done % _PROGRESS_REPORT_EVERY == 0,
    }
    outbox.send("visit.documented", visit.patient, visit.ends + chance.between(3, 180) * MINUTE, note)


def schedule(outbox: Outbox, plan: Plan, after: int, day: int, chance: Chance) -> bool:
    """Tell of the appointment of a day, where the EMR sends appointments; give whether it will be kept."""
    kept = not chance.happens(CANCELLED)
    patient = plan.patient
    if patient.site.feed.appointments:
        appointment = {
            "appointment_id": f"a-{patient.number}-{plan.number}-{plan.done}",
            "revision": 1,
            "starts_at": patient.site.zone.text(day * DAY + (8 + plan.hour) * HOUR),
            "discipline": plan.discipline,
            "planned": [{"code": code, "minutes": 15} for code, _ in plan.codes[:3]],
        }
        outbox.send("visit.scheduled", patient, after + chance.between(60, 900), appointment)
        if not kept:
            day_before = max(after + HOUR, (day - 1) * DAY + chance.between(9, 16) * HOUR)
            outbox.send("visit.cancelled", patient, day_before, {**appointment, "revision": 2})
    return kept
