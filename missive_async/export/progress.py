"""How far an export is, told as it goes on."""

import logging
import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

import attrs

from missive_async.export.bodies import BATCH
from missive_async.export.checkpoint import Saved
from missive_async.export.plan import NEEDS, Extent, Plan
from missive_async.limits import BudgetSnapshot, WindowSnapshot

State = Literal["waiting", "reading", "done"]

_PAGE = 10  # records of a page of a conversation's messages
_STRETCH = 2.0  # seconds
_BURSTS = 200  # looked ahead one by one
_log = logging.getLogger("missive_async")


@attrs.frozen(kw_only=True)
class Progress:
    """One stream has got on.

    `done` of `total` records are written and `lists_done` of `lists_total` lists are read; a total is `None` as long as
    it is not known. `requests` were spent by this run, `refused` of them with a 429; `budget` is what is left.
    `elapsed` is seconds since the run began, `seconds_left` until it will have ended, when that can be told.
    """

    stream: str
    state: State
    done: int
    total: int | None
    lists_done: int
    lists_total: int | None
    notes: int
    requests: int
    refused: int
    budget: BudgetSnapshot
    elapsed: float
    seconds_left: float | None


Listener = Callable[[Progress], object]


@attrs.define
class _Stream:
    state: State = "waiting"
    done: int = 0
    total: int | None = None
    expected: float | None = None
    lists_total: int | None = None
    lists_done: int = 0
    pages: int = 0
    notes: int = 0


class Tracker:
    """Counts what is done, and tells whoever listens."""

    def __init__(
        self, plan: Plan, budget: Callable[[], BudgetSnapshot], clock: Callable[[], float], listener: Listener | None
    ) -> None:
        self._plan = plan
        self._budget = budget
        self._clock = clock
        self._listener = listener
        self._streams = {stream: _Stream() for stream in plan.streams}
        self._start = clock()
        self._before = budget()
        self._stretch = (0.0, 0)
        self._quickest = 0.0

    @property
    def requests(self) -> int:
        """Requests spent since the run began."""
        return self._budget().spent - self._before.spent

    @property
    def refused(self) -> int:
        """429s since the run began."""
        return self._budget().refused - self._before.refused

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._start

    def resumed(self, saved: Mapping[str, Saved]) -> None:
        """What earlier runs have done."""
        for stream, found in saved.items():
            self._streams[stream].done = found.records
            if found.position.done:
                self._streams[stream].state = "done"
            self._tell(stream)

    def started(self, stream: str, extent: Extent) -> None:
        """A stream is being read."""
        state = self._streams[stream]
        state.state = "reading"
        state.lists_total, state.lists_done = extent.lists, extent.before
        said = extent.lists - extent.unsaid
        state.total = None if extent.unsaid else extent.records
        state.expected = extent.records * extent.lists / said if said else None
        self._tell(stream)

    def page(self, stream: str, *, last: bool) -> None:
        """A page was read, the last of its list or not."""
        state = self._streams[stream]
        state.pages += 1
        state.lists_done += last

    def noted(self, stream: str) -> None:
        """Something could not be read."""
        self._streams[stream].notes += 1

    def written(self, changed: Mapping[str, Saved]) -> None:
        """Records are safe."""
        for stream, saved in changed.items():
            state = self._streams[stream]
            state.done = saved.records
            if saved.position.done:
                state.state = "done"
            self._tell(stream)

    def requests_left(self) -> int | None:
        """The requests that are still to be spent, as far as can be told; `None` when it cannot."""
        left = 0.0
        for stream, state in self._streams.items():
            if state.state == "done":
                continue
            if state.lists_total is None or "conversations" not in NEEDS.get(stream, ()):
                return None  # nothing says how long a list is that is no conversation's
            left += self._left(stream, state)
        return math.ceil(left)

    def _left(self, stream: str, state: _Stream) -> float:
        lists = max(0, (state.lists_total or 0) - state.lists_done)
        if state.expected is None:
            return lists * max(1.0, state.pages / max(1, state.lists_done))
        records = max(0.0, state.expected - state.done)
        bodies = records / BATCH if stream == "messages" and self._plan.bodies else 0.0
        return lists + records / _PAGE + bodies

    def _tell(self, stream: str) -> None:
        if self._listener is None:
            return
        state, budget = self._streams[stream], self._budget()
        left = self.requests_left()
        event = Progress(
            stream=stream,
            state=state.state,
            done=state.done,
            total=state.total,
            lists_done=state.lists_done,
            lists_total=state.lists_total,
            notes=state.notes,
            requests=budget.spent - self._before.spent,
            refused=budget.refused - self._before.refused,
            budget=budget,
            elapsed=self.elapsed,
            seconds_left=None if left is None else seconds_for(left, budget, self._pace()),
        )
        try:
            self._listener(event)
        except Exception:  # noqa: BLE001 - somebody else's code, which must not end an export
            _log.exception("the progress listener failed")

    def _pace(self) -> float:
        """Seconds a request takes when the budget holds none up: as in the quickest stretch so far."""
        now, spent = self.elapsed, self.requests
        if now - self._stretch[0] >= _STRETCH:
            self._quickest = max(self._quickest, (spent - self._stretch[1]) / (now - self._stretch[0]))
            self._stretch = (now, spent)
        quickest = self._quickest or (spent / now if now else 0.0)
        return 1 / quickest if quickest else 0.0


def seconds_for(requests: int, budget: BudgetSnapshot, pace: float = 0.0) -> float:
    """About how long so many requests take, each `pace` seconds where the budget holds none up.

    What a window has spent is taken to come back all at once, as it does after a burst, which is how exports spend.
    """
    windows = [_Window(window) for window in budget.windows]
    now, left = budget.paused_for, requests
    for _ in range(_BURSTS):
        burst = min([left, *(window.free for window in windows)])
        now += burst * pace
        left -= burst
        for window in windows:
            window.spend(burst, now)
        if not left:
            return now
        now = max(now, *(window.back[0][0] for window in windows if not window.free))
        for window in windows:
            window.collect(now)
    return now / (requests - left) * requests


class _Window:
    """A window as it will be: when how many of its tokens are back."""

    def __init__(self, window: WindowSnapshot) -> None:
        self.free = max(0, window.free)
        self.seconds = window.seconds
        gone = window.requests - self.free
        wait = window.seconds if window.next_free_in is None else window.next_free_in
        self.back = deque([(wait, gone)] if gone else [])

    def spend(self, tokens: int, now: float) -> None:
        if tokens:
            self.free -= tokens
            self.back.append((now + self.seconds, tokens))

    def collect(self, now: float) -> None:
        while self.back and self.back[0][0] <= now:
            self.free += self.back.popleft()[1]
