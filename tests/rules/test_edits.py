"""Edit pairs as tables state them, by date, and what comes of one that no modifier parts."""

import json
from collections.abc import Iterator
from datetime import date

import msgspec
import pytest
from ledger.emr import Event, segment

from pipeline.directory import load
from pipeline.events import codec
from pipeline.ledger.day import rate_day
from pipeline.ledger.segments import Segment, SegmentFacts, resolve, take
from pipeline.ledger.terms import Terms
from pipeline.ledger.versions import version_of
from pipeline.rules.edits import _Table as Table
from pipeline.rules.edits import edit
from pipeline.rules.network import EditPairs, EditRow, install
from pipeline.rules.parameters import document


@pytest.fixture(autouse=True)
def packaged_alone() -> Iterator[None]:
    install([])
    yield
    install([])


def lay(*rows: EditRow) -> None:
    install([EditPairs(release="NCCI, of a test", file="edits.txt", sha256="0" * 64, part="f1", rows=list(rows))])


def allowed(day: str) -> bool | None:
    found = edit("97140", "97530", day)
    return found.modifier_allowed if found else None


def counted(event: Event) -> Segment:
    read, _ = codec.read(json.dumps(event).encode(), max_bytes=262_144, max_segment_minutes=240)
    found = resolve(take(SegmentFacts(), version_of(read))[0], 240)
    assert found is not None
    return found


def day_of(*events: Event) -> tuple[list[list[str]], list[str]]:
    day = rate_day("p-1", "2025-03-03", [counted(event) for event in events], Terms(load(None)))
    return [line.modifiers for line in day.lines], [found.kind for found in day.findings]


APART = (
    segment("e-1", code="97140"),
    segment("e-2", started_at="2025-03-03T11:00:00-05:00", stopped_at="2025-03-03T11:30:00-05:00"),
)


def test_the_pair_that_ships_holds_from_its_date_on() -> None:
    assert [allowed(day) for day in ("2017-12-31", "2018-01-01", "2030-06-01")] == [None, True, True]


def test_a_pair_is_of_column_one_and_column_two_in_this_order() -> None:
    assert edit("97530", "97140", "2025-03-03") is None


def test_of_several_rows_of_a_pair_the_one_that_holds_on_the_date_counts() -> None:
    lay(
        EditRow("97140", "97530", date(2020, 1, 1), date(2024, 12, 31), True, "of old"),
        EditRow("97140", "97530", date(2025, 4, 1), None, False, "of late"),
    )
    days = "2019-12-31", "2020-01-01", "2024-12-31", "2025-01-01", "2025-04-01"
    assert [allowed(day) for day in days] == [None, True, True, None, False]


def test_of_two_rows_that_hold_on_a_date_the_later_one_counts() -> None:
    rows = (
        EditRow("97140", "97530", date(2020, 1, 1), None, True, "of old"),
        EditRow("97140", "97530", date(2025, 4, 1), None, False, "of late"),
    )
    for told in (rows, rows[::-1]):
        lay(*told)
        assert [allowed(day) for day in ("2025-03-31", "2025-04-01")] == [True, False]


@pytest.mark.parametrize(("table", "rows"), [("edits", "edits"), ("region_pairs", "pairs")])
def test_a_packaged_table_with_a_word_that_is_not_known_is_refused(table: str, rows: str) -> None:
    said = document(f"{table}.yaml")
    for wrong in (said | {"edit": []}, said | {rows: [said[rows][0] | {"modifer_allowed": True}]}):
        with pytest.raises(msgspec.ValidationError, match="unknown field"):
            msgspec.convert(wrong, Table)


def test_a_line_that_no_modifier_allows_is_blocked_at_any_time() -> None:
    assert day_of(*APART) == ([["GO"], ["GO", "59"]], [])
    lay(EditRow("97140", "97530", date(2020, 1, 1), None, False, "never both"))
    assert day_of(*APART) == ([["GO"], ["GO"]], ["blocked"])


def test_a_modifier_that_was_sent_where_none_is_allowed_is_a_contradiction() -> None:
    lay(EditRow("97140", "97530", date(2020, 1, 1), None, False, "never both"))
    sent = APART[1] | {"modifiers": ["XS"]}
    assert day_of(APART[0], sent) == ([["GO"], ["GO", "XS"]], ["blocked", "modifier_contradiction", "modifier_missing"])


def test_a_code_that_one_pair_blocks_and_another_does_not_has_no_59() -> None:
    lay(
        EditRow("97140", "97530", date(2020, 1, 1), None, True, "other times"),
        EditRow("97110", "97530", date(2020, 1, 1), None, False, "never both"),
    )
    third = segment("e-3", code="97110", started_at="2025-03-03T12:00:00-05:00", stopped_at="2025-03-03T12:30:00-05:00")
    assert day_of(*APART, third) == ([["GO"], ["GO"], ["GO"]], ["blocked"])


def test_the_times_of_untimed_codes_are_compared_in_a_pair_too() -> None:
    lay(EditRow("97165", "97530", date(2020, 1, 1), None, True, "other times"))
    evaluation = segment("e-1", code="97165")
    assert day_of(evaluation, segment("e-2")) == ([["GO"], ["GO"]], ["blocked"])
    assert day_of(evaluation, APART[1]) == ([["GO"], ["GO", "59"]], [])
