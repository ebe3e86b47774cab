"""One window's tokens: when each comes back, and how many are somebody else's."""

import bisect
from collections import deque

from missive_async.limits.model import Window


class Bucket:
    """Tokens of one window.

    A token is `free`, or out with a request in flight, or on its way back: `due` holds the times, in order, at which
    the spent ones return. That is `seconds` after the response arrived: the server dated the request before that, so
    by its own count, sliding or fixed, the request has left the window by then. `doubts` holds those times of `due` at
    which a sliding window need not have counted the request until then: lost, slow, refused, or somebody else's.
    """

    __slots__ = ("blur", "boundary", "doubts", "due", "free", "requests", "returned", "seconds", "share", "window")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.requests = window.requests
        self.seconds = window.seconds
        self.share = window.reserve
        self.free = window.requests
        self.due: deque[float] = deque()
        self.returned = 0
        self.doubts: deque[float] = deque()
        self.boundary: float | None = None
        self.blur = 0.0

    def collect(self, now: float) -> int:
        """Take back the tokens that are due; how many are free then."""
        due = self.due
        while due and due[0] <= now:
            due.popleft()
            self.free += 1
            self.returned += 1
        return self.free

    def spend_until(self, now: float) -> None:
        """A request's response arrived now: its token comes back when the server has forgotten it."""
        when = now + self.seconds
        if self.boundary is not None:
            end = self._end_of_window(now)
            if now < end - self.blur:
                when = min(when, end)
        if self.due and when < self.due[-1]:
            self.insert(when)
        else:
            self.due.append(when)

    def insert(self, when: float) -> None:
        """A token that comes back at another time than the usual one."""
        bisect.insort(self.due, when)

    def doubt(self, when: float, now: float) -> None:
        """Of the token that comes back then, it is not certain that a sliding window counts it for so long."""
        doubts = self.doubts
        while doubts and doubts[0] <= now:
            doubts.popleft()
        doubts.append(when)

    def align(self, boundary: float, blur: float) -> None:
        """Windows of the server are fixed, so tokens come back at their ends: `boundary`, or up to `blur` before it."""
        self.boundary = boundary
        self.blur = blur

    def unalign(self) -> None:
        """The server's windows are not fixed after all, or nothing is known of them."""
        self.boundary = None

    def foreign(self, tokens: int, until: float) -> None:
        """Somebody else spent `tokens` of this window; they are gone until then."""
        for _ in range(min(tokens, self.free)):
            self.free -= 1
            self.insert(until)
            self.doubts.append(until)

    def free_at(self, count: int) -> float | None:
        """When `count` tokens will be free at once by what is known: `None` when that depends on requests in flight."""
        missing = count - self.free
        if missing <= 0:
            return float("-inf")
        return self.due[missing - 1] if missing <= len(self.due) else None

    def _end_of_window(self, now: float) -> float:
        assert self.boundary is not None  # noqa: S101 - asked only when aligned
        if self.boundary <= now:
            self.boundary += ((now - self.boundary) // self.seconds + 1) * self.seconds
        return self.boundary
