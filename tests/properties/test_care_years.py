"""Whatever is told of a patient's care, and in whatever order: what stands in the end is what a naive reading gives."""

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from properties.care_years import care_year
from properties.network import SITES
from properties.stream import run
from reference.care import matters

from pipeline.events.alerts import CareNews

SAID = ("kind", "discipline", "payer_id", "service_date", "due_on", "left", "about")


@given(st.integers(0, 2**32))
def test_what_care_lacks_in_the_end_is_what_the_naive_recomputation_says(seed: int) -> None:
    year = care_year(Random(seed))
    expected = [by_name(matter) for matter in matters(year, SITES).get("p-1", [])]
    assert sorted(standing(run(year)[1]).values()) == sorted(expected)


def test_every_kind_of_matter_comes_up_in_these_years() -> None:
    years = [care_year(Random(seed)) for seed in range(300)]
    found = {matter["kind"] for year in years for told in matters(year, SITES).values() for matter in told}
    assert found == {
        *("certification_missing", "certification_expiring", "certification_expired", "progress_report_due"),
        *("note_missing", "documentation_missing", "coverage_not_verified", "visit_limit"),
        *("authorization_visits", "authorization_units", "authorization_expiring", "authorization_expired"),
    }


def by_name(said: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {said[name]}" for name in SAID)


def standing(alerts: list[Any]) -> dict[tuple[Any, ...], str]:
    """Give by matter what the last alert of each says that is not settled; all but timers and the network's."""
    found: dict[tuple[Any, ...], str] = {}
    for alert in alerts:
        if alert.type.startswith("kxwatch.care.") and alert.subject == "p-1":
            found.pop(place := of(alert.data), None)
            if not alert.type.endswith("settled"):
                found[place] = by_name({name: getattr(alert.data, name) for name in SAID})
    return found


def of(news: CareNews) -> tuple[Any, ...]:
    """Give which matter an alert is about, whatever it says of it."""
    kind = news.kind.partition("_")[0]
    if kind == "certification":
        return kind, news.discipline
    if kind in {"note", "documentation"}:
        return kind, news.service_date, news.discipline, *news.about[:1]
    if news.kind in {"authorization_expiring", "authorization_expired"}:
        return "days", news.payer_id, news.about[0]
    return news.kind, news.discipline, news.payer_id, *news.about[:1]
