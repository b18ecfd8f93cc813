"""Stores in RocksDB under one folder: a worker takes a place in it that no other process has."""

import fcntl
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import IO

from rocksdict import BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, Options, WriteBufferManager

from pipeline.engine.rocks import FORMAT, Head, RocksStores
from pipeline.engine.store import Depot, Stores

CACHE_BYTES = 67_108_864
WRITE_BYTES = 67_108_864
"""What all numbers of a worker together hold of read blocks, and of what is not in their files yet."""
_NUMBER_WRITE_BYTES = 16_777_216
_FILES = 64


class RocksDepot(Depot):
    """Where the stores of one worker are: `folder`/place/number.

    Workers that share a folder have a place each, the first that is free: one that is started again, even after a
    kill, finds what it had. A number that is opened while it is open is closed first: who had it has lost it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: IO[bytes] | None = None
        self._place = folder
        self._open: dict[int, RocksStores] = {}
        self._options: Options | None = None

    def open(self, group: str, number: int, changelogs: Mapping[str, str]) -> Stores:
        """Open the stores of a partition number, or make them.

        Errors: `StoreError`; OSError.
        """
        if self._lock is None:
            self._take_place()
        if older := self._open.pop(number, None):
            older.close()
        if self._options is None:
            self._options = _options()
        head = Head(FORMAT, group, number, dict(changelogs))
        stores = self._open[number] = RocksStores(self._place / str(number), head, self._options)
        return stores

    def close(self) -> None:
        """Close all stores that are open, and leave the place to whoever comes."""
        while self._open:
            self._open.popitem()[1].close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_place(self) -> None:
        for at in count():
            self._place = self._folder / str(at)
            self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (self._place / "lock").open("ab")
            try:
                # The system's own: it is gone with its process, however that ends.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
            else:
                self._lock = lock
                return


def _options() -> Options:
    blocks = BlockBasedOptions()
    blocks.set_block_cache(Cache(CACHE_BYTES))
    blocks.set_cache_index_and_filter_blocks(True)
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
    blocks.set_bloom_filter(10, False)
    # In parts, for a cache is cut in pieces, and a filter that is larger than a piece would be read at each look.
    blocks.set_partition_filters(True)
    blocks.set_index_type(BlockBasedIndexType.two_level_index_search())
    blocks.set_metadata_block_size(4_096)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(blocks)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_write_buffer_manager(WriteBufferManager(WRITE_BYTES, False))
    options.set_write_buffer_size(_NUMBER_WRITE_BYTES)
    options.set_max_open_files(_FILES)
    options.set_max_background_jobs(2)
    options.set_keep_log_file_num(2)
    options.set_stats_dump_period_sec(0)
    return options
