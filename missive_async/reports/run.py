"""Many reports, no more of them open at a time than the budget can poll before they expire."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable
from contextlib import aclosing
from typing import Any, Generic, TypeVar

import attrs

from missive_async._pipeline import Core
from missive_async.errors import ClientClosed
from missive_async.reports.future import ReportFuture
from missive_async.reports.room import Room
from missive_async.reports.timing import Timing

R = TypeVar("R")
T = TypeVar("T")

_AT_MOST = 200
"""Reports that are open, or finished and not yet taken, however much the budget could bear."""

_LOOK_AGAIN = 1.0
"""Seconds after which a run that waits for room looks again."""


@attrs.frozen(kw_only=True)
class FinishedReport(Generic[R, T]):
    """What became of one request of a run: `report`, or `error` when there is none; `request` is the object given."""

    request: R
    report: T | None = None
    error: Exception | None = None

    def result(self) -> T:
        """The report; raises the error when there is none."""
        if self.error is not None:
            raise self.error
        assert self.report is not None  # noqa: S101 - one of the two is there
        return self.report


async def run(
    core: Core,
    requests: Iterable[R] | AsyncIterable[R],
    create: Callable[[R, Callable[[], float]], Awaitable[ReportFuture[T]]],
    timing: Timing,
) -> AsyncGenerator[FinishedReport[R, T], None]:
    """Finished reports as they finish; `create` makes one of a request, given the pace of its polls."""
    core.enter()
    running = _Run(core, create, timing)
    running.start(requests)
    try:
        while (finished := await running.next()) is not None:
            yield finished
    finally:
        await running.aclose()


class _Run(Generic[R, T]):
    """Reads requests when there is room for one more report, and hands finished ones to whoever asks."""

    def __init__(
        self, core: Core, create: Callable[[R, Callable[[], float]], Awaitable[ReportFuture[T]]], timing: Timing
    ) -> None:
        self._core = core
        self._create = create
        self._timing = timing
        self._room = Room(core, timing)
        self._creating: set[asyncio.Task[None]] = set()
        self._open: dict[ReportFuture[T], R] = {}
        self._done: deque[FinishedReport[R, T]] = deque()
        self._changed = asyncio.Event()
        self._feeder: asyncio.Task[None] | None = None
        self._error: BaseException | None = None

    def start(self, requests: Iterable[R] | AsyncIterable[R]) -> None:
        """Begin in the background."""
        self._feeder = self._core.spawn(self._feed(requests))
        self._feeder.add_done_callback(self._fed)

    async def next(self) -> FinishedReport[R, T] | None:
        """The next one that is finished, `None` after the last; raises what reading the requests raised."""
        while not self._done:
            if self._feeder is None and not self._creating and not self._open:
                if self._error is not None:
                    raise self._error
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._done.popleft()

    async def aclose(self) -> None:
        """End what is open."""
        tasks = [task for task in (self._feeder, *self._creating) if task is not None]
        for task in tasks:
            task.cancel()
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for future in tuple(self._open):
                future.cancel()

    async def _feed(self, requests: Iterable[R] | AsyncIterable[R]) -> None:
        async with aclosing(_each(requests)) as each:
            async for request in each:
                await self._wait_for_room()
                task = self._core.spawn(self._begin(request))
                self._creating.add(task)
                task.add_done_callback(self._begun)

    def _fed(self, feeder: "asyncio.Task[None]") -> None:
        self._feeder = None
        if feeder.cancelled():
            self._error = ClientClosed("the client was closed before all reports were asked for")
        else:
            self._error = feeder.exception()
        self._changed.set()

    async def _begin(self, request: R) -> None:
        self._room.asked += 1
        try:
            future = await self._create(request, lambda: self._room.pace(len(self._open)))
        except Exception as error:  # noqa: BLE001 - goes to the caller with its request
            self._done.append(FinishedReport(request=request, error=error))
        else:
            self._open[future] = request
            future.add_done_callback(self._finished)

    def _begun(self, task: "asyncio.Task[None]") -> None:
        self._creating.discard(task)
        self._changed.set()

    def _finished(self, future: "ReportFuture[T]") -> None:
        request = self._open.pop(future)
        if not future.cancelled():
            error: Any = future.exception()
            report = None if error else future.result()
            self._done.append(FinishedReport(request=request, report=report, error=error))
        self._changed.set()

    async def _wait_for_room(self) -> None:
        clock = self._core.clock
        patience = clock.monotonic() + self._room.patience
        while not self._has_room(patient=clock.monotonic() < patience):
            if not self._busy:
                await self._room.stand_in_line()
            self._changed.clear()
            timer = clock.call_at(clock.monotonic() + min(_LOOK_AGAIN, self._timing.poll_every), self._changed.set)
            try:
                await self._changed.wait()
            finally:
                timer.cancel()

    @property
    def _busy(self) -> bool:
        return bool(self._open or self._creating)

    def _has_room(self, *, patient: bool) -> bool:
        if len(self._open) + len(self._creating) + len(self._done) >= _AT_MOST:
            return False
        if self._busy:
            return self._room.for_another(len(self._creating))
        return self._room.for_first() or not patient


async def _each(requests: Iterable[R] | AsyncIterable[R]) -> AsyncGenerator[R, None]:
    if isinstance(requests, AsyncIterable):
        async for request in requests:
            yield request
    else:
        for request in requests:
            yield request
