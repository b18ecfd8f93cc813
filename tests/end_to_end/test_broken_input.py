"""Ten kinds of broken input in the middle of good ones: ten dead letters, and the way back of one of them."""

import base64
import json
from collections.abc import Callable, Iterator

import pytest
from end_to_end.deployment import Deployment, unlike, until
from end_to_end.events import simulated, taken

from pipeline.events.rejected import Reason

GOOD = [line for line in simulated(sites=2, patients=60, days=4) if taken(line)]
SEGMENT = {
    "event_id": "e-mended",
    "event_type": "segment.recorded",
    "occurred_at": "2026-01-12T16:00:00-05:00",
    "patient_id": "p-mended",
    "site_id": "site-001",
    "source": "emr-a",
    "segment_id": "g-mended",
    "revision": 1,
    "therapist_id": "t-1",
    "payer_id": "medicare-b",
    "discipline": "PT",
    "code": "97110",
    "started_at": "2026-01-12T09:00:00-05:00",
    "stopped_at": "2026-01-12T09:40:00-05:00",
}


def _but(**changes: object) -> bytes:
    return json.dumps(SEGMENT | changes).encode()


BROKEN: dict[Reason, bytes] = {
    "too_large": _but(modifiers=["x" * 300_000]),
    "not_utf8": _but().replace(b"p-mended", b"p-\xff\xfe"),
    "not_json": _but()[:-20],
    "too_deep": b'{"event_id":' + b"[" * 50_000,
    "unknown_event_type": _but(event_type="segment.dreamt"),
    "missing_field": json.dumps({name: value for name, value in SEGMENT.items() if name != "code"}).encode(),
    "wrong_field": _but(discipline="CHIRO"),
    "no_offset": _but(started_at="2026-01-12T09:00:00"),
    "out_of_range": _but(paused_seconds=-1),
    "stop_before_start": _but(stopped_at="2026-01-12T08:59:59-05:00"),
}


@pytest.fixture(scope="module")
def network(deploy: Callable[..., Deployment]) -> Iterator[Deployment]:
    """A network that was sent broken events amid good ones; its worker has processed them, and is still at work."""
    deployment = deploy()
    lines, every = list(GOOD), len(GOOD) // len(BROKEN)
    for place, value in enumerate(BROKEN.values()):
        lines.insert(place * (every + 1), value)
    deployment.publish(lines)
    with deployment.working() as worker:
        until(deployment.finished)
        yield deployment
        assert worker.stop() == 0


def _listed(network: Deployment, *options: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in network.run("rejected", "list", "--json", *options).splitlines()]


def test_each_is_a_dead_letter_with_its_reason_and_its_bytes_as_they_came(network: Deployment) -> None:
    letters = _listed(network, "--all", "--show-bytes")
    assert [one["reason"] for one in letters if one["topic"] != "emr-events"] == []
    assert {one["reason"]: base64.b64decode(str(one["value_base64"])) for one in letters} == BROKEN
    assert len(letters) == len(BROKEN)


def test_every_good_event_is_counted(network: Deployment) -> None:
    assert unlike(network.values(), network.rated(GOOD)) == []


def test_one_that_is_mended_and_sent_in_again_is_counted_and_settled(network: Deployment) -> None:
    mended = network.file([_but()])
    (letter,) = _listed(network, "--reason", "no_offset")
    network.run("rejected", "replay", str(letter["id"]), "--mend", mended)
    until(network.finished)
    assert "p-mended|2026-01-12" in network.values()["claim-days"]
    assert unlike(network.values(), network.rated([*GOOD, _but()])) == []
    assert letter["id"] not in {one["id"] for one in _listed(network)}
    (settled,) = (one["settled"] for one in _listed(network, "--all") if one["id"] == letter["id"])
    assert isinstance(settled, dict)
    assert (settled["how"], settled["mended"]) == ("replayed", True)
