"""How a payer counts units and prices them, as profiles whose every field cites its policy."""

from functools import cache, lru_cache
from importlib.resources import files
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from pipeline.rules.units import UnitRule

T = TypeVar("T")
UNLISTED = "unlisted"


class Cited(Struct, Generic[T], frozen=True, forbid_unknown_fields=True):
    """A value and the policy that it is from, or the word that it is unverified."""

    value: T
    source: str


class Profile(Struct, frozen=True, forbid_unknown_fields=True):
    """What a payer's lines go by.

    `site_schedule` tells whether a site's schedule and locality price them (else CMS's national amounts do),
    `thresholds` whether they count towards KX and targeted review, `not_valid_status_applies` whether CMS's status I
    bars a code, `assistant_modifiers` whether lines carry CO or CQ.
    """

    payer_id: str
    label: str
    unit_rule: Cited[UnitRule]
    site_schedule: Cited[bool]
    multiple_procedure: Cited[bool]
    thresholds: Cited[bool]
    not_valid_status_applies: Cited[bool]
    assistant_modifiers: Cited[bool]


class Payer(Struct, frozen=True, gc=False):
    """A profile's values alone, as the day is computed with."""

    payer_id: str
    listed: bool
    unit_rule: UnitRule
    site_schedule: bool
    multiple_procedure: bool
    thresholds: bool
    not_valid_status_applies: bool
    assistant_modifiers: bool


@cache
def profiles() -> dict[str, Profile]:
    """Give the packaged profiles by payer."""
    folder = files("pipeline.rules") / "params" / "payers"
    found = [msgspec.yaml.decode(file.read_bytes(), type=Profile) for file in folder.iterdir()]
    return {profile.payer_id: profile for profile in found}


@cache
def _payers() -> dict[str, Payer]:
    return {
        payer_id: Payer(
            payer_id,
            payer_id != UNLISTED,
            profile.unit_rule.value,
            profile.site_schedule.value,
            profile.multiple_procedure.value,
            profile.thresholds.value,
            profile.not_valid_status_applies.value,
            profile.assistant_modifiers.value,
        )
        for payer_id, profile in profiles().items()
    }


@lru_cache(maxsize=4_096)
def payer(payer_id: str) -> Payer:
    """Give what a payer's lines go by; a payer that no profile describes goes by `unlisted`."""
    known = _payers()
    return known.get(payer_id) or known[UNLISTED]
