"""`python -m bench.state`: tables in memory and in RocksDB: loading, memory a key, opening again; 1 when over."""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import orjson
from rich.console import Console
from rich.table import Table

from bench.machine import machine
from bench.process import KIBIBYTE
from pipeline.engine.changelog import Tail
from pipeline.engine.depot import RocksDepot
from pipeline.engine.store import Depot
from pipeline.engine.transaction import BORN, POSITIONS_KEY

RESULTS = Path(__file__).parent / "results" / "state.json"
CHANGELOGS = {"patients": "app-patients-changelog"}
KEYS, SHORT = 1_000_000, 100_000
VALUE_BYTES = 200
FETCH = 5_000
"""Records that a consumer gives at once."""
READS = 100_000
MOST_BYTES_A_KEY = {"memory": 250}
"""Over the encoded value, at most; of a store in RocksDB, whose memory does not grow with its keys, it is only told."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.state", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of the keys: what CI does")
    parser.add_argument("--keys", type=int, help="keys, in RocksDB alone; into state-large.json")
    parser.add_argument("--part", nargs=4, metavar=("STATE", "FOLDER", "KEYS", "PHASE"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.part:
        state, folder, keys, phase = chosen.part
        sys.stdout.buffer.write(orjson.dumps(measure(state, Path(folder), int(keys), phase)))
        return 0
    on, keys = machine(), chosen.keys or (SHORT if chosen.short else KEYS)
    rows = {state: run(state, keys) for state in (("rocksdb",) if chosen.keys else ("memory", "rocksdb"))}
    missed = [
        f"{state}: {rows[state]['bytes_a_key']:.0f} bytes a key over the value, at most {most} wanted"
        for state, most in MOST_BYTES_A_KEY.items()
        if state in rows and rows[state]["bytes_a_key"] > most
    ]
    found = {"keys": keys, "value_bytes": VALUE_BYTES, "rocksdict": version("rocksdict"), "rows": rows}
    RESULTS.parent.mkdir(exist_ok=True)
    path = RESULTS.with_stem("state-large") if chosen.keys else RESULTS
    path.write_bytes(orjson.dumps({"machine": on, "state": found, "missed": missed}, option=orjson.OPT_INDENT_2))
    show(Console(soft_wrap=True), on, found)
    for miss in missed:
        print(f"MISSED {miss}")
    return 1 if missed else 0


def run(state: str, keys: int) -> dict[str, float]:
    """Load, and open again what was kept, each in a process of its own, whose memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        parts = {}
        for phase in ("load", "again"):
            line = [sys.executable, "-m", "bench.state", "--part", state, folder, str(keys), phase]
            parts[phase] = orjson.loads(subprocess.run(line, check=True, stdout=subprocess.PIPE).stdout)
        disk = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return parts["load"] | {f"again_{name}": value for name, value in parts["again"].items()} | {"disk_bytes": disk}


def measure(state: str, folder: Path, keys: int, phase: str) -> dict[str, float]:
    """Load a table of one partition number as a worker does; what is kept from before is only confirmed."""
    depot = Depot() if state == "memory" else RocksDepot(folder)
    before, began = _resident(), time.perf_counter()
    stores = depot.open("app", 0, CHANGELOGS)
    tail = Tail(stores, stores.kept.offsets if stores.kept else {})
    tail.begin({"patients": 0}, {"patients": keys + 2})
    for records in _records(tail.at["patients"], keys):
        tail.take("patients", records)
    if not tail.end() or (phase == "again" and state == "rocksdb" and stores.kept is None):
        raise SystemExit("what was kept is not what was loaded")
    seconds = time.perf_counter() - began
    resident = _resident() - before
    values = VALUE_BYTES if state == "memory" else 0
    began = time.perf_counter()
    table, step = stores["patients"], max(1, keys // READS)
    if any(table.get(_key(at)) is None for at in range(0, keys, step)):
        raise SystemExit("a key is missing")
    reads = len(range(0, keys, step)) / (time.perf_counter() - began)
    depot.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE
    return {
        "seconds": seconds,
        "bytes_a_key": resident / keys - values,
        "reads_a_second": reads,
        "peak_bytes": peak,
    }


def _key(at: int) -> str:
    return f"patient-{at * 2_654_435_761 % 2**32:010d}"


def _records(begin: int, keys: int) -> Iterator[list[Any]]:
    """Give the records of a changelog from an offset, as many as a consumer gives at once; the last are positions."""
    pool = [bytes([at % 251] * 8) + bytes((at * place * place) % 256 for place in range(192)) for at in range(256)]
    for start in range(begin, keys, FETCH):
        yield [
            # A value is bytes of its own, as a consumer gives it.
            SimpleNamespace(offset=at, key=_key(at).encode(), value=bytes(bytearray(pool[at % 256])), headers=())
            for at in range(start, min(start + FETCH, keys))
        ]
    positions = msgspec.json.encode({"session-events": keys})
    yield [SimpleNamespace(offset=keys, key=POSITIONS_KEY, value=positions, headers=[(BORN, b"bench")])]


def _resident() -> int:
    """Give the bytes of memory that the process has at present; where the system does not tell, at the most so far."""
    status = Path("/proc/self/statm")
    if status.is_file():
        return int(status.read_text("utf-8").split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE


def show(console: Console, on: dict, found: dict) -> None:
    console.print(f"{on['processor']}, {on['cores']} cores, Python {on['python']}, rocksdict {found['rocksdict']}")
    title = f"One partition number, {found['keys']:,} keys, values of {found['value_bytes']} bytes"
    table = Table(title=title, title_justify="left")
    for heading in ("", "load s", "again s", "bytes a key over the value", "reads/s", "peak MB", "disk MB"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, row in found["rows"].items():
        numbers = [f"{row['seconds']:.2f}", f"{row['again_seconds']:.3f}", f"{row['bytes_a_key']:,.0f}"]
        numbers += [
            f"{row['reads_a_second']:,.0f}",
            f"{row['peak_bytes'] / 1e6:,.0f}",
            f"{row['disk_bytes'] / 1e6:,.0f}",
        ]
        table.add_row(name, *numbers)
    console.print(table)
    console.print("In RocksDB a key's bytes are all that the process grew by, buffers and caches, value included.")


if __name__ == "__main__":
    sys.exit(main())
