"""A demo that is ended in the middle: by its user at the keyboard, or by force."""

import os
import re
from pathlib import Path

from demo.performance import Performance, performing
from end_to_end.deployment import until


def in_the_middle(performance: Performance) -> bool:
    """Tell whether events are being processed."""
    return bool(re.search(r"[1-9][\d,]* units", performance.said))


def test_control_c_ends_it_and_all_that_it_started(tmp_path: Path) -> None:
    with performing(tmp_path, terminal=True) as performance:
        until(lambda: in_the_middle(performance), 60)
        assert "java" in performance.running()
        os.write(performance.keyboard, b"\x03")
        assert performance.wait(40) == 130
        assert performance.running() == []
        assert not [name for name in performance.left() if name.startswith("demo-")]
        assert "Traceback" not in performance.said


def test_killed_in_the_middle_it_leaves_neither_kafka_nor_worker_running(tmp_path: Path) -> None:
    with performing(tmp_path, terminal=False) as performance:
        until(lambda: in_the_middle(performance), 60)
        assert len(performance.running()) >= 5
        performance.process.kill()
        assert performance.wait(10) == -9
        until(lambda: performance.running() == [], 60)
