"""Lists as Missive may page them, written apart from the package; and a client that reads them."""

import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import attrs
import httpx

from missive_async import AsyncMissive, RateLimits
from missive_async.pagination import Pager, offset_pager, until_pager

BASE_URL = "https://missive.example.com/v1"
ENDLESS = 500


@attrs.frozen(kw_only=True)
class Row:
    """A record of the made-up lists."""

    id: str
    at: datetime | None = None
    also_at: datetime | None = None


@attrs.define
class OffsetList:
    """By `limit` and `offset`; `rows` may change between pages."""

    rows: list[dict[str, Any]]
    heed_offset: bool = True
    asked: list[dict[str, int]] = attrs.field(factory=list)
    between: Callable[["OffsetList"], None] | None = None

    def page(self, params: dict[str, int]) -> list[dict[str, Any]]:
        """One answer."""
        if self.asked and self.between:
            self.between(self)
        self.asked.append(params)
        start = params.get("offset", 0) if self.heed_offset else 0
        return self.rows[start : start + params["limit"]]


@attrs.define
class UntilList:
    """By `limit` and `until`, newest first.

    `moments` are (id, time) pairs whose times may have fractions that are not shown. `extending` pages go on to the end
    of a run of times that are shown alike.
    """

    moments: list[tuple[str, float | None]]
    inclusive: bool = True
    extending: bool = False
    heed_until: bool = True
    asked: list[dict[str, int]] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.moments.sort(key=lambda moment: -math.inf if moment[1] is None else -moment[1])

    def page(self, params: dict[str, int]) -> list[dict[str, Any]]:
        """One answer."""
        self.asked.append(params)
        return [{"id": id, "at": _shown(time)} for id, time in self.select(params["limit"], params.get("until"))]

    def select(self, limit: int, until: int | None) -> list[tuple[str, float | None]]:
        """The records of one answer."""
        if until is None or not self.heed_until:
            found = self.moments
        else:
            found = [
                moment
                for moment in self.moments
                if moment[1] is not None and (moment[1] <= until if self.inclusive else moment[1] < until)
            ]
        end = limit
        while self.extending and 0 < end < len(found) and _shown(found[end][1]) == _shown(found[limit - 1][1]):
            end += 1
        return found[:end]

    def reachable(self, limit: int) -> list[str]:
        """The ids that some request or other gives, in the order of the list."""
        times = [math.floor(time) for _, time in self.moments if time is not None]
        asks = [None, *range(min(times, default=0) - 1, max(times, default=0) + 3)]
        found = {id for until in asks for id, _ in self.select(limit, until)}
        return [id for id, _ in self.moments if id in found]

    @property
    def untils(self) -> list[int | None]:
        """What was asked for."""
        return [params.get("until") for params in self.asked]


def _shown(time: float | None) -> int | None:
    return None if time is None else math.floor(time)


def reader(server: Any) -> AsyncMissive:
    """A client of one list at /rows, without limits to speak of."""

    def answer(request: httpx.Request) -> httpx.Response:
        if len(server.asked) > ENDLESS:
            raise AssertionError("the list goes on without end")
        params = {name: int(value) for name, value in request.url.params.items()}
        content = json.dumps({"rows": server.page(params)}, separators=(",", ":"))
        return httpx.Response(200, content=content.encode(), headers={"content-type": "application/json"})

    transport = httpx.MockTransport(answer)
    limits = RateLimits(concurrency=5, windows=())
    return AsyncMissive("made-up", base_url=BASE_URL, transport=transport, limits=limits)


def by_offset(client: AsyncMissive, **options: Any) -> Pager[Row]:
    """The list by offset."""
    return offset_pager(client._pipeline, "/rows", "rows", Row, **options)


def by_until(client: AsyncMissive, limit: int, times: Sequence[str] = ("at",), **options: Any) -> Pager[Row]:
    """The list by until."""
    return until_pager(client._pipeline, "/rows", "rows", Row, limit=limit, times=tuple(times), **options)
