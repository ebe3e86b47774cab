"""What all views of one client share: pool, limiter, clock, and the tasks that its end ends."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from missive_async._clock import Clock
from missive_async.config import Config
from missive_async.errors import ClientClosed, ConfigurationError
from missive_async.limits import Budget

_DOWNLOADS = 8
"""Files at once, so that they leave most connections of the pool to the API."""


class Core:
    """The lifetime of a client: its loop, its background tasks, and who must be told when it closes."""

    def __init__(
        self, config: Config, budget: Budget, clock: Clock, on_event: Callable[[object], object] | None
    ) -> None:
        self.config = config
        self.budget = budget
        self.clock = clock
        self.on_event = on_event
        self.closed = False
        self.waiting: set[asyncio.Task[Any]] = set()
        self.evicted: set[asyncio.Task[Any]] = set()
        self.ties: dict[str, Any] = {}
        self.downloads: asyncio.Semaphore = asyncio.Semaphore(_DOWNLOADS)
        self.shared: dict[Any, Any] = {}
        self.at_close: set[Callable[[], object]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self) -> asyncio.AbstractEventLoop:
        """The running loop; raises when the client is closed, or belongs to another loop."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._loop is not None:
                raise ConfigurationError("this client belongs to another event loop: make one client for each loop")
            self._loop = loop
        if self.closed:
            raise ClientClosed("the client is closed")
        return loop

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something in the background until it is done or the client closes."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def evict(self) -> None:
        """Wake everyone who waits for the budget or for a retry; `departed` then tells them why."""
        for end in tuple(self.at_close):
            end()
        for task in self.waiting:
            self.evicted.add(task)
            task.cancel()

    def departed(self, task: "asyncio.Task[Any]") -> bool:
        """Whether the cancellation that a call sees is the client's closing and not its caller's wish."""
        if task not in self.evicted:
            return False
        self.evicted.discard(task)
        return task.uncancel() == 0

    async def end_tasks(self) -> None:
        """Cancel the background tasks and wait until they have ended."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
