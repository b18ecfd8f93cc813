"""A connection that can be cut: a TCP proxy between one worker and the broker."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread

CHUNK_BYTES = 65_536


class Link:
    """Passes bytes on from `port` of loopback to another, as long as it is whole."""

    def __init__(self, port: int, to: int) -> None:
        self.port = port
        self._to = to
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._bytes_a_second: float | None = None
        self._whole.set()
        self._refusing = False
        self._open: set[asyncio.StreamWriter] = set()
        self._ways: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """End every connection, and every new one at once."""
        self._refusing = True
        self._loop.call_soon_threadsafe(self._abort)

    def silence(self) -> None:
        """Let connections be, and nothing come through; what was said is heard once the link is mended."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def slow(self, bytes_a_second: float | None) -> None:
        """Let so much through to the broker in a second on each connection, from it as ever; None: as ever, too."""
        self._bytes_a_second = bytes_a_second

    def mend(self) -> None:
        """Let everything through again."""
        self._refusing = False
        self._loop.call_soon_threadsafe(self._whole.set)

    def _abort(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        await self._whole.wait()
        try:
            there = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            writer.transport.abort()
            return
        for way in (self._pass(reader, there[1], to_broker=True), self._pass(there[0], writer)):
            task = asyncio.ensure_future(way)
            self._ways.add(task)
            task.add_done_callback(self._ways.discard)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_broker: bool = False
    ) -> None:
        self._open.add(writer)
        try:
            while data := await reader.read(CHUNK_BYTES):
                await self._whole.wait()
                if to_broker and self._bytes_a_second:
                    await asyncio.sleep(len(data) / self._bytes_a_second)
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        with suppress(asyncio.CancelledError):
            await server.serve_forever()
        self._abort()
        for way in self._ways:
            way.cancel()
        await asyncio.gather(*self._ways, return_exceptions=True)

    @contextmanager
    def up(self) -> Iterator[None]:
        """Serve within the block."""
        asyncio.set_event_loop(None)
        task = self._loop.create_task(self._serve())
        thread = Thread(target=self._loop.run_until_complete, args=(task,))
        thread.start()
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(task.cancel)
            thread.join()
            self._loop.close()
