"""The proof at the end: what the stream holds is what the rules make of the same events on a file, to the byte."""

from collections.abc import Mapping, Sequence

from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.settings import Settings


def differences(
    settings: Settings, lines: Sequence[bytes], held: Mapping[str, Mapping[str, bytes]]
) -> tuple[int, list[str]]:
    """Compare the final values of the compacted topics with those that the rater gives for the same lines.

    Gives how many values were compared and the keys whose values differ, each with its topic.
    """
    rater = Rater(settings, final=True)
    for _ in rater.lines("demo", lines):
        pass
    expected: dict[str, dict[str, bytes]] = {topic: {} for topic in held}
    for output in rater.results():
        expected[output.topic][output.key or ""] = encode(output.value)
    unlike = [
        f"{topic} {key}"
        for topic, values in expected.items()
        for key in sorted(values.keys() | held[topic].keys())
        if values.get(key) != held[topic].get(key)
    ]
    return sum(len(values) for values in expected.values()), unlike
