"""Missive's three limits, kept per token: requests at once, in a minute and in a quarter of an hour."""

from collections import deque
from dataclasses import dataclass
from math import ceil, floor
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What the server admits.

    Attributes:
        concurrency: Requests in progress at once, None for any number.
        windows: Pairs of a number of requests and seconds.
        kind: "sliding" counts the last seconds before each request, "fixed" counts from one boundary to the next.
        count_refused: Whether a request that is refused uses up the windows too.
        phase: Where the boundaries of fixed windows lie, in seconds after multiples of their length.
    """

    concurrency: int | None = 5
    windows: tuple[tuple[int, float], ...] = ((300, 60.0), (900, 900.0))
    kind: Literal["sliding", "fixed"] = "sliding"
    count_refused: bool = False
    phase: float = 0.0

    @classmethod
    def none(cls) -> "ServerLimits":
        """Return limits that admit everything."""
        return cls(concurrency=None, windows=())


@dataclass(frozen=True, slots=True)
class Standing:
    """How a window stands: `reset` is when it admits more again, in Unix seconds."""

    limit: int
    remaining: int
    reset: float

    def headers(self) -> dict[str, str]:
        """Return the X-RateLimit headers."""
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(ceil(self.reset)),
        }


class _Window(Protocol):
    def standing(self, now: float) -> Standing: ...

    def spend(self, now: float) -> None: ...


class _SlidingWindow:
    def __init__(self, limit: int, seconds: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self._spent: deque[float] = deque()

    def standing(self, now: float) -> Standing:
        spent = self._spent
        while spent and spent[0] <= now - self.seconds:
            spent.popleft()
        remaining = max(0, self.limit - len(spent))
        # Refused requests that count can make it fuller than full: it admits again when one place is free.
        reset = spent[max(0, len(spent) - self.limit)] + self.seconds if spent else now
        return Standing(self.limit, remaining, reset)

    def spend(self, now: float) -> None:
        self._spent.append(now)


class _FixedWindow:
    def __init__(self, limit: int, seconds: float, phase: float) -> None:
        self.limit = limit
        self.seconds = seconds
        self.phase = phase
        self._turn = 0
        self._spent = 0

    def standing(self, now: float) -> Standing:
        turn = floor((now - self.phase) / self.seconds)
        if turn != self._turn:
            self._turn, self._spent = turn, 0
        reset = (turn + 1) * self.seconds + self.phase
        return Standing(self.limit, max(0, self.limit - self._spent), reset)

    def spend(self, now: float) -> None:
        self.standing(now)
        self._spent += 1


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a request is not admitted, and for how long; `rule` is "concurrency" or e.g. "300/60"."""

    rule: str
    standing: Standing
    seconds: float

    def headers(self) -> dict[str, str]:
        """Return the headers of the 429."""
        return {"retry-after": str(max(1, ceil(self.seconds))), **self.standing.headers()}


class Meter:
    """The limits of one token; `scale` runs the windows that many times faster."""

    def __init__(self, limits: ServerLimits | None, scale: float = 1.0) -> None:
        limits = limits or ServerLimits.none()
        self.limits = limits
        self.in_progress: int = 0
        self._windows: dict[str, _Window] = {
            f"{limit}/{seconds:g}": _FixedWindow(limit, seconds / scale, limits.phase)
            if limits.kind == "fixed"
            else _SlidingWindow(limit, seconds / scale)
            for limit, seconds in limits.windows
        }

    def arrive(self, now: float) -> Refused | None:
        """Count a request in, or return why it is refused; one that was let in must `leave`."""
        refused = self._judge(now)
        if refused is not None and not self.limits.count_refused:
            return refused
        for window in self._windows.values():
            window.spend(now)
        if refused is None:
            self.in_progress += 1
            return None
        return self._judge(now)  # what was just spent makes the wait longer

    def leave(self) -> None:
        """Count a request out."""
        self.in_progress -= 1

    def tightest(self, now: float) -> Standing | None:
        """Return the window with the least room, of equal ones that which lasts longest, None without windows."""
        standings = [window.standing(now) for window in self._windows.values()]
        return min(standings, key=lambda standing: (standing.remaining, -standing.reset), default=None)

    def _judge(self, now: float) -> Refused | None:
        most = self.limits.concurrency
        full = [
            Refused(rule, standing, standing.reset - now)
            for rule, window in self._windows.items()
            if not (standing := window.standing(now)).remaining
        ]
        if full:
            return max(full, key=lambda refused: refused.seconds)
        if most is not None and self.in_progress >= most:
            return Refused("concurrency", Standing(most, 0, now + 1), 1.0)
        return None
