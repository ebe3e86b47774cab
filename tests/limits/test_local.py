import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_servers import (
    Exchange,
    best_fixed,
    best_sliding,
    fixed,
    most_in_any_window,
    sliding,
)
from missive_async.errors import BudgetExceeded, ConfigurationError
from missive_async.limits import Feedback, Lane, LocalLimiter, RateLimits, Window
from virtual import VirtualClock, now, others, run_virtual, settle, timers, virtual_time

DEFAULT = RateLimits.default()
ONE_PLACE = RateLimits(concurrency=1, windows=())


def a_budget(limits=DEFAULT):
    return LocalLimiter(clock=VirtualClock()).budget("account", limits)


def of(places, *windows):
    return RateLimits(concurrency=places, windows=[Window(*window) for window in windows])


async def exchange(budget, latency, log=None, lane=Lane.INTERACTIVE, *, deadline=None):
    permit = await budget.acquire(lane, deadline=deadline)
    sent = now()
    try:
        await asyncio.sleep(latency)
    finally:
        budget.release(permit)
        if log is not None:
            log.append(Exchange(sent, now()))


class Gauge:
    """Counts what is in progress."""

    def __init__(self):
        self.running = self.most = 0

    def __enter__(self):
        self.running += 1
        self.most = max(self.most, self.running)

    def __exit__(self, *_):
        self.running -= 1


def at_rest(budget):
    """Everything is given back, nobody waits, no timer is set."""
    snapshot = budget.snapshot()
    tokens = [window.free for window in snapshot.windows] == [window.requests for window in snapshot.windows]
    places = snapshot.places_free == snapshot.places
    return (tokens, places, sum(snapshot.waiting.values()), budget._timer, timers()) == (True, True, 0, None, 0)


# Exactness, by property


calls = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.integers(0, 160),
            "latency": st.sampled_from([0, 0, 1, 2, 3, 7, 20, 90]),
            "lane": st.sampled_from(list(Lane)),
            "spent": st.sampled_from([True, True, True, False]),
            "cancelled": st.none() | st.integers(0, 60),
            "patience": st.none() | st.integers(0, 120),
        }
    ),
    max_size=60,
)
few_windows = st.lists(st.tuples(st.integers(1, 7), st.sampled_from([0.5, 1, 2, 3, 5, 8])), max_size=3)


async def one_call(budget, call, log, gauge):
    """One call of a made-up plan; sixteenths of seconds, so that floats are exact."""
    await asyncio.sleep(call["at"] / 16)
    deadline = None if call["patience"] is None else now() + call["patience"] / 16
    try:
        if call["cancelled"] is None:
            permit = await budget.acquire(call["lane"], deadline=deadline)
        else:
            async with asyncio.timeout(call["cancelled"] / 16):
                permit = await budget.acquire(call["lane"], deadline=deadline)
    except (TimeoutError, BudgetExceeded):
        return
    sent = now()
    with gauge:
        await asyncio.sleep(call["latency"] / 16)
    budget.release(permit, spent=call["spent"])
    if call["spent"]:
        log.append(Exchange(sent, now()))
    else:
        log.append(None)


@given(calls, st.integers(1, 5), few_windows)
def test_no_window_of_any_alignment_ever_holds_more_than_its_limit(calls, places, windows):
    async def main():
        budget = a_budget(of(places, *windows))
        log, gauge = [], Gauge()
        await asyncio.gather(*(one_call(budget, call, log, gauge) for call in calls))
        spent = [exchange for exchange in log if exchange]
        for requests, seconds in windows:
            assert most_in_any_window(spent, seconds) <= requests
        assert gauge.most <= places
        await asyncio.sleep(10)
        assert at_rest(budget)
        assert others() == []

    run_virtual(main())


@given(calls, st.integers(1, 5), few_windows)
def test_everyone_who_waits_long_enough_is_served(calls, places, windows):
    patient = [{**call, "cancelled": None, "patience": None} for call in calls]

    async def main():
        log = []
        budget = a_budget(of(places, *windows))
        await asyncio.gather(*(one_call(budget, call, log, Gauge()) for call in patient))
        return len(log)

    assert run_virtual(main()) == len(calls)


@given(st.lists(st.sampled_from(list(Lane)), max_size=40), st.integers(1, 3), st.data())
def test_within_a_lane_first_come_is_first_served(lanes, places, data):
    leavers = data.draw(st.sets(st.integers(0, max(0, len(lanes) - 1))))

    async def main():
        budget = a_budget(of(places, (3, 1.0)))
        served = {lane: [] for lane in Lane}

        async def call(index, lane):
            permit = await budget.acquire(lane)
            served[lane].append(index)
            try:
                await asyncio.sleep(0.25)
            finally:
                budget.release(permit)

        tasks = [asyncio.create_task(call(index, lane)) for index, lane in enumerate(lanes)]
        await asyncio.sleep(1.5)
        for index in leavers & set(range(len(tasks))):
            tasks[index].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return served

    assert all(order == sorted(order) for order in run_virtual(main()).values())


# Tokens and places


@virtual_time
async def test_a_token_comes_back_exactly_its_seconds_after_the_release():
    budget = a_budget(of(5, (1, 60.0)))
    await asyncio.sleep(3.5)
    await exchange(budget, 2.25)
    assert budget.snapshot().windows[0].next_free_in == 60.0
    await budget.acquire()
    assert now() == 3.5 + 2.25 + 60.0


@virtual_time
async def test_a_place_is_free_again_when_the_exchange_is_over():
    budget = a_budget(ONE_PLACE)
    task = asyncio.create_task(exchange(budget, 2.0))
    await settle()
    await budget.acquire()
    assert now() == 2.0
    await task


@virtual_time
async def test_a_request_that_never_left_gives_its_tokens_back_at_once():
    budget = a_budget(of(1, (1, 60.0), (1, 900.0)))
    for _ in range(3):
        budget.release(await budget.acquire(), spent=False)
    assert (now(), budget.snapshot().spent, at_rest(budget)) == (0.0, 0, True)


@virtual_time
async def test_a_permit_given_back_twice_counts_once():
    budget = a_budget(of(2, (2, 60.0)))
    permit = await budget.acquire()
    budget.release(permit)
    budget.release(permit)
    budget.release(permit, spent=False)
    snapshot = budget.snapshot()
    assert (snapshot.places_free, snapshot.windows[0].free, snapshot.spent) == (2, 1, 1)


@virtual_time
async def test_without_windows_only_places_count():
    budget = a_budget(of(2))
    await asyncio.gather(*(exchange(budget, 1.0) for _ in range(10)))
    assert (now(), at_rest(budget)) == (5.0, True)


@virtual_time
async def test_a_refund_lets_the_next_of_the_line_go_at_once():
    budget = a_budget(of(5, (1, 60.0)))
    permit = await budget.acquire()
    waiting = asyncio.create_task(budget.acquire())
    await asyncio.sleep(1)
    budget.release(permit, spent=False)
    await waiting
    assert now() == 1.0


@virtual_time
async def test_a_permit_says_how_long_it_was_waited_for():
    budget = a_budget(ONE_PLACE)
    first = await budget.acquire()
    task = asyncio.create_task(budget.acquire(Lane.REPORT))
    await asyncio.sleep(7)
    budget.release(first)
    second = await task
    assert (first.waited, second.waited, second.granted_at, second.lane) == (0.0, 7.0, 7.0, Lane.REPORT)


@virtual_time
async def test_nobody_overtakes_the_line():
    budget = a_budget(ONE_PLACE)
    order = []

    async def call(name):
        permit = await budget.acquire()
        order.append(name)
        budget.release(permit)

    first = await budget.acquire()
    waiting = [asyncio.create_task(call(name)) for name in "ab"]
    await settle()
    budget.release(first)
    await call("c")
    await asyncio.gather(*waiting)
    assert order == ["a", "b", "c"]


# Cancellation


@virtual_time
async def test_a_cancelled_waiter_leaves_no_trace():
    budget = a_budget(ONE_PLACE)
    permit = await budget.acquire()
    tasks = [asyncio.create_task(budget.acquire(lane, deadline=99.0)) for lane in Lane]
    await settle()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    budget.release(permit)
    assert at_rest(budget)


@virtual_time
async def test_one_cancelled_in_the_moment_of_its_turn_passes_it_on():
    budget = a_budget(of(1, (2, 60.0)))
    permit = await budget.acquire()
    first, second = (asyncio.create_task(budget.acquire()) for _ in range(2))
    await settle()
    budget.release(permit)
    first.cancel()
    await settle()
    assert (first.cancelled(), second.done(), now()) == (True, True, 0.0)
    budget.release(second.result())
    assert budget.snapshot().windows[0].free == 0


@virtual_time
async def test_a_cancelled_head_does_not_hold_up_the_others():
    budget = a_budget(of(5, (1, 10.0)))
    await exchange(budget, 0.0)
    head = asyncio.create_task(budget.acquire())
    next_ = asyncio.create_task(budget.acquire(Lane.REPORT))
    await asyncio.sleep(5)
    head.cancel()
    await next_
    assert now() == 10.0


@virtual_time
async def test_a_task_cancelled_before_it_ran_takes_nothing():
    budget = a_budget(ONE_PLACE)
    task = asyncio.create_task(budget.acquire())
    task.cancel()
    await settle()
    assert at_rest(budget)


# Crowds


@virtual_time
async def test_ten_thousand_who_waited_out_a_pause_go_in_order_and_within_the_limits():
    budget = a_budget(of(5, (300, 60.0)))
    budget.release(await budget.acquire(), feedback=Feedback(refused=True, retry_after=720.0))
    served, log, gauge = [], [], Gauge()

    async def call(index):
        permit = await budget.acquire()
        served.append(index)
        sent = now()
        with gauge:
            await asyncio.sleep(0.125)
        budget.release(permit)
        log.append(Exchange(sent, now()))

    tasks = [asyncio.create_task(call(index)) for index in range(10_000)]
    await settle()
    assert budget.snapshot().waiting[Lane.INTERACTIVE] == 10_000
    await asyncio.gather(*tasks)
    assert served == list(range(10_000))
    assert min(exchange.sent for exchange in log) == 720.0
    assert most_in_any_window(log, 60.0) == 300
    assert gauge.most == 5


@virtual_time
async def test_ten_thousand_can_leave_at_once():
    budget = a_budget(ONE_PLACE)
    permit = await budget.acquire()
    tasks = [asyncio.create_task(budget.acquire()) for _ in range(10_000)]
    await settle()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    budget.release(permit)
    assert at_rest(budget)


# Share of the server's optimum


async def job(budget, server, count, latency):
    """Send `count` requests and say how long it took."""
    started = now()
    left = iter(range(count))
    noise = random.Random(1)

    async def work():
        for _ in left:
            permit = await budget.acquire()
            took = latency * (0.5 + noise.random())
            feedback = await server.answer(took / 2, took / 2)
            if feedback.refused:
                budget.release(permit, feedback=feedback)
            else:
                budget.release(permit, feedback=feedback if feedback.limit is not None else None)

    await asyncio.gather(*(work() for _ in range(50)))
    return now() - started


@virtual_time
async def test_a_sliding_server_never_refuses_and_its_optimum_is_used():
    server = sliding(headers=False)
    took = await job(a_budget(), server, 5_400, 0.2)
    assert (server.refused, server.most_running) == ([], 5)
    assert best_sliding(5_400, 0.2) / took >= 0.995


@virtual_time
async def test_a_fixed_server_of_unknown_phase_never_refuses_and_most_of_its_optimum_is_used():
    for phase in (450.0, 888.0):
        server = fixed(phase=phase, headers=False)
        took = await job(a_budget(), server, 9_000, 0.2)
        assert (server.refused, server.most_running) == ([], 5)
        assert best_fixed(9_000, 0.2, phase=phase) / took >= 0.94


# Deadlines


@virtual_time
async def test_a_deadline_that_can_be_met_is():
    budget = a_budget(of(5, (1, 10.0)))
    await exchange(budget, 0.0)
    await budget.acquire(deadline=10.5)
    assert now() == 10.0


@virtual_time
async def test_a_deadline_that_cannot_be_met_is_refused_at_once_with_the_time_to_wait():
    budget = a_budget(of(5, (1, 10.0)))
    await exchange(budget, 0.0)
    await asyncio.sleep(4)
    with pytest.raises(BudgetExceeded) as caught:
        await budget.acquire(deadline=9.0)
    assert (now(), caught.value.retry_after) == (4.0, 6.0)
    budget.release(await budget.acquire(deadline=10.0 + 1e-6))
    assert now() == 10.0


@virtual_time
async def test_a_deadline_that_passes_while_waiting_ends_the_wait_then():
    budget = a_budget(ONE_PLACE)
    permit = await budget.acquire()
    with pytest.raises(BudgetExceeded) as caught:
        await budget.acquire(deadline=3.0)
    assert (now(), caught.value.retry_after >= 0) == (3.0, True)
    budget.release(permit)
    assert at_rest(budget)


@virtual_time
async def test_a_deadline_already_past_is_refused_when_there_is_no_room():
    budget = a_budget(ONE_PLACE)
    permit = await budget.acquire()
    await asyncio.sleep(5)
    with pytest.raises(BudgetExceeded):
        await budget.acquire(deadline=1.0)
    budget.release(permit)
    assert at_rest(budget)


waits = st.fixed_dictionaries(
    {
        "before": st.lists(st.sampled_from(list(Lane)), max_size=30),
        "warm": st.integers(0, 12),
        "lane": st.sampled_from(list(Lane)),
        "patience": st.integers(1, 40),
        "pause": st.sampled_from([None, None, 3.0]),
    }
)


@given(waits, st.integers(1, 5), st.lists(st.tuples(st.integers(1, 7), st.sampled_from([1, 2, 5])), max_size=2))
def test_refused_at_once_exactly_when_the_estimate_says_so(plan, places, windows):
    """The estimate is asked for just before, and the refusal carries it."""

    async def main():
        budget = a_budget(of(places, *windows))
        for _ in range(plan["warm"]):
            await exchange(budget, 0.5)
        if plan["pause"]:
            budget.release(await budget.acquire(), feedback=Feedback(refused=True, retry_after=plan["pause"]))
        crowd = [asyncio.create_task(exchange(budget, 0.5, lane=lane)) for lane in plan["before"]]
        await settle()
        estimate = budget.estimate(plan["lane"])
        deadline = now() + plan["patience"] / 4
        asked = now()
        call = asyncio.create_task(budget.acquire(plan["lane"], deadline=deadline))
        await asyncio.wait([call])
        refused_at_once = call.exception() is not None and now() == asked
        if call.exception() is None:
            budget.release(call.result(), spent=False)
        elif refused_at_once:
            assert call.exception().retry_after == estimate
        if estimate > plan["patience"] / 4:
            assert refused_at_once
        elif estimate + 0.5 < plan["patience"] / 4:
            assert not refused_at_once
        await asyncio.gather(*crowd)

    run_virtual(main())


@given(
    st.integers(0, 60),
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(1, 7), st.sampled_from([1, 2, 5])), max_size=2),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_the_estimate_comes_true(crowd, places, windows, latency):
    """In one lane, all exchanges alike: what was told is what happens, to the time of an exchange or two."""

    async def main():
        budget = a_budget(of(places, *windows))
        for _ in range(3):
            await exchange(budget, latency)
        tasks = [asyncio.create_task(exchange(budget, latency)) for _ in range(crowd)]
        await settle()
        estimate = budget.estimate()
        asked = now()
        await exchange(budget, latency)
        waited = now() - latency - asked
        await asyncio.gather(*tasks)
        return estimate, waited

    estimate, waited = run_virtual(main())
    assert estimate == pytest.approx(waited, abs=0.05 * waited + 2 * latency + 1e-6)


@virtual_time
async def test_after_the_wait_that_a_refusal_named_there_is_room():
    """With the published limits spent, for a crowd of any size."""
    for crowd in (0, 1, 250, 1_000):
        budget = a_budget()
        server = sliding(headers=False)
        await job(budget, server, 900, 0.2)
        tasks = [asyncio.create_task(exchange(budget, 0.2)) for _ in range(crowd)]
        await settle()
        with pytest.raises(BudgetExceeded) as caught:
            await budget.acquire(deadline=now() + 1.0)
        asked = now()
        await budget.acquire()
        assert now() - asked == pytest.approx(caught.value.retry_after, rel=0.01, abs=2.0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@virtual_time
async def test_an_estimate_behind_a_very_long_line_of_a_very_small_window_can_be_made():
    budget = a_budget(of(1, (1, 1.0)))
    permit = await budget.acquire()
    tasks = [asyncio.create_task(budget.acquire()) for _ in range(12_000)]
    await settle()
    assert budget.estimate() == pytest.approx(12_001.0, rel=0.01)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    budget.release(permit)


# The snapshot


@virtual_time
async def test_the_snapshot_says_how_things_stand():
    budget = a_budget(of(2, (3, 10.0), (9, 90.0)))
    await exchange(budget, 1.0)
    permits = [await budget.acquire() for _ in range(2)]
    tasks = [asyncio.create_task(exchange(budget, 1.0, lane=lane)) for lane in (Lane.BULK, Lane.BULK, Lane.REPORT)]
    await asyncio.sleep(2)
    snapshot = budget.snapshot()
    assert (snapshot.places, snapshot.places_free, snapshot.spent, snapshot.refused) == (2, 0, 1, 0)
    assert [(w.requests, w.seconds, w.free, w.next_free_in) for w in snapshot.windows] == [
        (3, 10.0, 0, 8.0),
        (9, 90.0, 6, 88.0),
    ]
    assert dict(snapshot.waiting) == {Lane.INTERACTIVE: 0, Lane.REPORT: 1, Lane.BULK: 2}
    assert (snapshot.waited, snapshot.paused_for) == (0.0, 0.0)
    for permit in permits:
        budget.release(permit)
    await asyncio.gather(*tasks)


@virtual_time
async def test_the_snapshot_adds_up_what_was_waited():
    budget = a_budget(ONE_PLACE)
    await asyncio.gather(*(exchange(budget, 2.0) for _ in range(4)))
    snapshot = budget.snapshot()
    assert (snapshot.waited, snapshot.spent) == (2.0 + 4.0 + 6.0, 4)


@virtual_time
async def test_the_snapshot_of_a_fresh_budget_has_everything_free():
    snapshot = a_budget().snapshot()
    assert (snapshot.places_free, [w.free for w in snapshot.windows]) == (5, [300, 900])
    assert (snapshot.next_free_in, [w.next_free_in for w in snapshot.windows]) == (0.0, [None, None])


# Many accounts, many loops


@virtual_time
async def test_an_account_has_one_budget():
    limiter = LocalLimiter()
    assert limiter.budget("a", DEFAULT) is limiter.budget("a", RateLimits.default())
    assert limiter.budget("b", DEFAULT) is not limiter.budget("a", DEFAULT)


def test_one_account_with_two_different_limits_is_a_mistake():
    limiter = LocalLimiter()
    limiter.budget("a", DEFAULT)
    with pytest.raises(ConfigurationError, match="two different limits"):
        limiter.budget("a", ONE_PLACE)


def test_waiting_in_two_loops_at_once_is_a_mistake():
    budget = LocalLimiter().budget("a", ONE_PLACE)
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    try:
        first.run_until_complete(budget.acquire())
        waiting = first.create_task(budget.acquire())
        first.run_until_complete(asyncio.sleep(0))
        with pytest.raises(ConfigurationError, match="another event loop"):
            second.run_until_complete(budget.acquire())
        waiting.cancel()
        first.run_until_complete(asyncio.wait([waiting]))
    finally:
        first.close()
        second.close()


def test_a_budget_outlives_a_loop():
    budget = LocalLimiter().budget("a", of(1, (2, 0.05)))

    async def call():
        permit = await budget.acquire()
        budget.release(permit)

    for _ in range(5):
        asyncio.run(call())
    assert budget.snapshot().spent == 5


@virtual_time
async def test_closing_the_limiter_forgets_nothing():
    limiter = LocalLimiter()
    await exchange(limiter.budget("a", DEFAULT), 0.0)
    await limiter.aclose()
    assert limiter.budget("a", DEFAULT).snapshot().windows[0].free == 299
