import asyncio
import random

import pytest

from missive_async.export.order import in_order
from virtual import now, others, virtual_time


def jobs(count, results, delay, started=None):
    def job(number):
        async def run(give):
            if started is not None:
                started.append(number)
            for result in range(results):
                await asyncio.sleep(delay())
                await give((number, result))

        return run

    return (job(number) for number in range(count))


@virtual_time
async def test_results_come_as_if_the_jobs_had_run_one_after_the_other():
    rng, taken = random.Random(1), []

    async def take(result):
        taken.append(result)
        await asyncio.sleep(rng.random())

    await in_order(jobs(20, 5, rng.random), 4, take)
    assert taken == [(number, result) for number in range(20) for result in range(5)]


@virtual_time
async def test_jobs_run_side_by_side():
    async def take(_):
        pass

    await in_order(jobs(12, 1, lambda: 1.0), 4, take)
    assert now() == pytest.approx(3.0)


@virtual_time
async def test_a_job_that_is_far_ahead_waits_for_its_turn():
    made = []

    async def slow(_):
        await asyncio.sleep(100)

    async def fast(give):
        for result in range(50):
            made.append(result)
            await give(result)

    async def take(_):
        pass

    running = asyncio.create_task(in_order(iter([slow, fast]), 2, take))
    await asyncio.sleep(50)
    assert len(made) < 8
    await running
    assert len(made) == 50


@virtual_time
async def test_jobs_are_not_begun_before_there_is_room():
    started = []

    async def take(_):
        raise RuntimeError("enough")

    with pytest.raises(ExceptionGroup):
        await in_order(jobs(1_000, 1, lambda: 1.0, started), 3, take)
    assert started == [0, 1, 2]


@pytest.mark.parametrize("failing", [0, 3])
@virtual_time
async def test_the_first_failure_ends_them_all(failing):
    async def fail(_):
        await asyncio.sleep(0.5)
        raise ValueError(failing)

    async def wait(_):
        await asyncio.sleep(1_000)

    async def take(_):
        pass

    work = [wait] * 4
    work[failing] = fail
    with pytest.raises(ExceptionGroup) as caught:
        await in_order(iter(work), 4, take)
    assert [str(error) for error in caught.value.exceptions] == [str(failing)]
    assert (now(), others()) == (0.5, [])
