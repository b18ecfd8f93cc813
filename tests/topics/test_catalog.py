from pathlib import Path

import pytest

from pipeline.errors import Refused
from pipeline.settings import Settings
from pipeline.topics.catalog import FOLDER, declared, load, topic_name

CONTRACT = {
    "emr-events": "delete",
    "session-events": "delete",
    "rejected-events": "delete",
    "billable-days": "compact",
    "threshold-totals": "compact",
    "claim-days": "compact",
    "threshold-alerts": "delete",
    "care-alerts": "delete",
    "claim-alerts": "delete",
}
GOOD = (FOLDER / "claim-days.yaml").read_text()


def test_every_topic_of_the_contract_is_declared_with_its_policy() -> None:
    assert {name: topic.cleanup for name, topic in declared().items() if name in CONTRACT} == CONTRACT


def test_the_input_is_kept_for_30_days_and_dead_letters_for_90() -> None:
    assert declared()["emr-events"].kafka_config()["retention.ms"] == "2592000000"
    assert declared()["rejected-events"].kafka_config()["retention.ms"] == "7776000000"


def test_a_dead_letter_may_be_one_and_a_half_times_the_input() -> None:
    assert declared()["rejected-events"].max_message_bytes * 2 == declared()["emr-events"].max_message_bytes * 3


def test_identities_are_only_where_what_was_sent_is_held() -> None:
    assert {name for name, topic in declared().items() if topic.sensitivity == "identities"} == {
        "emr-events",
        "rejected-events",
    }


def test_a_changelog_is_named_as_faust_names_it_behind_the_prefix() -> None:
    settings = Settings(topic_prefix="north.", app_id="kx2")
    assert topic_name(settings, "segments-changelog") == "north.kx2-segments-changelog"
    assert topic_name(settings, "emr-events") == "north.emr-events"


def test_changelogs_are_compacted_alone_and_have_as_many_partitions_as_their_source() -> None:
    changelogs = [topic for topic in declared().values() if topic.changelog_of]
    assert {topic.changelog_of for topic in changelogs} == {
        *("segments", "days", "calendar", "timers", "years", "patients", "facts", "closings", "care", "due"),
        *("rosters", "endings", "merges", "unions", "kin"),
    }
    assert {(topic.cleanup, topic.partitions) for topic in changelogs} == {
        ("compact", declared()["session-events"].partitions)
    }


@pytest.mark.parametrize(
    ("was", "becomes", "field"),
    [
        ("partitions: 12", "partitions: twelve", "partitions"),
        ("partitions: 12", "partitions: 0", "partitions"),
        ("cleanup: compact", "cleanup: burn", "cleanup"),
        ("owner: kxwatch", "owners: kxwatch", "owners"),
        ("owner: kxwatch\n", "", "owner"),
        ("name: claim-days", "name: claims", "name"),
        ("cleanup: compact", "cleanup: compact\nretention_days: 3", "retention_days"),
        ("cleanup: compact", "cleanup: delete", "retention_days"),
        ("name: claim-days", "name: claim-days\nchangelog_of: days", "name"),
        ("partitions: 12", "partitions: [", "YAML"),
        ("segment.bytes: 67108864", "segment.bytes: true", "config"),
    ],
)
def test_a_declaration_that_is_wrong_is_refused_with_its_file_and_field(
    tmp_path: Path, was: str, becomes: str, field: str
) -> None:
    assert was in GOOD
    (tmp_path / "claim-days.yaml").write_text(GOOD.replace(was, becomes))
    with pytest.raises(Refused, match=rf"^claim-days\.yaml: .*{field}") as refused:
        load(tmp_path)
    assert "\n" not in str(refused.value)


def test_topics_by_patient_cannot_have_different_counts(tmp_path: Path) -> None:
    (tmp_path / "claim-days.yaml").write_text(GOOD)
    (tmp_path / "billable-days.yaml").write_text(
        GOOD.replace("claim-days", "billable-days").replace("partitions: 12", "partitions: 6")
    )
    with pytest.raises(Refused, match="partitions: topics by patient must all have the same count, not 6 and 12"):
        load(tmp_path)


def test_a_folder_without_topics_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no topic is declared"):
        load(tmp_path)
