"""Where a worker is, for whoever watches it."""

from collections.abc import Mapping
from typing import NamedTuple


class Load(NamedTuple):
    """How far the loading of tables is: records taken and in all, and since when, seconds of the monotonic clock."""

    taken: int
    records: int
    since: float


class Progress(NamedTuple):
    """Where a worker is: for each topic and number what is committed and the end; and what is being loaded.

    `joined` tells whether the group has answered at all. Of the `wanted` numbers some may be `opening`, and some be in
    `trouble`: since then, seconds of the monotonic clock, they have not been opened.
    """

    committed: Mapping[tuple[str, int], int]
    ends: Mapping[tuple[str, int], int]
    wanted: frozenset[int]
    loading: Load | None
    joined: bool
    opening: frozenset[int]
    trouble: Mapping[int, float]
