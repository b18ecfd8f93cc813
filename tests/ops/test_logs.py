import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from pipeline.ops import logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Give back the logging that the other tests have."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    names = ("pipeline", "aiokafka", "faust", "mode", "asyncio")
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_one_json_object_whoever_logs_it(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    structlog.get_logger("pipeline.x").info("one", count=3)
    logging.getLogger("aiokafka.y").warning("two %s", "words")
    one, two = said(capsys)
    assert (one["event"], one["count"], one["level"]) == ("one", 3, "info")
    assert (two["event"], two["logger"]) == ("two words", "aiokafka.y")


def test_an_exceptions_text_is_never_told(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logging.getLogger("faust.x").error("it failed", exc_info=ValueError("Maria Example"))
    (line,) = said(capsys)
    assert (line["event"], line["error"]) == ("it failed", "ValueError")
    assert "Maria" not in json.dumps(line)


@pytest.mark.parametrize("name", ["faust.topics", "mode.services", "aiokafka.producer"])
def test_what_libraries_tell_for_debugging_is_not_shown_even_at_debug(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    logging.getLogger(name).debug("send: k=%r v=%r", b"p-1", b"Maria Example")
    assert said(capsys) == []


def test_what_kafkas_client_repeats_is_told_once_in_a_while_with_how_often(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    time = [0.0]
    (handler,) = logging.getLogger().handlers
    handler.filters[:] = [logs.Repeats(now=lambda: time[0])]
    for second in range(12):
        time[0] = float(second)
        logging.getLogger("aiokafka.z").warning("no connection to %s", f"broker-{second}")
        logging.getLogger("pipeline.z").warning("ours")
    lines = said(capsys)
    assert [(line["event"], line.get("repeated")) for line in lines if line["logger"] == "aiokafka.z"] == [
        ("no connection to broker-0", None),
        ("no connection to broker-10", 9),
    ]
    assert len([line for line in lines if line["logger"] == "pipeline.z"]) == 12
