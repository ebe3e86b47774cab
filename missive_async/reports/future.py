"""ReportFuture: a report on its way, as an asyncio.Future."""

import asyncio
import inspect
import logging
from collections.abc import Callable, Generator
from contextvars import Context
from datetime import datetime
from typing import Any, Self, TypeVar

from missive_async.errors import ClientClosed

T = TypeVar("T")

_log = logging.getLogger("missive_async")


class ReportFuture(asyncio.Future[T]):
    """A report on its way: an `asyncio.Future` that is asked for in the background until it is there.

    It is polled whether or not anybody awaits it, and keeps its result. `id` and `created_at` (aware) name the report,
    so that another process can go on with `missive.analytics.watch_report`; `polls` counts the times it was asked for.

    It ends in `ReportTimedOut` when it was not ready in time, in `ReportExpired` when moreover it went unasked for over
    60 s so that it may have come and gone, in `ClientClosed`, or in the `APIError` of a poll that no later poll can
    mend (400, 401, 403). A poll that merely fails ends nothing. When nobody waits for it or has a callback on it, a
    failure is logged, once.

    Any number of tasks may await it. A task that is cancelled, or that runs into `asyncio.timeout`, while it awaits the
    report leaves the report alone. `cancel()` ends it for everyone, and so does what calls that, as asyncio
    documents it: `asyncio.wait_for` whose time is up or that is cancelled, and a cancelled `asyncio.gather`. To keep
    the report then, hand them `asyncio.shield(report)`.
    """

    def __init__(
        self,
        *,
        id: str,
        created_at: datetime,
        loop: asyncio.AbstractEventLoop,
        release: "Callable[[ReportFuture[T]], object]",
    ) -> None:
        super().__init__(loop=loop)
        self.id = id
        self.created_at = created_at
        self.polls = 0
        self._release = release
        self._waiting = 0

    def __repr__(self) -> str:
        state = "pending"
        if self.done():
            state = "cancelled" if self.cancelled() else "done"
        return f"<ReportFuture {self.id} {state} polls={self.polls}>"

    def __await__(self) -> Generator[Any, None, T]:
        """The result, by a future of each waiter's own, so that one who is cancelled takes nothing from the others."""
        if not self.done():
            waiter: asyncio.Future[None] = self.get_loop().create_future()

            def wake(_: object) -> None:
                if not waiter.done():
                    waiter.set_result(None)

            owned = _awaited_by_wait_for()
            self.add_done_callback(wake)
            try:
                yield from waiter
            except asyncio.CancelledError:
                if owned:
                    self.cancel()
                raise
            finally:
                self.remove_done_callback(wake)
        return self.result()

    def __iter__(self) -> Generator[Any, None, T]:
        """The same."""
        return self.__await__()

    def add_done_callback(self, fn: Callable[[Self], object], /, *, context: Context | None = None) -> None:
        """As of any future."""
        self._waiting += 1
        super().add_done_callback(fn, context=context)

    def remove_done_callback(self, fn: Callable[[Self], object], /) -> int:
        """As of any future."""
        removed = super().remove_done_callback(fn)
        self._waiting -= removed
        return removed

    def cancel(self, msg: Any | None = None) -> bool:
        """End it for everyone: no poll follows. Missive goes on making the report, and drops it."""
        cancelled = super().cancel(msg)
        if cancelled:
            self._release(self)
        return cancelled

    def set_exception(self, exception: type | BaseException, /) -> None:
        """As of any future; logged here, and not once more by asyncio, when nobody waits to hear it."""
        unheard = self._waiting <= 0
        super().set_exception(exception)
        if unheard:
            error = self.exception()
            level = logging.INFO if isinstance(error, ClientClosed) else logging.ERROR
            _log.log(level, "report %s failed, and nobody waits for it: %s: %s", self.id, type(error).__name__, error)


def _awaited_by_wait_for() -> bool:
    """Whether it is `asyncio.wait_for` that awaits the future.

    That promises to cancel what it waits for. Up to Python 3.11 it calls `cancel()`; since then it awaits the future
    itself, and can only count on the cancellation of the task to get there.
    """
    here = inspect.currentframe()
    awaiting = here and here.f_back and here.f_back.f_back
    return awaiting is not None and awaiting.f_code is asyncio.wait_for.__code__
