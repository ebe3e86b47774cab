"""A model of Missive's limits in virtual time, networks to reach it by, and the best that any client could do there."""

import asyncio
import math
import random
from bisect import bisect_right, insort
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from email.utils import formatdate
from heapq import heapify, heapreplace
from typing import Literal, NamedTuple

from _virtual import EPOCH, now

from missive_async.simulator.limits import Meter, ServerLimits

PLACES = 5
WINDOWS = ((300, 60.0), (900, 900.0))


class Way(NamedTuple):
    """Seconds from the client to the server's counter, and from there to the end of the answer."""

    up: float
    down: float


class Answer(NamedTuple):
    """As much of an answer as limits are about."""

    status: int
    headers: Mapping[str, str]


def calm(count: int, seed: int = 1) -> list[Way]:
    """A network on which every exchange takes 0.15 to 0.25 s."""
    noise = random.Random(seed)
    return [_split(noise, noise.uniform(0.15, 0.25)) for _ in range(count)]


def rough(count: int, seed: int = 1) -> list[Way]:
    """A network on which an exchange takes 0.1 to 0.6 s, and one in twenty 3 to 15 s, half of them before it counts."""
    noise = random.Random(seed)
    slow = [noise.random() < 0.05 for _ in range(count)]
    return [_split(noise, noise.uniform(3, 15) if late else noise.uniform(0.1, 0.6)) for late in slow]


def _split(noise: random.Random, seconds: float) -> Way:
    """The server may date a request anywhere between its sending and its answer."""
    up = seconds * noise.random()
    return Way(up, seconds - up)


class Server:
    """Keeps 5 at once, 300 a minute and 900 in 15 minutes, and counts whom it refuses.

    `boundary` is where the fixed windows of both lengths meet, in seconds after virtual time zero; with `told` every
    answer has the X-RateLimit headers, otherwise only those with a 429.
    """

    def __init__(
        self, kind: Literal["sliding", "fixed"] = "sliding", boundary: float = 0.0, *, told: bool = False
    ) -> None:
        self.kind = kind
        self.boundary = boundary
        self.told = told
        self.refused = 0
        self.dated: list[float] = []
        self._meter = Meter(ServerLimits(kind=kind, phase=(EPOCH + boundary) % WINDOWS[1][1]))

    async def answer(self, way: Way) -> Answer:
        """Take one request."""
        await asyncio.sleep(way.up)
        time = EPOCH + now()
        headers = {"date": formatdate(math.floor(time), usegmt=True)}
        refused = self._meter.arrive(time)
        if refused is not None:
            self.refused += 1
            await asyncio.sleep(min(way.down, 0.05))
            return Answer(429, headers | refused.headers())
        self.dated.append(now())
        standing = self._meter.tightest(time) if self.told else None
        await asyncio.sleep(way.down)
        self._meter.leave()
        return Answer(200, headers | standing.headers() if standing else headers)


def optimum(ways: Sequence[Way], server: Server, *, start: float = 0.0, dated: Sequence[float] = ()) -> float:
    """Seconds from `start` until a client that knows everything has all its answers.

    It knows the server's counters, with the requests `dated` before, and how long each exchange will take: so it keeps
    all five places busy, and sends each request to arrive at the moment at which the server has room for it.
    """
    counters: Sequence[_Sliding | _Fixed] = (
        [_Sliding(dated)]
        if server.kind == "sliding"
        else [_Fixed(*window, server.boundary, dated) for window in WINDOWS]
    )
    free = [start] * PLACES
    heapify(free)
    end = start
    for way in ways:
        when = free[0] + way.up
        while (room := max(counter.room(when) for counter in counters)) > when:
            when = room
        for counter in counters:
            counter.count(when)
        heapreplace(free, when + way.down)
        end = max(end, when + way.down)
    return end - start


class _Fixed:
    """One fixed window's counters."""

    def __init__(self, requests: int, seconds: float, boundary: float, dated: Sequence[float]) -> None:
        self._requests, self._seconds, self._boundary = requests, seconds, boundary
        self._counts = Counter(map(self._index, dated))

    def _index(self, when: float) -> int:
        return math.floor((when - self._boundary) / self._seconds + 1e-12)

    def room(self, when: float) -> float:
        index = self._index(when)
        if self._counts[index] < self._requests:
            return when
        return (index + 1) * self._seconds + self._boundary

    def count(self, when: float) -> None:
        self._counts[self._index(when)] += 1


class _Sliding:
    """All sliding windows over one list of dates; a request may come to stand before some that were sent earlier."""

    def __init__(self, dated: Sequence[float]) -> None:
        self._dated = sorted(dated)

    def room(self, when: float) -> float:
        place = bisect_right(self._dated, when)
        for requests, seconds in WINDOWS:
            if place >= requests and self._dated[place - requests] + seconds > when:
                return self._dated[place - requests] + seconds
            for later in range(place, len(self._dated)):
                first = later + 1 - requests
                if first >= 0 and (self._dated[first] if first < place else when) + seconds > self._dated[later]:
                    return self._dated[later]
        return when

    def count(self, when: float) -> None:
        insort(self._dated, when)


def evenly(count: int) -> Iterator[float]:
    """So many boundaries, spread over the longest window."""
    longest = WINDOWS[1][1]
    return ((number + 0.5) * longest / count for number in range(count))
