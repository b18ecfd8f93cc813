"""What a network chose, as far as the rules go by it."""

from msgspec import Struct

from pipeline.directory import Directory


class Terms(Struct, frozen=True):
    """The directory of sites, and the longest that a segment may be (minutes, pauses included)."""

    directory: Directory
    max_segment_minutes: int = 240
