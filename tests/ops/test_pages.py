import json
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from pipeline.errors import Refused
from pipeline.ops.health import Facts, Health
from pipeline.ops.metrics import Metrics
from pipeline.ops.pages import serve
from pipeline.settings import Settings


class Site:
    """The pages of a worker, and the health that they tell of."""

    def __init__(self, settings: Settings) -> None:
        self.now = 0.0
        self.health = Health(lambda: self.now)
        self.server, self.address = serve(settings, Metrics().registry, self.health)

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.server.server_port}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def told(self, path: str) -> tuple[int, dict[str, object]]:
        status, body = self.get(path)
        return status, json.loads(body)


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site(Settings(metrics_port=0))
    yield site
    site.server.shutdown()
    site.server.server_close()


def test_a_worker_that_is_ready_is_so_by_status_and_body(site: Site) -> None:
    site.health.see(Facts(joined=True))
    assert site.told("/readyz") == (
        200,
        {
            "ready": True,
            "why": [],
            "partitions": {"open": 0, "opening": 0, "waiting": 0},
            "lag": 0,
            "loading": None,
        },
    )
    assert site.told("/livez") == (200, {"alive": True, "why": []})


def test_a_worker_that_is_not_ready_says_why_and_is_alive_until_it_has_stood_still_for_long(site: Site) -> None:
    status, body = site.told("/readyz")
    assert (status, body["ready"], body["why"]) == (503, False, ["it has not joined its group yet, for 0 s"])
    assert site.told("/livez")[0] == 200
    site.now += 400
    assert site.told("/livez") == (
        503,
        {"alive": False, "why": ["it stands still: it has not looked at itself for 400 s"]},
    )


def test_metrics_are_where_prometheus_looks_for_them(site: Site) -> None:
    status, body = site.get("/metrics")
    assert (status, site.address) == (200, f"http://127.0.0.1:{site.server.server_port}/metrics")
    assert b"kxwatch_partitions" in body


def test_another_page_is_not_found_and_told_which_there_are(site: Site) -> None:
    assert site.get("/") == (404, b"There are /metrics, /readyz and /livez.\n")


def test_nobody_beyond_this_machine_is_answered_unless_it_is_set(site: Site) -> None:
    assert site.server.server_address[0] == "127.0.0.1"


def test_a_caller_that_says_nothing_holds_up_no_other(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.server.server_port)):
        assert site.get("/livez")[0] == 200


def test_a_port_that_is_taken_is_refused_with_the_setting_at_fault(site: Site) -> None:
    with pytest.raises(Refused, match="KXWATCH_METRICS_PORT"):
        Site(Settings(metrics_port=site.server.server_port))
