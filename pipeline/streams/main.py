"""For Faust's own command: `faust -A pipeline.streams.main agents`, `… tables`.

`kxwatch worker` starts a worker; Faust's would start too, without the metrics and the checks.
"""

from typing import Any

from pipeline.settings import Settings
from pipeline.streams.stages import create_app


def __getattr__(name: str) -> Any:
    """Make the app when it is asked for: importing this module reads no setting."""
    if name != "app":
        raise AttributeError(name)
    app = globals()["app"] = create_app(Settings.load())
    return app
