"""The topics as they are declared: one YAML a topic, typed and checked."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from pipeline.errors import Refused
from pipeline.settings import Settings

FOLDER = Path(__file__).parents[2] / "topics"
"""The declarations, their schemas and examples; beside the package in a checkout and where it is installed."""
DAY = 24 * 60 * 60 * 1000

Words = Annotated[str, Meta(min_length=1)]
Messages = Annotated[str, Meta(pattern=r"^pipeline(\.[a-z_]+)+:[A-Z][A-Za-z]+\Z")]


class Topic(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A topic as a YAML file declares it.

    It has a `name`, or is the changelog of a table (`changelog_of`). `partitioned_by` tells what alone decides the
    partition: all topics by patient have the same count, and those by therapist or by the `number` of a partition too.
    `retention_days` is set where the cleanup is by deletion. `messages` names the types that it carries,
    `module:name`; `config` what else Kafka is told.
    """

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*\Z")] | None = None
    changelog_of: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*\Z")] | None = None
    what: Words
    key: Words
    partitioned_by: Literal["patient", "therapist", "number", "sender", "letter"]
    partitions: Annotated[int, Meta(ge=1, le=10_000)]
    cleanup: Literal["delete", "compact"]
    retention_days: Annotated[int, Meta(ge=1)] | None = None
    max_message_bytes: Annotated[int, Meta(ge=1_024)]
    sensitivity: Literal["identities", "tokens"]
    owner: Words
    writers: Annotated[list[Words], Meta(min_length=1)]
    readers: Annotated[list[Words], Meta(min_length=1)]
    messages: list[Messages] = []
    config: dict[str, str | int | float] = {}

    @property
    def title(self) -> str:
        """The topic's name in this project, whatever a network puts before it."""
        return self.name or f"{self.changelog_of}-changelog"

    def full_name(self, settings: Settings) -> str:
        """Give the topic's name on Kafka: the prefix first, and for a changelog then the name of the application."""
        own = self.name or f"{settings.app_id}-{self.changelog_of}-changelog"
        return settings.topic_prefix + own

    def kafka_config(self) -> dict[str, str]:
        """Give what Kafka is told of the topic, as it writes it itself."""
        told: dict[str, str | int | float] = {
            "cleanup.policy": self.cleanup,
            "max.message.bytes": self.max_message_bytes,
        }
        if self.retention_days is not None:
            told["retention.ms"] = self.retention_days * DAY
            # A broker's own limit by size would delete what the days promise.
            told["retention.bytes"] = -1
            # By the broker's clock: a sender's wrong one neither deletes too soon nor has its events refused.
            told["message.timestamp.type"] = "LogAppendTime"
        return {name: str(value) for name, value in (told | self.config).items()}


def load(folder: Path = FOLDER) -> dict[str, Topic]:
    """Read the declarations, by title, in the order of their files.

    Errors: `Refused`, naming the file and the field, when one is wrong.
    """
    topics: dict[str, Topic] = {}
    for path in sorted(folder.glob("*.yaml")):
        topic = _read(path)
        if path.stem != topic.title:
            raise Refused(f"{path.name}: name: the file of {topic.title} must be {topic.title}.yaml")
        topics[topic.title] = topic
    if not topics:
        raise Refused("no topic is declared: the folder topics/ is missing or empty; install the package anew")
    counts = {
        topic.partitions for topic in topics.values() if topic.partitioned_by in {"patient", "therapist", "number"}
    }
    if len(counts) > 1:
        raise Refused(
            f"partitions: topics by patient must all have the same count, not {' and '.join(map(str, sorted(counts)))}"
        )
    return topics


@cache
def declared() -> dict[str, Topic]:
    """Give the project's own declarations; read once."""
    return load()


def topic_name(settings: Settings, title: str) -> str:
    """Give the name on Kafka of one of the project's own topics."""
    return declared()[title].full_name(settings)


def _read(path: Path) -> Topic:
    try:
        topic = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Topic)
    except (OSError, UnicodeDecodeError):
        raise Refused(f"{path.name}: cannot be read") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Refused(f"{path.name}: is not YAML" + (f", line {mark.line + 1}" if mark else "")) from None
    except msgspec.ValidationError as error:
        expected, _, where = str(error).partition(" - at `$.")
        raise Refused(f"{path.name}: {where.removesuffix('`') + ': ' if where else ''}{expected}") from None
    if (topic.name is None) == (topic.changelog_of is None):
        raise Refused(f"{path.name}: name: set either name or changelog_of")
    if (topic.retention_days is None) != (topic.cleanup == "compact"):
        raise Refused(f"{path.name}: retention_days: set it where cleanup is delete, and only there")
    if topic.changelog_of and topic.cleanup != "compact":
        raise Refused(f"{path.name}: cleanup: a changelog is compacted and never deleted, or state would be lost")
    return topic
