import asyncio
import math
import random

import pytest

from budget_servers import MISSIVE, best_fixed, best_sliding, fixed, sliding
from missive_async.limits import Feedback, LocalLimiter, RateLimits, Window
from virtual import VirtualClock, now, run_virtual


def a_budget(windows=MISSIVE):
    limits = RateLimits(windows=[Window(*window) for window in windows])
    return LocalLimiter(clock=VirtualClock()).budget("account", limits)


def aligned(budget):
    """Which windows are taken for fixed ones."""
    return [bucket.boundary is not None for bucket in budget._buckets]


async def call(budget, server, latency, *, lost=False, dated=0.5):
    """One request, repeated while it is refused, dated at a part of its latency; a lost one never gets there."""
    while True:
        permit = await budget.acquire()
        if lost:
            await asyncio.sleep(latency)
            budget.release(permit)
            return
        feedback = await server.answer(latency * dated, latency * (1 - dated))
        budget.release(permit, feedback=feedback if feedback.limit is not None else None)
        if not feedback.refused:
            return


async def steadily(budget, server, count, latency=0.2, seed=1):
    """As many requests as the budget lets through."""
    noise = random.Random(seed)
    left = iter(range(count))

    async def work():
        for _ in left:
            await call(budget, server, latency * (0.5 + noise.random()))

    await asyncio.gather(*(work() for _ in range(20)))


# Fixed windows, found out


@pytest.mark.parametrize(("phase", "skew"), [(0.0, 0.0), (17.0, 5.37), (450.0, -3_600.9), (333.25, 0.0), (450.0, 5.37)])
def test_once_the_phase_is_known_nearly_all_of_the_fixed_optimum_is_used_and_nothing_refused(phase, skew):
    """Measured from the third window on, against a client that knows everything."""

    async def main():
        server = fixed(phase=phase, skew=skew, by_share=True)
        budget = a_budget()
        await steadily(budget, server, 2_700)
        assert aligned(budget)[1]
        end = server.windows[1].reset(server.time()) - server.time()
        await asyncio.sleep(end)
        started = now()
        await steadily(budget, server, 4_500, seed=2)
        assert server.refused == []
        return best_fixed(4_500, 0.2, phase=0.0) / (now() - started)

    assert run_virtual(main(), start=0.0) >= 0.99


def test_one_small_window_alone_reaches_the_same():
    async def main():
        server = fixed([(60, 10.0)], phase=3.0)
        budget = a_budget([(60, 10.0)])
        await steadily(budget, server, 300)
        assert aligned(budget) == [True]
        started = now()
        await steadily(budget, server, 6_000, seed=2)
        assert server.refused == []
        return (6_000 / 60 * 10.0) / (now() - started)

    assert run_virtual(main()) >= 0.99


def test_a_window_that_ends_between_two_seconds_is_never_overrun():
    """The reset is told in whole seconds, cut or rounded either way."""

    async def main(phase, rounding):
        server = fixed([(60, 20.0)], phase=phase, rounding=rounding)
        budget = a_budget([(60, 20.0)])
        await steadily(budget, server, 1_500)
        return server.refused

    for phase in (1.3, 7.5, 19.0, 19.99):
        for rounding in (math.floor, round, math.ceil):
            assert run_virtual(main(phase, rounding)) == []


def test_an_end_that_is_told_too_early_is_believed_once():
    """Cut to the second, an end just after a multiple of the window's length looks like that multiple."""

    async def main():
        server = fixed([(60, 20.0)], phase=0.3, rounding=math.floor)
        budget = a_budget([(60, 20.0)])
        await steadily(budget, server, 1_500)
        return len(server.refused), aligned(budget)

    refused, still = run_virtual(main())
    assert (refused <= 5, still) == (True, [False])


# Sliding windows, not mistaken for fixed ones


async def bursts(budget, server, every, *, sizes=(10,), slow=(), lost=(), rounds=12, dated=0.5):
    """Bursts of requests at regular times, such as a timer makes; some slow, some lost on the way."""
    for index in range(rounds):
        started = now()
        latency = 5.0 if index in slow else 0.1
        calls = [
            call(budget, server, latency, lost=index in lost, dated=dated) for _ in range(sizes[index % len(sizes)])
        ]
        await asyncio.gather(*calls)
        await asyncio.sleep(max(0.0, started + every - now()))


PLANS = {
    "even": {},
    "growing": {"sizes": [3, 6, 9, 12]},
    "shrinking": {"sizes": [25, 18, 9, 2]},
    "full": {"sizes": [30]},
    "slow first": {"slow": {0}, "sizes": [10, 3]},
    "slow now and then": {"slow": {0, 2, 4, 6, 8, 10}},
    "all slow": {"slow": set(range(12))},
    "lost first": {"lost": {1, 2}},
    "lost now and then": {"lost": {1, 3, 5, 7, 9}},
    "slow and lost": {"slow": {0, 3, 6}, "lost": {1, 4, 7}},
}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("every", [60.0, 30.0, 20.0, 120.0, 59.0])
def test_a_sliding_server_is_not_mistaken_for_a_fixed_one_by_regular_bursts(plan, every):
    async def main(dated):
        server = sliding([(30, 60.0)])
        budget = a_budget([(30, 60.0)])
        await bursts(budget, server, every, dated=dated, **PLANS[plan])
        return aligned(budget), server.refused

    assert [run_virtual(main(dated)) for dated in (0.0, 0.5, 1.0)] == [([False], [])] * 3


@pytest.mark.parametrize("reset", ["oldest", "newest"])
def test_nor_by_the_bursts_of_another_user(reset):
    """Somebody else's requests are in the server's count; when they leave it, nothing of ours was forgotten."""

    async def main():
        server = sliding([(100, 60.0)])
        if reset == "newest":
            window = server.windows[0]
            window.reset = lambda time: (window.dated[-1] if window.dated else time) + 60.0
        budget = a_budget([(100, 60.0)])

        async def other():
            while True:
                for _ in range(30):
                    await server.answer(0.0, 0.0)
                await asyncio.sleep(40.0)
                for _ in range(10):
                    await server.answer(0.0, 0.0)
                await asyncio.sleep(20.0)

        rival = asyncio.create_task(other())
        await bursts(budget, server, 60.0, sizes=[4, 9, 2, 7], rounds=20)
        rival.cancel()
        return aligned(budget)

    assert run_virtual(main()) == [False]


def test_a_sliding_server_at_full_load_is_never_taken_for_fixed_and_its_optimum_is_used():
    async def main():
        server = sliding()
        budget = a_budget()
        await steadily(budget, server, 5_400)
        assert (server.refused, aligned(budget)) == ([], [False, False])
        return best_sliding(5_400, 0.2) / now()

    assert run_virtual(main()) >= 0.995


# Headers that prove nothing


@pytest.mark.parametrize(
    "told",
    [
        lambda time: {},
        lambda time: {"reset": 0.0, "server_time": float(int(time))},
        lambda time: {"reset": float(int(time // 60 + 1) * 60)},
        lambda time: {"server_time": float(int(time))},
        lambda time: {"reset": float(int(time)), "server_time": float(int(time))},
        lambda time: {"reset": time, "server_time": float(int(time))},
    ],
)
def test_without_regular_resets_and_a_date_nothing_is_concluded(told):
    async def main():
        budget = a_budget([(30, 60.0)])
        clock = VirtualClock()
        for _ in range(200):
            permit = await budget.acquire()
            await asyncio.sleep(0.5)
            budget.release(permit, feedback=Feedback(limit=30, remaining=29, **told(clock.time())))
        return aligned(budget)

    assert run_virtual(main()) == [False]


def test_a_refusal_by_an_aligned_window_ends_the_alignment_for_good():
    async def main():
        server = fixed([(60, 10.0)])
        budget = a_budget([(60, 10.0)])
        await steadily(budget, server, 300)
        before = aligned(budget)
        permit = await budget.acquire()
        budget.release(permit, feedback=Feedback(refused=True, retry_after=5.0, limit=60, remaining=0))
        await steadily(budget, server, 600)
        return before, aligned(budget), server.refused

    assert run_virtual(main()) == ([True], [False], [])
