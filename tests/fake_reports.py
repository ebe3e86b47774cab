"""A Missive that makes analytics reports by the documented timing, in the time of the running loop."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import httpx

from budget_servers import Server
from missive_async import AsyncMissive, Lane, RateLimits, Window
from virtual import VirtualClock, now

BASE_URL = "https://missive.example.com/v1"
ORGANIZATION = "0d9bab85-a74f-4ece-9142-0f9b9f36ff92"
ASK = {"organization": ORGANIZATION, "start": 1_691_812_800, "end": 1_692_371_867}
ROOMY = RateLimits(concurrency=5, windows=(Window(1_000_000, 60),))
RESULT = {"reports": {"selected_period": {"global": {"totals": {"metrics": {"reply_count": {"v": 7}}}}}}}
NEVER = float("inf")


@attrs.define
class Made:
    """A report that was asked for: there from `ready` until 60 seconds later."""

    ready: float
    polls: list[float] = attrs.field(factory=list)


class FakeReports:
    """Answers `POST /analytics/reports` and the polls, each after `latency` seconds; anything else with an empty list.

    `delay` is how long reports take, one number for all or one each. Whatever stands in `instead` answers the next
    polls: a response, an exception, or a number, which is an empty answer of that status; `None` stands for the truth.
    """

    def __init__(
        self,
        delay: float | Iterable[float] = 2.5,
        *,
        latency: float = 0.0,
        server: Server | None = None,
        instead: Iterable[Any] = (),
        created: Callable[[str], httpx.Response] | None = None,
    ) -> None:
        self._delays = iter(delay) if isinstance(delay, Iterable) else None
        self._delay = delay
        self.latency = latency
        self.server = server
        self.instead = list(instead)
        self.created = created
        self.reports: dict[str, Made] = {}
        self.asked: list[Any] = []
        self.unknown: list[float] = []
        self.statuses: Counter[int] = Counter()

    def client(self, **options: Any) -> AsyncMissive:
        """A client that talks to it, in virtual time."""
        options = {"limits": ROOMY, "clock": VirtualClock()} | options
        return AsyncMissive("made-up-token", base_url=BASE_URL, transport=httpx.MockTransport(self._answer), **options)

    def polls(self, id: str = "r1") -> list[float]:
        """When a report was asked for."""
        return self.reports[id].polls if id in self.reports else self.unknown

    def open_at_most(self) -> int:
        """The most reports that were on their way at once, from the POST to the last poll."""
        steps = [(made.polls[0] - 5.0, 1) for made in self.reports.values() if made.polls]
        steps += [(made.polls[-1], -1) for made in self.reports.values() if made.polls]
        most = running = 0
        for _, step in sorted(steps):
            running += step
            most = max(most, running)
        return most

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.server is not None:
            feedback = await self.server.answer(self.latency / 2, self.latency / 2)
            if feedback.refused:
                self.statuses[429] += 1
                return httpx.Response(429, headers={"retry-after": str(int(feedback.retry_after or 1))})
        elif self.latency:
            await asyncio.sleep(self.latency)
        response = self._carry_out(request)
        self.statuses[response.status_code] += 1
        return response

    def _carry_out(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/v1")
        if path == "/analytics/reports":
            return self._create(json.loads(request.content))
        if path.startswith("/analytics/reports/"):
            return self._poll(path.rpartition("/")[2])
        return httpx.Response(200, json={path.strip("/"): []})

    def _create(self, ask: Any) -> httpx.Response:
        self.asked.append(ask)
        id = f"r{len(self.reports) + 1}"
        delay = self._delay if self._delays is None else next(self._delays)
        self.reports[id] = Made(now() + delay)
        return self.created(id) if self.created else httpx.Response(201, json={"reports": {"id": id}})

    def _poll(self, id: str) -> httpx.Response:
        self.polls(id).append(now())
        special = self.instead.pop(0) if self.instead else None
        if isinstance(special, Exception):
            raise special
        if special is not None:
            return special if isinstance(special, httpx.Response) else httpx.Response(special)
        made = self.reports.get(id)
        there = made is not None and made.ready <= now() < made.ready + 60.0
        return httpx.Response(200, json=RESULT) if there else httpx.Response(404)


async def busy(missive: AsyncMissive, count: int, lane: Lane = Lane.BULK) -> None:
    """Spend `count` requests as fast as the budget lets them go."""
    view = missive.with_options(lane=lane)
    await asyncio.gather(*[view.request("GET", "/organizations") for _ in range(count)])
