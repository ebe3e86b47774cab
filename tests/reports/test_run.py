"""Many reports at once: none lost, none refused, and every request answered for."""

import asyncio
import random
from contextlib import aclosing
from itertools import pairwise

import httpx
import pytest

from budget_servers import fixed, sliding
from fake_reports import ASK, NEVER, FakeReports, busy
from missive_async import (
    BadRequest,
    ClientClosed,
    FinishedReport,
    Forbidden,
    InvalidRequest,
    Lane,
    RateLimits,
    ReportTimedOut,
    Window,
)
from missive_async.models import ReportRequest
from virtual import EPOCH, now, others, settle, timers, virtual_time

MISSIVE = RateLimits.default()


def delays(kind, seed=1):
    """How long reports take, without end."""
    rng = random.Random(seed)
    while True:
        match kind:
            case "as documented":
                yield rng.uniform(2, 3) if rng.random() < 0.85 else rng.uniform(8, 60)
            case "slow":
                yield rng.uniform(30, 280)


async def failures(missive, count, **options):
    """The errors of a run."""
    run = missive.analytics.run_reports([ASK] * count, **options)
    return [finished.error async for finished in run if finished.error is not None]


@virtual_time
async def test_reports_come_as_they_finish_with_the_request_that_was_given():
    missive_ = FakeReports(delay=[22, 2, 12])
    asks = [ASK, ReportRequest(**ASK), ASK | {"time_zone": "UTC"}]
    async with missive_.client() as missive:
        finished = [each async for each in missive.analytics.run_reports(asks)]
        assert [asks.index(each.request) for each in finished] == [1, 2, 0]
        assert finished[0].request is asks[1]
        assert [each.result().metric("reply_count") for each in finished] == [7, 7, 7]
        assert [each.error for each in finished] == [None, None, None]


@virtual_time
async def test_a_report_that_fails_ends_no_other():
    missive_ = FakeReports(delay=[2, NEVER, 2, 2], instead=[None, None, 400])
    asks = [ASK, ASK, {"organization": "a/b"}, ASK, "no request", ASK]
    async with missive_.client() as missive:
        finished = [each async for each in missive.analytics.run_reports(asks, timeout=30)]
        kinds = [type(each.error) for each in finished]
        assert sorted(kind.__name__ for kind in kinds) == [
            "BadRequest",
            "InvalidRequest",
            "InvalidRequest",
            "NoneType",
            "NoneType",
            "ReportTimedOut",
        ]
        assert len(missive_.asked) == 4
        with pytest.raises(ReportTimedOut):
            finished[kinds.index(ReportTimedOut)].result()


@virtual_time
async def test_a_post_that_is_refused_is_its_own_affair():
    answers = iter([httpx.Response(403), httpx.Response(201, json={"reports": {"id": "r2"}})])
    async with FakeReports(created=lambda _: next(answers)).client() as missive:
        finished = [each async for each in missive.analytics.run_reports([ASK, ASK])]
        assert [type(each.error) for each in finished] == [Forbidden, type(None)]


@virtual_time
async def test_no_requests_are_no_reports():
    async with FakeReports().client() as missive:
        assert [each async for each in missive.analytics.run_reports([])] == []
        assert missive.budget().spent == 0


@virtual_time
async def test_requests_may_come_one_by_one():
    async def asks():
        for _ in range(3):
            await asyncio.sleep(100)
            yield ASK

    async with FakeReports().client() as missive:
        times = [now() async for _ in missive.analytics.run_reports(asks())]
    assert times == [105.0, 205.0, 305.0]


@virtual_time
async def test_requests_that_cannot_be_read_on_are_told_after_what_is_open():
    def asks():
        yield ASK
        raise OSError("the list of teams is gone")

    async with FakeReports().client() as missive:
        run = missive.analytics.run_reports(asks())
        assert (await anext(run)).error is None
        with pytest.raises(OSError, match="the list of teams is gone"):
            await anext(run)


@virtual_time
async def test_closing_early_cancels_what_is_open_and_reads_no_further():
    asks = iter([ASK] * 1_000)
    missive_ = FakeReports(delay=[2] * 3 + [NEVER] * 1_000, latency=0.3)
    async with missive_.client(limits=MISSIVE) as missive:
        async with aclosing(missive.analytics.run_reports(asks)) as run:
            async for _ in run:
                break
        closed, made = now(), len(missive_.reports)
        await asyncio.sleep(0.4)  # what was on its way comes to its end
        assert (others(), timers()) == ([], 0)
        await asyncio.sleep(1_000)
        assert len(missive_.reports) - made <= 5
        assert max(max(made.polls, default=0) for made in missive_.reports.values()) <= closed + 0.3
        assert len(list(asks)) > 900


@virtual_time
async def test_leaving_the_loop_is_as_good_as_closing():
    missive_ = FakeReports(delay=[2] * 3 + [NEVER] * 1_000)
    async with missive_.client() as missive:
        async for _ in missive.analytics.run_reports([ASK] * 10):
            break
        await settle(20)
        assert (others(), timers()) == ([], 0)


@virtual_time
async def test_a_reader_that_is_cancelled_ends_the_run():
    async with FakeReports(delay=NEVER).client() as missive:
        reader = asyncio.create_task(failures(missive, 10))
        await asyncio.sleep(7)
        reader.cancel()
        await settle(20)
        assert reader.cancelled()
        assert (others(), timers()) == ([], 0)


@virtual_time
async def test_a_client_that_closes_ends_the_run():
    kinds = set()

    async def read(run):
        async for each in run:
            kinds.add(type(each.error))

    async with FakeReports(delay=NEVER).client(limits=MISSIVE) as missive:
        reader = asyncio.create_task(read(missive.analytics.run_reports([ASK] * 200)))
        await asyncio.sleep(20)
    with pytest.raises(ClientClosed):
        await reader
    assert kinds == {ClientClosed}
    assert (others(), timers()) == ([], 0)


@virtual_time
async def test_a_reader_who_takes_time_is_not_run_over():
    missive_ = FakeReports()
    async with missive_.client() as missive, aclosing(missive.analytics.run_reports([ASK] * 10_000)) as run:
        async for _ in run:
            await asyncio.sleep(10_000)
            break
        assert len(missive_.reports) <= 201


@virtual_time
async def test_seconds_that_make_no_sense_are_refused_before_anything_is_read():
    async with FakeReports().client() as missive:
        with pytest.raises(InvalidRequest, match="poll_every"):
            missive.analytics.run_reports([ASK], poll_every=0)


@pytest.mark.parametrize("kind", ["as documented", "slow"])
@pytest.mark.parametrize("make_server", [sliding, lambda: fixed(phase=17.0)], ids=["sliding windows", "fixed windows"])
@virtual_time
async def test_of_200_reports_none_is_lost_and_no_request_refused(kind, make_server):
    server = make_server()
    missive_ = FakeReports(delays(kind), latency=0.3, server=server)
    async with missive_.client(limits=MISSIVE) as missive:
        assert await failures(missive, 200) == []
    assert server.refused == []
    assert missive_.open_at_most() <= 75  # 900 requests in 15 minutes, and each may want 13


@virtual_time
async def test_1000_reports_take_hardly_longer_than_their_requests_must():
    missive_ = FakeReports(latency=0.3, server=sliding())
    async with missive_.client(limits=MISSIVE) as missive:
        assert await failures(missive, 1_000) == []
        assert missive.budget().spent == 2_000
        assert now() <= 1_920  # 1,800 s for the third 900 to begin, and 200 more requests


@pytest.mark.parametrize("latency", [2.0, 8.0])
@virtual_time
async def test_a_slow_server_gets_fewer_at_a_time(latency):
    missive_ = FakeReports(delays("as documented"), latency=latency, server=sliding())
    async with missive_.client(limits=MISSIVE) as missive:
        assert await failures(missive, 60) == []


@virtual_time
async def test_one_place_is_enough():
    limits = RateLimits(concurrency=1, windows=MISSIVE.windows)
    missive_ = FakeReports(delays("as documented"), latency=1.0, server=sliding(places=1))
    async with missive_.client(limits=limits) as missive:
        assert await failures(missive, 60) == []


@pytest.mark.parametrize(
    "windows", [(), (Window(2, 60),), (Window(5, 1),), (Window(100, 60),), (Window(20, 3600),)], ids=str
)
@virtual_time
async def test_any_limits_will_do(windows):
    server = sliding([*[(window.requests, window.seconds) for window in windows], (10_000, 1.0)])
    missive_ = FakeReports(latency=0.1, server=server)
    async with missive_.client(limits=RateLimits(concurrency=3, windows=windows)) as missive:
        assert await failures(missive, 12) == []
    assert server.refused == []


@pytest.mark.parametrize("kind", ["as documented", "slow"])
@virtual_time
async def test_none_is_lost_beside_a_bulk_job_that_takes_all_it_can(kind):
    missive_ = FakeReports(delays(kind), latency=0.3, server=sliding())
    async with missive_.client(limits=MISSIVE) as missive:
        bulk = asyncio.create_task(busy(missive, 6_000))
        await asyncio.sleep(30)
        assert await failures(missive, 15) == []
        bulk.cancel()
    assert missive_.server.refused == []


@virtual_time
async def test_none_is_lost_beside_interactive_calls():
    missive_ = FakeReports(delays("as documented"), latency=0.3, server=sliding())
    async with missive_.client(limits=MISSIVE) as missive:

        async def click():
            while True:
                await asyncio.sleep(2)
                await busy(missive, 1, Lane.INTERACTIVE)

        clicks = asyncio.create_task(click())
        assert await failures(missive, 100) == []
        clicks.cancel()
    assert missive_.server.refused == []


@virtual_time
async def test_many_open_reports_are_polled_further_apart():
    missive_ = FakeReports(delay=100, latency=0.1)
    async with missive_.client(limits=MISSIVE) as missive:
        assert await failures(missive, 40) == []
    gaps = [later - sooner for made in missive_.reports.values() for sooner, later in pairwise(made.polls)]
    assert 20.0 <= max(gaps) <= 45.0


@virtual_time
async def test_few_open_reports_are_polled_as_often_as_was_asked():
    missive_ = FakeReports(delay=31)
    async with missive_.client(limits=MISSIVE) as missive:
        assert await failures(missive, 3) == []
    assert missive_.polls() == [5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0]


@virtual_time
async def test_of_the_reports_that_are_due_the_one_that_expires_first_is_polled():
    missive_ = FakeReports(delay=NEVER, latency=4.0)
    async with missive_.client(limits=RateLimits(concurrency=1, windows=())) as missive:
        reports = [missive.analytics.watch_report(id, now_ago) for id, now_ago in ages(10, 50, 30, 20, 40)]
        await asyncio.sleep(19)
        assert [report.polls for report in reports] == [1, 1, 1, 0, 1]  # the first one was alone


def ages(*seconds):
    """Ids and Unix times of reports so many seconds old."""
    return [(f"w{number}", int(EPOCH) - age) for number, age in enumerate(seconds)]


def test_a_finished_report_without_one_raises_its_error():
    finished = FinishedReport(request=ASK, error=BadRequest("no", status=400))
    with pytest.raises(BadRequest):
        finished.result()
