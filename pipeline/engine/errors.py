"""What ends a worker by itself, in words that say what to do; and what only ends the hold on a partition number."""


class EngineError(Exception):
    """The worker cannot go on, and no retry mends it; the text says what to do, and quotes no record."""


class StoreError(EngineError):
    """A store outside memory cannot be read or written: no record is to blame."""


class LostError(Exception):
    """A partition number is another worker's by now."""
