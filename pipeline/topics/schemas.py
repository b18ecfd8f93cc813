"""The JSON Schemas of what each topic carries, made from the message types and kept beside the topics."""

from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from pipeline.topics.catalog import FOLDER, Topic, declared

SCHEMAS = FOLDER / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(topic: Topic) -> dict[str, Any]:
    """Give the JSON Schema of a topic's messages; where there are several types, `event_type` tells which it is."""
    kind = _type(topic)
    made: dict[str, Any] = msgspec.json.schema(kind)
    for definition in made.get("$defs", {}).values():
        if "description" in definition:
            definition["description"] = cleandoc(definition["description"])
        if isinstance(kind, type):
            # What goes out is written whole: a field with a default, `schema_version` above all, is there too.
            definition["required"] = list(definition.get("properties", {}))
    return {"$schema": DIALECT, "title": topic.title, "description": topic.what} | made


def texts() -> dict[str, str]:
    """Give the text of every schema file, by its name; topics that carry no message of ours have none."""
    return {
        f"{topic.title}.json": msgspec.json.format(msgspec.json.encode(schema(topic)), indent=2).decode() + "\n"
        for topic in declared().values()
        if topic.messages
    }


def outdated(folder: Path = SCHEMAS) -> list[str]:
    """Name the schema files that are not what the types say, and those that no topic has."""
    wanted = texts()
    there = {path.name: path.read_text("utf-8") for path in folder.glob("*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def write(folder: Path = SCHEMAS) -> None:
    """Bring the schema files to what the types say."""
    folder.mkdir(exist_ok=True)
    wanted = texts()
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, "utf-8")


def _type(topic: Topic) -> Any:
    kinds: Any = None
    for path in topic.messages:
        module, _, name = path.partition(":")
        kind = getattr(import_module(module), name)
        kinds = kind if kinds is None else kinds | kind
    return kinds
