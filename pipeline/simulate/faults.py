"""What goes wrong on the way from an EMR: one way for each reason that a line can be refused for, and some more."""

from collections.abc import Callable
from typing import Any

import orjson

from pipeline.settings import Settings
from pipeline.simulate.chance import Chance

Event = dict[str, Any]

LARGE_EVERY = 6
"""Each so many rounds through the ways comes one too large to be taken: a quarter of a megabyte a piece."""

_TOO_LARGE: int = Settings.model_fields["max_event_bytes"].default + 1
_TOO_DEEP = 1_500  # Levels; the reader gives up at 1,024.


class Faults:
    """The ways in turn, so that a run of any length has them all as soon as it can."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._turn = 0

    def broken(self, event: Event) -> bytes:
        """Give a recorded segment's event as a fault leaves it; what comes is refused, whatever else was in it."""
        round_, place = divmod(self._turn, len(_WAYS))
        self._turn += 1
        if place == 0 and round_ % LARGE_EVERY == 0:
            return too_large(event)
        return _WAYS[place](event, self._chance)


def too_large(event: Event) -> bytes:
    """A scan pasted into the event."""
    return orjson.dumps({**event, "attachment": "A" * _TOO_LARGE})


def truncated(event: Event, chance: Chance) -> bytes:
    """A connection that broke in the middle."""
    line = orjson.dumps(event)
    return line[: chance.between(20, len(line) - 1)]


def spoken(event: Event, chance: Chance) -> bytes:
    """An interface engine's log in place of its message."""
    return b"ERROR interface timeout, message %d of %d" % (chance.between(1, 9), len(event))


def latin(event: Event, chance: Chance) -> bytes:
    """A source's name in an encoding of the last century."""
    return orjson.dumps(event).replace(b'"emr-', b'"cl\xednica-' if chance.happens(0.5) else b'"caf\xe9-')


def nested(event: Event, _: Chance) -> bytes:
    """A serializer that followed a circle."""
    return orjson.dumps(event)[:-1] + b',"context":' + b'{"parent":' * _TOO_DEEP + b"null" + b"}" * _TOO_DEEP + b"}"


def in_an_array(event: Event, _: Chance) -> bytes:
    return orjson.dumps([event])


def of_unknown_type(event: Event, chance: Chance) -> bytes:
    return orjson.dumps({**event, "event_type": chance.one(("segment.deleted", "session.recorded", "patient.updated"))})


def without_a_field(event: Event, chance: Chance) -> bytes:
    missing = chance.one(("patient_id", "segment_id", "code", "payer_id", "stopped_at", "event_type", "revision"))
    return orjson.dumps({name: value for name, value in event.items() if name != missing})


def with_a_wrong_field(event: Event, chance: Chance) -> bytes:
    wrong: tuple[Event, ...] = (
        {"discipline": "AT"},
        {"revision": "1"},
        {"patient_id": f"{event['patient_id']}|{event['site_id']}"},
        {"started_at": "02/30/2026 09:15"},
        {"stopped_at": event["stopped_at"].replace("T", " ")},
        {"code": 97530},
        {"therapist_id": None},
    )
    return orjson.dumps({**event, **chance.one(wrong)})


def without_an_offset(event: Event, chance: Chance) -> bytes:
    name = chance.one(("started_at", "stopped_at", "occurred_at"))
    return orjson.dumps({**event, name: event[name][:19]})


def below_zero(event: Event, chance: Chance) -> bytes:
    name = chance.one(("paused_seconds", "assistant_seconds", "revision"))
    return orjson.dumps({**event, name: -chance.between(1, 600)})


def beyond_all_numbers(event: Event, _: Chance) -> bytes:
    return orjson.dumps({**event, "paused_seconds": 2**60})


def backwards(event: Event, _: Chance) -> bytes:
    return orjson.dumps({**event, "started_at": event["stopped_at"], "stopped_at": event["started_at"]})


def overnight(event: Event, _: Chance) -> bytes:
    """A timer that nobody stopped, sent as a whole: as late as the day has seconds."""
    stopped = event["stopped_at"]
    return orjson.dumps({**event, "started_at": f"{stopped[:11]}00:00:01{stopped[19:]}"})


def all_pause(event: Event, _: Chance) -> bytes:
    return orjson.dumps({**event, "paused_seconds": 14_401})


_WAYS: tuple[Callable[[Event, Chance], bytes], ...] = (
    truncated,
    latin,
    of_unknown_type,
    without_a_field,
    with_a_wrong_field,
    without_an_offset,
    below_zero,
    backwards,
    overnight,
    all_pause,
    nested,
    spoken,
    beyond_all_numbers,
    in_an_array,
)
