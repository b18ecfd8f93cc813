"""The figures that the reference computes with, typed in or read from CMS's rows, apart from the product's own."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"

# 42 U.S.C. 1395l(g) and CMS's yearly notices of it; cents.
KX_THRESHOLD = {
    2018: 201000,
    2019: 204000,
    2020: 208000,
    2021: 211000,
    2022: 215000,
    2023: 223000,
    2024: 233000,
    2025: 241000,
    2026: 248000,
}
REVIEW_THRESHOLD = dict.fromkeys(range(2018, 2028), 300000)  # From 2028 on it follows the MEI.
PART_B_DEDUCTIBLE = {2024: 24000, 2025: 25700, 2026: 28300}

APM_CONVERSION_FACTOR = {2026: Decimal("33.5675")}  # Until then one factor held for everyone.

APPROACHING_FROM = {"kx": Decimal("0.80"), "review": Decimal("0.90")}

LONGEST_SEGMENT_SECONDS = 240 * 60
PROJECTION_HORIZON_DAYS = 30

TIMED = {
    *("97110", "97112", "97113", "97116", "97124", "97140", "97530", "97533", "97535", "97537", "97542"),
    *("97750", "97755", "97760", "97761", "97763", "97032", "97033", "97034", "97035", "97036"),
}
COGNITIVE = ("97129", "97130")
CAREGIVER = ("97550", "97551")
UNTIMED = {
    *("97161", "97162", "97163", "97164", "97165", "97166", "97167", "97168", "97150", "G0283"),
    *("97010", "97012", "97014", "97016", "97018", "97022", "97024", "97026", "97028"),
    *("92507", "92508", "92521", "92522", "92523", "92524", "92526", "92610", "95992", "96125", "97552", "97597"),
}
LISTED = TIMED | UNTIMED | set(COGNITIVE) | set(CAREGIVER)

GUIDE_2025 = {
    "97165": Decimal("84.12"),
    "97166": Decimal("96.75"),
    "97167": Decimal("115.34"),
    "97530": Decimal("43.78"),
    "97535": Decimal("41.23"),
    "97110": Decimal("39.46"),
    "97112": Decimal("42.89"),
    "97140": Decimal("37.56"),
}

INITIAL_EVALUATIONS = {
    *("97161", "97162", "97163", "97165", "97166", "97167"),
    *("92521", "92522", "92523", "92524", "92610"),
}

DISCIPLINES = ("OT", "PT", "SLP")
MODIFIER = {"OT": "GO", "PT": "GP", "SLP": "GN"}
ASSISTANT = {"OT": "CO", "PT": "CQ"}
BUCKET = {"OT": "OT", "PT": "PT-SLP", "SLP": "PT-SLP"}


DISTINCT = ("XE", "XP", "XS", "XU", "59")
EDIT_PAIRS = [("97140", "97530")]
"""59 goes on the second, which is blocked when both are at once."""
REGION_PAIRS = [("97140", "97110")]
"""The first is blocked at the time of the second, but for regions of the body that differ."""

ASSISTANT_SHARE = {2020: 10}
ASSISTANT_THERAPIST_MINUTES = {2022: 8}
ASSISTANT_PAYMENT = {2018: 100, 2022: 85}
ACCRUAL_REDUCED, ACCRUAL_ASSISTANT_CUT = {2018: 1}, {2018: 0}


@dataclass(frozen=True)
class RelativeValue:
    """A row of CMS's relative value file."""

    status: str
    work: Decimal
    pe: Decimal
    mp: Decimal
    indicator: str
    conversion_factor: Decimal


@dataclass(frozen=True)
class Index:
    """A locality's cost indices."""

    work: Decimal
    pe: Decimal
    mp: Decimal


NATIONAL = Index(Decimal(1), Decimal(1), Decimal(1))


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@cache
def relative_values(year: int) -> dict[str, RelativeValue]:
    if year not in (2025, 2026):
        return {}
    return {
        row["code"]: RelativeValue(
            status=row["status"],
            work=Decimal(row["work_rvu"]),
            pe=Decimal(row["nonfacility_pe_rvu"]),
            mp=Decimal(row["mp_rvu"]),
            indicator=row["multiple_procedure_indicator"],
            conversion_factor=Decimal(row["conversion_factor"]),
        )
        for row in rows(f"rvu-{year}.csv")
    }


@cache
def indices(year: int) -> dict[str, Index]:
    """Indices by MAC and locality, `01182-18`, and by state and locality, `CA-18`: either names one row."""
    if year != 2025:
        return {}
    found = {}
    for row in rows("gpci-2025.csv"):
        index = Index(Decimal(row["work_gpci"]), Decimal(row["pe_gpci"]), Decimal(row["mp_gpci"]))
        found[f"{row['mac']}-{row['locality']}"] = index
        found[f"{row['state']}-{row['locality']}"] = index
    return found


def index(year: int, locality: str | None) -> Index | None:
    if locality in (None, "national"):
        return NATIONAL
    return indices(year).get(str(locality))


def conversion_factor(date: str) -> Decimal | None:
    if "2024-01-01" <= date <= "2024-03-08":
        return Decimal("32.7442")
    if "2024-03-09" <= date <= "2024-12-31":
        return Decimal("33.2875")
    if date[:4] == "2025":
        return Decimal("32.3465")
    return Decimal("33.4009") if date[:4] == "2026" else None


def official_figure(name: str, of: str, year: int) -> Decimal | None:
    """Give a relative value of a code or an index of a locality, as CMS's rows of the year have it."""
    row: RelativeValue | Index | None = index(year, of) if name.endswith("_index") else relative_values(year).get(of)
    short = {"work": "work", "practice_expense": "pe", "malpractice": "mp"}
    return None if row is None else getattr(row, short[name.removesuffix("_index")])


CARE = {
    "care/certification_grace_days": 30,
    "care/certification_warned_days": 14,
    "care/visits_warned": 3,
    "care/units_warned": 12,
    "care/authorization_warned_days": 14,
    "care/note_grace_days": 2,
    "care/verification_ahead_days": 2,
    "care/appointment_kept_days": 30,
    "care/in_treatment_days": 30,
    "care/timer_open_hours": 12,
    "care/figures_ahead_days": 60,
}
"""What care is watched by, the same on every date."""


def parameter(name: str, date: str) -> Decimal | int | None:
    """Give a dated figure by its name: whole cents, seconds, a share or a factor; None where the year has none."""
    year = int(date[:4])
    if " of " in name:
        return official_figure(*name.split(" of "), year)
    if name == "conversion_factor":
        return conversion_factor(date)
    if name in ("kx_approaching_share", "review_approaching_share"):
        return APPROACHING_FROM[name.split("_", maxsplit=1)[0]]
    always = CARE | {"longest_segment_seconds": LONGEST_SEGMENT_SECONDS, "projection_horizon": PROJECTION_HORIZON_DAYS}
    if name in always:
        return always[name]
    since = {
        "assistant_share": ASSISTANT_SHARE,
        "assistant_therapist_minutes": ASSISTANT_THERAPIST_MINUTES,
        "assistant_payment": ASSISTANT_PAYMENT,
        "threshold_accrual_reduced": ACCRUAL_REDUCED,
        "threshold_accrual_assistant_cut": ACCRUAL_ASSISTANT_CUT,
    }
    if name in since:
        return max(((first, value) for first, value in since[name].items() if first <= year), default=(0, None))[1]
    by_year = {
        "conversion_factor_apm": APM_CONVERSION_FACTOR,
        "kx_threshold": KX_THRESHOLD,
        "review_threshold": REVIEW_THRESHOLD,
        "part_b_deductible": PART_B_DEDUCTIBLE,
    }
    return by_year[name].get(year)
