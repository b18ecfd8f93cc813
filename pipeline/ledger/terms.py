"""What a network chose, as far as the rules go by it."""

from msgspec import Struct, field

from pipeline.directory import Directory
from pipeline.rules.evaluations import Bands
from pipeline.rules.payers import Payers, packaged
from pipeline.rules.telehealth import Rule

Worth = tuple[tuple[int | None, ...], tuple[str, ...]]
"""What is planned on a date: whole cents by bucket, None unpriced, and the figures carried forward that price it."""


class Terms(Struct, frozen=True):
    """The directory of sites; the longest that a segment may be (minutes, pauses included).

    `keep_days` is how much older than the newest date a day may be before it leaves its tables. `payers` are the
    profiles that lines go by. `evaluation_bands` and `telehealth_rule` choose between CPT or the law and the guide.
    `worths` keeps what planned dates came to, by all that sets their price.
    """

    directory: Directory
    max_segment_minutes: int = 240
    keep_days: int = 400
    payers: Payers = field(default_factory=packaged)
    evaluation_bands: Bands = "cpt"
    telehealth_rule: Rule = "law"
    worths: dict[object, Worth] = field(default_factory=dict)
