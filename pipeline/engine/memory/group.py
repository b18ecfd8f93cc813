"""A group in memory: members that say where they stand, and numbers shared out by the assignor of production."""

import asyncio
from collections.abc import Callable, Iterable

from pipeline.engine.assignor import NumberAssignor, Standing
from pipeline.engine.layout import Layout
from pipeline.engine.memory.connection import Connection
from pipeline.engine.memory.kafka import MemoryKafka


class Group:
    """The members there are; whatever they ask for, the sharing out comes a moment later and for all of them."""

    def __init__(self, kafka: MemoryKafka) -> None:
        self._kafka = kafka
        self._members: dict[str, MemoryMembership] = {}
        self._due = False

    def join(self, member: "MemoryMembership") -> None:
        """Take a member in, or again."""
        self._members[member.name] = member
        self._share_out()

    def leave(self, member: "MemoryMembership") -> None:
        """Let a member go, or give it up."""
        if self._members.pop(member.name, None):
            self._share_out()

    def has(self, member: "MemoryMembership") -> bool:
        """Tell whether a member is in it."""
        return self._members.get(member.name) is member

    def settled(self) -> bool:
        """Tell whether every member works on what is its own, and nothing is to move."""
        return not self._due and all(member.settled() for member in self._members.values())

    def _share_out(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._sync)

    def _sync(self) -> None:
        self._due = False
        if self._members:
            told = {name: member.metadata() for name, member in self._members.items()}
            leader = next(iter(self._members.values()))
            for name, given in leader.assignor.assign(self._kafka, told).items():
                self._members[name].assigned(given)
        self._kafka.notify()


class MemoryMembership:
    """A member of a group in memory; `Membership` is one on Kafka."""

    def __init__(
        self,
        name: str,
        layout: Layout,
        group: Group,
        connection: Connection,
        on_change: Callable[[], None],
        *,
        leave_seconds: float,
    ) -> None:
        self.name = name
        self.group = layout.group
        self.wanted: frozenset[int] = frozenset()
        self.assignor = NumberAssignor()
        self._sources = layout.sources
        self._members = group
        self._connection = connection
        self._on_change = on_change
        self._works_on: set[int] = set()
        self._leave_seconds = leave_seconds

    @property
    def prepare(self) -> frozenset[int]:
        """The numbers that are another's as yet, and this member's once it is ready."""
        return frozenset(self.assignor.prepare)

    async def start(self) -> None:
        """Join the group."""
        self._members.join(self)

    async def stop(self) -> None:
        """Leave the group."""
        self._members.leave(self)

    def tell(self, owned: Iterable[int], ready: Iterable[int], opening: Iterable[int]) -> None:
        """Say what this member works on, what it has prepared, and what it is about to work on."""
        self._works_on = set(owned)
        self.assignor.standing = Standing(sorted({*self._works_on, *opening}), sorted(ready))
        self._connection.kafka.notify()

    async def hand_over(self) -> None:
        """Say that this member is about to leave, and wait until others have what they can take over from it."""
        if self._connection.alive and self._members.has(self):
            self.assignor.leaving = True
            self.rejoin()
            await self.assignor.released(self._leave_seconds)

    def rejoin(self) -> None:
        """Ask the group to share out again; a member that was given up joins anew."""
        if self._connection.alive:
            self._members.join(self)

    def check(self) -> None:
        """Do nothing: there are no members of another kind."""

    def metadata(self) -> object:
        """Give what the member joins with."""
        return self.assignor.metadata(self._sources)

    def assigned(self, given: object) -> None:
        """Take what the group has shared out."""
        self.assignor.on_assignment(given)
        self.wanted = frozenset(place.partition for place in given.partitions())  # type: ignore[attr-defined]
        self._on_change()

    def settled(self) -> bool:
        """Tell whether the member works on what is its own, and on nothing else."""
        return not self.assignor.prepare and self._works_on == self.wanted
