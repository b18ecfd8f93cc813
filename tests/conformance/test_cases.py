"""What the files of cases promise to those who run them elsewhere."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from conformance.case import FOLDER
from conformance.compact import Expansion, plain

SCHEMA = json.loads((FOLDER.parent / "case.schema.json").read_text("utf-8"))
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_of_cases_is_as_the_schema_says(path: Path) -> None:
    stated = plain(yaml.safe_load(path.read_text("utf-8")))
    jsonschema.Draft202012Validator(SCHEMA).validate(stated)


@pytest.mark.parametrize(
    ("field", "value"),
    [("source", ""), ("expects", {}), ("events", []), ("expect", {"days": {}}), ("date", "in March")],
)
def test_a_case_that_is_not_one_is_refused(field: str, value: object) -> None:
    case = {"name": "A case of nothing much", "source": "a page of a manual", "events": [{"void": {"id": "s"}}]}
    case |= {"expect": {"day": None}} | {field: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate([case])


def test_the_readme_tells_every_kind_of_row_and_the_schema_knows_it() -> None:
    kinds = {name.removeprefix("add_") for name in vars(Expansion) if name.startswith("add_")}
    told = (FOLDER.parent / "README.md").read_text("utf-8")
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in told] == []
    assert kinds <= set(SCHEMA["$defs"]["row"]["properties"])
