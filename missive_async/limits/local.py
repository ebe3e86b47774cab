"""The budget of this process: exact token buckets, one line of waiters, no background task."""

import asyncio
from collections.abc import Callable

from missive_async._clock import Clock, SystemClock, Timer
from missive_async.errors import BudgetExceeded, ConfigurationError
from missive_async.limits._bucket import Bucket
from missive_async.limits._feedback import Listener
from missive_async.limits._forecast import forecast
from missive_async.limits._lanes import Line, Reserve, Waiter
from missive_async.limits._phase import SLACK
from missive_async.limits.model import BudgetSnapshot, Feedback, Lane, Permit, RateLimits, WindowSnapshot

_INTERACTIVE, _BULK = Lane.INTERACTIVE, Lane.BULK
_NEVER = float("inf")


class LocalBudget:
    """What one account may spend from this process.

    Every window is a bucket of tokens, and a token comes back `seconds` after the response to the request that spent
    it arrived. So the server, wherever between the two it dates the request, never sees more than a window's requests
    in a window's time, fixed or sliding. Grants are made by whoever frees something, and by one timer at most.
    """

    def __init__(self, limits: RateLimits, clock: Clock) -> None:
        now = clock.monotonic()
        self._limits = limits
        self._clock = clock
        self._now: Callable[[], float] = clock.monotonic
        self._buckets = tuple(Bucket(window) for window in limits.windows)
        self._free = limits.concurrency
        self._line = Line()
        longest = max((window.seconds for window in limits.windows), default=60.0)
        self._reserve = Reserve(limits.reserved_places, longest, now)
        self._listener = Listener(self._buckets, longest)
        self._timer: Timer | None = None
        self._timer_at = _NEVER
        self._loop: asyncio.AbstractEventLoop | None = None
        self._spent = 0
        self._waited = 0.0
        self._exchange_seconds = 0.0

    @property
    def limits(self) -> RateLimits:
        """The limits that are kept."""
        return self._limits

    async def acquire(self, lane: Lane = _INTERACTIVE, *, deadline: float | None = None) -> Permit:
        """Wait for a place and a token of every window; first come first served within a lane.

        `deadline` is on the clock's monotonic scale. Raises `BudgetExceeded`, having taken nothing, as soon as it is
        clear that the deadline cannot be met. Cancelled, it leaves no trace.
        """
        now = self._now()
        if lane is not _BULK:
            reserve = self._reserve
            reserve.last = now
            reserve.uses += 1
        if not self._line.count and self._fits(lane, now):
            return self._take(lane, now, now)
        if deadline is not None:
            self._refuse_if_late(lane, now, deadline)
        return await self._wait(lane, now, deadline)

    def release(self, permit: Permit, *, spent: bool = True, feedback: Feedback | None = None) -> None:
        """The exchange is over: free the place; the tokens come back later, or at once when nothing was sent."""
        if permit.released:
            return
        permit.released = True
        now = self._now()
        listener = self._listener
        if feedback is not None or (listener.probing and spent):
            listener.hear(feedback, permit, now, self._in_flight)
        self._free += 1
        if not spent:
            for bucket in self._buckets:
                bucket.free += 1
        elif feedback is not None and feedback.refused:
            listener.burn(now)
        else:
            share = 0.2 if self._spent else 1.0
            self._exchange_seconds += share * (now - permit.granted_at - self._exchange_seconds)
            for bucket in self._buckets:
                when = now + bucket.seconds
                if bucket.boundary is None and (not bucket.due or when >= bucket.due[-1]):
                    bucket.due.append(when)
                else:
                    bucket.spend_until(now)
            if listener.heard and (feedback is None or now - permit.granted_at > SLACK):
                listener.doubt(now)
        self._spent += spent
        if self._line.count:
            self._serve(now)

    def snapshot(self) -> BudgetSnapshot:
        """The budget as it is now."""
        now = self._now()
        windows = []
        for bucket in self._buckets:
            bucket.collect(now)
            next_free = bucket.due[0] - now if bucket.due else None
            windows.append(
                WindowSnapshot(
                    requests=bucket.requests, seconds=bucket.seconds, free=bucket.free, next_free_in=next_free
                )
            )
        waits = {lane: self.estimate(lane) for lane in Lane}
        return BudgetSnapshot(
            places=self._limits.concurrency,
            places_free=self._free,
            windows=tuple(windows),
            next_free_in=waits[_INTERACTIVE],
            waits=waits,
            waiting=self._line.waiting(),
            spent=self._spent,
            refused=self._listener.refused,
            waited=self._waited,
            paused_for=max(0.0, self._listener.paused_until - now),
        )

    def estimate(self, lane: Lane = _INTERACTIVE) -> float:
        """Seconds that a call asked now in this lane would wait, if nobody more urgent comes."""
        now = self._now()
        for bucket in self._buckets:
            bucket.collect(now)
        held = [self._held(bucket, lane, now) for bucket in self._buckets]
        start = max(now, self._listener.paused_until)
        when = forecast(
            self._line.ahead_of(lane) + 1,
            start,
            buckets=list(zip(self._buckets, held, strict=True)),
            places=(self._free - self._held_places(lane, now), self._limits.concurrency),
            exchange=self._exchange_seconds,
        )
        return max(when, start) - now

    @property
    def _in_flight(self) -> int:
        return self._limits.concurrency - self._free

    def _held_places(self, lane: Lane, now: float) -> int:
        return self._reserve.places if lane is _BULK and self._reserve.weight(now) else 0

    def _held(self, bucket: Bucket, lane: Lane, now: float) -> int:
        """The tokens of a window that this lane must leave alone: half of them at most."""
        if lane is not _BULK:
            return 0
        return min(self._reserve.tokens(bucket.share, bucket.due, now), bucket.requests // 2)

    def _fits(self, lane: Lane, now: float, *, out_of_turn: bool = False) -> bool:
        """Whether a call of this lane may go now, the line apart."""
        bound = lane is _BULK and not out_of_turn
        if self._free <= (self._held_places(lane, now) if bound else 0):
            return False
        if self._listener.probing and self._listener.stops(now, self._in_flight):
            return False
        for bucket in self._buckets:
            due = bucket.due
            if due and due[0] <= now:
                bucket.collect(now)
            if not bucket.free:
                return False
            if bound and bucket.free <= bucket.requests // 2 and bucket.free <= self._held(bucket, lane, now):
                return False
        return True

    def _take(self, lane: Lane, now: float, since: float) -> Permit:
        self._free -= 1
        for bucket in self._buckets:
            bucket.free -= 1
        self._waited += now - since
        permit = Permit(lane, now, since)
        if self._listener.heard:
            permit.marks = tuple([bucket.returned for bucket in self._buckets])
        return permit

    def _refuse_if_late(self, lane: Lane, now: float, deadline: float) -> None:
        wait = self.estimate(lane)
        if now + wait + self._exchange_seconds > deadline:
            raise BudgetExceeded(
                f"the rate limits leave no room for {wait:.1f} s, longer than the deadline allows", retry_after=wait
            )

    async def _wait(self, lane: Lane, now: float, deadline: float | None) -> Permit:
        loop = asyncio.get_running_loop()
        self._owned_by(loop)
        future: asyncio.Future[Permit] = loop.create_future()
        waiter = Waiter(lane, now, deadline, future)
        self._line.join(waiter)
        self._serve(now)
        alarm = None if deadline is None else self._clock.call_at(deadline, self._give_up, waiter)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.release(future.result(), spent=False)
            raise
        finally:
            self._line.leave(waiter)
            if alarm is not None:
                alarm.cancel()
            if not self._line.count:
                self._stop_timer()

    def _owned_by(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not loop and self._line.count:
            raise ConfigurationError("this limiter is waited for in another event loop: one loop at a time can use it")
        self._loop = loop

    def _give_up(self, waiter: Waiter) -> None:
        if not waiter.future.done():
            wait = self.estimate(waiter.lane)
            self._line.leave(waiter)
            waiter.future.set_exception(BudgetExceeded("no room came up before the deadline", retry_after=wait))

    def _serve(self, now: float) -> None:
        """Let in everyone who can go now, then set the timer for the next who can by time alone."""
        while self._line.count:
            for waiter, out_of_turn in self._line.heads():
                if self._fits(waiter.lane, now, out_of_turn=out_of_turn):
                    self._line.served(waiter)
                    if not waiter.future.done():
                        waiter.future.set_result(self._take(waiter.lane, now, waiter.since))
                    break
            else:
                break
        self._set_timer(now)

    def _set_timer(self, now: float) -> None:
        when = min((self._ready_at(waiter.lane, now) for waiter, _ in self._line.heads()), default=_NEVER)
        if when == self._timer_at:
            return
        self._stop_timer()
        if when < _NEVER:
            self._timer_at = when
            self._timer = self._clock.call_at(when, self._wake)

    def _ready_at(self, lane: Lane, now: float) -> float:
        """When time alone may let the head of a lane go; never, when only a release can."""
        if self._free <= self._held_places(lane, now):
            return self._reserve.gone_at(now) if self._free else _NEVER
        when = self._listener.paused_until
        if self._listener.probing and self._in_flight:
            return _NEVER
        for bucket in self._buckets:
            held = self._held(bucket, lane, now)
            ready = bucket.free_at(held + 1)
            if held:
                ready = min(
                    self._reserve.gone_at(now),
                    _NEVER if ready is None else ready,
                    bucket.due[0] if bucket.due else _NEVER,
                )
            when = max(when, _NEVER if ready is None else ready)
        return when

    def _wake(self) -> None:
        self._timer = None
        self._timer_at = _NEVER
        self._serve(self._now())

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = _NEVER


class LocalLimiter:
    """Budgets that live in this process; share one object between clients that use the same tokens."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._budgets: dict[str, LocalBudget] = {}

    def budget(self, account: str, limits: RateLimits) -> LocalBudget:
        """The budget of an account; raises `ConfigurationError` when it is asked for with two different limits."""
        budget = self._budgets.get(account)
        if budget is None:
            budget = self._budgets[account] = LocalBudget(limits, self._clock)
        elif budget.limits != limits:
            raise ConfigurationError(f"the same account with two different limits: {budget.limits} and {limits}")
        return budget

    async def aclose(self) -> None:
        """Nothing to let go of: the memory of what was spent must outlive a client."""
