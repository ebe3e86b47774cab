"""Ways to keep within the limits: ours, and what others use. Each sends one request until it is not refused."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from _model import PLACES, WINDOWS, Answer
from _virtual import VirtualClock, now
from aiolimiter import AsyncLimiter
from httpx import MockTransport, Request, Response
from pyrate_limiter import AbstractClock, InMemoryBucket, Limiter, Rate, SingleBucketFactory

from missive_async import AsyncMissive
from missive_async.errors import header_int, http_date, retry_after, seconds_to_reset
from missive_async.limits import Feedback, LocalLimiter, RateLimits

Exchange = Callable[[], Awaitable[Answer]]


class Strategy:
    """A way to keep within the limits, with the state of one client."""

    async def call(self, exchange: Exchange) -> None:
        """Send one request until it is not refused."""
        raise NotImplementedError

    async def end(self) -> None:
        """The client is done."""


class Ours(Strategy):
    """`LocalLimiter`, told of every answer what the pipeline tells it."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.budget = LocalLimiter(clock=self.clock).budget("account", RateLimits.default())

    async def call(self, exchange: Exchange) -> None:
        while True:
            permit = await self.budget.acquire()
            answer = await exchange()
            self.budget.release(permit, feedback=feedback(answer, self.clock.time()))
            if answer.status != 429:
                return


class LoneFirst(Ours):
    """Ours, but the first request goes alone, as one does after a pause."""

    def __init__(self) -> None:
        super().__init__()
        self.budget._listener.probing = True  # noqa: SLF001 - no setting, until it has been shown to pay


class WholeClient(Strategy):
    """`AsyncMissive` itself, on a transport that stands for the network."""

    def __init__(self) -> None:
        self._exchanges: dict[str, Exchange] = {}
        transport = MockTransport(self._handle)
        self._missive = AsyncMissive(
            "benchmark", transport=transport, limits=RateLimits.default(), clock=VirtualClock()
        )

    async def call(self, exchange: Exchange) -> None:
        path = f"/{id(exchange)}"
        self._exchanges[path] = exchange
        await self._missive.request("GET", path)
        del self._exchanges[path]

    async def end(self) -> None:
        await self._missive.aclose()

    async def _handle(self, request: Request) -> Response:
        answer = await self._exchanges["/" + request.url.path.rpartition("/")[2]]()
        return Response(answer.status, headers=dict(answer.headers), json={})


class Unlimited(Strategy):
    """Five at once, and no other thought than to obey Retry-After; what the rest have in common."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(PLACES)

    async def turn(self) -> None:
        """Wait for a token, as late as can be: the place is there already."""

    async def call(self, exchange: Exchange) -> None:
        async with self._places:
            while True:
                await self.turn()
                answer = await exchange()
                if answer.status != 429:
                    return
                await asyncio.sleep(int(answer.headers["retry-after"]))


class OneASecond(Unlimited):
    """What Missive's own page advises."""

    def __init__(self) -> None:
        super().__init__()
        self._next = 0.0

    async def turn(self) -> None:
        time = now()
        self._next = max(self._next + 1.0, time)
        await asyncio.sleep(self._next - time)


class TwoAiolimiters(Unlimited):
    """aiolimiter, one for each window."""

    def __init__(self) -> None:
        super().__init__()
        self._limiters = [AsyncLimiter(*window) for window in WINDOWS]

    async def turn(self) -> None:
        for limiter in self._limiters:
            await limiter.acquire()


class _LoopClock(AbstractClock):
    """The loop's time, where pyrate-limiter would take the machine's."""

    def now(self) -> int:
        return int(now() * 1000)


class _LoopBucket(InMemoryBucket):
    _clock = _LoopClock()


class PyrateLimiter(Unlimited):
    """pyrate-limiter with both rates; its thread that only frees memory is off, for it runs on real time."""

    def __init__(self) -> None:
        super().__init__()
        bucket = _LoopBucket([Rate(requests, int(seconds * 1000)) for requests, seconds in WINDOWS])
        self._limiter = Limiter(SingleBucketFactory(bucket, schedule_leak=False))

    async def turn(self) -> None:
        await self._limiter.try_acquire_async("account")


class SentLog(Unlimited):
    """An exact log of both windows, each token dated when its request is sent."""

    def __init__(self) -> None:
        super().__init__()
        self._sent = [(deque([float("-inf")] * requests, maxlen=requests), seconds) for requests, seconds in WINDOWS]
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        async with self._turn:
            free = max(sent[0] + seconds for sent, seconds in self._sent)
            await asyncio.sleep(free - now())
            for sent, _ in self._sent:
                sent.append(now())


def feedback(answer: Answer, time: float) -> Feedback | None:
    """What an answer says about the budget, as the pipeline has it."""
    headers = answer.headers
    refused = answer.status == 429
    if not refused and "x-ratelimit-limit" not in headers:
        return None
    reset = header_int(headers, "x-ratelimit-reset")
    return Feedback(
        refused=refused,
        retry_after=retry_after(headers, time) if refused else None,
        limit=header_int(headers, "x-ratelimit-limit"),
        remaining=header_int(headers, "x-ratelimit-remaining"),
        reset_in=seconds_to_reset(headers, time),
        reset=None if reset is None else float(reset),
        server_time=http_date(headers.get("date", "")),
    )


OTHERS: dict[str, type[Strategy]] = {
    "two aiolimiters": TwoAiolimiters,
    "pyrate-limiter": PyrateLimiter,
    "exact log, dated at sending": SentLog,
    "one a second": OneASecond,
    "no limiter, obeys Retry-After": Unlimited,
}
