"""Tables in RocksDB: what a batch wrote, what is committed, and what is there after any end of the process."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from structlog.testing import capture_logs

from pipeline.engine.batch import Processor
from pipeline.engine.depot import RocksDepot
from pipeline.engine.errors import StoreError
from pipeline.engine.record import Output, Record
from pipeline.engine.stage import Sizes
from pipeline.engine.store import Mark, Stores, Written

CHANGELOGS = {"counts": "app-counts-changelog", "words": "app-words-changelog"}
MARK = Mark("counts", 6, {"events": 3}, "born")
KEYS = st.sampled_from(["", "a", "ab", "b", "\x00", "ß🦉", "\udcff", "z" * 300])
CHANGES = st.fixed_dictionaries(
    {name: st.dictionaries(KEYS, st.none() | st.binary(max_size=20), max_size=4) for name in CHANGELOGS}
)


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[RocksDepot]:
    depot = RocksDepot(tmp_path / "state")
    yield depot
    depot.close()


def opened(depot: RocksDepot, group: str = "app") -> Stores:
    return depot.open(group, 3, CHANGELOGS)


def kept(depot: RocksDepot, count: int = 3_000) -> Path:
    """Keep words, close; give the folder of the number."""
    stores = opened(depot)
    stores.settle({"words": {f"w{at}": b"%d" % at for at in range(count)}}, Written({"words": count}, MARK))
    depot.close()
    return depot._place / "3"


class Model(RuleBasedStateMachine):
    """Batches, commits and crashes, against two dictionaries a table: what is seen, and what is committed."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.folders = iter(self.root / str(at) for at in range(1_000))
        self.depot = RocksDepot(next(self.folders))
        self.stores = opened(self.depot)
        self.seen: dict[str, dict[str, bytes]] = {name: {} for name in CHANGELOGS}
        self.committed: dict[str, dict[str, bytes]] = {name: {} for name in CHANGELOGS}
        self.owed: dict[str, dict[str, bytes | None]] = {}
        self.under_way: dict[str, dict[str, bytes | None]] | None = None
        self.offset = 0

    def teardown(self) -> None:
        self.depot.close()
        shutil.rmtree(self.root)

    @rule(changes=CHANGES)
    def batch(self, changes: dict[str, dict[str, bytes | None]]) -> None:
        for name, changed in changes.items():
            self.stores[name].apply(changed)
            self.owed.setdefault(name, {}).update(changed)
            _put(self.seen[name], changed)

    @precondition(lambda self: self.under_way is None)
    @rule()
    def begin(self) -> None:
        self.under_way, self.owed = self.owed, {}

    @precondition(lambda self: self.under_way is not None)
    @rule()
    def commit(self) -> None:
        self.offset += 10
        mark = Mark("counts", self.offset - 1, {"events": self.offset}, "born")
        self.stores.settle(self.under_way or {}, Written(dict.fromkeys(CHANGELOGS, self.offset), mark))
        for name, changed in (self.under_way or {}).items():
            _put(self.committed[name], changed)
        self.under_way = None

    @rule(killed=st.booleans())
    def open_anew(self, killed: bool) -> None:
        older, folder = self.depot, self.depot._folder
        if killed:
            # What the disk has while the database is open is what a kill leaves.
            folder = shutil.copytree(folder, next(self.folders))
        older.close()
        self.depot = RocksDepot(folder)
        self.stores = opened(self.depot)
        self.seen = {name: dict(values) for name, values in self.committed.items()}
        self.owed, self.under_way = {}, None
        if self.offset:
            assert self.stores.kept is not None
            assert self.stores.kept.offsets == {"counts": self.offset - 1, "words": self.offset}
            assert self.stores.kept.mark == Mark("counts", self.offset - 1, {"events": self.offset}, "born")

    @invariant()
    def what_is_seen_is_the_models(self) -> None:
        for name, values in self.seen.items():
            assert dict(self.stores[name]) == values
            assert len(self.stores[name]) == len(values)
            assert sorted(self.stores[name].steady()) == sorted(values)
            assert [key in self.stores[name] for key in ("a", "none")] == ["a" in values, False]


def _put(values: dict[str, bytes], changed: dict[str, bytes | None]) -> None:
    for key, value in changed.items():
        if value is None:
            values.pop(key, None)
        else:
            values[key] = value


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@pytest.mark.parametrize("name", ["CURRENT", "MANIFEST-*", "*.sst", "rocksdict-config.json"])
@pytest.mark.parametrize("harm", ["cut", "gone", "garbage"])
def test_a_broken_store_is_thrown_away_at_the_latest_by_the_worker_after_the_one_that_met_it(
    depot: RocksDepot, name: str, harm: str
) -> None:
    folder = kept(depot)
    for path in folder.glob(name):
        if harm == "gone":
            path.unlink()
        else:
            path.write_bytes(b"\xff" * 2_000 if harm == "garbage" else b"")
    values = None
    with capture_logs() as told:
        for _ in range(2):
            with suppress(StoreError):
                values = dict(opened(depot)["words"])
                break
            depot.close()
    if told:
        assert values == {}
        assert told[0]["event"] == "a store is thrown away and loaded anew"
        assert opened(depot).kept is None
    else:
        assert len(values or ()) == 3_000


def test_a_store_that_cannot_be_read_is_no_records_fault(depot: RocksDepot) -> None:
    folder = kept(depot)
    stores = opened(depot)
    for path in folder.glob("*.sst"):
        with path.open("r+b") as file:
            file.write(b"\xff" * (path.stat().st_size // 2))

    def body(tables: object, records: object) -> Output:
        del records
        assert isinstance(tables, dict)
        raise AssertionError(tables["words"]["w2"])

    processor = Processor(body, lambda _record, _kind: pytest.fail("a record was blamed"), Sizes())
    with pytest.raises(StoreError):
        processor.process({"words": stores["words"]}, [Record("t", 0, 0, 0, b"", b"", {})])
    depot.close()
    with capture_logs() as told:
        assert dict(opened(depot)["words"]) == {}
    assert told[0]["why"] == "it was found broken"


def test_another_apps_store_and_one_of_other_tables_is_thrown_away(depot: RocksDepot) -> None:
    kept(depot)
    with capture_logs() as told:
        assert dict(opened(depot, "another")["words"]) == {}
        kept(depot)
        assert dict(depot.open("app", 3, {"words": CHANGELOGS["words"]})["words"]) == {}
    assert [line["why"] for line in told] == ["it is another app's, or of other tables"] * 2


def test_one_of_another_format_is_thrown_away(depot: RocksDepot, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(depot)
    monkeypatch.setattr("pipeline.engine.depot.FORMAT", 2)
    with capture_logs() as told:
        assert dict(opened(depot)["words"]) == {}
    assert told[0]["why"] == "it has format 1, not 2"


def test_one_that_was_not_loaded_to_its_end_is_thrown_away(depot: RocksDepot) -> None:
    opened(depot).settle({"words": {"w": b"1"}}, Written({"words": 1}, None))
    depot.close()
    with capture_logs() as told:
        assert opened(depot).kept is None
    assert told[0]["why"] == "it was not loaded to its end"


def test_a_table_is_listed_by_pages_and_the_list_ends_when_it_is_closed(depot: RocksDepot) -> None:
    kept(depot)
    keys = opened(depot)["words"].steady()
    assert len(list(islice(keys, 1_500))) == 1_500
    # Opened by another in this process: who had it has lost it, and keeps nothing open.
    assert len(opened(depot)["words"]) == 3_000
    assert len(list(keys)) < 1_500


def test_a_folder_has_a_place_for_each_worker_and_a_killed_workers_place_is_the_nexts(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    code = (
        "import sys; from pathlib import Path; from pipeline.engine.depot import RocksDepot\n"
        "from pipeline.engine.store import Mark, Written\n"
        f"depot = RocksDepot(Path({str(folder)!r})); stores = depot.open('app', 3, {CHANGELOGS})\n"
        "stores['words'].apply({'lost': b'1'})\n"
        f"stores.settle({{'words': {{'held': b'1'}}}}, Written({{'words': 1}}, Mark{tuple(MARK)}))\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        beside = RocksDepot(folder)
        assert dict(opened(beside)["words"]) == {}
        process.kill()
        process.wait()
    after = RocksDepot(folder)
    assert dict(opened(after)["words"]) == {"held": b"1"}
    after.close()
    beside.close()
