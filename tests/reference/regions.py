"""Where diagnoses are and what regions are called, as far as the cases and the histories name them."""

import re

ARM = {"shoulder", "upper arm", "elbow", "forearm", "wrist", "hand"}
LEG = {"hip", "thigh", "knee", "lower leg", "ankle", "foot"}
CALLED = {part: {part} for part in ARM | LEG} | {
    "arm": ARM,
    "upper extremity": ARM,
    "leg": LEG,
    "lower extremity": LEG,
    "thumb": {"hand"},
    "lumbar spine": {"lumbar"},
    "low back": {"lumbar"},
    "lumbar": {"lumbar"},
    "neck": {"neck"},
    "cervical spine": {"neck"},
    "thoracic spine": {"thoracic"},
}
SIDES = {"left": {"left"}, "right": {"right"}, "both": {"left", "right"}, "bilateral": {"left", "right"}}
KNEE, SHOULDER = {"thigh", "knee", "lower leg"}, {"shoulder", "upper arm"}
JOINTS = {
    "1": SHOULDER,
    "2": {"upper arm", "elbow", "forearm"},
    "3": {"forearm", "wrist", "hand"},
    "4": {"wrist", "hand"},
    "5": {"pelvis", "hip", "thigh"},
    "6": KNEE,
    "7": {"lower leg", "ankle", "foot"},
}
PLACES = {
    "M170": KNEE,
    "M171": KNEE,
    "M75": SHOULDER,
    "M545": {"lumbar", "pelvis"},
    "M542": {"neck"},
    "M47812": {"neck"},
    "S52": {"upper arm", "elbow", "forearm", "wrist"},
    "S801": {"thigh", "knee", "lower leg", "ankle"},
    "S800": {"thigh", "knee", "lower leg", "ankle"},
    "S825": {"thigh", "knee", "lower leg", "ankle"},
    "S626": {"wrist", "hand"},
    "M7964": {"wrist", "hand"},
}
NO_SIDE = ("M170", "M545", "M542", "M47812", "S626")


def region(text: str) -> tuple[set, set] | None:
    words = re.split(r"[^a-z]+", text.lower())
    sides = set().union(*(SIDES.get(word, set()) for word in words))
    name = " ".join(word for word in words if word and word not in SIDES)
    parts = CALLED.get(name, CALLED.get(name.removesuffix("s")))
    return None if parts is None else (parts, sides)


def diagnosis(text: str) -> tuple[set, str | None] | None:
    """Give the parts that a diagnosis is of, none for anywhere, and its side; None for what is no diagnosis."""
    code = text.strip().upper()
    if not re.fullmatch(r"[A-Z]\d[0-9A-Z](\.?[0-9A-Z]{1,4})?", code):
        return None
    code = code.replace(".", "")
    parts = next((PLACES[start] for start in PLACES if code.startswith(start)), set())
    if code[:3] in ("M25", "M19"):
        parts = JOINTS.get(code[4:5], set())
    last = code[:6].rstrip("X")[4:][-1:]
    right, left = ("14", "25") if code[0] == "S" or code[:4] == "M796" or code[:3] == "M25" else ("1", "2")
    side = "right" if last and last in right else "left" if last and last in left else None
    return parts, None if code.startswith(NO_SIDE) else side


def wrong(regions: tuple[str, ...], diagnoses: list[str]) -> bool:
    found = [diagnosis(text) for text in diagnoses]
    if not found or any(one is None or not one[0] for one in found):
        return False
    for parts, sides in filter(None, map(region, regions)):
        for side in sides or {None}:
            fitting = [
                (where, of)
                for where, of in found
                if where & parts and (None in (side, of) or side == of or not where & parts <= ARM | LEG)
            ]
            if not fitting:
                return True
    return False
