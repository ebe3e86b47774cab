"""Callers that are cancelled at any moment leave nothing behind."""

import asyncio
import gc
import random

import pytest

from missive_async import AsyncMissive, ClientClosed, Lane, OutcomeUnknown, RateLimits, RetryPolicy
from raw_server import RawServer, until


def fast(places=5):
    return RateLimits.parse(f"{places},100000/60")


async def slow(exchange):
    await asyncio.sleep(random.uniform(0.0, 0.01))
    exchange.answer()


async def all_answered(missive):
    await until(lambda: missive.budget().places_free == missive.budget().places)


async def test_thousands_of_cancelled_calls_leave_no_place_token_task_or_connection_behind():
    noise = random.Random(1)
    async with RawServer(slow) as server:
        missive = AsyncMissive("token", base_url=server.url, limits=fast())
        before = asyncio.all_tasks()

        async def call():
            method = noise.choice(["GET", "POST"])
            view = missive.with_options(lane=noise.choice(list(Lane)))
            return await view.request(method, "/drafts", json={} if method == "POST" else None)

        for _ in range(30):
            calls = [asyncio.create_task(call()) for _ in range(100)]
            await asyncio.sleep(noise.uniform(0.0, 0.03))
            for task in noise.sample(calls, 90):
                task.cancel()
            results = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(result) for result in results} <= {dict, asyncio.CancelledError}
            assert dict in {type(result) for result in results}
        await all_answered(missive)
        budget = missive.budget()
        assert budget.windows[0].free == 100_000 - len(server.requests)
        assert sum(budget.waiting.values()) == 0
        assert server.most <= 5
        assert {task for task in asyncio.all_tasks() - before if "RawServer" not in repr(task)} == set()
        await missive.aclose()
        await until(lambda: not server.connections)
    gc.collect()


async def test_the_exchange_of_a_cancelled_caller_runs_to_its_end_and_holds_its_place():
    release = asyncio.Event()

    async def act(exchange):
        await release.wait()
        exchange.answer()

    async with RawServer(act) as server, AsyncMissive("token", base_url=server.url, limits=fast(1)) as missive:
        first = asyncio.create_task(missive.request("POST", "/drafts", json={}))
        await until(lambda: server.requests)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.create_task(missive.request("GET", "/users"))
        await asyncio.sleep(0.05)
        assert (missive.budget().places_free, len(server.requests)) == (0, 1)
        release.set()
        assert await second == {}


async def test_a_connection_survives_its_cancelled_caller():
    async with RawServer(slow) as server, AsyncMissive("token", base_url=server.url, limits=fast(1)) as missive:
        for _ in range(20):
            task = asyncio.create_task(missive.request("GET", "/users"))
            await asyncio.sleep(0.003)
            task.cancel()
            await asyncio.wait([task])
        await all_answered(missive)
        assert server.connections == 1


async def test_a_caller_cancelled_while_it_waits_for_another_attempt_is_gone_at_once():
    async with (
        RawServer(lambda exchange: exchange.answer(503)) as server,
        AsyncMissive("token", base_url=server.url, retry=RetryPolicy(first_delay=1000, longest_delay=1000)) as missive,
    ):
        task = asyncio.create_task(missive.request("GET", "/users"))
        await until(lambda: missive.budget().spent)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert missive.budget().places_free == 5


async def hangs(_):
    await asyncio.sleep(60)


async def test_closing_tells_everyone_who_waits():
    async with RawServer(hangs) as server:
        missive = AsyncMissive("token", base_url=server.url, limits=fast(2))
        reading = asyncio.create_task(missive.request("GET", "/users"))
        writing = asyncio.create_task(missive.request("POST", "/drafts", json={}))
        await until(lambda: len(server.requests) == 2)
        waiting = [asyncio.create_task(missive.request("POST", "/drafts", json={})) for _ in range(50)]
        await asyncio.sleep(0)
        await missive.aclose()
        await missive.aclose()
        results = await asyncio.gather(reading, writing, *waiting, return_exceptions=True)
        assert [type(result) for result in results] == [ClientClosed, OutcomeUnknown, *[ClientClosed] * 50]
        assert not any(task.cancelling() for task in [reading, writing, *waiting])
        assert len(server.requests) == 2
        with pytest.raises(ClientClosed):
            await missive.request("GET", "/users")


async def test_closing_wakes_a_call_that_waits_for_another_attempt():
    policy = RetryPolicy(first_delay=1000, longest_delay=1000)
    async with RawServer(lambda exchange: exchange.answer(503)) as server:
        missive = AsyncMissive("token", base_url=server.url, retry=policy)
        task = asyncio.create_task(missive.request("GET", "/users"))
        await until(lambda: missive.budget().spent)
        await asyncio.sleep(0.01)
        await missive.aclose()
        with pytest.raises(ClientClosed):
            await task


async def test_a_cancelled_caller_stays_cancelled_though_the_client_closes_too():
    async with RawServer(hangs) as server:
        missive = AsyncMissive("token", base_url=server.url, limits=fast(1))
        busy = asyncio.create_task(missive.request("GET", "/users"))
        waiting = asyncio.create_task(missive.request("GET", "/users"))
        await until(lambda: server.requests)
        waiting.cancel()
        await missive.aclose()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        with pytest.raises(ClientClosed):
            await busy
