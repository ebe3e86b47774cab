"""Servers that count requests as Missive may, written apart from the package so that they cannot share its mistakes."""

import asyncio
import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence

import attrs

from missive_async.limits import Feedback
from virtual import EPOCH

MISSIVE = ((300, 60.0), (900, 900.0))


@attrs.frozen
class Exchange:
    """One request as the client saw it: when it was let go and when its answer was whole."""

    sent: float
    answered: float


def most_in_any_window(exchanges: Iterable[Exchange], seconds: float) -> int:
    """The most requests that a server could count in any half-open window, dating each as badly as it may.

    A request sent at a and answered at b is dated anywhere in [a, b].
    """
    exchanges = list(exchanges)
    sent = sorted(exchange.sent for exchange in exchanges)
    answered = sorted(exchange.answered for exchange in exchanges)
    return max((bisect_right(sent, t) - bisect_right(answered, t - seconds + 1e-6) for t in sent), default=0)


class Sliding:
    """At most `requests` in the `seconds` before now."""

    def __init__(self, requests: int, seconds: float) -> None:
        self.requests, self.seconds = requests, seconds
        self.dated: deque[float] = deque()

    def used(self, now: float) -> int:
        while self.dated and self.dated[0] <= now - self.seconds + 1e-6:
            self.dated.popleft()
        return len(self.dated)

    def count(self, now: float) -> None:
        self.dated.append(now)

    def reset(self, now: float) -> float:
        """When the oldest request leaves the window."""
        return (self.dated[0] if self.dated else now) + self.seconds


class Fixed:
    """At most `requests` between one end of a window and the next; ends lie `phase` after multiples of `seconds`."""

    def __init__(self, requests: int, seconds: float, phase: float = 0.0) -> None:
        self.requests, self.seconds, self.phase = requests, seconds, phase
        self._index = -1
        self._used = 0

    def used(self, now: float) -> int:
        index = math.floor((now - self.phase + 1e-6) / self.seconds)
        if index != self._index:
            self._index, self._used = index, 0
        return self._used

    def count(self, now: float) -> None:
        self.used(now)
        self._used += 1

    def reset(self, now: float) -> float:
        """When the window that runs now ends."""
        self.used(now)
        return (self._index + 1) * self.seconds + self.phase


class Server:
    """Enforces windows and places on requests that it dates on arrival at its counter.

    Its clock is `skew` ahead of ours. With `headers` it tells how one window stands: the one with the least room, or
    with `by_share` with the smallest part of its room left; its `Date` is cut to the second, its reset rounded to one.
    """

    def __init__(
        self,
        windows: Sequence[Sliding | Fixed],
        *,
        places: int = 5,
        skew: float = 0.0,
        headers: bool = True,
        by_share: bool = False,
        count_refused: bool = False,
        rounding: Callable[[float], float] = math.ceil,
    ) -> None:
        self.windows = windows
        self.places = places
        self.skew = skew
        self.headers = headers
        self.by_share = by_share
        self.count_refused = count_refused
        self.rounding = rounding
        self.running = self.most_running = 0
        self.admitted = 0
        self.refused: list[float] = []

    def time(self) -> float:
        """The server's wall clock."""
        return asyncio.get_running_loop().time() + EPOCH + self.skew

    async def answer(self, up: float, down: float) -> Feedback:
        """Take a request: `up` seconds to its counter, `down` seconds from there to the end of its answer."""
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(up)
            feedback = self._judge()
            await asyncio.sleep(down)
        finally:
            self.running -= 1
        return feedback

    def _judge(self) -> Feedback:
        now = self.time()
        full = [window for window in self.windows if window.used(now) >= window.requests]
        if full or self.running > self.places:
            self.refused.append(now - EPOCH - self.skew)
        if not full or self.count_refused:
            for window in self.windows:
                window.count(now)
        if full:
            wait = max(window.reset(now) for window in full) - now
            return self._told(full[0], now, wait=float(math.ceil(wait)))
        self.admitted += 1
        return self._told(min(self.windows, key=self._room), now)

    def _room(self, window: Sliding | Fixed) -> float:
        left = window.requests - window.used(self.time())
        return left / window.requests if self.by_share else left

    def _told(self, window: Sliding | Fixed, now: float, *, wait: float | None = None) -> Feedback:
        refused = wait is not None
        if not self.headers and not refused:
            return Feedback()
        reset = float(self.rounding(window.reset(now)))
        date = float(math.floor(now))
        return Feedback(
            refused=refused,
            retry_after=wait,
            limit=window.requests,
            remaining=max(0, window.requests - window.used(now)),
            reset_in=max(0.0, reset - date),
            reset=reset,
            server_time=date,
        )


def sliding(windows: Sequence[tuple[int, float]] = MISSIVE, **options: object) -> Server:
    """A server with sliding windows."""
    return Server([Sliding(*window) for window in windows], **options)  # type: ignore[arg-type]


def fixed(windows: Sequence[tuple[int, float]] = MISSIVE, *, phase: float = 0.0, **options: object) -> Server:
    """A server with fixed windows."""
    return Server([Fixed(*window, phase) for window in windows], **options)  # type: ignore[arg-type]


def best_sliding(count: int, latency: float, windows: Sequence[tuple[int, float]] = MISSIVE, places: int = 5) -> float:
    """How long `count` requests take at best when the client knows when a sliding server dates them (half way)."""
    sent: list[float] = []
    for index in range(count):
        earliest = [sent[-1] if sent else 0.0]
        if index >= places:
            earliest.append(sent[index - places] + latency)
        earliest += [sent[index - requests] + seconds for requests, seconds in windows if index >= requests]
        sent.append(max(earliest))
    return sent[-1] + latency


def best_fixed(
    count: int, latency: float, windows: Sequence[tuple[int, float]] = MISSIVE, *, phase: float, places: int = 5
) -> float:
    """The same for a server with fixed windows; `phase` is the end of one on the client's clock."""
    sent: list[float] = []
    dated: list[float] = []
    for index in range(count):
        when = max(sent[-1] if sent else 0.0, sent[index - places] + latency if index >= places else 0.0)
        for _ in windows:
            for requests, seconds in windows:
                start = math.floor((when + latency / 2 - phase) / seconds) * seconds + phase
                if len(dated) - bisect_left(dated, start) >= requests:
                    when = start + seconds - latency / 2
        sent.append(when)
        dated.append(when + latency / 2)
    return sent[-1] + latency
