"""Who pays what of an allowed amount: the deductible, the patient's part or copay, and the payer's rest."""

from functools import lru_cache
from typing import NamedTuple


class Owed(NamedTuple):
    """What patient and payer owe of a line, whole cents; None while nobody knows it. `deductible_cents` is part of it.

    `patient_cents` is the deductible and what the patient owes of the rest.
    """

    patient_cents: int | None
    payer_cents: int | None
    deductible_cents: int = 0


UNKNOWN = Owed(None, None)


@lru_cache(maxsize=65_536)
def owed(allowed_cents: int, deductible_cents: int, of_rest: int | None, copay_cents: int | None, part: int) -> Owed:
    """Share a line's allowed amount, whole cents, rounded half up.

    The patient owes what is left of the deductible, then `copay_cents` or, where no copay is known, `of_rest` percent;
    never more than the line. The payer owes `part` percent of what remains, which is less than all for assistants.
    Gives `UNKNOWN` where neither copay nor percent is known. Sequestration, which Medicare takes from what it pays, is
    no part of this. Source: 42 USC 1395l(a) and (b); for assistants 42 USC 1395m(v).
    """
    deductible = min(deductible_cents, allowed_cents)
    rest = allowed_cents - deductible
    if copay_cents is not None:
        patient = min(copay_cents, rest)
    elif of_rest is not None:
        patient = (rest * of_rest + 50) // 100
    else:
        return UNKNOWN
    return Owed(deductible + patient, ((rest - patient) * part + 50) // 100, deductible)
