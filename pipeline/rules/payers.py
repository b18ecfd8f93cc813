"""How a payer counts units, prices lines and shares what is owed: profiles whose every field cites its policy."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from pipeline.rules.units import UnitRule

T = TypeVar("T")
UNLISTED = "unlisted"
FIRST = date.min


def _check_percent(percent: Decimal | None) -> None:
    if percent is not None and not (percent.is_finite() and percent >= 0):
        raise ValueError("a percent is a number from 0")


Whole = Annotated[int, Meta(ge=0, description="a whole number from 0")]
Percent = Annotated[int, Meta(ge=0, le=100)]


class Schedule(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="schedule"):
    """A percent of a schedule: of CMS's national amounts, or of what the site's schedule and locality give."""

    of: Literal["national", "site"] = "national"
    percent: Decimal = Decimal(100)

    def __post_init__(self) -> None:
        """Refuse a percent below 0."""
        _check_percent(self.percent)


class Fees(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="fees"):
    """A table of the payer's own: whole cents a unit by code.

    A code that it does not list has no price, unless `others_percent` gives it that part of CMS's national amount.
    """

    cents: dict[int | str, Whole]
    others_percent: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse a percent below 0."""
        _check_percent(self.others_percent)


class Visit(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="visit"):
    """One rate, whole cents, for all that a discipline does on a date."""

    cents: Whole


class Case(Struct, frozen=True, forbid_unknown_fields=True, tag_field="by", tag="case"):
    """One rate, whole cents, for a case of a discipline: it begins with an initial evaluation."""

    cents: Whole


Price = Schedule | Fees | Visit | Case


class Cited(Struct, Generic[T], frozen=True, forbid_unknown_fields=True):
    """A value and the policy that it is from, or the word that it is unverified.

    Either `value`, for every date, or `values` by date: each holds until the next one, the last `through` a date where
    one is given.
    """

    source: Annotated[str, Meta(min_length=1)]
    value: T | UnsetType = UNSET
    values: dict[date, T] = {}
    through: date | None = None

    def __post_init__(self) -> None:
        """Refuse what has no value, or two ways to find it."""
        if (self.value is UNSET) == (not self.values):
            raise ValueError("give either `value`, or `values` by date")
        if self.through is not None and (not self.values or self.through < max(self.values)):
            raise ValueError("`through` ends `values`, and is not before the last of them")

    def at(self, day: date) -> T | UnsetType:
        """Give the value on a date; UNSET where none is stated."""
        if not self.values:
            return self.value
        dates = sorted(self.values)
        place = bisect_right(dates, day)
        if not place or (self.through is not None and day > self.through):
            return UNSET
        return self.values[dates[place - 1]]

    def dates(self) -> set[date]:
        """Give the dates on which the value changes, or ends."""
        return {*self.values, *([] if self.through in (None, date.max) else [self.through + timedelta(1)])}


class Profile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a payer's lines go by.

    - `unit_rule` and `price` make units and amounts; `multiple_procedure` tells whether the reduction is taken.
    - `thresholds` tells whether lines count towards KX and targeted review, `kx` whether they carry KX when it is due.
    - `not_valid_status_applies` tells whether CMS's status I bars a code.
    - `discipline_modifiers` (GO, GP, GN) and `assistant_modifiers` (CO, CQ) tell which a line carries.
    - `visit_limit` (visits a year), `authorization_needed`, `progress_report_visits` (treatment days),
      `progress_report_days` and `certification_days` are what care is watched by, where the coverage says nothing else;
      null where the payer sets no such limit.
    - `part_b_deductible` tells that the year's Part B deductible holds where no report tells what is left of one.
    - `coinsurance_percent` is the patient's part after the deductible, null where nobody knows it before the payer
      answers. With `takes_copay` a copay stands in for it: the coverage's, or `copay_cents`, where either is known.
    - `assistant_reduction` tells whether the payer's part of a line with CO or CQ is cut as Medicare's is.
    """

    payer_id: Annotated[str, Meta(min_length=1, max_length=128)]
    label: str
    unit_rule: Cited[UnitRule]
    price: Cited[Price]
    multiple_procedure: Cited[bool]
    thresholds: Cited[bool]
    kx: Cited[bool]
    not_valid_status_applies: Cited[bool]
    discipline_modifiers: Cited[bool]
    assistant_modifiers: Cited[bool]
    visit_limit: Cited[Whole | None]
    authorization_needed: Cited[bool]
    progress_report_visits: Cited[Whole | None]
    progress_report_days: Cited[Whole | None]
    certification_days: Cited[Whole | None]
    part_b_deductible: Cited[bool]
    coinsurance_percent: Cited[Percent | None]
    takes_copay: Cited[bool]
    copay_cents: Cited[Whole | None]
    assistant_reduction: Cited[bool]


_FIELDS = Profile.__struct_fields__[2:]


class Payer(Struct, frozen=True, kw_only=True, gc=False):
    """A profile's values on a date, as the rules go by them; `Profile` says what each is.

    `listed` is False for a payer that no profile describes. `lacks` names the fields that have no value on the date,
    which go by those of `unlisted`; only a price is never another's, and then is None. `file` is where to add them.
    `flat` tells a rate a visit or a case, which no unit prices.
    """

    payer_id: str
    listed: bool
    file: str
    lacks: tuple[str, ...]
    unit_rule: UnitRule
    price: Price | None
    multiple_procedure: bool
    thresholds: bool
    kx: bool
    not_valid_status_applies: bool
    discipline_modifiers: bool
    assistant_modifiers: bool
    visit_limit: int | None
    authorization_needed: bool
    progress_report_visits: int | None
    progress_report_days: int | None
    certification_days: int | None
    part_b_deductible: bool
    coinsurance_percent: int | None
    takes_copay: bool
    copay_cents: int | None
    assistant_reduction: bool
    flat: bool


class Payers:
    """The payers that are known: the packaged profiles, and a network's own, which stand before them."""

    def __init__(self, profiles: Mapping[str, Profile], own: Mapping[str, Profile] = MappingProxyType({})) -> None:
        """Take the packaged profiles and a network's own, by the names of their files.

        Errors: ValueError, naming the file and the field that cannot be.
        """
        by_payer = _by_payer(profiles) | _by_payer(own)
        usual = by_payer[UNLISTED][1]
        if dated := [name for name in _FIELDS if getattr(usual, name).values]:
            raise ValueError(f"{by_payer[UNLISTED][0]}: {dated[0]}: {UNLISTED} needs one `value` for all dates")
        self._payers = {payer_id: _periods(file, profile, usual) for payer_id, (file, profile) in by_payer.items()}
        self._unlisted = self._payers[UNLISTED]
        self.profiles = {payer_id: profile for payer_id, (_, profile) in by_payer.items()}

    def at(self, payer_id: str, day: str) -> Payer:
        """Give what a payer's lines go by on an ISO date; one that no profile describes goes by `unlisted`."""
        starts, payers = self._payers.get(payer_id, self._unlisted)
        return payers[0] if len(payers) == 1 else payers[bisect_right(starts, day) - 1]


def _by_payer(profiles: Mapping[str, Profile]) -> dict[str, tuple[str, Profile]]:
    found: dict[str, tuple[str, Profile]] = {}
    for file, profile in profiles.items():
        if profile.payer_id in found:
            raise ValueError(f"{file}: payer_id: {found[profile.payer_id][0]} describes this payer too")
        found[profile.payer_id] = file, profile
    return found


def _periods(file: str, profile: Profile, usual: Profile) -> tuple[list[str], list[Payer]]:
    """Give the dates from which on a profile's values hold together, and those values."""
    starts = sorted({FIRST, *(day for name in _FIELDS for day in getattr(profile, name).dates())})
    return [day.isoformat() for day in starts], [_payer(file, profile, usual, day) for day in starts]


def _payer(file: str, profile: Profile, usual: Profile, day: date) -> Payer:
    stated = {name: getattr(profile, name).at(day) for name in _FIELDS}
    lacks = tuple(name for name, value in stated.items() if value is UNSET)
    values: dict[str, Any] = stated | {name: getattr(usual, name).value for name in lacks}
    if "price" in lacks:
        values["price"] = None
    flat = isinstance(values["price"], Visit | Case)
    if flat and values["multiple_procedure"]:
        raise ValueError(f"{file}: multiple_procedure: a rate a visit or a case is not reduced")
    if values["kx"] and not values["thresholds"]:
        raise ValueError(f"{file}: kx: it is due on lines that count towards the thresholds alone")
    listed = profile.payer_id != UNLISTED
    return Payer(payer_id=profile.payer_id, listed=listed, file=file, lacks=lacks, flat=flat, **values)


def decode(texts: Iterable[tuple[str, bytes]]) -> dict[str, Profile]:
    """Read profiles from YAML texts, each after the name of its file; gives them by that name.

    Errors: ValueError, naming the file and the field.
    """
    found = {}
    for file, text in texts:
        try:
            found[file] = msgspec.yaml.decode(text, type=Profile)
        except msgspec.DecodeError as error:
            raise ValueError(f"{file}: {' '.join(str(error).split())}") from None
    return found


@cache
def packaged() -> Payers:
    """Give the packaged profiles."""
    return Payers(packaged_profiles())


@cache
def packaged_profiles() -> Mapping[str, Profile]:
    """Give the packaged profiles by the name of their file."""
    folder = files("pipeline.rules") / "params" / "payers"
    return decode((file.name, file.read_bytes()) for file in sorted(folder.iterdir(), key=lambda file: file.name))
