"""A network's own payers: what a folder of profiles says, and what is refused in a line with file and field."""

from pathlib import Path

import pytest
import yaml
from ledger.emr import segment
from ledger.rated import rated
from properties.network import settings

from pipeline.errors import Refused
from pipeline.profiles import load
from pipeline.rate import Rater
from pipeline.rules.payers import Payer, Profile, Schedule, packaged_profiles
from pipeline.settings import Settings

TEMPLATE = Path(__file__).parents[1] / "examples" / "payers" / "acme-health.yaml"
LINES = TEMPLATE.read_text(encoding="utf-8").splitlines(keepends=True)
TEXT = "".join(line for line in LINES if not line.startswith("#"))


def folder(tmp_path: Path, *texts: str) -> Path:
    for number, text in enumerate(texts):
        (tmp_path / f"own-{number}.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def own(tmp_path: Path, text: str, day: str = "2025-03-03") -> Payer:
    return load(folder(tmp_path, text)).at("acme-health", day)


def test_the_template_is_a_profile_that_can_be_used(tmp_path: Path) -> None:
    found = own(tmp_path, TEXT)
    assert (found.listed, found.visit_limit, found.copay_cents, found.lacks) == (True, 30, 3_500, ())
    assert isinstance(found.price, Schedule)


def test_the_template_says_every_field_of_a_profile() -> None:
    assert list(yaml.safe_load(TEXT)) == list(Profile.__struct_fields__)


def test_every_packaged_field_cites_a_policy_or_says_that_it_is_unverified() -> None:
    for file, profile in packaged_profiles().items():
        for name in Profile.__struct_fields__[2:]:
            assert len(getattr(profile, name).source) > 8, (file, name)


def test_a_profile_of_ones_own_stands_before_the_packaged_one(tmp_path: Path) -> None:
    payers = load(folder(tmp_path, TEXT.replace("payer_id: acme-health", "payer_id: cigna")))
    assert payers.at("cigna", "2025-03-03").visit_limit == 30
    assert payers.at("uhc", "2025-03-03").visit_limit is None


@pytest.mark.parametrize(
    ("day", "lacks"),
    [
        ("2024-12-31", ("price",)),
        ("2025-01-01", ()),
        ("2026-12-31", ()),
        ("2027-01-01", ("price",)),
    ],
)
def test_a_value_holds_from_its_date_through_the_last_and_what_lacks_is_named(
    tmp_path: Path, day: str, lacks: tuple[str, ...]
) -> None:
    found = own(tmp_path, TEXT, day)
    assert (found.lacks, found.price is None) == (lacks, bool(lacks))


def test_a_field_other_than_the_price_goes_by_unlisted_where_it_has_no_value(tmp_path: Path) -> None:
    found = own(tmp_path, TEXT.replace("{value: 30,", "{values: {2025-06-01: 30},"))
    assert (found.lacks, found.visit_limit) == (("visit_limit",), None)


@pytest.mark.parametrize(
    ("was", "wrong", "named"),
    [
        ("value: ama_midpoint", "value: midpoint", "$.unit_rule.value"),
        ("value: ama_midpoint, ", "", "unit_rule"),
        ("value: 30", "value: -1", "$.visit_limit.value"),
        ("value: 30", "value: 30, values: {2025-01-01: 9}", "$.visit_limit"),
        ("value: 30", "value: 30, through: 2025-12-31", "$.visit_limit"),
        ("visit_limit:", "visit_limits:", "visit_limit"),
        ("by: fees", "by: table", "$.price"),
        ("percent: 112.5", "percent: -1", "$.price"),
        ("through: 2026-12-31", "through: 2025-12-31", "$.price"),
        ("by: schedule, percent: 112.5", "by: visit, cents: 9500.5", "$.price"),
        ("payer_id: acme-health", 'payer_id: ""', "$.payer_id"),
        ("{value: 20, source", "{value: 120, source", "$.coinsurance_percent.value"),
        ('value: 20, source: "contract of 2025, section 6"', 'value: 20, source: ""', "$.coinsurance_percent.source"),
        ("payer_id:", "payer_id: [", "own-0.yaml"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(tmp_path: Path, was: str, wrong: str, named: str) -> None:
    assert was in TEXT
    with pytest.raises(Refused) as refused:
        load(folder(tmp_path, TEXT.replace(was, wrong, 1)))
    assert "own-0.yaml" in str(refused.value)
    assert named in str(refused.value)


def test_a_rate_a_visit_that_is_also_reduced_is_refused(tmp_path: Path) -> None:
    text = TEXT.replace("by: schedule, percent: 112.5", "by: visit, cents: 9500")
    with pytest.raises(Refused, match=r"own-0\.yaml: multiple_procedure"):
        load(folder(tmp_path, text.replace("multiple_procedure: {value: false", "multiple_procedure: {value: true")))


def test_kx_without_thresholds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"own-0\.yaml: kx"):
        load(folder(tmp_path, TEXT.replace("kx: {value: false", "kx: {value: true")))


def test_two_profiles_of_one_payer_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"own-1\.yaml: payer_id: own-0\.yaml"):
        load(folder(tmp_path, TEXT, TEXT))


def test_unlisted_needs_values_for_all_dates(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"own-0\.yaml: price: unlisted needs"):
        load(folder(tmp_path, TEXT.replace("payer_id: acme-health", "payer_id: unlisted")))


def test_a_setting_that_names_no_folder_and_a_wrong_profile_are_told_at_start(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="KXWATCH_PAYERS names no folder"):
        Settings.load({"KXWATCH_PAYERS": str(tmp_path / "none")})
    wrong = Settings(payers=folder(tmp_path, TEXT.replace("ama_midpoint", "midpoint")))
    with pytest.raises(Refused, match="unit_rule"):
        Rater(wrong)


def test_a_network_without_profiles_has_the_packaged_ones() -> None:
    assert settings().payers is None
    assert not load(None).at("somebody", "2025-03-03").listed
    assert load(None).at("medicare-b", "2025-03-03").thresholds


def test_a_payer_that_wants_no_assistants_modifier_has_one_line_without_it(tmp_path: Path) -> None:
    text = TEXT.replace("assistant_modifiers: {value: true", "assistant_modifiers: {value: false")
    assert text != TEXT
    events = [segment("e-1", payer_id="acme-health", assistant_seconds=900, modifiers=["GO", "CO"])]
    (day,) = rated(events, Settings(payers=folder(tmp_path, text)))["billable-days"].values()
    assert [(line["units"], line["minutes"], line["modifiers"]) for line in day["lines"]] == [(2, 30, ["GO"])]
    assert day["findings"] == []
