"""Reports and those who wait for them, cancelled at any moment: nothing stays behind."""

import asyncio
import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_servers import sliding
from fake_reports import ASK, FakeReports
from missive_async import ClientClosed, Lane, RateLimits
from virtual import others, run_virtual, settle, timers

MISSIVE = RateLimits.default()


async def waits(report):
    return await report


def clean(missive):
    """Nothing is left of what was cancelled: no task, no timer, no place."""
    budget = missive.budget()
    return others() == [] and timers() == 0 and budget.places_free == budget.places and budget.waiting[Lane.REPORT] == 0


@given(seed=st.integers(0, 10_000), latency=st.sampled_from([0.0, 0.3, 7.0]))
def test_reports_cancelled_at_random_moments_leave_nothing_behind(seed, latency):
    async def main():
        rng = random.Random(seed)
        missive_ = FakeReports(iter(lambda: rng.uniform(2, 100), None), latency=latency, server=sliding())
        async with missive_.client(limits=MISSIVE) as missive:

            async def one():
                report = await missive.analytics.create_report(**ASK, timeout=rng.uniform(1, 100))
                try:
                    await asyncio.sleep(rng.uniform(0, 40))
                finally:
                    report.cancel()

            tasks = [asyncio.create_task(one()) for _ in range(40)]
            await asyncio.sleep(rng.uniform(0, 30))
            for task in rng.sample(tasks, 20):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(latency + 0.1)
            assert clean(missive)
        assert missive_.server.refused == []

    run_virtual(main())


@given(seed=st.integers(0, 10_000))
def test_waiters_cancelled_at_random_moments_take_nothing_from_the_others(seed):
    async def main():
        rng = random.Random(seed)
        async with FakeReports(delay=rng.uniform(2, 40), latency=0.3).client() as missive:
            report = await missive.analytics.create_report(**ASK)
            waiters = [asyncio.create_task(waits(report)) for _ in range(10)]
            for waiter in waiters[1:]:
                asyncio.get_running_loop().call_later(rng.uniform(0, 50), waiter.cancel)
            assert (await waiters[0]).metric("reply_count") == 7
            done, _ = await asyncio.wait(waiters)
            assert {id(waiter.result()) for waiter in done if not waiter.cancelled()} == {id(report.result())}

    run_virtual(main())


@given(seed=st.integers(0, 10_000), latency=st.sampled_from([0.0, 0.3, 7.0]))
def test_runs_closed_at_random_moments_leave_nothing_behind(seed, latency):
    async def main():
        rng = random.Random(seed)
        missive_ = FakeReports(iter(lambda: rng.uniform(2, 60), None), latency=latency, server=sliding())
        async with missive_.client(limits=MISSIVE) as missive:

            async def read():
                async for _ in missive.analytics.run_reports([ASK] * 300):
                    pass

            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(read(), rng.uniform(0, 60))
            await settle()
            await asyncio.sleep(latency + 0.1)
            assert clean(missive)
        assert missive_.server.refused == []

    run_virtual(main())


@given(moment=st.floats(0, 30), latency=st.sampled_from([0.0, 0.3, 7.0]))
def test_a_client_closed_at_any_moment_ends_every_report(moment, latency):
    async def main():
        missive_ = FakeReports(delay=12, latency=latency)
        async with missive_.client() as missive:
            reports = [missive.analytics.watch_report(f"w{number}") for number in range(20)]
            creating = asyncio.create_task(missive.analytics.create_report(**ASK))
            await asyncio.sleep(moment)
        assert all(isinstance(report.exception(), ClientClosed) for report in reports)
        await asyncio.gather(creating, return_exceptions=True)
        assert (others(), timers()) == ([], 0)

    run_virtual(main())


@pytest.mark.parametrize("when", ["before the first poll", "before the poll has begun", "during the poll"])
def test_a_report_cancelled_around_its_poll_frees_its_turn(when):
    async def main():
        missive_ = FakeReports(delay=0, latency=1.0)
        limits = RateLimits(concurrency=1, windows=())
        async with missive_.client(limits=limits) as missive:
            first = await missive.analytics.create_report(**ASK)
            if when == "before the poll has begun":
                first.cancel()
                first = missive.analytics.watch_report("r1")
            elif when == "during the poll":
                await asyncio.sleep(5.5)
            first.cancel()
            again = missive.analytics.watch_report("r1")
            assert (await again).metric("reply_count") == 7
            assert clean(missive)

    run_virtual(main())
