"""A worker's life: events come, come again, are corrected; batches break off and are read again; all is replayed."""

from random import Random
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule
from properties.histories import OCCURRED, USUAL_CODES, USUAL_DATES, Event, Setting, anything, in_one_year
from properties.network import SITES
from properties.stream import Stream, plain
from reference.recompute import compare, recompute

CHECKED_EVERY = 6
SIZES = st.integers(1, 8)
DEATHS = st.sampled_from([None, None, "fold", "outputs", "state"])


class Worker(RuleBasedStateMachine):
    """Both stages against the naive recomputation of all that was ever sent."""

    known = Bundle("known")

    def __init__(self) -> None:
        super().__init__()
        self.stream = Stream()
        self.sent: list[Event] = []
        self.steps = 0

    def send(self, events: list[Event]) -> None:
        self.sent += events
        self.stream.deliver(events)
        self.steps += 1

    @initialize(target=known, data=st.data())
    def begins_near_a_threshold(self, data: st.DataObject) -> Event:
        events = data.draw(in_one_year())
        self.send(events)
        return next(event for event in events if "code" in event)

    @rule(target=known, data=st.data())
    def deliver(self, data: st.DataObject) -> Event:
        event = data.draw(anything(Setting(data.draw)))
        self.send([event])
        return event

    @rule(events=st.lists(known, min_size=1, max_size=4))
    def repeat_in_any_order(self, events: list[Event]) -> None:
        self.send(events)

    @rule(target=known, event=known, date=st.sampled_from(USUAL_DATES), code=st.sampled_from(USUAL_CODES), more=SIZES)
    def correct(self, event: Event, date: str, code: str, more: int) -> Event:
        """Send a fact again under a higher revision: on another date, with another code, another amount."""
        changes: dict[str, Any] = {"event_id": f"{event['event_id']}-{more}"}
        if "revision" in event:
            changes["revision"] = event["revision"] + more
        if "stopped_at" in event and "started_at" in event:
            changes |= {"event_type": "segment.amended", "code": code, "started_at": f"{date}T09:00:00-05:00"}
            changes |= {"stopped_at": f"{date}T09:{more * 6:02d}:00-05:00"}
            event = {
                name: value for name, value in event.items() if name not in {"paused_seconds", "assistant_seconds"}
            }
        elif "amount_cents" in event:
            changes |= {"amount_cents": event["amount_cents"] - 2_000 + more * 600}
        elif "allowed_cents" in event:
            changes |= {"allowed_cents": event["allowed_cents"] + more * 600, "adjudicated_on": date}
        elif "starts_at" in event:
            changes |= {"starts_at": f"{date}T09:00:00-05:00"}
        elif "service_date" in event:
            changes |= {"service_date": date}
        self.send([event | changes])
        return event | changes

    @rule(target=known, event=known, revision=st.integers(0, 4), occurred_at=st.sampled_from(OCCURRED))
    def void(self, event: Event, revision: int, occurred_at: str) -> Event:
        void = {
            **{name: event[name] for name in ("patient_id", "site_id", "source")},
            "event_id": f"{event['event_id']}-void",
            "event_type": "segment.voided",
            "occurred_at": occurred_at,
            "segment_id": event.get("segment_id", "s-0"),
            "revision": revision,
        }
        self.send([void])
        return void

    @rule(size=SIZES, dies=DEATHS)
    def process_sessions(self, size: int, dies: str | None) -> None:
        self.stream.fold_days(size, dies=dies)
        self.steps += 1

    @rule(size=SIZES, dies=DEATHS, changes_first=st.booleans())
    def process_days(self, size: int, dies: str | None, *, changes_first: bool) -> None:
        self.stream.fold_totals(size, dies=dies, changes_first=changes_first)
        self.steps += 1

    @rule(size=SIZES, chance=st.randoms(use_true_random=False))
    def break_off_in_the_middle_of_writing(self, size: int, chance: Random) -> None:
        """Die with a part of both stages' state written; the same events are read again later."""
        self.stream.tear(lambda: self.stream.fold_days(size, dies="state"), chance)
        self.stream.tear(lambda: self.stream.fold_totals(size, dies="state"), chance)
        self.steps += 1

    @rule()
    def replay_from_the_start(self) -> None:
        self.stream.replay()
        self.steps += 1

    @precondition(lambda self: self.steps % CHECKED_EVERY == 0)
    @invariant()
    def what_is_processed_is_what_the_recomputation_gives(self) -> None:
        """Compare once all that was sent is processed; to process it all is what any worker comes to."""
        self.stream.finish()
        assert compare(plain(self.stream.values), recompute(self.sent, SITES)) == []

    def teardown(self) -> None:
        self.stream.finish()
        assert compare(plain(self.stream.values), recompute(self.sent, SITES)) == []


TestWorker = Worker.TestCase
TestWorker.settings = settings(max_examples=settings.default.max_examples // 2)
