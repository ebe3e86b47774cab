import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_servers import Exchange, best_sliding, most_in_any_window, sliding
from missive_async.limits import Lane, LocalLimiter, RateLimits, Window
from virtual import VirtualClock, now, run_virtual, settle, virtual_time

INTERACTIVE, REPORT, BULK = Lane


def a_budget(limits=None):
    return LocalLimiter(clock=VirtualClock()).budget("account", limits or RateLimits.default())


def of(places, *windows):
    return RateLimits(concurrency=places, windows=[Window(*window) for window in windows])


async def exchange(budget, latency, lane, done=None):
    permit = await budget.acquire(lane)
    await asyncio.sleep(latency)
    budget.release(permit)
    if done is not None:
        done.append((lane, permit.waited))


async def granted_now(budget, lane):
    """How many calls of a lane may go at once, right now."""
    tasks = []
    while True:
        tasks.append(asyncio.create_task(budget.acquire(lane)))
        await settle(3)
        if not tasks[-1].done():
            tasks[-1].cancel()
            await settle(3)
            break
    for task in tasks[:-1]:
        budget.release(task.result(), spent=False)
    return len(tasks) - 1


async def spend(budget, count, lane):
    for _ in range(count):
        budget.release(await budget.acquire(lane))


# Order


@given(st.permutations([*Lane] * 3))
def test_a_more_urgent_lane_goes_first_whatever_the_order_of_asking(lanes):
    async def main():
        budget = a_budget(of(1))
        done = []
        holder = await budget.acquire()
        tasks = []
        for lane in lanes:
            tasks.append(asyncio.create_task(exchange(budget, 1.0, lane, done)))
            await settle(3)
        budget.release(holder)
        await asyncio.gather(*tasks)
        return [lane for lane, _ in done]

    assert run_virtual(main()) == sorted(lanes)


@virtual_time
async def test_an_urgent_call_overtakes_a_long_line_of_bulk():
    budget = a_budget()
    await spend(budget, 1, INTERACTIVE)
    bulk = [asyncio.create_task(exchange(budget, 0.25, BULK)) for _ in range(2_000)]
    await asyncio.sleep(170)
    asked = now()
    await exchange(budget, 0.0, INTERACTIVE)
    assert now() - asked <= 0.5
    for task in bulk:
        task.cancel()
    await asyncio.wait(bulk)


# The reserve


@virtual_time
async def test_bulk_leaves_one_of_five_places():
    budget = a_budget()
    await spend(budget, 1, INTERACTIVE)
    assert await granted_now(budget, BULK) == 4
    assert await granted_now(budget, REPORT) == 5


@pytest.mark.parametrize(("window", "left"), [((300, 60.0), 4), ((900, 900.0), 12), ((75, 10.0), 1), ((30, 10.0), 0)])
def test_bulk_leaves_a_share_of_a_window(window, left):
    async def main():
        budget = a_budget(of(10_000, window))
        budget.release(await budget.acquire(), spent=False)
        assert await granted_now(budget, BULK) == window[0] - left
        return await granted_now(budget, INTERACTIVE)

    assert run_virtual(main()) == window[0]


@virtual_time
async def test_the_reserve_serves_the_others_at_once_when_bulk_has_spent_the_rest():
    budget = a_budget()
    await spend(budget, 1, INTERACTIVE)
    bulk = [asyncio.create_task(exchange(budget, 0.25, BULK)) for _ in range(1_500)]
    waits = []
    for _ in range(12):
        await asyncio.sleep(60)
        asked = now()
        await exchange(budget, 0.0, INTERACTIVE)
        waits.append(now() - asked)
    assert max(waits) <= 0.5
    for task in bulk:
        task.cancel()
    await asyncio.wait(bulk)


@virtual_time
async def test_the_reserve_fades_when_the_others_are_quiet():
    budget = a_budget()
    await spend(budget, 1, INTERACTIVE)
    await asyncio.sleep(900)
    before = await granted_now(budget, BULK)
    await asyncio.sleep(450)
    assert (before, await granted_now(budget, BULK)) == (4, 5)


@virtual_time
async def test_the_reserve_is_back_at_once_when_another_lane_is_used():
    for lane in (INTERACTIVE, REPORT):
        budget = a_budget()
        await asyncio.sleep(1.5 * 900)
        before = await granted_now(budget, BULK)
        await spend(budget, 1, lane)
        assert (before, await granted_now(budget, BULK)) == (5, 4)


@virtual_time
async def test_bulk_alone_gets_the_whole_budget_in_the_end():
    budget = a_budget(of(5, (900, 900.0)))
    await spend(budget, 1, INTERACTIVE)
    await asyncio.sleep(1.5 * 900)
    await asyncio.gather(*(exchange(budget, 0.125, BULK) for _ in range(900)))
    assert now() == 1.5 * 900 + 900 / 5 * 0.125


@virtual_time
async def test_who_comes_first_while_bulk_has_begun_finds_a_reserve():
    budget = a_budget()
    bulk = [asyncio.create_task(exchange(budget, 0.125, BULK)) for _ in range(1_000)]
    await asyncio.sleep(125)
    permit = await budget.acquire(REPORT)
    assert permit.waited == 0.0
    budget.release(permit)
    await asyncio.gather(*bulk)


@virtual_time
async def test_where_nobody_else_ever_came_the_reserve_is_soon_gone():
    budget = a_budget()
    assert await granted_now(budget, BULK) == 4
    await asyncio.sleep(900 / 3)
    assert await granted_now(budget, BULK) == 5


@virtual_time
async def test_bulk_alone_uses_the_servers_optimum():
    server = sliding(headers=False)
    budget = a_budget()
    log = []

    async def call():
        permit = await budget.acquire(BULK)
        sent = now()
        await server.answer(0.1, 0.1)
        budget.release(permit)
        log.append(Exchange(sent, now()))

    await asyncio.gather(*(call() for _ in range(5_300)))
    assert server.refused == []
    assert best_sliding(5_300, 0.2) / now() >= 0.995


@virtual_time
async def test_bulk_goes_on_by_itself_when_the_reserve_fades_while_it_waits():
    """No other call wakes the line: the timer must."""
    budget = a_budget(of(2, (2, 100.0)))
    await spend(budget, 1, INTERACTIVE)
    permit = await budget.acquire(INTERACTIVE)
    waiting = asyncio.create_task(budget.acquire(BULK))
    await asyncio.sleep(150)
    budget.release(permit, spent=False)
    await waiting
    assert now() <= 300


# Nobody starves


@virtual_time
async def test_bulk_gets_its_turn_under_a_flood_of_urgent_calls():
    budget = a_budget(of(2, (20, 10.0)))
    ends = False

    async def flood():
        while not ends:
            await exchange(budget, 0.5, INTERACTIVE)

    floods = [asyncio.create_task(flood()) for _ in range(10)]
    await asyncio.sleep(1)
    done = []
    await asyncio.gather(*(exchange(budget, 0.5, lane, done) for lane in (BULK, REPORT, BULK)))
    ends = True
    await asyncio.gather(*floods)
    assert len(done) == 3
    assert now() < 120


@given(st.lists(st.tuples(st.sampled_from(list(Lane)), st.integers(0, 30)), min_size=1, max_size=80))
def test_every_lane_is_served_in_the_end(calls):
    async def main():
        budget = a_budget(of(3, (6, 2.0)))
        log = []

        async def call(lane, at):
            await asyncio.sleep(at / 8)
            permit = await budget.acquire(lane)
            sent = now()
            await asyncio.sleep(0.25)
            budget.release(permit)
            log.append(Exchange(sent, now()))

        await asyncio.gather(*(call(*each) for each in calls))
        assert most_in_any_window(log, 2.0) <= 6
        return len(log)

    assert run_virtual(main()) == len(calls)
