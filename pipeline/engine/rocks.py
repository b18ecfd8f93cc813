"""The tables of one partition number in RocksDB, for what is larger than memory: one database a number."""

import shutil
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import structlog
from rocksdict import Options, Rdict, WriteBatch

from pipeline.engine.errors import StoreError
from pipeline.engine.store import Changed, Kept, Mark, Store, Stores, Written

FORMAT = 1
BROKEN = "broken"
"""A file beside the database: it was found unreadable, and must not be opened again."""
PAGE = 1_000
"""Keys that are read at once: whoever lists a table holds no more, and no iterator keeps a closed database open."""
_HEAD = b"\x00"
_GONE = object()
_NOT_BROKEN = ("/LOCK:", "No space left", "Too many open files", "Permission denied", "Read-only file system")
"""What RocksDB says, in errors that have no type of their own, where the database may be whole."""

log = structlog.get_logger(__name__)


class Head(msgspec.Struct):
    """What a database says of itself: whose it is, and how far it holds which changelogs; `seconds` of the epoch."""

    format: int
    group: str
    number: int
    changelogs: dict[str, str]
    offsets: dict[str, int] = {}
    mark: Mark | None = None
    seconds: float = 0.0


class RocksStore(Store):
    """One table: what is applied and not committed lies over what the database holds."""

    def __init__(self, database: "RocksStores", prefix: bytes) -> None:
        self._database = database
        self.prefix = prefix
        self.layer: dict[str, bytes | None] = {}

    def __getitem__(self, key: str) -> bytes:
        value: bytes | None = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """Give a value, or what stands for none.

        Errors: `StoreError`.
        """
        value = self.layer.get(key, _GONE)
        if value is _GONE:
            value = self._database.read(self.prefix + encoded(key))
        return default if value is None else value

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        begun = dict(self.layer)
        yield from (key for key, value in begun.items() if value is not None)
        for raw in self._database.keys_from(self.prefix):
            key = raw.decode("utf-8", "surrogateescape")
            if key not in begun and self.layer.get(key, _GONE) is not None:
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def steady(self) -> Iterator[str]:
        """Give the keys a page at a time."""
        return iter(self)

    def apply(self, changed: Changed) -> None:
        """Lay what a batch wrote over the database."""
        self.layer.update(changed)

    def forget(self, changed: Changed) -> None:
        """Take from the layer what the database holds now, if nothing newer lies there."""
        layer = self.layer
        for key, value in changed.items():
            if layer.get(key, _GONE) is value:
                del layer[key]


class RocksStores(Stores):
    """The tables of one partition number, in a database that one process holds.

    Each settling is one write batch, with what it goes by. It is not forced to the disk: what a machine loses is read
    again from the changelogs, for what is lost is always the last of it.

    Errors: `StoreError` where the database can neither be opened nor made anew, or is another process's.
    """

    def __init__(self, folder: Path, head: Head, options: Options) -> None:
        self._folder = folder
        self._options = options
        self._new = head
        self._head = head
        self._tables = {name: RocksStore(self, bytes([1 + at])) for at, name in enumerate(sorted(head.changelogs))}
        super().__init__(self._tables)
        self._database: Rdict | None = None
        self._open()

    def _open(self) -> None:
        if (self._folder / BROKEN).exists():
            self.anew("it was found broken")
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = Rdict(str(self._folder), self._options)
            held = self._database.get(_HEAD)
            used = held is not None or next(iter(self._database.keys()), None) is not None
        except Exception as error:
            if not _broken(error):
                raise StoreError(f"the store in {self._folder} cannot be opened: {error}") from error
            self.anew(f"it cannot be opened: {error}")
            return
        if used and (why := self._strange(held)):
            self.anew(why)
        elif self._head.mark is not None:
            offsets = self._head.offsets | {self._head.mark.table: self._head.mark.offset}
            self.kept = Kept(offsets, self._head.mark, self._head.seconds)

    def _strange(self, held: Any) -> str | None:
        """Tell why the database cannot be gone on with; take over what it says of itself."""
        try:
            told = msgspec.json.decode(held or b"", type=Head)
        except msgspec.DecodeError:
            return "it does not say what it is"
        new = self._new
        if told.format != new.format:
            return f"it has format {told.format}, not {new.format}"
        if (told.group, told.number, told.changelogs) != (new.group, new.number, new.changelogs):
            return "it is another app's, or of other tables"
        if told.mark is None:
            return "it was not loaded to its end"
        self._head = told
        return None

    def anew(self, why: str) -> None:
        """Throw the database away, say so, and begin with nothing."""
        log.warning("a store is thrown away and loaded anew", number=self._new.number, why=why)
        self.close()
        self.kept = None
        self._head = msgspec.structs.replace(self._new, offsets={})
        try:
            if self._folder.is_dir():
                shutil.rmtree(self._folder)
            else:
                self._folder.unlink(missing_ok=True)
            self._folder.mkdir(mode=0o700, parents=True)
            self._database = Rdict(str(self._folder), self._options)
        except Exception as error:
            raise StoreError(f"no store can be made in {self._folder}: {error}") from error

    def read(self, key: bytes) -> Any:
        """Give the value that the database has under a key, None for none."""
        if self._database is None:
            raise StoreError(f"the store in {self._folder} is closed")
        try:
            return self._database.get(key)
        except Exception as error:
            raise self._failed(error) from error

    def keys_from(self, prefix: bytes) -> Iterator[bytes]:
        """Give the keys with a prefix in order, without it."""
        start = prefix
        while self._database is not None:
            try:
                page: list[Any] = list(islice(self._database.keys(from_key=start), PAGE))
            except Exception as error:
                raise self._failed(error) from error
            yield from (key[len(prefix) :] for key in page if key.startswith(prefix))
            if len(page) < PAGE or not page[-1].startswith(prefix):
                return
            start = page[-1] + b"\x00"

    def settle(self, changes: Mapping[str, Changed], written: Written) -> None:
        """Write changes and what they go by in one batch.

        Errors: `StoreError`.
        """
        if self._database is None or not (changes or written.mark):
            return
        batch = WriteBatch(raw_mode=True)
        for name, changed in changes.items():
            prefix = self._tables[name].prefix
            for key, value in changed.items():
                if value is None:
                    batch.delete(prefix + encoded(key))
                else:
                    batch.put(prefix + encoded(key), value)
        head = self._head
        head.offsets = {**head.offsets, **written.offsets}
        if written.mark:
            head.mark, head.seconds = written.mark, time.time()
        batch.put(_HEAD, msgspec.json.encode(head))
        try:
            self._database.write(batch)
        except Exception as error:
            raise self._failed(error) from error
        for name, changed in changes.items():
            self._tables[name].forget(changed)

    def _failed(self, error: Exception) -> StoreError:
        """Give what ends the worker; what is broken is thrown away by the next, instead of ending that one, too."""
        if _broken(error):
            (self._folder / BROKEN).touch()
        return StoreError(f"the store in {self._folder} fails: {error}")

    def close(self) -> None:
        """Close the database; the tables are empty from then on."""
        database, self._database = self._database, None
        for store in self._tables.values():
            store.layer.clear()
        if database is not None:
            database.close()


def encoded(key: str) -> bytes:
    """Give a key's bytes, as changelogs have them."""
    return key.encode("utf-8", "surrogateescape")


def _broken(error: Exception) -> bool:
    return not any(text in str(error) for text in _NOT_BROKEN)
