import asyncio
import time
from collections.abc import AsyncIterator, Callable
from heapq import heappop, heappush
from itertools import count

import httpx
import pytest

from missive_async.simulator import ServerLimits, Simulator, make_account


class Clock:
    """Time that stands still until it is told to go on; whoever sleeps is woken then."""

    def __init__(self, now: float = 1_770_000_000.0) -> None:
        self.now = now
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __call__(self) -> float:
        return self.now

    @property
    def sleeping(self) -> int:
        return sum(not future.done() for _, _, future in self._sleepers)

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self.now + seconds, next(self._order), future))
        await future

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def go(self, seconds: float) -> None:
        end = self.now + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, future = heappop(self._sleepers)
            self.now = max(self.now, at)
            if not future.done():
                future.set_result(None)
            await self.settle()
        self.now = end


def eventually(condition: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.001)


Connect = Callable[[Simulator], httpx.AsyncClient]


@pytest.fixture(name="eventually")
def _eventually() -> Callable[[Callable[[], object]], None]:
    return eventually


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def simulator(clock: Clock) -> Simulator:
    return Simulator(make_account(1), limits=ServerLimits.none(), clock=clock, sleep=clock.sleep)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    clients: list[httpx.AsyncClient] = []

    def open_client(simulator: Simulator) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {simulator.token}"}
        transport = httpx.ASGITransport(simulator)
        clients.append(httpx.AsyncClient(base_url="http://simulated/v1", headers=headers, transport=transport))
        return clients[-1]

    yield open_client
    for client in clients:
        await client.aclose()


@pytest.fixture
def missive(simulator: Simulator, connect: Connect) -> httpx.AsyncClient:
    return connect(simulator)
