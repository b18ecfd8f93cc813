"""The pages that a worker answers: /metrics for Prometheus, /readyz and /livez for whoever starts and stops workers."""

import threading
from collections.abc import Callable, Iterable
from socket import AI_PASSIVE, SOCK_STREAM, getaddrinfo
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import orjson
from prometheus_client import CollectorRegistry, make_wsgi_app

from pipeline.errors import Refused
from pipeline.ops.health import Health
from pipeline.settings import Settings

Page = Callable[[], tuple[bool, dict[str, Any]]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 10
    """Seconds after which a caller that says nothing is let go."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- as it is named there.
        """Say nothing: probes and scrapes come every few seconds."""


def serve(settings: Settings, registry: CollectorRegistry, health: Health) -> tuple[WSGIServer, str]:
    """Answer in a thread of its own, that a loop that stands still can be told of; give the server and its address.

    Errors: `Refused` when the address cannot be had.
    """
    host, port = settings.metrics_host, settings.metrics_port
    try:
        family, _, _, _, address = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)[0]
        kind = type("Server", (_Server,), {"address_family": family})
        server: WSGIServer = make_server(str(address[0]), port, _site(registry, health), kind, _Handler)
    except OSError as error:
        raise Refused(
            f"/metrics cannot listen on {host}:{port} ({error.strerror}): set KXWATCH_METRICS_PORT to a free port, "
            "or to 0 for any"
        ) from None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"http://{host}:{server.server_port}/metrics"


def _site(registry: CollectorRegistry, health: Health) -> Any:
    metrics: Any = make_wsgi_app(registry)
    pages: dict[str, Page] = {"/readyz": health.ready, "/livez": health.alive}

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            return metrics(environ, start)  # type: ignore[no-any-return]
        if (page := pages.get(path)) is None:
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"There are /metrics, /readyz and /livez.\n"]
        good, body = page()
        start("200 OK" if good else "503 Service Unavailable", [("Content-Type", "application/json")])
        return [orjson.dumps(body), b"\n"]

    return answer
