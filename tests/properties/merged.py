"""Histories in which patients are merged, merged otherwise, separated again, in chains and in circles."""

from typing import Any

from hypothesis import strategies as st
from properties.histories import OCCURRED, UNLISTED_SITE, USUAL_CODES, USUAL_DATES, Event, Setting, anything

# In partitions 11, 8, 2 and 11 of twelve.
PATIENTS = ("p-1", "p-2", "p-3", "p-4")
OF = st.sampled_from(PATIENTS)


@st.composite
def merges(draw: st.DrawFn) -> Event:
    """A patient who lives on as another, or, merged into itself, is separate again."""
    return {
        "event_id": f"m-{draw(st.integers(0, 3))}",
        "event_type": "patient.merged",
        "occurred_at": draw(st.sampled_from(OCCURRED)),
        "patient_id": draw(OF),
        "site_id": UNLISTED_SITE,
        "source": "emr-1",
        "into_patient_id": draw(OF),
        "revision": draw(st.integers(0, 3)),
    }


@st.composite
def merged_histories(draw: st.DrawFn, *, most: int = 12) -> list[Event]:
    """What EMRs send of patients who turn out to be fewer; facts of different patients may share an id."""
    setting = Setting(draw, ("medicare-b",))
    setting.dates = st.sampled_from(USUAL_DATES[:2])
    setting.codes = st.sampled_from(USUAL_CODES[:3])

    def of_any(event: dict[str, Any], patient: str) -> Event:
        return event | {"patient_id": patient}

    facts = draw(st.lists(st.builds(of_any, anything(setting), OF), min_size=1, max_size=most))
    return draw(st.permutations(facts + draw(st.lists(merges(), min_size=1, max_size=5))))
