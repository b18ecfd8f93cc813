"""The Faust app: its settings, its tables, and an agent a stage."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import faust
from faust.types import StreamT

from pipeline.connection import LARGEST_RECORD_BYTES, bootstrap, faust_credentials
from pipeline.errors import Refused
from pipeline.events.rejected import Rejected
from pipeline.settings import Settings
from pipeline.streams.letter import Clock, dead_letter
from pipeline.streams.record import Body, Message, Record
from pipeline.streams.recovery import SeekFirstTableManager
from pipeline.streams.runner import Outcome, Pace, Runner
from pipeline.streams.tables import Table
from pipeline.topics.catalog import topic_name


class Source(faust.Topic):  # type: ignore[misc]
    """What an agent reads: `faust agents` fails at one with several topics, unless they have a name together."""

    def get_topic_name(self) -> str:
        """Give the topics' names."""
        return ", ".join(self.topics)


class Stage(NamedTuple):
    """An agent to be: its name, what it is for, the topics it reads, the tables that are its own, and its body."""

    name: str
    what: str
    topics: tuple[str, ...]
    tables: tuple[str, ...]
    body: Body


class Patience(NamedTuple):
    """How long the worker bears with Kafka, seconds.

    `delivery` is what a message may take to be delivered: a shorter outage is waited for, a longer one ends the
    worker. `session` is how long the group waits for a member that says nothing before others get its partitions. It
    is the longer one: what was sent has arrived or failed before another worker takes over.
    """

    delivery: float = 20.0
    session: float = 30.0


def build(
    settings: Settings,
    stages: Iterable[Stage],
    *,
    now: Clock,
    observe: Callable[[Outcome], None] = lambda _: None,
    patience: Patience = Patience(),  # noqa: B008 -- a tuple of numbers.
) -> faust.App:
    """Make a Faust app of stages; each has an agent of its name and tables that no other stage has."""
    app = faust.App(settings.topic_prefix + settings.app_id, **_conf(settings, patience))
    pace = Pace(settings.batch_events, settings.batch_seconds, patience.session)

    def refuse(record: Record, refusal: Rejected) -> Message:
        return dead_letter(record, refusal, now())

    runners = []
    for stage in stages:
        tables = [app.Table(name, key_type=bytes, value_type=bytes, help=stage.what) for name in stage.tables]
        runner = Runner(
            app,
            stage.name,
            stage.body,
            tables,
            prefix=settings.topic_prefix,
            pace=pace,
            refuse=refuse,
            observe=observe,
        )
        runners.append(runner)
        _agent(app, settings, stage, runner)
    _settle(app, runners)
    return app


def _agent(app: faust.App, settings: Settings, stage: Stage, runner: Runner) -> None:
    names = [topic_name(settings, topic) for topic in stage.topics]
    # Raw, said twice: with the type alone Faust would still read JSON, and throw away what is none.
    source = app.topic(
        *names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", allow_empty=True
    )

    async def agent(stream: StreamT) -> None:
        await runner.run(stream)

    agent.__doc__ = stage.what  # What `faust agents` says of it.
    app.agent(source, name=stage.name)(agent)


def _settle(app: faust.App, runners: Iterable[Runner]) -> None:
    """See the batches at work through before partitions go to another worker, and before the app stops.

    Faust's own way (`stream_wait_empty`) waits for each message that was begun; of two agents on one topic it may
    have thrown a message away that the other has done, and then it waits for ever.
    """

    async def settle(*_: object, **__: object) -> None:
        for runner in runners:
            await runner.settle()
        await app.consumer.commit()

    app.on_partitions_revoked.connect(settle)
    app.on_before_shutdown.connect(settle)


def _conf(settings: Settings, patience: Patience) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{address.strip()}" for address in _brokers(settings).split(",")],
        "broker_credentials": faust_credentials(settings),
        "broker_client_id": settings.app_id,
        "broker_session_timeout": patience.session,
        "broker_heartbeat_interval": min(3.0, patience.session / 5),
        "broker_commit_interval": 1.0,
        "broker_max_poll_records": 4_000,
        "consumer_max_fetch_size": LARGEST_RECORD_BYTES,
        "producer_acks": -1,
        "producer_request_timeout": patience.delivery,
        "producer_max_request_size": LARGEST_RECORD_BYTES,
        "producer_max_batch_size": 262_144,
        "datadir": settings.data_dir or settings.home / "worker",
        "Topic": Source,
        "Table": Table,
        "TableManager": SeekFirstTableManager,
        # A copy of another worker's partitions would be read here for nothing: recovery begins at the beginning.
        "table_standby_replicas": 0,
        # The topics are made from topics/ alone.
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "stream_wait_empty": False,
        # Faust's pages show every table to whoever can reach the port.
        "web_enabled": False,
        "web_tables_enabled": False,
        "worker_redirect_stdouts": False,
        "autodiscover": False,
    }


def _brokers(settings: Settings) -> str:
    try:
        return bootstrap(settings)
    except Refused:
        # An app that is only looked at needs none; a worker looks for its Kafka first.
        return f"127.0.0.1:{settings.broker_port}"
