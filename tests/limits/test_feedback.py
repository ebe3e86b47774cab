import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budget_servers import Exchange, fixed, most_in_any_window, sliding
from missive_async.limits import Feedback, Lane, LocalLimiter, RateLimits, Window
from virtual import VirtualClock, now, run_virtual, settle, timers, virtual_time


def a_budget(limits=None):
    return LocalLimiter(clock=VirtualClock()).budget("account", limits or RateLimits.default())


def of(places, *windows):
    return RateLimits(concurrency=places, windows=[Window(*window) for window in windows])


async def answered(budget, feedback=None, *, latency=0.0, lane=Lane.INTERACTIVE, spent=True):
    permit = await budget.acquire(lane)
    await asyncio.sleep(latency)
    budget.release(permit, spent=spent, feedback=feedback)


def refused(**told):
    return Feedback(refused=True, **told)


# Pauses


@pytest.mark.parametrize("seconds", [1.0, 60.0, 720.0, 900.0, 3_600.0])
def test_a_refusal_pauses_everything_for_as_long_as_the_server_asks(seconds):
    async def main():
        budget = a_budget()
        await answered(budget, refused(retry_after=seconds))
        assert budget.snapshot().paused_for == seconds
        granted = []

        async def call(lane):
            budget.release(await budget.acquire(lane))
            granted.append(now())

        await asyncio.gather(*(call(lane) for lane in Lane))
        return granted

    assert run_virtual(main()) == [seconds] * 3


@virtual_time
async def test_a_refusal_holds_up_those_who_wait_already():
    budget = a_budget(of(1))
    holder = await budget.acquire()
    waiting = asyncio.create_task(budget.acquire())
    await asyncio.sleep(2)
    budget.release(holder, feedback=refused(retry_after=100.0))
    await waiting
    assert now() == 102.0


@virtual_time
async def test_the_longest_of_several_refusals_counts():
    budget = a_budget()
    permits = [await budget.acquire() for _ in range(3)]
    for permit, seconds in zip(permits, (30.0, 100.0, 20.0), strict=True):
        budget.release(permit, feedback=refused(retry_after=seconds))
    await budget.acquire()
    assert now() == 100.0


@virtual_time
async def test_without_retry_after_the_reset_counts():
    budget = a_budget()
    await answered(budget, refused(limit=300, remaining=0, reset_in=40.0))
    await budget.acquire()
    assert now() == 40.0


@virtual_time
async def test_a_reset_that_lies_beyond_the_longest_window_is_not_believed():
    budget = a_budget()
    await answered(budget, refused(reset_in=10_000_000.0))
    await budget.acquire()
    assert now() == 900.0


@virtual_time
async def test_not_even_retry_after_means_more_than_a_day():
    budget = a_budget()
    await answered(budget, refused(retry_after=1e9))
    await budget.acquire()
    assert now() == 86_400.0


@virtual_time
async def test_without_any_advice_each_refusal_in_a_row_doubles_the_pause():
    budget = a_budget()
    pauses = []
    for _ in range(9):
        await answered(budget, refused())
        pauses.append(budget.snapshot().paused_for)
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


@virtual_time
async def test_refusals_of_requests_that_went_together_are_one_in_the_row():
    budget = a_budget()
    permits = [await budget.acquire() for _ in range(5)]
    for permit in permits:
        budget.release(permit, feedback=refused())
    assert budget.snapshot().paused_for == 1.0


@virtual_time
async def test_an_answer_ends_the_row():
    budget = a_budget()
    for _ in range(4):
        await answered(budget, refused())
    await answered(budget)
    await answered(budget, refused())
    assert budget.snapshot().paused_for == 1.0


@virtual_time
async def test_advice_to_come_back_at_once_is_taken_only_once():
    budget = a_budget()
    times = []
    for _ in range(4):
        await answered(budget, refused(retry_after=0.0))
        times.append(now())
    await budget.acquire()
    assert [*times, now()] == [0.0, 0.0, 2.0, 6.0, 14.0]


@virtual_time
async def test_refusals_are_counted():
    budget = a_budget()
    for _ in range(3):
        await answered(budget, refused(retry_after=1.0))
    assert budget.snapshot().refused == 3


@virtual_time
async def test_a_deadline_within_a_pause_is_refused_with_what_is_left_of_it():
    from missive_async.errors import BudgetExceeded

    budget = a_budget()
    await answered(budget, refused(retry_after=720.0))
    await asyncio.sleep(20)
    with pytest.raises(BudgetExceeded) as caught:
        await budget.acquire(deadline=now() + 30)
    assert (now(), caught.value.retry_after) == (20.0, 700.0)


# The probe


async def crowd(budget, count, latency, first, later=None):
    """Calls that all wait; the first to be granted is answered with `first`. Gives the times of the grants."""
    grants = []

    async def call():
        permit = await budget.acquire()
        grants.append(now())
        feedback = first if len(grants) == 1 else later
        await asyncio.sleep(latency)
        budget.release(permit, feedback=feedback)

    tasks = [asyncio.create_task(call()) for _ in range(count)]
    await asyncio.gather(*tasks)
    return grants


@virtual_time
async def test_after_a_pause_one_goes_alone_and_then_all():
    budget = a_budget()
    await answered(budget, refused(retry_after=60.0))
    assert await crowd(budget, 6, 2.0, first=None) == [60.0, 62.0, 62.0, 62.0, 62.0, 62.0]


@virtual_time
async def test_a_probe_that_is_refused_is_one_refusal_and_another_pause():
    budget = a_budget()
    await answered(budget, refused(retry_after=60.0))
    assert await crowd(budget, 3, 1.0, first=refused(retry_after=30.0)) == [60.0, 91.0, 92.0]


@virtual_time
async def test_a_probe_that_never_left_proves_nothing():
    budget = a_budget()
    await answered(budget, refused(retry_after=60.0))
    await answered(budget, spent=False)
    assert await crowd(budget, 3, 2.0, first=None) == [60.0, 62.0, 62.0]


@virtual_time
async def test_a_probe_whose_caller_is_cancelled_proves_nothing():
    budget = a_budget()
    await answered(budget, refused(retry_after=60.0))
    first = asyncio.create_task(budget.acquire())
    rest = asyncio.create_task(crowd(budget, 3, 2.0, first=None))
    await asyncio.sleep(30)
    asyncio.get_running_loop().call_at(60.0, first.cancel)
    assert await rest == [60.0, 62.0, 62.0]


@virtual_time
async def test_answers_to_requests_sent_before_the_pause_end_no_probing():
    budget = a_budget()
    early = await budget.acquire()
    await answered(budget, refused(retry_after=10.0))
    grants = asyncio.create_task(crowd(budget, 3, 2.0, first=None))
    await asyncio.sleep(5)
    budget.release(early)
    assert await grants == [10.0, 12.0, 12.0]


@virtual_time
async def test_the_probe_waits_until_what_was_in_flight_has_ended():
    budget = a_budget()
    early = await budget.acquire()
    await answered(budget, refused(retry_after=10.0))
    grants = asyncio.create_task(crowd(budget, 2, 2.0, first=None))
    await asyncio.sleep(15)
    budget.release(early)
    assert await grants == [15.0, 17.0]


@virtual_time
async def test_a_pause_leaves_no_timer_when_nobody_waits():
    budget = a_budget()
    await answered(budget, refused(retry_after=10.0))
    task = asyncio.create_task(budget.acquire())
    await settle()
    task.cancel()
    await settle()
    assert timers() == 0


# Headers


def told(requests=300, remaining=None, reset_in=None):
    return Feedback(limit=requests, remaining=remaining, reset_in=reset_in)


async def warm(budget):
    """The first answer with headers, which is not compared: what was in flight before it is not known."""
    await answered(budget, told(remaining=299))


@virtual_time
async def test_tokens_that_somebody_else_spent_are_gone_until_the_reset():
    budget = a_budget(of(5, (300, 60.0)))
    await warm(budget)
    await answered(budget, told(remaining=100, reset_in=45.0))
    assert budget.snapshot().windows[0].free == 100
    await asyncio.sleep(45)
    assert budget.snapshot().windows[0].free == 298


@virtual_time
async def test_tokens_that_somebody_else_spent_are_gone_for_a_window_when_no_reset_is_told():
    budget = a_budget(of(5, (300, 60.0)))
    await warm(budget)
    await answered(budget, told(remaining=0))
    await budget.acquire()
    assert now() == 60.0


@virtual_time
async def test_a_remainder_below_zero_is_none():
    budget = a_budget(of(5, (300, 60.0)))
    await warm(budget)
    await answered(budget, told(remaining=-7, reset_in=30.0))
    assert budget.snapshot().windows[0].free == 0


@virtual_time
async def test_a_remainder_above_our_own_count_changes_nothing():
    budget = a_budget(of(5, (300, 60.0)))
    await warm(budget)
    for _ in range(10):
        await answered(budget, told(remaining=300))
    assert budget.snapshot().windows[0].free == 289


@virtual_time
async def test_our_own_requests_in_flight_are_not_taken_for_somebody_elses():
    budget = a_budget(of(5, (300, 60.0)))
    await warm(budget)
    permits = [await budget.acquire() for _ in range(5)]
    await asyncio.sleep(1)
    budget.release(permits[0], feedback=told(remaining=300 - 6))
    assert budget.snapshot().windows[0].free == 300 - 6


@virtual_time
async def test_tokens_that_came_back_while_the_answer_was_on_its_way_are_not_taken_for_somebody_elses():
    budget = a_budget(of(5, (10, 10.0)))
    await answered(budget, told(10, remaining=9))
    for _ in range(8):
        await answered(budget, told(10))
    slow = await budget.acquire()
    await asyncio.sleep(12)
    assert budget.snapshot().windows[0].free == 9
    budget.release(slow, feedback=told(10, remaining=0))
    assert budget.snapshot().windows[0].free == 9


@virtual_time
async def test_the_same_answer_heard_again_takes_nothing_more():
    budget = a_budget(of(5, (300, 60.0)))
    await warm(budget)
    for count in range(5):
        await answered(budget, told(remaining=200 - count, reset_in=45.0))
        assert budget.snapshot().windows[0].free == 200 - count


@pytest.mark.parametrize(
    "feedback",
    [
        Feedback(),
        Feedback(limit=300),
        Feedback(remaining=0),
        Feedback(reset_in=1.0),
        Feedback(limit=77, remaining=0, reset_in=50.0),
        Feedback(limit=300, remaining=301),
        Feedback(limit=-300, remaining=0),
        Feedback(limit=0, remaining=0, reset_in=1.0),
    ],
)
def test_headers_that_say_nothing_we_know_change_nothing(feedback):
    async def main():
        budget = a_budget(of(5, (300, 60.0)))
        await warm(budget)
        await answered(budget, feedback)
        return budget.snapshot().windows[0].free

    assert run_virtual(main()) == 298


garbage = st.none() | st.builds(
    Feedback,
    refused=st.sampled_from([False, False, False, True]),
    retry_after=st.none() | st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    limit=st.none() | st.sampled_from([-1, 0, 3, 5, 10**12]),
    remaining=st.none() | st.integers(-3, 7) | st.just(-(10**12)),
    reset_in=st.none() | st.sampled_from([0.0, 0.25, 2.0, 1e9]),
    reset=st.none() | st.floats(0, 1e11),
)


@given(
    st.lists(st.tuples(st.integers(0, 80), st.integers(0, 12), garbage, st.sampled_from(list(Lane))), max_size=50),
    st.integers(1, 4),
)
def test_whatever_headers_say_no_window_ever_holds_more(calls, places):
    async def main():
        budget = a_budget(of(places, (3, 1.0), (5, 4.0)))
        log = []

        async def call(at, latency, feedback, lane):
            await asyncio.sleep(at / 16)
            permit = await budget.acquire(lane)
            sent = now()
            await asyncio.sleep(latency / 16)
            budget.release(permit, feedback=feedback)
            if feedback is None or not feedback.refused:
                log.append(Exchange(sent, now()))

        await asyncio.gather(*(call(*each) for each in calls))
        assert most_in_any_window(log, 1.0) <= 3
        assert most_in_any_window(log, 4.0) <= 5
        await asyncio.sleep(100)
        snapshot = budget.snapshot()
        assert (snapshot.places_free, [window.free for window in snapshot.windows]) == (places, [3, 5])
        assert timers() == 0

    run_virtual(main())


# Another user of the same token


@pytest.mark.parametrize("kind", [sliding, fixed])
@pytest.mark.parametrize("headers", [True, False])
def test_beside_another_user_refusals_are_few_and_everything_gets_done(kind, headers):
    """The other one sends steadily and obeys nobody; a refusal costs us one request, a pause and a probe."""

    async def main():
        server = kind(((30, 10.0), (90, 60.0)), headers=headers)
        budget = a_budget(of(5, (30, 10.0), (90, 60.0)))
        ours = []

        async def other():
            while True:
                await server.answer(0.01, 0.01)
                await asyncio.sleep(1.0)

        async def call():
            while True:
                permit = await budget.acquire()
                feedback = await server.answer(0.05, 0.05)
                budget.release(permit, feedback=feedback if feedback.limit is not None else None)
                if not feedback.refused:
                    ours.append(now())
                    return

        rival = asyncio.create_task(other())
        await asyncio.gather(*(call() for _ in range(300)))
        rival.cancel()
        return len(ours), now(), budget.snapshot().refused

    done, took, refusals = run_virtual(main())
    assert done == 300
    assert took <= 60 * math.ceil(300 / (90 - 60)) + 60
    assert refusals <= (30 if headers else 60)
