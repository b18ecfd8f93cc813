"""What stores outside memory kept is held against the changelogs, before anything is built on it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from pipeline.engine import changelog
from pipeline.engine.changelog import OLD_SECONDS, Tail
from pipeline.engine.depot import RocksDepot
from pipeline.engine.store import Mark, Written
from pipeline.engine.transaction import POSITIONS_KEY

CHANGELOGS = {"counts": "app-counts-changelog", "words": "app-words-changelog"}
Log = dict[str, list[Any]]
"""Records of changelogs by table; None where a transaction's mark is."""


def record(offset: int, key: bytes, value: bytes | None, born: str = "") -> Any:
    headers = [("born", born.encode())] if born else []
    return SimpleNamespace(offset=offset, key=key, value=value, headers=headers)


def commit(log: Log, values: dict[bytes, bytes | None], born: str = "born", at: int | None = None) -> None:
    """Write a transaction: values to both tables, then the positions and the marks."""
    for records in log.values():
        records.extend(record(len(records) + place, key, value) for place, (key, value) in enumerate(values.items()))
    counts = log["counts"]
    told = msgspec.json.encode({"events": len(counts) if at is None else at})
    counts.append(record(len(counts), POSITIONS_KEY, told, born))
    for records in log.values():
        records.append(None)


def load(depot: RocksDepot, log: Log) -> tuple[Tail, int]:
    """Load as a worker does; give what came of it and how many records were read."""
    stores = depot.open("app", 0, CHANGELOGS)
    tail, taken = Tail(stores, stores.kept.offsets if stores.kept else {}), 0
    for _ in range(2):
        tail.begin(dict.fromkeys(log, 0), {table: len(records) for table, records in log.items()})
        for table, records in log.items():
            found = [one for one in records[tail.at[table] :] if one is not None]
            tail.take(table, found)
            taken += len(found)
        if tail.end():
            break
    return tail, taken


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[RocksDepot]:
    depot = RocksDepot(tmp_path / "state")
    yield depot
    depot.close()


@pytest.fixture
def log(depot: RocksDepot) -> Log:
    """Two changelogs that are loaded and kept."""
    log: Log = {table: [] for table in CHANGELOGS}
    for at in range(20):
        commit(log, {b"k%d" % at: b"1", b"last": b"%d" % at})
    load(depot, log)
    depot.close()
    return log


def test_only_what_is_behind_what_was_kept_is_read(depot: RocksDepot, log: Log) -> None:
    with capture_logs() as told:
        tail, taken = load(depot, log)
        # The record of the positions is read once more: it says that the changelog is the same.
        assert (taken, len(tail.stores["words"]), told) == (1, 21, [])
        depot.close()
        commit(log, {b"k1": None, b"last": b"new"})
        tail, taken = load(depot, log)
        assert taken == 1 + 5
    assert told == []
    assert tail.positions == {"events": len(log["counts"]) - 2}
    for table in CHANGELOGS:
        assert dict(tail.stores[table]) == {f"k{at}": b"1" for at in range(20) if at != 1} | {"last": b"new"}


def test_a_commit_moves_what_is_kept(depot: RocksDepot, log: Log) -> None:
    tail, _ = load(depot, log)
    commit(log, {b"k1": b"2"})
    mark = Mark("counts", len(log["counts"]) - 2, {"events": len(log["counts"]) - 2}, "born")
    tail.stores.settle({"words": {"k1": b"2"}, "counts": {"k1": b"2"}}, Written({"words": len(log["words"]) - 1}, mark))
    depot.close()
    tail, taken = load(depot, log)
    assert (taken, tail.stores["words"]["k1"]) == (1, b"2")


def made_anew(log: Log) -> None:
    for records in log.values():
        records.clear()


def made_anew_and_used_more(log: Log) -> None:
    made_anew(log)
    for at in range(60):
        commit(log, {b"other": b"%d" % at}, "another")


def cut(log: Log) -> None:
    for records in log.values():
        del records[-8:]


def cut_and_gone_on_with(log: Log) -> None:
    cut(log)
    for _ in range(8):
        commit(log, {b"other": b"1"}, at=5)


def one_is_cut(log: Log) -> None:
    del log["words"][-8:]


@pytest.mark.parametrize("what", [made_anew, made_anew_and_used_more, cut, cut_and_gone_on_with, one_is_cut])
def test_a_store_that_its_changelogs_do_not_bear_out_is_thrown_away_and_loaded_whole(
    depot: RocksDepot, log: Log, what: Callable[[Log], None]
) -> None:
    what(log)
    with capture_logs() as told:
        tail, _ = load(depot, log)
    assert [line["event"] for line in told] == ["a store is thrown away and loaded anew"]
    for table, records in log.items():
        wanted = {one.key.decode(): one.value for one in records if one is not None and one.key != POSITIONS_KEY}
        assert dict(tail.stores[table]) == wanted
    depot.close()
    # And it is kept again, if there is anything.
    with capture_logs() as told:
        assert load(depot, log)[1] == (1 if log["counts"] else 0)
    assert told == []


def test_one_that_is_killed_before_it_was_borne_out_is_doubted_by_the_next(depot: RocksDepot, log: Log) -> None:
    made_anew_and_used_more(log)
    stores = depot.open("app", 0, CHANGELOGS)
    assert stores.kept is not None
    tail = Tail(stores, stores.kept.offsets)
    tail.begin(dict.fromkeys(log, 0), {table: len(records) for table, records in log.items()})
    tail.take("counts", [one for one in log["counts"][tail.at["counts"] :] if one is not None])
    depot.close()
    tail, _ = load(depot, log)
    assert dict(tail.stores["counts"]) == {"other": b"59"}


def test_an_old_store_may_have_missed_a_deletion_unless_nothing_was_written_since(
    depot: RocksDepot, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [time.time() + OLD_SECONDS + 1]
    monkeypatch.setattr(changelog.time, "time", lambda: now[0])
    with capture_logs() as told:
        load(depot, log)
        depot.close()
        assert told == []
        # When it comes back, a deletion has been compacted away, with its record.
        now[0] += OLD_SECONDS + 1
        commit(log, {b"k2": b"2"})
        log["words"] = [one if one is None or one.key != b"k1" else None for one in log["words"]]
        tail, _ = load(depot, log)
    assert "k1" not in tail.stores["words"]
    assert [line["why"] for line in told] == ["it is so old that it may have missed a deletion"]
