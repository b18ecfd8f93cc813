"""The machine and the versions that a figure holds for."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

MEASURED = ("kxwatch", "faust-streaming", "aiokafka", "msgspec", "orjson")


def machine() -> dict[str, object]:
    """Say what the benchmark ran on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in MEASURED},
        "load_before": os.getloadavg()[0],
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
