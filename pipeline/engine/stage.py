"""What an app is made of, whichever way it runs: agents as functions of batches, and what becomes of a bad record."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.engine.record import Body, Count, Message, Output, Record

Refuse = Callable[[Record, str], Output]
"""Makes the dead letter of a record that a body cannot process, from the kind of the error; counts it, too."""


class Sizes(NamedTuple):
    """What a record may measure, bytes of key and value; topics whose records may be larger."""

    largest: int = 1_000_000
    free: frozenset[str] = frozenset()


class Outcome(NamedTuple):
    """What a batch of one partition came to, once it is delivered, written and acknowledged."""

    agent: str
    partition: int
    records: Sequence[Record]
    messages: Sequence[Message]
    counts: Mapping[Count, int]


Observe = Callable[[Outcome], None]


class Stage(NamedTuple):
    """An agent: its name, the topics it reads, the tables that are its own, and its body.

    Topics are without the app's prefix. On stock Faust the tables are written in this order, so that the one a replay
    goes by comes last.
    """

    name: str
    topics: tuple[str, ...]
    tables: tuple[str, ...]
    body: Body


class House(NamedTuple):
    """What all agents of an app have in common.

    `prefix` is what every topic's name begins with and no body sees; `refuse` makes dead letters, `sizes` says what is
    too large, `observe` is told of every batch that is done. `handed` are topics that agents of this app write and
    read, of whose records the order in a partition does not matter: what a partition number writes to itself is
    processed in the same transaction, and not once more when it is read. On stock Faust nothing is handed over.
    """

    refuse: Refuse
    sizes: Sizes = Sizes()
    prefix: str = ""
    observe: Observe = lambda _: None
    handed: frozenset[str] = frozenset()


def batched(body: Body, *, tables: Iterable[Any] = ()) -> Any:
    """Make a function of batches an agent's: `app.agent(topic)(batched(body, tables=[table]))`.

    The app must be an `EngineApp` or a `StockApp`; either calls the body with what it has read of one partition.
    """

    async def agent(stream: Any) -> None:
        await stream.app.run_batches(agent, stream)

    agent.body, agent.tables = body, tuple(tables)  # type: ignore[attr-defined]
    agent.__doc__ = body.__doc__
    return agent


def stages(app: Any, prefix: str) -> list[Stage]:
    """Give the stages of a Faust app: its agents that are made of batched bodies, in the order of their names."""
    return [
        Stage(
            name.rpartition(".")[2],
            tuple(topic.removeprefix(prefix) for topic in agent.channel.topics),
            tuple(table.name for table in agent.fun.tables),
            agent.fun.body,
        )
        for name, agent in sorted(app.agents.items())
        if hasattr(agent.fun, "body")
    ]
