"""Asks a port whether a Kafka broker is ready there, in the Kafka protocol itself."""

import socket
import struct

METADATA, VERSION, CORRELATION = 3, 4, 1
"""Metadata, the fourth version: old enough for every broker, new enough to name the cluster."""


def cluster_at(port: int, seconds: float = 1.0) -> str | None:
    """Give the id of the cluster whose broker answers on that port of this machine; None when none is ready."""
    name = b"kxwatch"
    # No topics, and none made by asking.
    request = struct.pack(">hhih7si?", METADATA, VERSION, CORRELATION, len(name), name, 0, False)
    try:
        with socket.create_connection(("127.0.0.1", port), seconds) as connection:
            connection.settimeout(seconds)
            connection.sendall(struct.pack(">i", len(request)) + request)
            (size,) = struct.unpack(">i", _read(connection, 4))
            return _cluster(_read(connection, size))
    except (OSError, struct.error, ValueError):
        return None


def _read(connection: socket.socket, size: int) -> bytes:
    if not 0 <= size <= 1 << 20:
        raise ValueError("no answer of a Kafka broker")
    parts = b""
    while len(parts) < size:
        if not (part := connection.recv(size - len(parts))):
            raise ConnectionError("closed")
        parts += part
    return parts


def _cluster(answer: bytes) -> str | None:
    correlation, _throttle, brokers = struct.unpack_from(">iii", answer)
    position = 12
    for _ in range(brokers):
        _host, position = _text(answer, position + 4)  # Behind the node's number.
        _rack, position = _text(answer, position + 4)  # Behind its port.
    return None if correlation != CORRELATION or not brokers else _text(answer, position)[0]


def _text(answer: bytes, position: int) -> tuple[str | None, int]:
    (size,) = struct.unpack_from(">h", answer, position)
    end = position + 2 + max(size, 0)
    return (None if size < 0 else answer[position + 2 : end].decode()), end
