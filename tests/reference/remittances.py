"""What payers answered: the remittance that stands for each line of a date, and those that belong to no line."""

from reference.day import Line, modifiers
from reference.facts import Event, version

TELLING = {"GO", "GP", "GN", "CO", "CQ"}


def standing_remittances(remittances: list[Event]) -> list[Event]:
    """Leave out every remittance that reverses another, and every one that is named by any of them."""
    named = {r["reverses"] for r in remittances if r.get("reverses") is not None}
    return [r for r in remittances if r.get("reverses") is None and r["remittance_id"] not in named]


def answered(date: str, lines: list[Line], remittances: list[Event]) -> tuple[dict[int, Event], bool]:
    """Give the remittance of each line of a date, by the line's identity, and whether one belongs to no line.

    `lines` are in the order that they count in.
    """
    of_date = [r for r in remittances if r["service_date"] == date]
    found: dict[int, Event] = {}
    used = []
    for line in lines:
        key = line.count.payer, line.code, TELLING & set(modifiers(line, date))
        mine = [r for r in of_date if (r["payer_id"], r["code"], TELLING & set(r["modifiers"])) == key]
        if mine and key not in used:
            used.append(key)
            found[id(line)] = max(mine, key=lambda r: (r["adjudicated_on"], version(r)))
    strays = [r for r in of_date if (r["payer_id"], r["code"], TELLING & set(r["modifiers"])) not in used]
    return found, bool(strays)
