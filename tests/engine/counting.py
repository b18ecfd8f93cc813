"""An app that is not this project's: it counts words, and words that are said often, and knows nothing else."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pipeline.engine.app import EngineApp
from pipeline.engine.pace import Pace
from pipeline.engine.record import Message, Output, Record, Tables
from pipeline.engine.stage import House, Outcome, Sizes, batched

PARTITIONS = 4


def count(tables: Tables, records: Sequence[Record]) -> Output:
    """Count words: a word's number out for each; `forget` deletes it, `poison` raises."""
    counts, sent = tables["counts"], []
    for record in records:
        word = (record.key or b"").decode()
        if record.value == b"poison":
            counts[word] = b"spoilt"
            raise ValueError("never told")
        if record.value == b"forget":
            counts.pop(word, None)
            sent.append(Message("results", record.key, None, record.partition))
            continue
        counts[word] = b"%d" % (int(counts.get(word, b"0")) + 1)
        sent.append(Message("results", record.key, counts[word], record.partition))
    return Output(sent, Counter({("words",): len(records)}))


def far(tables: Tables, records: Sequence[Record]) -> Output:
    """Count words; one that is `far` is told to a partition that no topic has."""
    output = count(tables, records)
    told = [Message("results", one.key, b"", 99) for one in records if one.value == b"far"]
    return Output([*told, *output.messages], output.counts)


def lengths(tables: Tables, records: Sequence[Record]) -> Output:
    """Keep of the results, which are this app's own, how often each word had one, and the last one."""
    for record in records:
        word = (record.key or b"").decode()
        if record.value == b"7":
            raise ValueError("it does not like sevens")
        tables["told"][word] = b"%d" % (int(tables["told"].get(word, b"0")) + 1)
        if record.value is None:
            tables["last"].pop(word, None)
        else:
            tables["last"][word] = record.value
    return Output([], Counter())


def refuse(record: Record, kind: str) -> Output:
    return Output([Message("letters", record.key, kind.encode(), record.partition)], Counter({("letters",): 1}))


def counting(
    name: str = "counting",
    *,
    kafka: str = "127.0.0.1:1",
    prefix: str = "",
    pace: Pace = Pace(),  # noqa: B008 -- a tuple.
    observe: Callable[[Outcome], None] = lambda _: None,
    body: Callable[[Tables, Sequence[Record]], Output] = count,
    chained: bool = False,
    handed: bool = False,
    **conf: Any,
) -> EngineApp:
    """Make the app; `chained` adds the agent that reads what the first sends, `handed` spares it the way by Kafka."""
    house = House(refuse, Sizes(largest=1000), prefix, observe, frozenset(["results"] if handed else []))
    app = EngineApp(
        name,
        house=house,
        connect={"bootstrap_servers": kafka},
        pace=pace,
        broker=f"kafka://{kafka}",
        autodiscover=False,
        web_enabled=False,
        **conf,
    )
    raw = {"key_type": bytes, "value_type": bytes}
    app.agent(app.topic(f"{prefix}words", **raw), name="count")(batched(body, tables=[app.Table("counts", **raw)]))
    if chained:
        tables = [app.Table("told", **raw), app.Table("last", **raw)]
        app.agent(app.topic(f"{prefix}results", **raw), name="lengths")(batched(lengths, tables=tables))
    return app
