"""The most units that Medicare takes of a code on a day are those of the table that a network has imported."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
from ledger.emr import Event, segment

from pipeline.directory import load
from pipeline.events import codec
from pipeline.ledger.day import rate_day
from pipeline.ledger.segments import Segment, SegmentFacts, resolve, take
from pipeline.ledger.terms import Terms
from pipeline.ledger.versions import version_of
from pipeline.rules.mue import daily_units
from pipeline.rules.network import DailyUnits, UnitsRow, install


@pytest.fixture(autouse=True)
def packaged_alone() -> Iterator[None]:
    install([])
    yield
    install([])


def lay(**units: int) -> None:
    """Lay a table for each quarter: of 97530 so many units."""
    install(
        [
            DailyUnits(
                release=name, file="mue.csv", sha256="0" * 64, first=first, rows={"97530": UnitsRow(most, 3, "CMS")}
            )
            for (name, most), first in zip(units.items(), (date(2025, 1, 1), date(2025, 4, 1)), strict=False)
        ]
    )


def counted(event: Event) -> Segment:
    read, _ = codec.read(json.dumps(event).encode(), max_bytes=262_144, max_segment_minutes=240)
    found = resolve(take(SegmentFacts(), version_of(read))[0], 240)
    assert found is not None
    return found


def over(*events: Event) -> list[tuple[str | None, list[str]]]:
    day = rate_day("p-1", "2025-03-03", [counted(event) for event in events], Terms(load(None)))
    return [(found.code, found.segment_ids) for found in day.findings if found.kind == "units_over_mue"]


def test_a_table_holds_from_its_date_until_the_next() -> None:
    lay(first=6, second=4)
    days = ("2024-12-31", "2025-01-01", "2025-03-31", "2025-04-01", "2026-01-01")
    assert [daily_units("97530", day) for day in days] == [None, 6, 6, 4, 4]


def test_a_code_that_no_table_states_has_no_limit() -> None:
    lay(first=6)
    assert daily_units("97110", "2025-03-03") is None


def test_units_up_to_the_limit_are_no_finding_and_one_more_is() -> None:
    lay(first=2)
    assert over(segment("e-1", minutes=37)) == []
    assert over(segment("e-1", minutes=38)) == [("97530", ["s-e-1"])]


def test_units_of_all_lines_of_a_payer_count_together() -> None:
    lay(first=2)
    physical = segment("e-2", minutes=15, discipline="PT", started_at="2025-03-03T12:00:00-05:00")
    assert over(segment("e-1"), physical | {"stopped_at": "2025-03-03T12:15:00-05:00"}) == [("97530", ["s-e-1"])]


def test_another_payer_has_no_limit_of_medicare() -> None:
    lay(first=2)
    assert over(segment("e-1", minutes=60, payer_id="cigna")) == []


def test_without_a_table_nothing_is_checked() -> None:
    assert over(segment("e-1", minutes=240)) == []
