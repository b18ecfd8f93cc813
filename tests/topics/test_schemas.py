"""Every message type has examples; the schemas and the readers agree on which are good."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipeline.events import codec
from pipeline.events.base import Event
from pipeline.events.rejected import Rejected
from pipeline.topics import schemas
from pipeline.topics.catalog import FOLDER, declared

EXAMPLES = FOLDER / "examples"


def examples(folder: str, *, of_input: bool) -> list[Any]:
    found = [(path, json.loads(path.read_text())) for path in sorted((EXAMPLES / folder).glob("*.json"))]
    return [
        pytest.param(example, id=path.stem) for path, example in found if (example["topic"] == "emr-events") == of_input
    ]


def read(value: bytes) -> tuple[Event, tuple[str, ...]]:
    return codec.read(value, max_bytes=262_144, max_segment_minutes=240)


def validate(topic: str, value: Any) -> None:
    schema = json.loads((schemas.SCHEMAS / f"{topic}.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(value)


def test_the_schemas_are_what_the_types_say() -> None:
    assert schemas.outdated() == []


def test_schemas_are_themselves_valid() -> None:
    checked = 0
    for path in schemas.SCHEMAS.glob("*.json"):
        jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text()))
        checked += 1
    assert checked >= len({title for title, topic in declared().items() if topic.messages})


def test_a_schema_that_is_old_or_of_no_topic_is_named_and_brought_up_to_date(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    assert schemas.outdated(tmp_path) == []
    (tmp_path / "claim-days.json").write_text("{}")
    (tmp_path / "odd.json").write_text("{}")
    assert schemas.outdated(tmp_path) == ["claim-days.json", "odd.json"]
    schemas.write(tmp_path)
    assert schemas.outdated(tmp_path) == []


@pytest.mark.parametrize("folder", ["good", "bad"])
def test_every_message_type_has_an_example(folder: str) -> None:
    names = [path.stem for path in (EXAMPLES / folder).glob("*.json")]
    outputs = {title for title, topic in declared().items() if topic.messages} - {"emr-events", "session-events"}
    for kind in codec.EVENT_TYPES.keys() | outputs:
        assert any(name.startswith(kind) for name in names), f"{kind} has no {folder} example"


@pytest.mark.parametrize("example", examples("good", of_input=True))
def test_a_good_event_fits_its_schema_and_is_taken(example: dict[str, Any]) -> None:
    validate("emr-events", example["value"])
    validate("session-events", example["value"])
    event, unknown = read(json.dumps(example["value"]).encode())
    assert (event.event_id, unknown) == (example["value"]["event_id"], ())


@pytest.mark.parametrize("example", examples("bad", of_input=True))
def test_a_bad_event_is_refused_with_the_reason_and_field_that_it_names(example: dict[str, Any]) -> None:
    text = example["text"] if "text" in example else json.dumps(example["value"])
    with pytest.raises(Rejected) as refused:
        read(text.encode())
    assert (refused.value.reason, refused.value.field) == (example["reason"], example["field"])


@pytest.mark.parametrize("example", examples("good", of_input=False))
def test_a_good_message_that_goes_out_fits_its_schema(example: dict[str, Any]) -> None:
    schema = json.loads((schemas.SCHEMAS / f"{example['topic']}.json").read_text())
    assert jsonschema.Draft202012Validator(schema).is_valid(example["value"])


@pytest.mark.parametrize("example", examples("bad", of_input=False))
def test_a_bad_message_does_not_fit_its_schema_at_the_field_that_it_names(example: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError) as refused:
        validate(example["topic"], example["value"])
    where = ".".join(str(part) for part in refused.value.absolute_path)
    field = example["field"]
    assert where.startswith(field) or field.rpartition(".")[2] in refused.value.message
