"""Whether the budget has room for one more report."""

from collections import deque

from missive_async._pipeline import Core
from missive_async.limits import BudgetSnapshot, Lane, Window, WindowSnapshot
from missive_async.reports.rounds import rounds_of
from missive_async.reports.timing import Timing, polls_within

_LATELY = 15.0
"""Seconds over which the use of others is measured."""

_BETWEEN_TURNS = 30.0
"""Seconds between turns in line of a run that waits for tokens to come together."""


class Room:
    """What one run may have open at a time.

    Every window must have tokens for the polls that all open reports may yet want, at the interval that is planned
    with, beside those that others will have spent by then and those that are left to interactive calls. The first
    report makes do with polls that are just close enough.
    """

    def __init__(self, core: Core, timing: Timing) -> None:
        self._core = core
        self._timing = timing
        self._rounds = rounds_of(core)
        self._others = _Others()
        self._next_turn = 0.0
        self.asked = 0

    @property
    def patience(self) -> float:
        """Seconds after which a run with nothing open goes on even though no tokens came together."""
        return max((window.seconds for window in self._core.budget.limits.windows), default=0.0)

    def for_first(self) -> bool:
        """Whether a report can be opened while none is."""
        return all(map(self._fits_alone, self._look().windows))

    def for_another(self, creating: int) -> bool:
        """Whether one can be opened beside those that are open and those being created."""
        snapshot = self._look()
        if snapshot.paused_for or self._rounds.late() or creating >= snapshot.places:
            return False
        return all(self._fits_beside(window, creating) for window in snapshot.windows)

    async def stand_in_line(self) -> None:
        """Have a turn every now and then, and let it pass: bulk work leaves nothing to those who are never seen."""
        core = self._core
        if core.clock.monotonic() < self._next_turn or core.budget.snapshot().paused_for:
            return
        core.budget.release(await core.budget.acquire(Lane.REPORT), spent=False)
        self._next_turn = core.clock.monotonic() + _BETWEEN_TURNS

    def pace(self, open_ones: int) -> float:
        """An interval that spends no more than the budget gives in the long run, while results cannot be missed."""
        windows = self._core.budget.limits.windows
        a_request = max((window.seconds / window.requests for window in windows), default=0.0)
        return max(self._timing.poll_every, min(open_ones * a_request, self._timing.shared))

    def _look(self) -> BudgetSnapshot:
        snapshot = self._core.budget.snapshot()
        self._others.observe(self._core.clock.monotonic(), snapshot.spent - self.asked - self._rounds.polls)
        return snapshot

    def _fits_alone(self, window: WindowSnapshot) -> bool:
        """More than is left to us beside bulk work, or than there is at all, is not waited for."""
        polls = polls_within(min(self._timing.timeout, window.seconds), self._timing.safe)
        others = self._rounds.demand(window.seconds, lambda timing: timing.safe)
        return window.free >= min(1 + polls + others, max(2, _reserve(window)), window.requests)

    def _fits_beside(self, window: WindowSnapshot, creating: int) -> bool:
        seconds = min(self._timing.timeout, window.seconds)
        beginning = (1 + creating) * (1 + polls_within(seconds, self._timing.shared))
        open_ones = self._rounds.demand(window.seconds, lambda timing: timing.shared)
        ours = max(window.free - self._others.rate * seconds, min(window.free, _reserve(window)))
        return ours >= beginning + open_ones + _reserve(window)


def _reserve(window: WindowSnapshot) -> int:
    """The tokens that bulk work leaves to us, and we to interactive calls."""
    return Window(window.requests, window.seconds).reserve


class _Others:
    """How many requests a second others spend of the same budget, lately."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self.rate = 0.0

    def observe(self, now: float, spent: int) -> None:
        """Take in what they have spent up to now."""
        seen = self._seen
        seen.append((now, spent))
        while len(seen) > 2 and seen[1][0] <= now - _LATELY:
            seen.popleft()
        then, before = seen[0]
        self.rate = max(0, spent - before) / max(now - then, 1.0)
