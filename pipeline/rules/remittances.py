"""What a payer answered for a line, and which of several answers stands."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from msgspec import Struct

_OF_A_LINE = frozenset({"GO", "GP", "GN", "CO", "CQ"})

Key = tuple[str, str, str]
"""What a line is known by on its date: payer, code, and those of its modifiers that tell lines apart."""


class Remittance(Struct, frozen=True, array_like=True, gc=False):
    """A payer's answer to one line of a date, whole cents: the newest version of its fact.

    `modifiers` are those that tell lines apart; `reverses` names the remittance that this one takes back; `reasons`
    say why the line was denied, empty where it was not.
    """

    remittance_id: str
    payer_id: str
    code: str
    modifiers: str
    allowed_cents: int
    adjudicated_on: str
    version: tuple[int, str, str]
    reverses: str | None = None
    reasons: list[str] = []

    @property
    def key(self) -> Key:
        """Give what the line that it answers is known by."""
        return self.payer_id, self.code, self.modifiers


def key_of(payer_id: str, code: str, modifiers: Sequence[str]) -> Key:
    """Give what a line is known by: of its modifiers GO, GP, GN, CO and CQ count, in whatever order; units do not."""
    return payer_id, code, _telling(tuple(modifiers))


@lru_cache(maxsize=4_096)
def _telling(modifiers: tuple[str, ...]) -> str:
    return " ".join(sorted(_OF_A_LINE.intersection(modifiers)))


def standing(remittances: Iterable[Remittance], fallen: Collection[str]) -> dict[Key, Remittance]:
    """Give the remittance that stands for each line of a date: of several the last, never their sum.

    `remittances` are in the order of `adjudicated_on`, then of versions. One that reverses another falls away, known
    or not what it names, and so do those in `fallen`, which some remittance names, itself reversed or not.
    """
    return {found.key: found for found in remittances if found.reverses is None and found.remittance_id not in fallen}


def denial(allowed_cents: int, adjustments: Iterable[tuple[str, str, int]]) -> list[str]:
    """Give why a line was denied, as CARC group, reason and whole cents: nothing was allowed, and it is said why.

    What was adjusted of a line that was allowed in part is no denial.
    """
    if allowed_cents != 0:
        return []
    return [f"{group}-{reason} {cents}" for group, reason, cents in adjustments]
