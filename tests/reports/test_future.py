"""ReportFuture is a real future, and one that waits for it cannot take it from the others."""

import asyncio
import gc
import logging
import sys
import weakref
from datetime import UTC, datetime

import pytest

from fake_reports import ASK, NEVER, FakeReports
from missive_async import BadRequest, ClientClosed, ReportFuture, ReportTimedOut
from virtual import EPOCH, now, others, run_virtual, settle, timers, virtual_time


async def waits(report):
    return await report


@virtual_time
async def test_it_is_a_future():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        assert asyncio.isfuture(report)
        assert isinstance(report, asyncio.Future)
        assert not report.done()
        assert (await report).metric("reply_count") == 7


@virtual_time
async def test_it_has_an_id_an_aware_time_of_creation_and_counts_polls():
    async with FakeReports(delay=12).client() as missive:
        await asyncio.sleep(100)
        report = await missive.analytics.create_report(**ASK)
        assert report.id == "r1"
        assert report.created_at == datetime.fromtimestamp(EPOCH + 100, UTC)
        assert report.polls == 0
        await report
        assert report.polls == 3


@virtual_time
async def test_its_repr_is_short_and_says_what_state_it_is_in():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        assert repr(report) == "<ReportFuture r1 pending polls=0>"
        await report
        assert repr(report) == "<ReportFuture r1 done polls=1>"
        report = await missive.analytics.create_report(**ASK)
        report.cancel()
        assert repr(report) == "<ReportFuture r2 cancelled polls=0>"


@virtual_time
async def test_it_polls_and_keeps_its_result_though_nobody_awaits_it():
    missive_ = FakeReports()
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        await asyncio.sleep(3600)
        assert missive_.polls() == [5.0]
        assert report.done()
        assert (await report) is report.result()


@virtual_time
async def test_many_waiters_get_the_same_result():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        results = await asyncio.gather(*[waits(report) for _ in range(5)])
        assert {id(result) for result in results} == {id(report.result())}


@virtual_time
async def test_a_waiter_that_is_cancelled_leaves_the_report_to_the_others():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        leaver, stayer = asyncio.create_task(waits(report)), asyncio.create_task(waits(report))
        await settle()
        leaver.cancel()
        await settle()
        assert leaver.cancelled()
        assert not report.done()
        assert (await stayer).metric("reply_count") == 7


@virtual_time
async def test_the_only_waiter_that_is_cancelled_leaves_the_report_alone():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        waiter = asyncio.create_task(waits(report))
        await settle()
        waiter.cancel()
        await settle()
        assert (await report).metric("reply_count") == 7


@virtual_time
async def test_a_timeout_around_an_await_leaves_the_report_alone():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await report
        assert (await report).metric("reply_count") == 7


@virtual_time
async def test_cancel_ends_it_for_everyone_and_stops_polling():
    missive_ = FakeReports(delay=NEVER)
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        waiters = [asyncio.create_task(waits(report)) for _ in range(2)]
        await asyncio.sleep(11)
        assert report.cancel()
        assert not report.cancel()
        await settle()
        assert [waiter.cancelled() for waiter in waiters] == [True, True]
        await asyncio.sleep(100)
        assert missive_.polls() == [5.0, 10.0]
        assert (others(), timers()) == ([], 0)


@virtual_time
async def test_wait_for_gives_the_result():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        assert (await asyncio.wait_for(report, 10)).metric("reply_count") == 7


@virtual_time
async def test_wait_for_whose_time_is_up_cancels_it_as_it_does_any_future():
    missive_ = FakeReports(delay=NEVER)
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(report, 7)
        assert report.cancelled()
        await asyncio.sleep(100)
        assert missive_.polls() == [5.0]


@virtual_time
@pytest.mark.parametrize("timeout", [7, None])
async def test_wait_for_that_is_cancelled_cancels_it(timeout):
    async with FakeReports(delay=NEVER).client() as missive:
        report = await missive.analytics.create_report(**ASK)
        waiter = asyncio.create_task(asyncio.wait_for(report, timeout))
        await asyncio.sleep(1)
        waiter.cancel()
        await settle()
        assert report.cancelled()


@virtual_time
async def test_wait_for_without_time_cancels_it():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(report, 0)
        assert report.cancelled()


@virtual_time
async def test_a_coroutine_that_awaits_it_inside_wait_for_leaves_it_alone():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waits(report), 1)
        assert not report.done()


@virtual_time
async def test_shield_keeps_it_from_wait_for():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(report), 1)
        assert (await asyncio.shield(report)).metric("reply_count") == 7


@virtual_time
async def test_gather_gives_results_and_failures():
    async with FakeReports(delay=[2, NEVER, 8]).client() as missive:
        reports = [await missive.analytics.create_report(**ASK, timeout=20) for _ in range(3)]
        first, second, third = await asyncio.gather(*reports, return_exceptions=True)
        assert [first.metric("reply_count"), third.metric("reply_count")] == [7, 7]
        assert isinstance(second, ReportTimedOut)


@virtual_time
async def test_a_gather_that_is_cancelled_cancels_its_reports():
    async with FakeReports().client() as missive:
        reports = [await missive.analytics.create_report(**ASK) for _ in range(2)]
        together = asyncio.gather(*reports)
        await settle()
        together.cancel()
        with pytest.raises(asyncio.CancelledError):
            await together
        assert [report.cancelled() for report in reports] == [True, True]


@virtual_time
async def test_wait_tells_the_ready_from_the_others_and_cancels_none():
    async with FakeReports(delay=[2, 12]).client() as missive:
        quick, slow = [await missive.analytics.create_report(**ASK) for _ in range(2)]
        done, pending = await asyncio.wait({quick, slow}, return_when=asyncio.FIRST_COMPLETED)
        assert (done, pending) == ({quick}, {slow})
        done, pending = await asyncio.wait({slow}, timeout=1)
        assert (done, pending) == (set(), {slow})
        await slow
        assert now() == 15.0


@virtual_time
async def test_as_completed_gives_them_in_the_order_they_are_ready():
    async with FakeReports(delay=[22, 2]).client() as missive:
        reports = [await missive.analytics.create_report(**ASK) for _ in range(2)]
        finished = [(await each).id for each in asyncio.as_completed(reports)]
        assert finished == ["r2", "r1"]


@virtual_time
async def test_callbacks_are_called_and_can_be_taken_back():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        called = []
        unwanted = called.clear
        report.add_done_callback(called.append)
        report.add_done_callback(unwanted)
        assert report.remove_done_callback(unwanted) == 1
        await report
        await settle()
        assert called == [report]


@virtual_time
async def test_a_client_that_closes_ends_it_for_its_waiters():
    async with FakeReports().client() as missive:
        report = await missive.analytics.create_report(**ASK)
        waiter = asyncio.create_task(waits(report))
        await asyncio.sleep(1)
    with pytest.raises(ClientClosed, match="before report r1 was ready"):
        await waiter
    assert (others(), timers()) == ([], 0)


@virtual_time
async def test_a_client_that_closes_during_a_poll_ends_it():
    async with FakeReports(latency=1.0).client() as missive:
        report = await missive.analytics.create_report(**ASK)
        await asyncio.sleep(5.5)
    assert isinstance(report.exception(), ClientClosed)


def test_a_loop_can_be_run_until_it_is_ready():
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        client = FakeReports(delay=0).client(clock=None)
        report = loop.run_until_complete(client.analytics.create_report(**ASK, first_poll=0.01))
        assert loop.run_until_complete(report).metric("reply_count") == 7
        loop.run_until_complete(client.aclose())


@pytest.mark.filterwarnings("ignore:unclosed client:ResourceWarning")
@pytest.mark.parametrize("seconds", [0, 5.5], ids=["between polls", "during a poll"])
def test_a_loop_that_ends_ends_it_without_a_word(seconds, caplog):
    async def main():
        missive = FakeReports(latency=1.0).client()
        report = await missive.analytics.create_report(**ASK)
        await asyncio.sleep(seconds)
        return report

    report = run_virtual(main())
    del report
    gc.collect()
    assert caplog.records == []


@pytest.mark.filterwarnings("ignore:unclosed client:ResourceWarning")
def test_a_loop_that_is_closed_with_one_open_says_nothing(caplog):
    loop = asyncio.new_event_loop()
    client = FakeReports().client(clock=None)
    report = loop.run_until_complete(client.analytics.create_report(**ASK))
    loop.close()
    del client, report
    gc.collect()
    assert caplog.records == []


def test_a_failure_that_nobody_waits_for_is_logged_once(caplog):
    async def main():
        async with FakeReports(delay=NEVER).client() as missive:
            await missive.analytics.create_report(**ASK)
            await asyncio.sleep(1000)

    run_virtual(main())
    gc.collect()
    assert [(record.name, record.levelno) for record in caplog.records] == [("missive_async", logging.ERROR)]
    assert "report r1 failed, and nobody waits for it: ReportTimedOut" in caplog.text


def test_a_failure_is_logged_once_when_all_waiters_have_left(caplog):
    async def main():
        async with FakeReports(delay=NEVER).client() as missive:
            report = await missive.analytics.create_report(**ASK)
            async with asyncio.timeout(10):
                await report

    async def later():
        async with FakeReports(delay=NEVER).client() as missive:
            report = await missive.analytics.create_report(**ASK)
            await asyncio.wait({report}, timeout=10)
            await asyncio.sleep(1000)

    with pytest.raises(TimeoutError):
        run_virtual(main())
    run_virtual(later())
    gc.collect()
    assert [record.name for record in caplog.records if record.levelno > logging.INFO] == ["missive_async"]


def test_a_failure_that_somebody_awaits_is_not_logged(caplog):
    async def main():
        async with FakeReports(delay=NEVER).client() as missive:
            report = await missive.analytics.create_report(**ASK)
            with pytest.raises(ReportTimedOut):
                await report

    run_virtual(main())
    gc.collect()
    assert caplog.records == []


def test_a_failure_that_was_logged_is_raised_for_who_comes_late():
    async def main():
        async with FakeReports(instead=[400]).client() as missive:
            report = await missive.analytics.create_report(**ASK)
            await asyncio.sleep(1000)
            with pytest.raises(BadRequest):
                await report

    run_virtual(main())


def test_a_client_that_closes_under_reports_that_nobody_awaits_logs_no_error(caplog):
    async def main():
        async with FakeReports().client() as missive:
            await missive.analytics.create_report(**ASK)

    run_virtual(main())
    gc.collect()
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_it_is_generic_at_run_time_too():
    assert ReportFuture[int].__origin__ is ReportFuture


@pytest.mark.skipif(sys.version_info < (3, 12), reason="eager tasks came with Python 3.12")
@virtual_time
async def test_eager_tasks_change_nothing():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    missive_ = FakeReports(delay=22, latency=0.0)
    async with missive_.client() as missive:
        reports = [await missive.analytics.create_report(**ASK) for _ in range(12)]
        assert [(await report).metric("reply_count") for report in reports] == [7] * 12
        assert missive_.polls() == [5.0, 10.0, 15.0, 20.0, 25.0]
        assert timers() == 0


@virtual_time
async def test_nothing_keeps_one_that_nobody_wants_any_more():
    async with FakeReports().client() as missive:
        gone = weakref.ref(await missive.analytics.create_report(**ASK))
        await asyncio.sleep(4)
        gc.collect()
        assert gone() is not None
        await asyncio.sleep(4)
        gc.collect()
        assert gone() is None
