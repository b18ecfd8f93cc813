import json

import msgspec
import pytest
from commands.commandline import Kxwatch, make, put

from pipeline.connection import partition_of
from pipeline.events.codec import encode
from pipeline.events.totals import Projection, Threshold, ThresholdTotal
from pipeline.identity import Identity
from pipeline.ledger.households import Residence
from pipeline.settings import Settings

pytestmark = pytest.mark.usefixtures("environment")
KEY = "a key of sixteen"


def total(patient: str, cents: int) -> ThresholdTotal:
    exceeded = cents > 248_000
    return ThresholdTotal(
        patient_id=patient,
        year=2026,
        bucket="PT-SLP",
        total_cents=cents,
        own_cents=cents,
        external_cents=0,
        estimated=True,
        days=3,
        last_service_date="2026-03-02",
        kx=Threshold(
            threshold_cents=248_000,
            remaining_cents=max(0, 248_000 - cents),
            state="exceeded" if exceeded else "clear",
            crossed_on="2026-03-02" if exceeded else None,
        ),
        review=Threshold(threshold_cents=300_000, remaining_cents=300_000 - cents, state="clear", crossed_on=None),
        projection=Projection(visits_left=None, crosses_on=None),
    )


def fill(settings: Settings, *totals: ThresholdTotal) -> None:
    make(settings, "threshold-totals")
    put(
        settings,
        "threshold-totals",
        [(f"{one.patient_id}|2026|PT-SLP", encode(one), partition_of(one.patient_id, 12)) for one in totals],
    )


def test_the_newest_value_of_each_patient_is_shown_in_dollars(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, total("p-1", 100_050), total("p-2", 260_000), total("p-1", 123_456))
    ended = kxwatch("totals")
    assert ended.code == 0
    assert "$1,234.56" in ended.out
    assert "$1,245.44 left" in ended.out
    assert "exceeded 2026-03-02" in ended.out
    assert "$1,000.50" not in ended.out


def test_what_was_taken_back_is_not_there(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, total("p-1", 100_050))
    put(settings, "threshold-totals", [("p-1|2026|PT-SLP", None, partition_of("p-1", 12))])
    assert kxwatch("totals", "--json").out == ""
    assert kxwatch("totals").out == "No totals yet: is a worker running?\n"


def test_a_program_reads_every_value_as_it_stands_on_the_topic(settings: Settings, kxwatch: Kxwatch) -> None:
    values = [total("p-1", 1), total("p-2", 2)]
    fill(settings, *values)
    assert kxwatch("totals", "--json").out == "".join(encode(value).decode() + "\n" for value in values)


def test_one_patient_is_one_patient_alone_whatever_others_are_called(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, total("p", 1), total("p-1", 2), total("p-10", 3))
    assert [json.loads(line)["patient_id"] for line in kxwatch("totals", "p-1", "--json").out.splitlines()] == ["p-1"]


def test_a_patient_is_found_by_id_and_by_token(
    settings: Settings, kxwatch: Kxwatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = Identity(Settings(patient_key=KEY)).token("mrn-77")
    fill(settings, total(token, 4711))
    monkeypatch.setenv("KXWATCH_PATIENT_KEY", KEY)
    assert token in kxwatch("totals", "mrn-77").out
    assert kxwatch("totals", token, "--json").out == kxwatch("totals", "mrn-77", "--json").out


def test_of_an_unknown_patient_nothing_is_shown_and_the_code_says_so(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, total("p-1", 1))
    ended = kxwatch("totals", "p-2")
    assert (ended.code, ended.out) == (1, "No totals of this patient.\n")


def test_a_merged_patient_is_shown_as_whom_they_are_known(settings: Settings, kxwatch: Kxwatch) -> None:
    fill(settings, total("p-1", 4711))
    make(settings, "merges-changelog")
    residence = msgspec.msgpack.encode(Residence("p-1"))
    put(settings, "merges-changelog", [("p-2", residence, partition_of("p-2", 12))])
    ended = kxwatch("totals", "p-2", "--json")
    assert (ended.code, json.loads(ended.out)["patient_id"]) == (0, "p-1")
    assert ended.err == "Merged: this patient is known as p-1.\n"
