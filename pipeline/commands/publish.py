"""`kxwatch publish`: lines of files to the input topic, as they are."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.connection import producer, started
from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.topics.admin import limit_bytes
from pipeline.topics.catalog import topic_name

CHUNK_BYTES = 1 << 16
BATCH_BYTES = 1 << 18
SHOWN = 20
"""The most lines that are told one by one when they fail."""


class _Addressed(msgspec.Struct):
    patient_id: str


_ADDRESS = msgspec.json.Decoder(_Addressed).decode


def publish(
    files: Annotated[list[str], typer.Argument(metavar="FILE…", help="JSON lines; - is standard input.")],
    *,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Events a second; as fast as it goes without.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The counts as JSON, for a program.")] = False,
) -> None:
    """Send the lines of files to emr-events as they are, and wait until Kafka has them all.

    The key is the line's patient_id where it can be read. Exit code 1 when Kafka takes a line not; the others are sent.
    """
    for name in files:
        if name != "-" and (not Path(name).exists() or Path(name).is_dir()):
            raise Refused(f"{name}: there is no such file")
    publication = asyncio.run(_publish(Settings.load(), files, rate))
    if as_json:
        typer.echo(msgspec.json.encode({"sent": publication.sent, "failed": publication.failed}))
    else:
        typer.echo(
            f"{publication.sent:,} events sent." + (f" {publication.failed:,} not." if publication.failed else "")
        )
    if publication.failed:
        raise typer.Exit(1)


class Publication:
    """What was sent, and which lines were not taken; the first of those are told as they fail."""

    def __init__(self, sender: AIOKafkaProducer, topic: str, rate: float | None) -> None:
        self.sent = 0
        self.failed = 0
        self._sender = sender
        self._topic = topic
        self._seconds = 1 / rate if rate else 0.0
        self._began: float | None = None
        self._open: set[asyncio.Future[object]] = set()

    async def send(self, line: bytes, place: str) -> None:
        """Send one line, at its time; its delivery is counted when it comes."""
        await self._pace()
        try:
            delivery = await self._sender.send(self._topic, value=line, key=_key(line))
        except MessageSizeTooLargeError:
            self.fail(place, "is larger than the topic takes")
            return
        self._open.add(delivery)
        delivery.add_done_callback(partial(self._delivered, place))

    async def settle(self) -> None:
        """Wait until each line is delivered or has failed."""
        while self._open:
            await asyncio.wait(self._open)

    def fail(self, place: str, why: str) -> None:
        """Count a line that is not taken, and tell of it."""
        self.failed += 1
        if self.failed <= SHOWN:
            typer.echo(f"{place}: {why}", err=True)
        elif self.failed == SHOWN + 1:
            typer.echo("… and more", err=True)

    def _delivered(self, place: str, delivery: "asyncio.Future[object]") -> None:
        self._open.discard(delivery)
        if delivery.cancelled():
            return
        if error := delivery.exception():
            self.fail(place, f"Kafka did not take it: {type(error).__name__.removesuffix('Error')}")
        else:
            self.sent += 1

    async def _pace(self) -> None:
        if not self._seconds:
            return
        now = asyncio.get_running_loop().time()
        if self._began is None:
            self._began = now
        due = self._began + (self.sent + self.failed + len(self._open)) * self._seconds
        if due > now:
            await asyncio.sleep(due - now)


async def _publish(settings: Settings, files: list[str], rate: float | None) -> Publication:
    topic = topic_name(settings, "emr-events")
    # A record that the broker refuses would break the row of an idempotent producer: what is too large stays here.
    limit = await limit_bytes(settings, topic)
    sender = producer(settings, max_request_size=limit, linger_ms=5, max_batch_size=min(BATCH_BYTES, limit))
    async with started(settings, sender):
        publication = Publication(sender, topic, rate)
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            for name in files:
                await _file(publication, name, limit, bars)
            await publication.settle()
    return publication


async def _file(publication: Publication, name: str, limit: int, bars: Progress) -> None:
    lines = Lines(limit)
    size = None if name == "-" else Path(name).stat().st_size  # noqa: ASYNC240 -- a local file answers at once.
    task = bars.add_task(Path(name).name, total=size)
    try:
        async for chunk in _chunks(name):
            for number, line in lines.feed(chunk):
                await _line(publication, name, number, line)
            bars.advance(task, len(chunk))
        for number, line in lines.feed(b"\n"):
            await _line(publication, name, number, line)
    except OSError as error:
        raise Refused(f"{name}: cannot be read: {error.strerror}") from None


async def _line(publication: Publication, name: str, number: int, line: bytes | None) -> None:
    place = f"{name}:{number}"
    if line is None:
        publication.fail(place, "is larger than the topic takes")
        return
    try:
        await publication.send(line, place)
    except KafkaError as error:
        publication.fail(place, f"Kafka did not take it: {type(error).__name__.removesuffix('Error')}")
        raise


class Lines:
    """Chunks of bytes as lines, counted from 1; empty ones are left out, one over the limit is None and not kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._number = 0
        self._dropping = False

    def feed(self, chunk: bytes) -> Iterator[tuple[int, bytes | None]]:
        """Give the lines that this chunk ends."""
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            line, self._rest = self._rest + part, b""
            dropped, self._dropping = self._dropping, False
            self._number += 1
            if dropped or len(line) > self._limit:
                yield self._number, None
            elif line.strip():
                yield self._number, line.removesuffix(b"\r")
        if self._dropping or len(self._rest) + len(rest) > self._limit:
            self._rest, self._dropping = b"", True
        else:
            self._rest += rest


async def _chunks(name: str) -> AsyncIterator[bytes]:
    if name == "-" and not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode):
        # Standard input may wait for a person or a device; what was read before must go out meanwhile.
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while chunk := await reader.read(CHUNK_BYTES):
            yield chunk
        return
    file: BinaryIO
    with sys.stdin.buffer if name == "-" else Path(name).open("rb") as file:  # noqa: ASYNC230 -- as above.
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _key(line: bytes) -> bytes | None:
    try:
        return _ADDRESS(line).patient_id.encode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
