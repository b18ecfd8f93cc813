"""The stages from what an EMR sends to what a biller reads, and the app of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import faust

from pipeline import directory, profiles
from pipeline.engine.record import Message, Record
from pipeline.engine.stage import Outcome
from pipeline.events.rejected import Rejected
from pipeline.figures import folder
from pipeline.identity import Identity
from pipeline.ledger.terms import Terms
from pipeline.settings import Settings
from pipeline.streams import care, days, therapists, totals
from pipeline.streams.app import Patience, Stage, build
from pipeline.streams.intake import Intake, fold_intake
from pipeline.streams.letter import Clock, dead_letter
from pipeline.topics.catalog import declared


def clock() -> str:
    """Tell the time as RFC 3339."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def stages(settings: Settings, now: Clock = clock) -> list[Stage]:
    """Give the agents' stages.

    Errors: `Refused` when the directory of sites, a profile of a payer or a file of figures cannot be read.
    """
    intake = Intake(
        Identity(settings),
        settings.max_event_bytes,
        settings.max_segment_minutes,
        declared()["session-events"].partitions,
        now,
    )
    folder.use(settings.figures)
    sites, payers = directory.load(settings.directory), profiles.load(settings.payers)
    terms = Terms(
        sites,
        settings.max_segment_minutes,
        settings.keep_days,
        payers,
        settings.evaluation_bands,
        settings.telehealth_rule,
    )

    def refuse(record: Record, refusal: Rejected) -> Message:
        return dead_letter(record, refusal, now())

    sources = ("session-events", "billable-days")
    return [
        Stage(
            "intake", "What EMRs send: checked, keyed by patient.", ("emr-events",), (), partial(fold_intake, intake)
        ),
        Stage("days", "What each day bills.", sources[:1], days.TABLES, partial(days.fold, terms, refuse)),
        Stage("care", "Care alerts.", sources, care.TABLES, partial(care.fold, terms, intake.partitions, refuse)),
        Stage(
            "therapists",
            "Overlaps of a therapist's one-on-one time.",
            ("therapist-segments",),
            therapists.TABLES,
            partial(therapists.fold, terms),
        ),
        Stage("totals", "Totals, claim days, alerts.", sources, totals.TABLES, partial(totals.fold, terms, refuse)),
    ]


def create_app(
    settings: Settings,
    *,
    now: Clock = clock,
    observe: Callable[[Outcome], None] = lambda _: None,
    patience: Patience | None = None,
) -> faust.App:
    """Make the Faust app of these settings; it connects to nothing until it is started.

    `observe` is told of each batch once it is done, `now` gives the time that dead letters carry.

    Errors: `Refused` when a file that the settings name cannot be read.
    """
    return build(settings, stages(settings, now), now=now, observe=observe, patience=patience)
