"""Who gets which partition numbers: whole numbers, as few moves as can be, and none to a worker that is not ready."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import msgspec
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from msgspec import Struct
from msgspec.structs import replace

ANSWER_SECONDS = 1.0


class Standing(Struct, frozen=True, omit_defaults=True):
    """What a member says of itself: the numbers it works on, those it has loaded beforehand, whether it is to leave."""

    owned: list[int] = []
    ready: list[int] = []
    leaving: bool = False


class Given(Struct, frozen=True, omit_defaults=True):
    """What a member is told besides its numbers: those that it will get once it has loaded them.

    `awaited` tells whether another is loading some of those that it works on.
    """

    prepare: list[int] = []
    awaited: bool = False


def share(numbers: Iterable[int], members: Mapping[str, Standing]) -> dict[str, list[int]]:
    """Give each member its numbers: as even as can be, and each number, if it can be, where it is.

    A number that two members claim is the first's. The order of members is that of their names.
    """
    names = sorted(members)
    left = sorted(numbers)
    given: dict[str, list[int]] = {name: [] for name in names}
    least, more = divmod(len(left), len(names))
    # First what stays: those who own most keep one more, as far as there are numbers for one more.
    for name in sorted(names, key=lambda name: -len(members[name].owned)):
        quota = least + (more > 0)
        kept = [number for number in members[name].owned if number in left][:quota]
        more -= len(kept) > least
        given[name] = kept
        left = [number for number in left if number not in kept]
    # Then what is ready elsewhere, then the rest, to whoever has least.
    for name in names:
        for number in members[name].ready:
            if number in left and len(given[name]) < least:
                given[name].append(number)
                left.remove(number)
    for number in left:
        name = min(names, key=lambda name: (len(given[name]), number not in members[name].ready))
        given[name].append(number)
    return {name: sorted(found) for name, found in given.items()}


def plan(numbers: Iterable[int], members: Mapping[str, Standing]) -> dict[str, tuple[list[int], list[int]]]:
    """Give each member the numbers that it gets now, and those that it is to prepare for later.

    A number that someone works on moves only to a member that has prepared it; until then it stays where it is. Who is
    to leave gets nothing that others can have.
    """
    staying = {name: standing for name, standing in members.items() if not standing.leaving}
    owner = {number: name for name in sorted(members, reverse=True) for number in members[name].owned}
    now: dict[str, list[int]] = {name: [] for name in members}
    later: dict[str, list[int]] = {name: [] for name in members}
    for name, given in share(numbers, staying or members).items():
        for number in given:
            holder = owner.get(number, name)
            if holder != name and number not in members[name].ready:
                now[holder].append(number)
                later[name].append(number)
            else:
                now[name].append(number)
    return {name: (sorted(now[name]), sorted(later[name])) for name in members}


class NumberAssignor(AbstractPartitionAssignor):  # type: ignore[misc]
    """Assigns partition numbers: whoever gets a number gets it of every topic.

    It is one member's: `standing` is what it tells the group, `prepare` what it is told to prepare.
    """

    name = "partition-numbers"

    def __init__(self) -> None:
        self.standing = Standing()
        self.prepare: list[int] = []
        self.leaving = False
        self._said_leaving = False
        self._heard, self._free = asyncio.Event(), asyncio.Event()

    def metadata(self, topics: Iterable[str]) -> Any:
        """Give what a member joins with."""
        self._said_leaving = self.leaving
        standing = replace(self.standing, leaving=self.leaving)
        return ConsumerProtocolMemberMetadata(0, sorted(topics), msgspec.json.encode(standing))

    def assign(self, cluster: Any, members: Mapping[str, Any]) -> dict[str, Any]:
        """Share the numbers out, at the group's leader."""
        topics = sorted({topic for metadata in members.values() for topic in metadata.subscription})
        numbers = set.intersection(*[set(cluster.partitions_for_topic(topic) or ()) for topic in topics])
        standings = {name: _standing(metadata.user_data) for name, metadata in members.items()}
        # A leader that has not heard of a topic's partitions yet takes nobody's numbers away.
        numbers |= {number for standing in standings.values() for number in standing.owned}
        planned = plan(numbers, standings)
        awaited = {number for _, later in planned.values() for number in later}
        return {
            name: ConsumerProtocolMemberAssignment(
                0,
                [(topic, now) for topic in topics],
                msgspec.json.encode(Given(later, not awaited.isdisjoint(now))),
            )
            for name, (now, later) in planned.items()
        }

    def on_assignment(self, assignment: Any) -> None:
        """Note what is to be prepared, and whether others wait for what is here."""
        given = msgspec.json.decode(assignment.user_data or b"{}", type=Given)
        self.prepare = given.prepare
        if self._said_leaving:
            self._heard.set()
            if not given.awaited:
                self._free.set()

    async def released(self, seconds: float) -> None:
        """Wait, in a member that is to leave, until nobody loads what it works on; so long at the most.

        A group that does not answer soon is not waited for.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, ANSWER_SECONDS)):
                await self._heard.wait()
            async with asyncio.timeout(seconds):
                await self._free.wait()


def _standing(told: bytes | None) -> Standing:
    try:
        return msgspec.json.decode(told or b"{}", type=Standing)
    except msgspec.DecodeError:
        return Standing()
