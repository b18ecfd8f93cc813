"""What the README says of the way back to stock Faust: another app id, and the topics are read from their start."""

from collections.abc import Callable
from pathlib import Path

from homes import free_port
from ops.test_worker_health import asked
from streams.stream import apply, compacted, publish, rated, simulated, until, working

from pipeline.settings import Settings

LINES = simulated(40)[:200]


def test_stock_faust_under_another_app_id_comes_to_the_same_values_and_leaves_nothing_behind(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = make_settings(metrics_port=free_port())
    apply(settings)
    publish(settings, LINES[:100])
    with working(settings, tmp_path / "log") as worker:
        until(lambda: compacted(settings) == rated(settings, LINES[:100]))
        assert worker.stop() == 0
    back = make_settings(engine="stock", app_id=f"{settings.app_id}-back", metrics_port=settings.metrics_port)
    apply(back)
    publish(back, LINES[100:])
    with working(back, tmp_path / "log") as worker:
        until(lambda: compacted(back) == rated(back, LINES), 60)
        # What the engine has written ends with marks of transactions, which nobody reads as records.
        until(lambda: asked(back, "readyz").status == 200 and asked(back, "readyz").body["lag"] == 0)
        assert worker.stop() == 0
