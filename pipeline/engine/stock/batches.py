"""The events of a Faust stream in batches, as they come, unacknowledged."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from faust.types import EventT, StreamT


async def batches(stream: StreamT, most: int, seconds: float) -> AsyncIterator[list[EventT]]:
    """Give what the stream's channel holds, at most so many events together, waiting so long for more.

    Events of one partition come in the order of their offsets. Acknowledging them is the caller's. Faust's own
    `noack_take` does the same with a task, a generator and several awaits for each event.
    """
    queue = stream.channel.queue
    while not stream.should_stop:
        try:
            events = [await queue.get()]
        except StopAsyncIteration:  # How Faust ends an agent.
            return
        _take(queue, events, most)
        if len(events) < most:
            await asyncio.sleep(seconds)
            _take(queue, events, most)
        if events := _ours(stream, events):
            yield events


def _take(queue: Any, events: list[EventT], most: int) -> None:
    while len(events) < most and not queue.empty():
        events.append(queue.get_nowait())


def _ours(stream: StreamT, events: list[EventT]) -> list[EventT]:
    """Give the events that are still this worker's, none during a rebalance.

    The others are read again, here or elsewhere: whoever gets a partition begins with what is committed.
    """
    app = stream.app
    if not app.flow_control.is_active():
        return []
    ours = [event for event in events if event.message.generation_id == app.consumer_generation_id]
    for tp, event in {event.message.tp: event for event in ours}.items():
        # Faust takes a stream that tells it nothing for one that hangs, and says so in the log.
        app.sensors.on_stream_event_in(tp, event.message.offset, stream, event)
    return ours
