"""This worker's place in its group: which partition numbers are its own, without ever stopping the work on them.

Joining again does not touch a number that stays: the fence of its transactions is what keeps two workers apart, not the
group's generation. So the group's client fetches nothing, and what is revoked for the time of a rebalance is worked on
until the group has said where it goes.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from aiokafka import ConsumerRebalanceListener
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import InconsistentGroupProtocolError, InvalidSessionTimeoutError, KafkaError

from pipeline.engine.assignor import NumberAssignor, Standing
from pipeline.engine.errors import EngineError, refused
from pipeline.engine.layout import Layout
from pipeline.engine.pace import Pace

FOR_EVER_MS = 2**31 - 1
CHECK_SECONDS = 0.1


class Membership:
    """A member of a group. `wanted` are the numbers that are its own, `prepare` those that it may get soon.

    `on_change` is called when either has changed.
    """

    def __init__(self, layout: Layout, pace: Pace, options: Mapping[str, Any], on_change: Callable[[], None]) -> None:
        self.group = layout.group
        self.wanted: frozenset[int] = frozenset()
        self._topics = frozenset(layout.sources)
        self._pace = pace
        self._options = options
        self._on_change = on_change
        self._assignor = NumberAssignor()
        self._client: Any = None
        self._coordinator: Any = None

    @property
    def prepare(self) -> frozenset[int]:
        """The numbers that are another's as yet, and this member's once it is ready."""
        return frozenset(self._assignor.prepare)

    async def start(self) -> None:
        """Connect, and join the group; the answer comes by `on_change`."""
        self._client = AIOKafkaClient(**self._options)
        await self._client.bootstrap()
        subscription = SubscriptionState()
        subscription.subscribe(topics=set(self._topics), listener=_Listener(self._assigned))
        # There is no fetcher to do it; without it what is wrong with the group could not be told.
        subscription.register_fetch_waiters(set())
        await self._client.set_topics(self._topics)
        self._coordinator = GroupCoordinator(
            self._client,
            subscription,
            group_id=self.group,
            group_instance_id=self._pace.instance,
            session_timeout_ms=int(self._pace.session_seconds * 1000),
            heartbeat_interval_ms=int(self._pace.heartbeat_seconds * 1000),
            rebalance_timeout_ms=int(self._pace.session_seconds * 1000),
            max_poll_interval_ms=FOR_EVER_MS,
            enable_auto_commit=False,
            assignors=(self._assignor,),
        )

    def tell(self, owned: Iterable[int], ready: Iterable[int], opening: Iterable[int]) -> None:
        """Say what this member works on, has prepared, and is about to work on, from its next joining on."""
        self._assignor.standing = Standing(sorted({*owned, *opening}), sorted(ready))

    async def hand_over(self) -> None:
        """Say that this member is about to leave, and wait until others have what they can take over from it.

        One with a name of its own does not: its numbers wait for it.
        """
        if self._pace.instance is None:
            self._assignor.leaving = True
            self.rejoin()
            await self._assignor.released(self._pace.leave_seconds)

    def rejoin(self) -> None:
        """Ask the group to share out again."""
        self._coordinator.request_rejoin()

    def check(self) -> None:
        """Look whether the group can be worked in.

        Errors: `EngineError` where another kind of member is in it, or a right is missing; KafkaError.
        """
        try:
            self._coordinator.check_errors()
        except InconsistentGroupProtocolError:
            raise EngineError(
                f"the group {self.group} has members of another kind: stop every worker of it that does not run on "
                "this engine, then start this one"
            ) from None
        except InvalidSessionTimeoutError:
            raise EngineError(
                f"Kafka does not allow a session of {self._pace.session_seconds:g} s: see the brokers' "
                "group.min.session.timeout.ms and group.max.session.timeout.ms"
            ) from None
        except KafkaError as error:
            if wrong := refused(error):
                raise wrong from error
            raise

    async def stop(self) -> None:
        """Leave the group; a member with a name of its own only stops, its numbers wait for it."""
        if self._coordinator is not None:
            await self._coordinator.close()
        if self._client is not None:
            await self._client.close()

    def _assigned(self, numbers: frozenset[int]) -> None:
        self.wanted = numbers
        self._on_change()


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, assigned: Callable[[frozenset[int]], None]) -> None:
        self._assigned = assigned

    def on_partitions_revoked(self, revoked: Any) -> None:
        """Do nothing: what goes is known when the group has agreed."""

    def on_partitions_assigned(self, assigned: Any) -> None:
        """Take the numbers."""
        self._assigned(frozenset(partition.partition for partition in assigned))
