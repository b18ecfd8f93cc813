"""What Faust does after a rebalance: tables are loaded by our own reader, and nothing that it reads is lost."""

from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery


class OwnRecovery(Recovery):  # type: ignore[misc]
    """Recovery that reads no changelog, and fetches no event before it has gone back to what is committed.

    Faust lets the fetcher run on while it seeks. What it fetches in between is thrown away, but counts as read: those
    events are never processed while the worker lives, or, where the worker commits behind them, never at all.
    """

    _left = 0

    def need_recovery(self) -> bool:
        """Nothing is Faust's to recover."""
        return False

    def active_remaining_total(self) -> int:
        """Give how many records are left to load."""
        return self._left

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """Stop the flow, load the tables, then do as Faust does; it resumes the flow at its end.

        Here no limit of Faust's is on the time it takes, and the next rebalance cancels it.
        """
        self.app.consumer.stop_flow()
        self.app.flow_control.suspend()
        self.app.in_recovery = True
        await self.app.loader.load({tp.partition for tp in self.active_tps}, self._told)
        await super().on_recovery_completed(generation_id)

    def _told(self, taken: int, records: int) -> None:
        self._left = max(0, records - taken)


class OwnTableManager(TableManager):  # type: ignore[misc]
    """Tables that recover by that."""

    _recovery: OwnRecovery | None

    @property
    def recovery(self) -> OwnRecovery:
        """The one recovery of this app."""
        if self._recovery is None:
            self._recovery = OwnRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery
