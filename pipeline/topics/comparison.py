"""A declared topic beside the one that Kafka has: what is unlike, whether it matters, what mends it."""

from typing import Literal

from msgspec import Struct

from pipeline.topics.catalog import Topic

RETENTION = ("retention.ms", "retention.bytes", "delete.retention.ms")


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is unlike: on which topic, which setting, what is declared and what was found.

    `kind` is `missing` (the topic), `partitions`, `destructive` (a change that may lose records) or `change`.
    """

    topic: str
    setting: str
    wanted: str
    found: str | None
    kind: Literal["missing", "partitions", "destructive", "change"]


class Found(Struct, frozen=True):
    """What Kafka has of a topic: its partitions and the settings that were asked for."""

    partitions: int
    config: dict[str, str]


def compare(name: str, topic: Topic, found: Found | None) -> list[Difference]:
    """Compare a declared topic, by its full name, with what Kafka has; what is not declared is not looked at."""
    if found is None:
        wanted = f"{topic.partitions} partitions, {topic.cleanup}"
        return [Difference(topic=name, setting="topic", wanted=wanted, found=None, kind="missing")]
    unlike = []
    if found.partitions != topic.partitions:
        unlike.append(
            Difference(
                topic=name,
                setting="partitions",
                wanted=str(topic.partitions),
                found=str(found.partitions),
                kind="partitions",
            )
        )
    for setting, wanted in topic.kafka_config().items():
        there = found.config.get(setting)
        if there is None or _value(there) != _value(wanted):
            loses = there is not None and _loses(setting, there, wanted)
            unlike.append(
                Difference(
                    topic=name,
                    setting=setting,
                    wanted=wanted,
                    found=there,
                    kind="destructive" if loses else "change",
                )
            )
    return unlike


def _value(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _loses(setting: str, found: str, wanted: str) -> bool:
    """Tell whether the change may lose records: a shorter retention, or another way to clean up."""
    if setting == "cleanup.policy":
        # Deletion beside compaction is all that can be taken away without a record being lost by it.
        return not (set(found.split(",")) == {"compact", "delete"} and wanted == "compact")
    return setting in RETENTION and _less(wanted, found)


def _less(one: str, other: str) -> bool:
    """Compare two limits, -1 standing for none."""
    first, second = (float("inf") if text == "-1" else float(text) for text in (one, other))
    return first < second


def matters(difference: Difference) -> bool:
    """Tell whether a worker cannot rely on the topic; more room or a longer retention than declared is no trouble."""
    if difference.kind in ("missing", "partitions") or difference.found is None:
        return True
    if difference.setting in ("retention.ms", "retention.bytes", "max.message.bytes"):
        return _less(difference.found, difference.wanted)
    return difference.setting == "cleanup.policy"


def mend(difference: Difference) -> str:
    """Say in a line what is unlike and what to do."""
    topic, wanted, found = difference.topic, difference.wanted, difference.found
    if difference.kind == "missing":
        return f"topic {topic} is missing: make it with `kxwatch topics apply`"
    if difference.kind == "partitions":
        return (
            f"topic {topic} has {found} partitions, declared are {wanted}: adding some would move patients to other "
            f"partitions; declare {found} in topics/ for every topic by patient, or use another KXWATCH_TOPIC_PREFIX "
            "and replay"
        )
    flag = " --allow-destructive" if difference.kind == "destructive" else ""
    return f"topic {topic} has {difference.setting}={found}, declared is {wanted}: run `kxwatch topics apply{flag}`"
