"""The most units of a code that Medicare takes on a day: medically unlikely edits."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from pipeline.rules.network import UnitsRow, network


@lru_cache(maxsize=4_096)
def most_units(day: str) -> Mapping[str, UnitsRow]:
    """Give the rows of the table that holds on an ISO date by code; none where no table was imported for it.

    CMS publishes a table each quarter; none is packaged, so that a code is checked by what a network has imported. A
    table holds until the next one.
    """
    asked = date.fromisoformat(day)
    tables = [table for table in network().daily_units() if table.first <= asked]
    return tables[-1].rows if tables else {}


def daily_units(code: str, day: str) -> int | None:
    """Give the most units of a code on an ISO date; None where no table states any.

    Source: CMS, National Correct Coding Initiative, medically unlikely edits for practitioners.
    """
    row = most_units(day).get(code)
    return None if row is None else row.units
