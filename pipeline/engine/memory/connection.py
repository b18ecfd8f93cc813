"""A worker's connection to a Kafka in memory: it can be cut; commits can be held, and let go in several ways."""

import asyncio

from aiokafka.errors import KafkaConnectionError, RequestTimedOutError

from pipeline.engine.memory.kafka import MemoryKafka


class Connection:
    """What one worker has of a Kafka. `waiting` are the numbers whose commits are held, all written but for the end."""

    def __init__(self, kafka: MemoryKafka) -> None:
        self.kafka = kafka
        self.waiting: set[int] = set()
        self._cut = False
        self._heard = True
        self._open = asyncio.Event()
        self._open.set()

    def hold(self) -> None:
        """Hold every commit just before its end."""
        self._open.clear()

    def let_go(self, *, heard: bool = True) -> None:
        """Let the held commits end; what is not `heard` ends, and its writer is told of a time-out."""
        self._heard = heard
        self._open.set()

    def cut(self) -> None:
        """Let nothing through any more, as with a worker that is dead."""
        self._cut = True
        self._open.set()

    @property
    def alive(self) -> bool:
        """Tell whether anything comes through."""
        return not self._cut

    def admit(self) -> None:
        """Let a request through.

        Errors: KafkaConnectionError.
        """
        if self._cut:
            raise KafkaConnectionError

    async def passing(self, number: int) -> bool:
        """Wait while commits are held; tell whether the answer will be heard."""
        held = not self._open.is_set()
        self.waiting.add(number)
        self.kafka.notify()
        try:
            await self._open.wait()
        finally:
            self.waiting.discard(number)
        self.admit()
        return self._heard or not held

    def answer(self, heard: bool) -> None:
        """Give an answer, or none.

        Errors: RequestTimedOutError.
        """
        if not heard:
            raise RequestTimedOutError
