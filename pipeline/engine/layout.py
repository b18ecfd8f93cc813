"""What an app is to the engine: its agents, the topics they read, the changelogs of their tables."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.engine.batch import Processor, Widths
from pipeline.engine.partition import Agent
from pipeline.engine.stage import stages


class Layout(NamedTuple):
    """An app: its id, which is its group's, its agents, the topics of its changelogs by table.

    `prefix` is what every source's and output's name begins with, and no agent sees. `handed` are topics between
    agents whose messages are handed over within a partition number. `widths` are what
    writers have learned and agents go by.
    """

    group: str
    agents: Sequence[Agent]
    changelogs: Mapping[str, str]
    widths: Widths
    prefix: str = ""
    handed: frozenset[str] = frozenset()

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that the agents read, in order, without the prefix."""
        return tuple(sorted({topic for agent in self.agents for topic in agent.stage.topics}))

    @property
    def ledger(self) -> str | None:
        """The table in whose changelog the positions are; None where there is no table."""
        return min(self.changelogs, default=None)

    @property
    def sources(self) -> list[str]:
        """The same as Kafka names them."""
        return [self.prefix + topic for topic in self.topics]


def layout_of(app: Any) -> Layout:
    """Make the layout of what an app, which has a house, has declared by now; of its batched agents alone."""
    house = app.house
    widths: Widths = {}
    agents = [
        Agent(stage, Processor(stage.body, house.refuse, house.sizes, widths)) for stage in stages(app, house.prefix)
    ]
    changelogs = {
        table: app.tables[table].changelog_topic.get_topic_name() for agent in agents for table in agent.stage.tables
    }
    return Layout(app.conf.id, agents, changelogs, widths, house.prefix, house.handed)
