"""A server that enforces the limits never has to, whatever becomes of callers, answers and connections."""

import asyncio
import gc
import random

import httpx
import pytest

from budget_servers import fixed, sliding
from missive_async import AsyncMissive, Lane, MissiveError, RateLimits, RetryPolicy
from virtual import VirtualClock, now, others, run_virtual, timers

WINDOWS = ((60, 20.0), (150, 100.0))
LIMITS = RateLimits.parse("5,60/20,150/100")


class Faulty(httpx.AsyncBaseTransport):
    """A server that enforces limits, behind a network that refuses, loses and delays."""

    def __init__(self, server, noise):
        self.server = server
        self.noise = noise
        self.writes = []

    async def handle_async_request(self, request):
        trace = request.extensions.get("trace", self.silent)
        await trace("connection.connect_tcp.started", {})
        await asyncio.sleep(self.noise.choice([0.0, 0.0, 0.0, 0.05, 3.0]))
        if self.noise.random() < 0.1:
            raise httpx.ConnectError("refused")
        await trace("http11.send_request_headers.started", {})
        if request.method == "POST":
            self.writes.append(request.content)
        up, down = (self.noise.choice([0.0, 0.01, 0.1, 0.5, 4.0]) for _ in range(2))
        feedback = await self.server.answer(up, down)
        if feedback.refused:
            return httpx.Response(429, headers={"retry-after": str(feedback.retry_after)})
        if self.noise.random() < 0.1:
            raise httpx.ReadError("reset")
        return httpx.Response(self.noise.choice([200, 200, 200, 200, 404, 503]), json={})

    async def silent(self, *_):
        pass


async def storm(missive, noise, calls):
    """Calls of every kind, most of which come to nothing."""

    async def call(number):
        await asyncio.sleep(noise.uniform(0, 300))
        view = missive.with_options(
            lane=noise.choice(list(Lane)),
            deadline=noise.choice([None, None, 1.0, 10.0, 60.0]),
            timeout=noise.choice([1.0, 2.0, 30.0]),
        )
        method = noise.choice(["GET", "POST"])
        patience = noise.choice([None, None, 0.0, 0.1, 1.0, 20.0])
        async with asyncio.timeout(patience):
            return await view.request(method, "/drafts", json={"number": number} if method == "POST" else None)

    return await asyncio.gather(*(call(number) for number in range(calls)), return_exceptions=True)


@pytest.mark.parametrize("kind", [sliding, fixed])
@pytest.mark.parametrize("seed", range(4))
def test_no_storm_of_cancelled_late_and_lost_calls_is_ever_refused_or_leaves_anything_behind(kind, seed):
    noise = random.Random(seed)
    server = kind(WINDOWS, headers=False)
    transport = Faulty(server, noise)

    async def main():
        patient = RetryPolicy(attempts=3, jitter=noise.random)
        missive = AsyncMissive("t", transport=transport, limits=LIMITS, retry=patient, clock=VirtualClock())
        async with missive:
            results = await storm(missive, noise, 600)
            kinds = {type(result) for result in results}
            assert {kind for kind in kinds if not issubclass(kind, MissiveError)} <= {dict, TimeoutError}
            await asyncio.sleep(300)
            budget = missive.budget()
            assert (budget.places_free, [window.free for window in budget.windows]) == (5, [60, 150])
            assert (sum(budget.waiting.values()), budget.refused) == (0, 0)
            assert (others(), timers()) == ([], 0)
        assert (server.refused, server.most_running <= 5) == ([], True)
        assert len(transport.writes) == len(set(transport.writes))
        return now()

    run_virtual(main())
    gc.collect()


def test_what_is_left_of_the_optimum_is_used_though_half_of_the_callers_leave():
    """Calls that are cancelled while they wait cost nothing: those that stay are served as if they were alone."""
    noise = random.Random(7)
    server = sliding(WINDOWS, headers=False)

    async def answer(_):
        await server.answer(0.05, 0.05)
        return httpx.Response(200, json={})

    async def main():
        transport = httpx.MockTransport(answer)
        async with AsyncMissive("t", transport=transport, limits=LIMITS, clock=VirtualClock()) as missive:
            calls = [asyncio.create_task(missive.request("GET", "/teams")) for _ in range(1_200)]
            await asyncio.sleep(0)
            for call in noise.sample(calls[5:], 600):
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            return now()

    took = run_virtual(main())
    assert server.refused == []
    assert took <= 3 * 100.1 + 45
