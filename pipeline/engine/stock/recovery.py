"""Where Faust starts to read again after a rebalance, without losing what it had begun to fetch."""

from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery


class SeekFirstRecovery(Recovery):  # type: ignore[misc]
    """Recovery that fetches no event before it has gone back to what is committed.

    Faust lets the fetcher run on while it seeks. What it fetches in between is thrown away, but counts as read: those
    events are never processed while the worker lives, or, where the worker commits behind them, never at all.
    """

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Stop the flow, then do as Faust does; it resumes the flow at its end."""
        self.app.consumer.stop_flow()
        await super().on_recovery_completed(generation_id)


class SeekFirstTableManager(TableManager):  # type: ignore[misc]
    """Tables that recover by that."""

    _recovery: SeekFirstRecovery | None

    @property
    def recovery(self) -> SeekFirstRecovery:
        """The one recovery of this app."""
        if self._recovery is None:
            self._recovery = SeekFirstRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
