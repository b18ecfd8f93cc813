"""What was said of patients, by topic and key, from what topics hold or from the lines that `kxwatch rate` writes."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Raw, Struct

from pipeline.errors import Refused
from pipeline.events.days import BillableDay, ClaimDay
from pipeline.events.totals import ThresholdTotal

TOPICS = ("billable-days", "claim-days", "threshold-totals")

Values = Mapping[str, Mapping[str, bytes]]
"""Values as JSON, by topic and key."""


class Outputs(Struct, frozen=True):
    """The newest values of the compacted topics, by key."""

    days: dict[str, BillableDay]
    claims: dict[str, ClaimDay]
    totals: dict[str, ThresholdTotal]


class _Line(Struct):
    topic: str
    key: str | None
    value: Raw


_line = msgspec.json.Decoder(_Line).decode
_day = msgspec.json.Decoder(BillableDay).decode
_claim = msgspec.json.Decoder(ClaimDay).decode
_total = msgspec.json.Decoder(ThresholdTotal).decode


def of_values(values: Values, names: Iterable[str] | None = None) -> Outputs:
    """Decode values by topic and key; only those of patients by these names, where given.

    Errors: `Refused`, where a value is not what its topic holds.
    """
    beginnings = None if names is None else tuple(f"{name}|" for name in names)
    try:
        return Outputs(
            {key: _day(value) for key, value in _chosen(values, "billable-days", beginnings)},
            {key: _claim(value) for key, value in _chosen(values, "claim-days", beginnings)},
            {key: _total(value) for key, value in _chosen(values, "threshold-totals", beginnings)},
        )
    except msgspec.DecodeError as error:
        text = f"a value is not as this release writes it ({_path(error)}): was it written by another?"
        raise Refused(text) from None


def _chosen(values: Values, topic: str, beginnings: tuple[str, ...] | None) -> list[tuple[str, bytes]]:
    held = sorted(values.get(topic, {}).items())
    return [(key, value) for key, value in held if beginnings is None or key.startswith(beginnings)]


def _path(error: msgspec.DecodeError) -> str:
    """Give where it is wrong, without what it holds."""
    return str(error).rpartition(" - at ")[2] if " - at " in str(error) else type(error).__name__


def of_lines(name: str, lines: Iterable[bytes]) -> dict[str, dict[str, bytes]]:
    """Read lines {"topic", "key", "value"} as `kxwatch rate` writes them; the newest value of each key, by topic.

    Errors: `Refused`, naming the line of the file.
    """
    found: dict[str, dict[str, bytes]] = {topic: {} for topic in TOPICS}
    for number, line in enumerate(lines, 1):
        try:
            output = _line(line)
        except msgspec.DecodeError:
            raise Refused(
                f'{name}: line {number} is not {{"topic", "key", "value"}}, as `kxwatch rate` writes'
            ) from None
        if output.topic in found and output.key is not None:
            found[output.topic][output.key] = bytes(output.value)
    return found


def of_file(path: Path) -> dict[str, dict[str, bytes]]:
    """Read a file that `kxwatch rate` wrote.

    Errors: `Refused`, where it cannot be read or is no such file.
    """
    try:
        with path.open("rb") as file:
            return of_lines(str(path), file)
    except OSError as error:
        raise Refused(f"{path}: cannot be read: {error.strerror}") from None
