"""What each discipline does at the mat: its codes, how long they take, and roughly what they are worth."""

from pipeline.events.fields import Discipline
from pipeline.simulate.chance import Chance

EVALUATIONS: dict[Discipline, tuple[tuple[str, int], ...]] = {
    "OT": (("97165", 40), ("97166", 45), ("97167", 15)),
    "PT": (("97161", 45), ("97162", 40), ("97163", 15)),
    "SLP": (("92521", 15), ("92522", 45), ("92523", 40)),
}
MODIFIER: dict[Discipline, str] = {"OT": "GO", "PT": "GP", "SLP": "GN"}
RE_EVALUATION: dict[Discipline, str | None] = {"OT": "97168", "PT": "97164", "SLP": None}
TREATMENTS: dict[Discipline, tuple[tuple[str, int], ...]] = {
    "OT": (("97530", 30), ("97535", 22), ("97110", 18), ("97112", 12), ("97140", 10), ("97129", 8)),
    "PT": (("97110", 28), ("97112", 18), ("97116", 12), ("97140", 18), ("97530", 14), ("G0283", 5), ("97035", 5)),
    "SLP": (("92507", 55), ("92526", 25), ("97129", 20)),
}
DEFICITS = {"97165": (1, 3), "97166": (3, 5), "97167": (5, 8)}
"""Performance deficits that a level of evaluation is for (CPT)."""

DIAGNOSES: dict[Discipline, tuple[str, ...]] = {
    "OT": ("M25.511", "M25.512", "I69.351", "S52.501D"),
    "PT": ("M17.11", "M17.12", "M54.50", "Z47.1"),
    "SLP": ("I69.320", "R13.12", "R47.1", "R41.841"),
}
REGIONS = ("left shoulder", "right shoulder", "left knee", "right knee", "lumbar spine")
TREATED = {
    "M25.511": ("right shoulder", "right upper arm"),
    "M25.512": ("left shoulder", "left upper arm"),
    "S52.501D": ("right forearm", "right wrist"),
    "M17.11": ("right knee", "right thigh"),
    "M17.12": ("left knee", "left thigh"),
    "M54.50": ("lumbar spine", "pelvis"),
}
"""Where a diagnosis is treated, by exercise and by hand; the others are treated anywhere."""

MISCODED_EVERY = 10
"""Of so many patients one is documented otherwise than coded."""

LEVELS = {
    **dict.fromkeys(("97165", "97161"), ("brief", "low")),
    **dict.fromkeys(("97166", "97162"), ("expanded", "moderate")),
    **dict.fromkeys(("97167", "97163"), ("extensive", "high")),
}
"""The history and decision making that a level of evaluation is for (CPT)."""

_WEIGHT = {"97035": 5, "G0283": 8, "97140": 8, "97129": 9}
_LIKELY_WEIGHT = 12
_NO_UNIT_BELOW = 8  # Minutes; Manual 20.2.
_UNTIMED_CENTS = {"92507": 6_600, "92526": 7_200, "92521": 13_000, "92522": 11_200, "92523": 22_600, "G0283": 950}
_EVALUATION_CENTS, _RE_EVALUATION_CENTS = 10_000, 6_000
_UNIT_CENTS, _FIRST_UNIT_EXTRA_CENTS = 2_330, 800


def is_evaluation(code: str) -> bool:
    return "97161" <= code <= "97168" or "92521" <= code <= "92523"


def is_timed(code: str) -> bool:
    return code not in _UNTIMED_CENTS and not is_evaluation(code)


def favourites(discipline: Discipline, chance: Chance) -> tuple[tuple[str, int], ...]:
    """Give the codes that a plan of care is made of, each as often as the next."""
    return tuple((code, 1) for code in chance.several(TREATMENTS[discipline], 4))


def weight(code: str) -> int:
    """Give how long a code takes, as a part of the visit."""
    return _WEIGHT.get(code, _LIKELY_WEIGHT)


def units(minutes: dict[str, int]) -> dict[str, int]:
    """Give the units that a biller would put on a claim for one discipline's minutes by code."""
    timed = {code: spent for code, spent in minutes.items() if is_timed(code)}
    due = (sum(timed.values()) + _NO_UNIT_BELOW - 1) // 15
    billed = {code: timed[code] // 15 if code in timed else 1 for code in minutes}
    left = due - sum(billed[code] for code in timed)
    for code in sorted(timed, key=lambda code: (-(timed[code] % 15), code))[:left]:
        billed[code] += 1
    return {code: count for code, count in billed.items() if count}


def worth_cents(billed: dict[str, int]) -> int:
    """Give roughly what a day's units are worth.

    Only the simulator's people guess with it, to attest and to correct where a biller would; no rule reads it.
    """
    timed = sum(count for code, count in billed.items() if is_timed(code))
    untimed = sum(untimed_cents(code) for code in billed if not is_timed(code))
    return timed * _UNIT_CENTS + untimed + (_FIRST_UNIT_EXTRA_CENTS if timed and not untimed else 0)


def untimed_cents(code: str) -> int:
    if code in RE_EVALUATION.values():
        return _RE_EVALUATION_CENTS
    return _UNTIMED_CENTS.get(code, _EVALUATION_CENTS)
