"""The checks of a day that change nothing: kinds of findings, each rule by itself."""

from collections.abc import Sequence
from itertools import permutations
from typing import TYPE_CHECKING

from reference.clock import overlap
from reference.facts import Segment
from reference.figures import CAREGIVER, COGNITIVE, TIMED, UNTIMED
from reference.payers import rule
from reference.regions import diagnosis, region, wrong

if TYPE_CHECKING:
    from reference.day import Line

OT_LEVELS = ("97165", "97166", "97167")
PT_LEVELS = ("97161", "97162", "97163")
FAMILIES = ({*OT_LEVELS, "97168"}, {*PT_LEVELS, "97164"}, {"92522", "92523"})
BANDS = {"cpt": ((1, 3), (3, 5), (5, 10**9)), "guide": ((1, 2), (3, 5), (5, 10**9))}
WORDS = {
    "history": ("brief", "expanded", "extensive"),
    "decision_making": ("low", "moderate", "high"),
    "modification": ("none", "minimal", "significant"),
}
OWNERS = (
    ({*OT_LEVELS, "97168"}, {"OT"}),
    ({*PT_LEVELS, "97164"}, {"PT"}),
    ({"92507", "92508", "92521", "92522", "92523", "92524"}, {"SLP"}),
    ({"92526", "92610"}, {"OT", "SLP"}),
)
ALONE = {"97161", "97162", "97163", "97164", "97165", "97166", "97167", "97168", "92507", "92521", "92522", "92523"}
ALONE |= {"92524", "92526", "92610", "96125", *TIMED, *COGNITIVE}

_chosen = {"evaluation_bands": "cpt", "telehealth_rule": "law"}


_daily_units: dict[str, dict[str, int]] = {}


def choose(settings: dict[str, str] | None, daily_units: dict[str, dict[str, int]] | None) -> None:
    _chosen.update({"evaluation_bands": "cpt", "telehealth_rule": "law"} | (settings or {}))
    _daily_units.clear()
    _daily_units.update(daily_units or {})


def checks(segments: list[Segment], lines: "list[Line]", date: str, sites: dict[str, dict]) -> set[str]:
    """Give the kinds that are found of the billed segments and the lines of a date."""
    kinds = same_day(segments) | missing_modifiers(lines, date) | too_many(lines, date)
    for s in segments:
        medicare = rule(s.payer_id, "thresholds", date)
        kinds |= level(s) | telehealth(s, date, medicare=medicare) | regions(s)
        if any(s.code in codes and s.discipline not in of for codes, of in OWNERS):
            kinds.add("code_of_another_discipline")
        private = sites.get(s.site_id, {}).get("setting", "private_practice") == "private_practice"
        direct = private and date < "2025-01-01"
        if medicare and direct and s.assistant and s.said.get("supervision") == "general":
            kinds.add("supervision")
    return kinds


def level(s: Segment) -> set[str]:
    levels = next((found for found in (OT_LEVELS, PT_LEVELS) if s.code in found), None)
    if levels is None:
        return set()
    at, kinds = levels.index(s.code), set()
    if levels == OT_LEVELS and s.said.get("deficits") is not None:
        fewest, most = BANDS[_chosen["evaluation_bands"]][at]
        kinds |= {"upcoded"} if s.said["deficits"] < fewest else set()
        kinds |= {"undercoded"} if s.said["deficits"] > most else set()
    for name, words in WORDS.items():
        word = s.said.get(name)
        if word is None or (levels == PT_LEVELS and name != "decision_making"):
            continue
        word = word.strip().lower()
        if word not in words:
            kinds.add("not_known")
        elif words.index(word) < at:
            kinds.add("upcoded")
    return kinds


def telehealth(s: Segment, date: str, *, medicare: bool) -> set[str]:
    place, said = s.said.get("place_of_service"), s.said.get("telehealth")
    remote = place in ("02", "10")
    if said is False and remote:
        return {"telehealth_place"}
    kinds = set()
    if medicare and (said or remote):
        last = "2024-12-31" if _chosen["telehealth_rule"] == "guide" else "2027-12-31"
        if not "2020-03-01" <= date <= last:
            kinds.add("telehealth_not_allowed")
        if place is not None and not remote and date >= "2024-01-01":
            kinds.add("telehealth_place")
    return kinds


def regions(s: Segment) -> set[str]:
    diagnoses = s.said.get("diagnoses") or []
    kinds = {"wrong_body_part"} if wrong(s.regions, diagnoses) else set()
    unknown = [r for r in s.regions if region(r) is None] + [d for d in diagnoses if diagnosis(d) is None]
    return kinds | ({"not_known"} if unknown else set())


def same_day(segments: list[Segment]) -> set[str]:
    kinds = set()
    for one, other in permutations(segments, 2):
        of_one = one.discipline == other.discipline
        if of_one and one.code == other.code and one.code in UNTIMED:
            kinds.add("once_a_day")
        if of_one and one.code != other.code and any({one.code, other.code} <= family for family in FAMILIES):
            kinds.add("evaluations_together")
        if overlap(one, other) and (
            (one.code in ("97150", "92508") and other.code in ALONE)
            or (one.code == "97552" and other.code in CAREGIVER)
        ):
            kinds.add("group_overlap")
    for first, further in (COGNITIVE, CAREGIVER):
        for s in segments:
            mine = [f for f in segments if (f.payer_id, f.discipline, f.code) == (s.payer_id, s.discipline, first)]
            clocks = [f.started for f in mine if f.started is not None]
            early = clocks and s.started is not None and s.started < min(clocks)
            if s.code == further and (not mine or early):
                kinds.add("pair_order")
    return kinds


def missing_modifiers(lines: "list[Line]", date: str) -> set[str]:
    from reference.day import modifiers  # noqa: PLC0415 -- a day's checks and its lines know each other.

    for line in lines:
        sent = {m for s in line.count.segments for m in s.modifiers}
        if sent and not {*modifiers(line, date)} <= sent:
            return {"modifier_missing"}
    return set()


def too_many(lines: "list[Line]", date: str) -> set[str]:
    begun = [day for day in _daily_units if day <= date]
    limits = _daily_units[max(begun)] if begun else {}
    for code, most in limits.items():
        for payer in {line.count.payer for line in lines}:
            units = [line.units for line in lines if (line.code, line.count.payer) == (code, payer)]
            if rule(payer, "thresholds", date) and sum(units) > most:
                return {"units_over_mue"}
    return set()


def documented(notes: Sequence[dict], segments: list[Segment], lines: "list[Line]") -> set[str]:
    kinds = set()
    billed = [s.segment_id for line in lines for s in line.count.segments]
    for note in notes:
        mine = [
            s for s in segments if (s.discipline, s.said["therapist_id"]) == (note["discipline"], note["therapist_id"])
        ]
        if len({*note["elements"]}) < 7 and any(s.segment_id in billed for s in mine):
            kinds.add("documentation_missing")
        if not mine and "treatment_time" in note["elements"]:
            kinds.add("documented_without_minutes")
    return kinds
