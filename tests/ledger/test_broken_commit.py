"""A worker may die while it writes its state: what of a batch's changes arrived must not spoil the replay.

State goes to one changelog a table, message by message; without a transaction any part of a batch's changes may be
what the next worker starts from, while the events are read again.
"""

import pytest
from ledger.emr import accrual, claim, coverage, segment, void
from properties.network import SITES
from properties.stream import Stream, plain
from reference.recompute import compare, recompute

COVERED = coverage("e-4", deductible_remaining_cents=1_000)
EVENTS = [segment("e-1"), accrual("e-2", 100_000), claim("e-3", "2025-03-03", ("97530", ["GO"], 2)), COVERED]


def after_writing_only(tables: set[str]) -> Stream:
    """Give the stream that has lost, of its first batches, the changes to all other tables, and has read them again."""
    stream = Stream()
    stream.deliver(EVENTS)
    for fold in (stream.fold_days, stream.fold_totals):
        before = {name: dict(table) for name, table in stream.tables.items()}
        fold(dies="state")
        stream.tables = {name: table if name in tables else before[name] for name, table in stream.tables.items()}
    stream.days_at = stream.totals_at = stream.changes_at = 0
    stream.finish()
    return stream


@pytest.mark.parametrize("written", ["segments", "days", "facts"])
def test_a_replay_upon_one_table_of_a_batch_loses_nothing_and_counts_nothing_twice(written: str) -> None:
    stream = after_writing_only({written})
    later = segment(
        "e-9", segment_id="s-later", started_at="2025-03-03T11:00:00-05:00", stopped_at="2025-03-03T11:15:00-05:00"
    )
    stream.deliver([later])
    stream.finish()
    assert compare(plain(stream.values), recompute([*EVENTS, later], SITES)) == []


@pytest.mark.parametrize("written", ["years", "patients"])
def test_a_replay_upon_the_years_alone_gives_the_same(written: str) -> None:
    assert compare(plain(after_writing_only({written}).values), recompute(EVENTS, SITES)) == []


def test_a_day_that_was_sent_and_is_gone_when_its_batch_is_read_again_is_a_tombstone() -> None:
    stream = Stream()
    stream.deliver([segment("e-1"), void("e-2", "s-e-1")])
    stream.fold_days(1, dies="outputs")
    stream.finish()
    assert plain(stream.values) == recompute([], SITES)


def test_a_total_and_a_claim_day_that_were_sent_and_are_gone_when_their_batch_is_read_again_are_tombstones() -> None:
    stream = Stream()
    stream.deliver([segment("e-1"), void("e-2", "s-e-1")])
    stream.fold_days(1)
    stream.fold_days(1)
    stream.fold_totals(1, dies="outputs")
    stream.finish()
    assert plain(stream.values) == recompute([], SITES)


def test_a_total_whose_accrual_moved_to_another_year_when_its_batch_is_read_again_is_a_tombstone() -> None:
    moved = accrual("e-2", 100_000, year=2026, revision=2)
    stream = Stream()
    stream.deliver([accrual("e-1", 100_000), moved])
    stream.fold_totals(1, dies="outputs")
    stream.finish()
    assert compare(plain(stream.values), recompute([moved], SITES)) == []


def test_a_day_whose_kx_was_sent_and_is_due_no_more_when_its_batch_is_read_again_is_sent_again() -> None:
    known = [accrual("e-1", 236_000), segment("e-2", "2025-03-20", 15)]
    crossing = segment("e-3", "2025-03-04", 60)
    stream = Stream()
    stream.deliver(known)
    stream.finish()
    stream.deliver([crossing, void("e-4", "s-e-3")])
    stream.fold_days(1)
    stream.fold_days(1)
    stream.fold_totals(1, dies="outputs")
    stream.finish()
    assert compare(plain(stream.values), recompute(known, SITES)) == []
