"""Faust's consumer, of what is committed alone: what an engine's transaction sent and took back was never said."""

from typing import Any

from faust.transport.drivers import aiokafka as driver


class _CommittedThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    def _create_worker_consumer(self, transport: Any) -> Any:
        # Faust has no setting for it; it asks for what is committed where it writes transactions itself.
        self.consumer.in_transaction = True
        try:
            return super()._create_worker_consumer(transport)
        finally:
            self.consumer.in_transaction = False


class CommittedConsumer(driver.Consumer):  # type: ignore[misc]
    """A consumer that reads what is committed."""

    def _new_consumer_thread(self) -> _CommittedThread:
        return _CommittedThread(self, loop=self.loop, beacon=self.beacon)
