"""A function called in a process of its own."""

import os
import pickle
import traceback
from collections.abc import Callable
from typing import Any


class Forked:
    """A function called in a process of its own, which says nothing; `result` waits for what it gives."""

    def __init__(self, what: Callable[[], Any]) -> None:
        """Begin it."""
        self._reading, writing = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            os.close(self._reading)
            _answer(what, writing)
        os.close(writing)

    def result(self, fallen: Any = None) -> Any:
        """Give what the function gave, or `fallen` where its process fell."""
        with os.fdopen(self._reading, "rb") as pipe:
            text = pipe.read()
        os.waitpid(self._child, 0)
        return pickle.loads(text) if text else fallen


def _answer(what: Callable[[], Any], writing: int) -> None:
    try:
        if not os.environ.get("MUTANTS_TALK"):
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
        text = pickle.dumps(what())
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(text)
    except BaseException:  # noqa: BLE001 - A child must not go on as its parent.
        traceback.print_exc()
    finally:
        os._exit(0)
