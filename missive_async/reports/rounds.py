"""The rounds of one client: all its open reports, polled in the order in which their results would expire."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from missive_async._clock import Timer
from missive_async._pipeline import Core, Pipeline
from missive_async._retry import RetryPolicy
from missive_async.errors import ClientClosed
from missive_async.limits import Lane
from missive_async.reports.future import ReportFuture
from missive_async.reports.poll import Watch
from missive_async.reports.timing import Timing, polls_within

T = TypeVar("T")

_EXCHANGE = 20.0
"""Seconds for one poll's exchange at most: so two that hang still leave time for a third while a result is there."""

_LATE = 5.0
"""Seconds behind its time after which a poll counts as late."""


class Rounds:
    """Polls the open reports of one client, no more at once than it has places.

    Between polls it holds one timer and no task, so that a loop may end at any time. Who is asked is decided when a
    place comes free: of the reports that are due, the one whose result would expire first.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._open: dict[ReportFuture[Any], Watch[Any]] = {}
        self._polling = 0
        self.polls: int = 0
        self._timer: Timer | None = None
        core.at_close.add(self._close)

    def open(self, watch: Watch[Any]) -> None:
        """Take a report in."""
        self._open[watch.future] = watch
        self._go()

    def drop(self, future: ReportFuture[Any]) -> None:
        """Forget a report that was cancelled."""
        watch = self._open.pop(future, None)
        if watch is None:
            return
        watch.tell("cancelled")
        if watch.task is not None:
            watch.task.cancel()
        self._go()

    def demand(self, window: float, interval: Callable[[Timing], float]) -> float:
        """The polls that the open reports may want in the next `window` seconds, at an interval that each can bear."""
        now = self._core.clock.monotonic()
        return sum(polls_within(min(watch.left(now), window), interval(watch.timing)) for watch in self._open.values())

    def late(self) -> bool:
        """Whether polls lag behind: the server is slow, or the budget is not there."""
        now = self._core.clock.monotonic()
        return any(watch.due + _LATE < now for watch in self._open.values())

    def _go(self) -> None:
        """Start the polls that are due, and set the timer for what comes next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._core.closed or not self._open:
            return
        now = self._core.clock.monotonic()
        self._give_up_overdue(now)
        resting = (watch for watch in self._open.values() if watch.task is None and watch.due <= now)
        for watch in sorted(resting, key=lambda watch: watch.expires):
            if self._polling >= self._core.budget.limits.concurrency:
                break
            if watch.task is None:
                self._start(watch)
        self._set_timer(now)

    def _start(self, watch: Watch[Any]) -> None:
        self._polling += 1
        self.polls += 1
        work = watch.poll(lambda: self._interval(watch))
        watch.task = watch.context.run(self._core.spawn, work)
        watch.task.add_done_callback(lambda task: self._polled(watch, task))

    def _polled(self, watch: Watch[Any], task: "asyncio.Task[None]") -> None:
        self._polling -= 1
        watch.task = None
        if task.cancelled():
            if not watch.future.done():  # nobody's wish but that of a loop that ends all its tasks
                self._cancel_all()
        elif error := task.exception():
            watch.fail(error)
        if watch.future.done():
            self._open.pop(watch.future, None)
        self._go()

    def _give_up_overdue(self, now: float) -> None:
        """End those whose time is over and that no place came free for."""
        for watch in [watch for watch in self._open.values() if watch.task is None and watch.overdue <= now]:
            del self._open[watch.future]
            watch.give_up()

    def _set_timer(self, now: float) -> None:
        resting = [watch for watch in self._open.values() if watch.task is None]
        room = self._polling < self._core.budget.limits.concurrency
        when = min((watch.due if room else watch.overdue for watch in resting), default=None)
        if when is not None:
            self._timer = self._core.clock.call_at(max(when, now), self._go)

    def _interval(self, watch: Watch[Any]) -> float:
        """The report's own interval, unless the tokens left might not last at it for all that are open."""
        windows = self._core.budget.snapshot().windows
        short = any(window.free < self.demand(window.seconds, lambda timing: timing.safe) for window in windows)
        return watch.timing.safe if short else watch.pace()

    def _cancel_all(self) -> None:
        watches = tuple(self._open.values())
        self._open.clear()
        for watch in watches:
            watch.future.cancel()
            watch.tell("cancelled")

    def _close(self) -> None:
        """The client closes: all open reports end."""
        for watch in tuple(self._open.values()):
            watch.fail(ClientClosed(f"the client was closed before report {watch.future.id} was ready"))
        self._open.clear()
        self._go()


def rounds_of(core: Core) -> Rounds:
    """The rounds of a client, the same for all its views."""
    rounds: Rounds | None = core.shared.get(Rounds)
    if rounds is None:
        rounds = core.shared[Rounds] = Rounds(core)
    return rounds


def watch(
    pipeline: Pipeline,
    id: str,
    ask: Callable[[Pipeline], Awaitable[T | None]],
    timing: Timing,
    *,
    created_at: datetime | None = None,
    created: bool = False,
    pace: Callable[[], float] | None = None,
) -> ReportFuture[T]:
    """Poll a report in the background from now on; `ask` makes one poll with the pipeline that it is given.

    A report that was `created` just now is polled first after `timing.first_poll`; one that somebody else created at
    `created_at`, by the same count, or at once where that is not known. `pace` gives an interval in place of
    `timing.poll_every`.
    """
    core = pipeline.core
    loop = core.enter()
    rounds = rounds_of(core)
    now, wall = core.clock.monotonic(), core.clock.time()
    age = 0.0 if created_at is None else max(0.0, wall - created_at.timestamp())
    known = created or created_at is not None
    future: ReportFuture[T] = ReportFuture(
        id=id, created_at=created_at or datetime.fromtimestamp(wall, UTC), loop=loop, release=rounds.drop
    )
    opened = Watch(
        core=core,
        future=future,
        ask=lambda seconds: ask(_polling(pipeline, seconds)),
        timing=timing,
        born=now - age,
        due=now - age + timing.first_poll if known else now,
        pace=pace or (lambda: timing.poll_every),
    )
    opened.tell("created" if created else "watched")
    rounds.open(opened)
    return future


def _polling(pipeline: Pipeline, seconds: float) -> Pipeline:
    """The pipeline for one poll: in its lane, within its time, and not tried again, as the next poll comes anyway."""
    return pipeline.with_options(
        lane=Lane.REPORT,
        deadline=seconds,
        timeout=min(pipeline.options.timeout, _EXCHANGE),
        retry=RetryPolicy.never(),
    )
