import asyncio
import time

import pytest

from virtual import Deadlock, Livelock, Unhandled, VirtualClock, now, others, run_virtual, settle, timers, virtual_time


@virtual_time
async def test_hours_pass_at_once():
    started = time.monotonic()
    await asyncio.sleep(86_400 * 3)
    assert (now(), time.monotonic() - started < 1) == (86_400 * 3, True)


@virtual_time
async def test_timers_go_off_in_their_order_and_on_time():
    seen = []
    loop = asyncio.get_running_loop()
    for when in (3.0, 1.0, 2.0):
        loop.call_at(when, lambda when=when: seen.append((when, loop.time())))
    await asyncio.sleep(5)
    assert seen == [(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]


def test_waiting_for_what_cannot_come_is_a_deadlock():
    async def main():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Deadlock, match="main"):
        run_virtual(main())


def test_going_round_without_time_passing_is_a_livelock():
    async def main():
        while now() == 0:
            await settle()

    with pytest.raises(Livelock):
        run_virtual(main())


def test_a_failing_callback_fails_the_test():
    async def main():
        asyncio.get_running_loop().call_later(1, lambda: 1 / 0)
        await asyncio.sleep(2)

    with pytest.raises(Unhandled) as caught:
        run_virtual(main())
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_work_in_a_thread_takes_no_virtual_time():
    async def main():
        await asyncio.wait_for(asyncio.to_thread(time.sleep, 0.02), 0.01)
        return now()

    assert run_virtual(main()) == 0.0


@virtual_time
async def test_the_wall_clock_goes_with_virtual_time():
    clock = VirtualClock(1_000.0)
    await clock.sleep(7)
    assert (clock.time(), clock.monotonic()) == (1_007.0, 7.0)


@virtual_time
async def test_tasks_and_timers_left_behind_can_be_counted():
    task = asyncio.create_task(asyncio.sleep(9))
    await settle()
    assert (others(), timers()) == ([task], 1)
    task.cancel()
    await settle()
    assert (others(), timers()) == ([], 0)
