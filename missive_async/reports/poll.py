"""One open report: when it is asked for next, and what the answers so far mean."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from typing import Generic, TypeVar

import attrs
import msgspec

from missive_async._pipeline import Core
from missive_async.errors import (
    APIError,
    BudgetExceeded,
    DecodeError,
    NotFound,
    ReportExpired,
    ReportFailed,
    ReportTimedOut,
    TransportFailed,
)
from missive_async.events import ReportChanged, ReportState
from missive_async.reports.future import ReportFuture
from missive_async.reports.timing import LIFE, Timing

T = TypeVar("T")

_GRACE = 5.0
"""Seconds beyond the report's timeout that its last poll may take."""

_PASSING = frozenset({404, 408, 425, 429})
"""Statuses under 500 that another poll may mend."""

_STRIKES = 3
"""Answers in a row that are JSON and no report, after which no better one is expected."""

_log = logging.getLogger("missive_async")


@attrs.define(eq=False, kw_only=True)
class Watch(Generic[T]):
    """A report that is polled; all times are the clock's monotonic seconds.

    `ask` makes one poll, given the seconds that it may take at most, and gives `None` for an answer without a report.
    `heard` is when the last answer came that tells whether the report was there.
    """

    core: Core
    future: ReportFuture[T]
    ask: Callable[[float], Awaitable[T | None]]
    timing: Timing
    born: float
    due: float
    pace: Callable[[], float]
    heard: float = attrs.field(init=False)
    missed: bool = attrs.field(default=False, init=False)
    strikes: int = attrs.field(default=0, init=False)
    failure: Exception | None = attrs.field(default=None, init=False)
    task: "asyncio.Task[None] | None" = attrs.field(default=None, init=False)
    context: Context = attrs.field(factory=copy_context, init=False)

    def __attrs_post_init__(self) -> None:
        self.heard = self.born
        self.due = max(min(self.due, self.end), self.core.clock.monotonic())

    @property
    def end(self) -> float:
        """When it is given up."""
        return self.born + self.timing.timeout

    @property
    def overdue(self) -> float:
        """When it is given up even without a last poll."""
        return max(self.end, self.due) + _GRACE

    @property
    def expires(self) -> float:
        """When a result that came right after the last answer would be gone."""
        return self.heard + LIFE

    def left(self, now: float) -> float:
        """Seconds in which it may have to be polled yet."""
        return max(0.0, self.end - now)

    async def poll(self, interval: Callable[[], float]) -> None:
        """Ask once; afterwards the future is done or `due` is set anew, by an interval that is only then asked for."""
        now = self.core.clock.monotonic
        started = now()
        try:
            found = await self.ask(self.left(started) + _GRACE)
        except NotFound:
            found = None
        except BudgetExceeded as error:
            self._unanswered(error)
            self._set_due(started, interval)
            return
        except Exception as error:  # noqa: BLE001 - the future is where it is raised
            self.future.polls += 1
            self._failed(error)
            self._set_due(started, interval)
            return
        self.future.polls += 1
        if found is not None:
            self._settle(found)
        else:
            self._unready()
            self._set_due(started, interval)

    def tell(self, state: ReportState, error: BaseException | None = None) -> None:
        """Tell whoever listens to the client's events."""
        listener = self.core.on_event
        if listener is None:
            return
        elapsed = self.core.clock.monotonic() - self.born
        change = ReportChanged(id=self.future.id, state=state, polls=self.future.polls, elapsed=elapsed, error=error)
        try:
            listener(change)
        except Exception:  # noqa: BLE001 - it is the caller's, and none of the report's business
            _log.exception("the event listener failed")

    def fail(self, error: BaseException) -> None:
        """End in an error."""
        if not self.future.done():
            self.tell("failed", error)
            self.future.set_exception(error)

    def _settle(self, found: T) -> None:
        if not self.future.done():
            self.tell("ready")
            self.future.set_result(found)

    def _unready(self) -> None:
        now = self.core.clock.monotonic()
        self.missed = self.missed or now - self.heard > LIFE
        self.heard = now
        self.strikes = 0
        self.failure = None
        self.tell("pending")

    def _unanswered(self, error: Exception) -> None:
        self.failure = error
        _log.info("report %s: a poll failed, which ends nothing: %s", self.future.id, error)
        self.tell("unanswered", error)

    def _failed(self, error: Exception) -> None:
        self.strikes = self.strikes + 1 if isinstance(error, DecodeError) and _is_json(error.body) else 0
        if _is_final(error) or self.strikes >= _STRIKES:
            self.fail(error)
        else:
            self._unanswered(error)

    def _set_due(self, started: float, interval: Callable[[], float]) -> None:
        """The next poll, one interval after the last began, or half of one after a late answer; one more at the end."""
        if self.future.done():
            return
        now = self.core.clock.monotonic()
        if now >= self.end:
            self.give_up()
            return
        seconds = interval()
        self.due = min(max(started + seconds, now + seconds / 2), self.end)

    def give_up(self) -> None:
        """End it as not ready in time, or expired."""
        now = self.core.clock.monotonic()
        kind: type[ReportFailed] = ReportTimedOut
        text = f"report {self.future.id} was not ready within {self.timing.timeout:g} s"
        if self.missed or now - self.heard > LIFE:
            kind = ReportExpired
            text += f", and may have come and gone while it could not be asked for over {LIFE:g} s"
        error = kind(f"{text} ({self.future.polls} polls)", id=self.future.id, created_at=self.future.created_at)
        error.__cause__ = self.failure
        self.fail(error)


def _is_final(error: Exception) -> bool:
    """Whether no later poll can do better: the request itself is refused, or something is wrong on our side."""
    if isinstance(error, APIError):
        return 400 <= error.status < 500 and error.status not in _PASSING
    return not isinstance(error, TransportFailed | DecodeError)


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
