"""The way from the event loop to the store: what was read is written by another thread, soon and in order."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from missive_async.export.checkpoint import Saved
from missive_async.export.plan import Plan
from missive_async.export.store import Piece, Store

T = TypeVar("T")

_EVERY = 0.5  # seconds: what a kill can cost
_MOST = 4 * 1024 * 1024  # bytes that wait


class Writer:
    """Takes pieces, and writes them at least every half second while `run` runs."""

    def __init__(self, facts: Callable[[], Mapping[str, Any]], written: Callable[[Mapping[str, Saved]], None]) -> None:
        self.store: Store | None = None
        self._facts = facts
        self._written = written
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="missive-export")
        self._staged: list[Piece] = []
        self._waiting = 0

    async def open(self, path: Path, plan: Plan, *, restart: bool) -> Store:
        """Take a folder."""

        def work() -> Store:
            self.store = Store.open(path, plan, restart=restart)
            return self.store

        return await self.do(work)

    async def do(self, work: Callable[..., T], *args: Any) -> T:
        """Run something blocking in the thread that has the store; what is on its way there runs before it.

        It is done even when the caller is cancelled: what was taken off the loop's hands must not get lost between.
        """
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, work, *args))

    async def take(self, piece: Piece) -> None:
        """Write a piece soon; waits when too much waits."""
        self._staged.append(piece)
        self._waiting += sum(map(len, piece.lines))
        if self._waiting > _MOST:
            await self.flush()

    async def flush(self) -> None:
        """Write all that was taken; raises `OSError` when that fails."""
        staged, self._staged, self._waiting = self._staged, [], 0
        if staged and self.store is not None:
            self._written(await self.do(self.store.commit, staged, self._facts()))

    async def run(self) -> None:
        """Write every so often, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY)
            await self.flush()

    def write_rest(self) -> None:
        """Write what waits and what it has cost, from the thread itself; nothing when an earlier write failed."""
        if self.store is not None and not self.store.broken:
            self.store.commit(self._staged, self._facts())
        self._staged = []

    def close(self) -> None:
        """End the thread when it has done its work."""
        self._thread.shutdown(wait=True)
