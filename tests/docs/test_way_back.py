"""What the README says of the way back to stock Faust: a setting, under the same app id, and back again."""

from collections.abc import Callable
from pathlib import Path

from homes import free_port
from ops.test_worker_health import asked
from streams.stream import apply, compacted, publish, rated, simulated, until, working

from pipeline.settings import Settings

LINES = simulated(40)[:300]
TURNS = ("exactly-once", "stock", "exactly-once")


def work_off(settings: Settings, told: list[bytes], log: Path) -> None:
    """Have a worker come to the values of all that was told, with nothing left to do."""
    wanted = rated(settings, told)
    with working(settings, log) as worker:
        until(lambda: compacted(settings) == wanted, 60)
        until(lambda: asked(settings, "readyz").status == 200 and asked(settings, "readyz").body["lag"] == 0)
        assert worker.stop() == 0


def test_to_stock_faust_and_back_by_the_setting_alone_every_value_is_right_and_nothing_is_left_behind(
    make_settings: Callable[..., Settings], tmp_path: Path
) -> None:
    told: list[bytes] = []
    port = free_port()
    apply(make_settings())
    for turn, engine in enumerate(TURNS):
        settings = make_settings(engine=engine, metrics_port=port)
        publish(settings, LINES[turn :: len(TURNS)])
        told += LINES[turn :: len(TURNS)]
        work_off(settings, told, tmp_path / f"log-{turn}")
        assert compacted(settings) == rated(settings, told)
