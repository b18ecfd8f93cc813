import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.events import codec
from pipeline.events.base import Event
from pipeline.events.rejected import Rejected
from pipeline.identity import Identity
from pipeline.settings import Settings
from pipeline.topics.catalog import FOLDER

KEY = "a key of sixteen"
EXAMPLES = sorted(path for path in (FOLDER / "examples/good").glob("*.json") if path.stem in codec.EVENT_TYPES)


def event(name: str, **changes: Any) -> Event:
    value = json.loads((FOLDER / "examples/good" / f"{name}.json").read_text())["value"] | changes
    return codec.read(json.dumps(value).encode(), max_bytes=262_144, max_segment_minutes=240)[0]


def test_without_key_and_namespace_an_event_is_itself() -> None:
    sent = event("segment.recorded")
    assert Identity(Settings()).replace(sent) is sent


def test_a_token_is_the_start_of_the_ids_keyed_hash() -> None:
    expected = hmac.new(KEY.encode(), b"mrn-77", hashlib.sha256).hexdigest()[:32]
    assert Identity(Settings(patient_key=KEY)).token("mrn-77") == expected


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_event_passes_a_patients_id_on(path: Path) -> None:
    sent = event(path.stem)
    if path.stem == "day.ticked":
        return
    changes = {"patient_id": "Doe-1"} | ({"into_patient_id": "Doe-2"} if path.stem == "patient.merged" else {})
    replaced = Identity(Settings(patient_key=KEY)).replace(event(path.stem, **changes))
    assert b"Doe" not in codec.write(replaced)
    assert type(replaced) is type(sent)
    assert replaced.event_id == sent.event_id


def test_a_merge_leads_to_the_token_of_the_patient_that_lives_on() -> None:
    identity = Identity(Settings(patient_key=KEY))
    merged = identity.replace(event("patient.merged", patient_id="a", into_patient_id="b"))
    assert (merged.patient_id, merged.into_patient_id) == (identity.token("a"), identity.token("b"))  # type: ignore[attr-defined]


def test_where_ids_are_of_their_source_equal_ids_of_two_sources_are_two_patients() -> None:
    identity = Identity(Settings(id_namespace="source", patient_key=KEY))
    assert identity.token("77", "north") != identity.token("77", "south")
    named = Identity(Settings(id_namespace="source")).replace(event("segment.recorded", source="north", patient_id="7"))
    assert (named.patient_id, named.therapist_id) == ("north:7", "north:t-31")  # type: ignore[attr-defined]


def test_no_source_and_id_can_be_taken_for_another_pair() -> None:
    identity = Identity(Settings(id_namespace="source"))
    assert identity.token("b:c", "a") != identity.token("c", "a:b")
    assert identity.token("x", "a|b\n%é") == "a%7Cb%0A%25é:x"


def test_an_id_that_is_too_long_with_its_source_is_a_dead_letter_of_the_source() -> None:
    identity = Identity(Settings(id_namespace="source"))
    with pytest.raises(Rejected) as refused:
        identity.replace(event("segment.recorded", source="s" * 120))
    assert (refused.value.reason, refused.value.field, refused.value.event_id) == (
        "wrong_field",
        "source",
        event("segment.recorded").event_id,
    )
