"""Many lists read side by side, their pages taken in order."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

Give = Callable[[T], Awaitable[None]]
Job = Callable[[Give[T]], Awaitable[None]]
"""Work that gives its results one after the other."""

_ROOM = 4
"""Results of one job that wait for their turn; then the job waits."""


class _Running(Generic[T]):
    """One job on its way, ahead of its turn by a few results."""

    def __init__(self, job: Job[T], group: asyncio.TaskGroup) -> None:
        self._queue: asyncio.Queue[tuple[T] | None] = asyncio.Queue(_ROOM)
        self._task = group.create_task(self._run(job))

    async def _run(self, job: Job[T]) -> None:
        await job(self._give)
        await self._queue.put(None)

    async def _give(self, result: T) -> None:
        await self._queue.put((result,))

    async def next(self) -> tuple[T] | None:
        """The next result, `None` after the last."""
        return await self._queue.get()


async def in_order(jobs: Iterable[Job[T]], width: int, take: Give[T]) -> None:
    """Run `width` jobs side by side, and give their results to `take` as if they had run one after the other.

    The first failure ends them all; it comes in an exception group.
    """
    waiting = iter(jobs)
    line: deque[_Running[T]] = deque()
    async with asyncio.TaskGroup() as group:
        while True:
            while len(line) < width and (job := next(waiting, None)) is not None:
                line.append(_Running(job, group))
            if not line:
                return
            while (result := await line[0].next()) is not None:
                await take(result[0])
            line.popleft()
