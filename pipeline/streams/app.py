"""The Faust app: its settings, its tables, and an agent a stage; on the engine, or on stock Faust by a setting."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import faust

from pipeline.connection import LARGEST_RECORD_BYTES, bootstrap, client_options, faust_credentials
from pipeline.engine.app import EngineApp
from pipeline.engine.pace import Pace
from pipeline.engine.record import Body, Output, Record
from pipeline.engine.stage import House, Outcome, Sizes, batched
from pipeline.engine.stock.app import Source, StockApp
from pipeline.engine.stock.runner import Pace as StockPace
from pipeline.engine.store import Depot
from pipeline.errors import Refused
from pipeline.events.rejected import Rejected
from pipeline.settings import PREFIX, Settings
from pipeline.streams.letter import Clock, refused
from pipeline.topics.catalog import topic_name

_LETTERS = "rejected-events"
_HANDED = frozenset(["session-events", "billable-days"])
"""Facts by patient: in which order they come never matters."""


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
    worker. `session` is how long the group waits for a member that says nothing before others get its partitions. On
    stock Faust it must be the longer one: what was sent has arrived or failed before another worker takes over. The
    engine shuts the older worker out, and need not wait.
    """

    delivery: float = 20.0
    session: float = 10.0


STOCK_PATIENCE = Patience(20.0, 30.0)


def build(
    settings: Settings,
    stages: Iterable[Stage],
    *,
    now: Clock,
    observe: Callable[[Outcome], None] = lambda _: None,
    patience: Patience | None = None,
) -> faust.App:
    """Make a Faust app of stages; each has an agent of its name and tables that no other stage has."""

    def refuse(record: Record, kind: str) -> Output:
        return refused(record, Rejected("not_processed", kind), now())

    house = House(refuse, Sizes(free=frozenset([_LETTERS])), settings.topic_prefix, observe, _HANDED)
    name = settings.topic_prefix + settings.app_id
    if settings.engine == "stock":
        app = _stock(name, settings, house, patience or STOCK_PATIENCE)
    else:
        app = _exactly_once(name, settings, house, patience or Patience())
    for stage in stages:
        _agent(app, settings, stage)
    return app


def _agent(app: faust.App, settings: Settings, stage: Stage) -> None:
    tables = [app.Table(name, key_type=bytes, value_type=bytes, help=stage.what) for name in stage.tables]
    names = [topic_name(settings, topic) for topic in stage.topics]
    # Raw, said twice: with the type alone Faust would still read JSON, and throw away what is none.
    source = app.topic(
        *names, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw", allow_empty=True
    )
    agent = batched(stage.body, tables=tables)
    agent.__doc__ = stage.what  # What `faust agents` says of it.
    app.agent(source, name=stage.name)(agent)


def _exactly_once(name: str, settings: Settings, house: House, patience: Patience) -> faust.App:
    pace = Pace(
        commit_seconds=settings.batch_seconds,
        poll_records=settings.batch_events,
        request_seconds=patience.delivery,
        # A number that is given up waits for the group, which may wait for a member that says nothing.
        open_seconds=patience.delivery + patience.session,
        session_seconds=patience.session,
        heartbeat_seconds=min(0.2, patience.session / 5),
        instance=settings.instance or None,
    )
    return EngineApp(
        name, house=house, connect=_connect(settings), pace=pace, depot=_depot(settings, name), **_common(settings)
    )


def _connect(settings: Settings) -> dict[str, Any]:
    return {"bootstrap_servers": _brokers(settings), "client_id": settings.app_id, **client_options(settings)}


def _depot(settings: Settings, name: str) -> Depot:
    if settings.state == "memory":
        return Depot()
    try:
        from pipeline.engine.depot import RocksDepot  # noqa: PLC0415 -- an extra: it need not be installed.
    except ImportError as error:
        raise Refused(f"{PREFIX}STATE=rocksdb needs {error.name}: pip install 'kxwatch[rocksdb]'") from error
    return RocksDepot(_folder(settings) / f"{name}.state")


def _stock(name: str, settings: Settings, house: House, patience: Patience) -> faust.App:
    pace = StockPace(settings.batch_events, settings.batch_seconds, patience.session)
    return StockApp(
        name,
        house=house,
        connect=_connect(settings),
        pace=pace,
        broker_credentials=faust_credentials(settings),
        broker_client_id=settings.app_id,
        broker_heartbeat_interval=min(3.0, patience.session / 5),
        broker_commit_interval=1.0,
        broker_max_poll_records=4_000,
        consumer_max_fetch_size=LARGEST_RECORD_BYTES,
        producer_acks=-1,
        producer_request_timeout=patience.delivery,
        producer_max_request_size=LARGEST_RECORD_BYTES,
        producer_max_batch_size=262_144,
        **_common(settings),
    )


def _common(settings: Settings) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{address.strip()}" for address in _brokers(settings).split(",")],
        "datadir": _folder(settings),
        "Topic": Source,
        # The topics are made from topics/ alone.
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        # Faust's pages show every table to whoever can reach the port.
        "web_enabled": False,
        "web_tables_enabled": False,
        "worker_redirect_stdouts": False,
        "autodiscover": False,
    }


def _folder(settings: Settings) -> Path:
    return settings.data_dir or settings.home / "worker"


def _brokers(settings: Settings) -> str:
    try:
        return bootstrap(settings)
    except Refused:
        # An app that is only looked at needs none; a worker looks for its Kafka first.
        return f"127.0.0.1:{settings.broker_port}"
