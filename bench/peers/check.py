"""Whether a peer's outputs are right, each of them; a rate of wrong results is worth nothing."""

from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.peers.events import Expected
from bench.peers.job import Job
from bench.peers.peer import Peer


class Output(msgspec.Struct):
    """The value of an output."""

    k: str
    count: int
    total: int


class Found(NamedTuple):
    """What the output topic held: records, when they were appended in seconds since 1970, what is wrong with them.

    `doubled` are outputs beyond one for each event.
    """

    records: int
    appended: list[float]
    doubled: int
    wrong: list[str]

    @property
    def first(self) -> float:
        """When the first was appended."""
        return self.appended[0]

    @property
    def last(self) -> float:
        """When the last was appended."""
        return self.appended[-1]

    def steady(self) -> float:
        """Give the records a second after the first tenth: no start, no first batch that came all at once."""
        tenth = len(self.appended) // 10
        return (len(self.appended) - tenth) / max(self.last - self.appended[tenth], 0.001)


async def found(kafka: str, job: Job, peer: Peer, expected: Expected, *, restarted: bool = False) -> Found:
    """Read all outputs as one who reads committed records alone, and hold each against the direct computation.

    What a peer that promises no more than at least once counts twice when it is `restarted` is told, and no error.
    """
    decode = msgspec.json.Decoder(Output).decode
    values: list[tuple[bytes, bytes]] = []
    appended: list[float] = []
    async with AIOKafkaConsumer(
        bootstrap_servers=kafka, isolation_level="read_committed", max_partition_fetch_bytes=4 * 1024 * 1024
    ) as consumer:
        partitions = [TopicPartition(job.output, number) for number in range(job.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(one) < ends[one] for one in partitions]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                values.extend((record.key, record.value) for record in records)
                appended.extend(record.timestamp / 1_000 for record in records)
    appended.sort()
    outputs = [(key, decode(value)) for key, value in values]
    if peer.outputs == "ends":
        return Found(len(outputs), appended, 0, _ends(outputs, expected))
    doubled = len(outputs) - expected.events
    forgiven = restarted and doubled > 0 and not peer.exactly_once
    wrong = _counts(outputs) if forgiven else _each(outputs, expected)
    return Found(len(outputs), appended, doubled, wrong)


def _each(outputs: list[tuple[bytes, Output]], expected: Expected) -> list[str]:
    wrong = _counts(outputs)
    for key, output in outputs:
        totals = expected.totals.get(key, [])
        if output.count > len(totals) or output.total != totals[output.count - 1] or output.k.encode() != key:
            wrong.append(f"{key.decode()}: {output}")
    if len(outputs) != expected.events:
        wrong.append(f"{len(outputs)} outputs of {expected.events} events")
    return wrong[:5]


def _counts(outputs: list[tuple[bytes, Output]]) -> list[str]:
    """Give each place where a key's counts do not go 1, 2, 3: an output is missing, or a table was not what it was."""
    counts: dict[bytes, int] = {}
    wrong = []
    for key, output in outputs:
        before = counts.get(key, 0)
        if output.count != before + 1:
            wrong.append(f"{key.decode()}: {output} after {before}")
        counts[key] = output.count
    return wrong[:5]


def _ends(outputs: list[tuple[bytes, Output]], expected: Expected) -> list[str]:
    ends = sorted((output.count, output.total) for _, output in outputs)
    right = len(ends) == 2 and ends[1] == (expected.events, expected.total())
    return [] if right else [f"the ends are {ends}, not {expected.events} events with {expected.total()}"]
