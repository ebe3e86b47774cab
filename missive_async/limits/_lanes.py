"""Who waits, who is next, and what bulk work leaves to the others."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from math import sqrt

from missive_async.limits.model import Lane, Permit

_STARVED_AFTER = 20
"""Grants in a row that a waiting lower lane lets pass before it is served once out of turn."""

_HOLD, _FADE = 1.0, 1.5
"""Longest windows after the last use by another lane: the reserve stands whole, then is gone.

What bulk takes of it comes back only after such a window, so whoever came within the last one is waited for. Shorter
times save bulk a five hundredth, and let callers who come every few minutes wait for a quarter of an hour.
"""

_UNUSED = 7 / 6
"""Longest windows for which the other lanes count as quiet at the start, so that a part of the reserve stands at first.

Bulk work can spend the longest window in its first two minutes, and who comes just then would wait for a quarter of an
hour; where nobody comes, bulk has all of it after five minutes.
"""

_STEPS = 10
"""Looks that waiting bulk takes at a fading reserve."""

_DOUBT = 3.0
"""Standard deviations by which the others may want more than they did: calls come in clusters, polls above all."""


class Waiter:
    """One call in the line."""

    __slots__ = ("deadline", "future", "lane", "since")

    def __init__(self, lane: Lane, since: float, deadline: float | None, future: "asyncio.Future[Permit]") -> None:
        self.lane = lane
        self.since = since
        self.deadline = deadline
        self.future = future


class Line:
    """Waiting calls by lane, first come first served within one; anyone may step out from anywhere at once."""

    __slots__ = ("_lanes", "_passed", "count")

    def __init__(self) -> None:
        self._lanes: dict[Lane, OrderedDict[Waiter, None]] = {lane: OrderedDict() for lane in Lane}
        self._passed = 0
        self.count = 0

    def join(self, waiter: Waiter) -> None:
        """Stand at the end of one's lane."""
        self._lanes[waiter.lane][waiter] = None
        self.count += 1

    def leave(self, waiter: Waiter) -> None:
        """Step out, served or not; harmless when already out."""
        if waiter in self._lanes[waiter.lane]:
            del self._lanes[waiter.lane][waiter]
            self.count -= 1

    def waiting(self) -> dict[Lane, int]:
        """How many wait in each lane."""
        return {lane: len(waiters) for lane, waiters in self._lanes.items()}

    def ahead_of(self, lane: Lane) -> int:
        """How many would be served before a call that joined this lane now."""
        return sum(len(self._lanes[other]) for other in Lane if other <= lane)

    def heads(self) -> list[tuple[Waiter, bool]]:
        """The first of each lane in the order to try them, and whether it is one's turn out of order.

        A lower lane that has let a run of grants pass comes first once, and may use the reserve: no lane starves.
        """
        heads = [(next(iter(waiters)), False) for waiters in self._lanes.values() if waiters]
        if len(heads) > 1 and self._passed >= _STARVED_AFTER:
            longest = min(heads[1:], key=lambda head: head[0].since)
            heads.remove(longest)
            heads.insert(0, (longest[0], True))
        return heads

    def served(self, waiter: Waiter) -> None:
        """Take out one whose turn it was, and count the turns that lower lanes let pass."""
        self.leave(waiter)
        below = any(self._lanes[other] for other in Lane if other > waiter.lane)
        above = any(self._lanes[other] for other in Lane if other < waiter.lane)
        self._passed = 0 if above or not below else self._passed + 1


class Reserve:
    """What bulk work leaves to the other lanes: fades when they are quiet, and is back as soon as they are not."""

    __slots__ = ("_before", "_fade", "_half", "_hold", "_known", "_since", "_step", "last", "places", "uses")

    def __init__(self, places: int, longest_window: float, now: float) -> None:
        self.places = places
        self.last = now - longest_window * _UNUSED
        """When another lane was last used; whoever uses one says so here, and counts it in `uses`."""
        self.uses = 0
        self._hold = longest_window * _HOLD
        self._fade = longest_window * _FADE
        self._step = (self._fade - self._hold) / _STEPS
        self._half = longest_window / 2
        self._before = 0.0
        self._known = 0.0
        self._since = now

    def weight(self, now: float) -> float:
        """1 while the other lanes are in use, then down to 0."""
        quiet = now - self.last
        if quiet <= self._hold:
            return 1.0
        return max(0.0, 1.0 - (quiet - self._hold) / (self._fade - self._hold))

    def tokens(self, share: int, due: Sequence[float], now: float) -> int:
        """Tokens of one window to leave: its share, and what the others may want before as many have come back.

        `due` holds the times at which tokens come back. At the first burst of a bulk job that is far away, and the
        share alone would be used up; later the others live on their own tokens, which come back as they were spent.
        """
        weight = self.weight(now)
        if not weight:
            return 0
        rate = self._rate(now)
        wanted = 0.0
        back, step, count = 0, 1, len(due)
        while back < count:  # until the 1st, 2nd, 4th, 8th, ... token is back: enough to find the tightest moment
            uses = rate * max(0.0, due[back] - now)
            wanted = max(wanted, uses + _DOUBT * sqrt(uses) - back)
            back, step = back + step, 2 * step
        return round(weight * (share + wanted))

    def gone_at(self, now: float) -> float:
        """The next moment at which the reserve may be seen smaller."""
        if not self.weight(now):
            return float("inf")
        when = self.last + self._step * ((now - self.last) // self._step + 1)
        return when if when > now else when + self._step

    def _rate(self, now: float) -> float:
        """Uses a second by the other lanes, over half of the longest window or more: one more than were seen, if any.

        At first, over the time since the beginning, however short.
        """
        seconds = now - self._since
        if seconds >= self._half:
            self._before = self.uses * self._half / seconds
            self._known = self._half
            self._since = now
            self.uses = 0
            seconds = 0.0
        seen = self._before + self.uses
        return (seen + 1) / max(self._known + seconds, self._step) if seen else 0.0
