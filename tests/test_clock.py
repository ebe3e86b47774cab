import asyncio
import time

from missive_async._clock import Clock, SystemClock
from virtual import VirtualClock, now, virtual_time


def test_both_clocks_keep_to_the_protocol():
    assert isinstance(SystemClock(), Clock)
    assert isinstance(VirtualClock(), Clock)


@virtual_time
async def test_the_clock_is_the_running_loops():
    clock = SystemClock()
    await clock.sleep(5.0)
    assert (clock.monotonic(), now()) == (5.0, 5.0)


def test_where_no_loop_runs_it_is_the_one_that_loops_use():
    before, between, after = time.monotonic(), SystemClock().monotonic(), time.monotonic()
    assert before <= between <= after


async def test_a_real_loop_and_the_clock_outside_agree():
    assert abs(SystemClock().monotonic() - time.monotonic()) < 1.0


def test_the_time_of_day_is_unix_time():
    before, between, after = time.time(), SystemClock().time(), time.time()
    assert before <= between <= after


@virtual_time
async def test_a_call_comes_when_its_time_has_come_with_its_arguments():
    clock, seen = SystemClock(), []
    clock.call_at(3.0, lambda *args: seen.append((now(), args)), "a", 1)
    await asyncio.sleep(10)
    assert seen == [(3.0, ("a", 1))]


@virtual_time
async def test_a_call_that_is_called_off_does_not_come():
    clock, seen = SystemClock(), []
    timer = clock.call_at(3.0, seen.append, 1)
    timer.cancel()
    await asyncio.sleep(10)
    timer.cancel()
    assert seen == []


@virtual_time
async def test_a_call_in_the_past_comes_at_once():
    clock, seen = SystemClock(), []
    await asyncio.sleep(10)
    clock.call_at(3.0, seen.append, 1)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert (seen, now()) == ([1], 10.0)
