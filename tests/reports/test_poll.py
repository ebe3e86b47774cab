"""When a report is asked for, what each answer means, and how it ends."""

import asyncio
import logging
from datetime import UTC, datetime

import httpx
import pytest

from fake_reports import ASK, NEVER, RESULT, FakeReports, busy
from missive_async import (
    APIError,
    BadRequest,
    DecodeError,
    Forbidden,
    Lane,
    NotFound,
    RateLimits,
    ReportExpired,
    ReportTimedOut,
    ServerError,
    Unauthorized,
    Unprocessable,
    Window,
)
from missive_async.events import ReportChanged, Waited
from virtual import EPOCH, now, virtual_time


class Cut(httpx.AsyncByteStream):
    """A body whose end does not come."""

    async def __aiter__(self):
        yield b'{"reports": {"sel'
        raise httpx.RemoteProtocolError("the peer closed the connection")


def refused(seconds):
    return httpx.Response(429, headers={"retry-after": str(seconds)})


@virtual_time
async def test_it_polls_five_seconds_after_creation_and_every_five_seconds():
    missive_ = FakeReports(delay=21, latency=0.4)
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        await report
        assert [round(at, 3) for at in missive_.polls()] == [5.8, 10.8, 15.8, 20.8, 25.8]


@virtual_time
async def test_it_polls_when_told_to():
    missive_ = FakeReports(delay=6)
    async with missive_.client() as missive:
        await (await missive.analytics.create_report(**ASK, first_poll=1, poll_every=2.5))
        assert missive_.polls() == [1.0, 3.5, 6.0]


@virtual_time
async def test_it_polls_in_the_lane_of_reports_whatever_the_view():
    lanes = []
    missive_ = FakeReports(delay=6)
    client = missive_.client(on_event=lambda event: lanes.append(event.lane) if isinstance(event, Waited) else None)
    async with client:
        await (await client.with_options(lane=Lane.BULK).analytics.create_report(**ASK))
        await (await client.analytics.create_report(**ASK))
    assert lanes == ["BULK", "REPORT", "REPORT", "REPORT", "REPORT", "REPORT"]


@virtual_time
async def test_a_deadline_of_the_view_is_for_the_post_alone():
    async with FakeReports(delay=30).client() as missive:
        report = await missive.with_options(deadline=3.0).analytics.create_report(**ASK)
        assert (await report).metric("reply_count") == 7


@virtual_time
@pytest.mark.parametrize(
    "answer",
    [
        503,
        500,
        429,
        408,
        302,
        200,
        202,
        204,
        httpx.ReadError("reset"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.Response(200, html="<title>Maintenance</title>"),
        httpx.Response(200, stream=Cut()),
        httpx.Response(200, json=None),
        httpx.Response(200, json={"unexpected": [1, None, "x"]}),
        httpx.Response(202, json={"reports": {"id": "r1", "state": "running"}}),
    ],
    ids=repr,
)
async def test_a_poll_that_tells_nothing_ends_nothing(answer):
    missive_ = FakeReports(instead=[answer])
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        assert (await report).metric("reply_count") == 7
        assert (missive_.polls(), report.polls) == ([5.0, 10.0], 2)


@virtual_time
async def test_many_202s_with_a_body_end_nothing():
    answer = httpx.Response(202, json={"reports": {"id": "r1", "state": "running"}})
    async with FakeReports(instead=[answer] * 7).client() as missive:
        report = await missive.analytics.create_report(**ASK)
        assert (await report).metric("reply_count") == 7


@virtual_time
async def test_polls_that_go_on_failing_end_in_a_timeout_that_says_why():
    async with FakeReports(instead=[503] * 100).client() as missive:
        report = await missive.analytics.create_report(**ASK, timeout=40)
        with pytest.raises(ReportTimedOut) as caught:
            await report
        assert isinstance(caught.value.__cause__, ServerError)


@virtual_time
@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, BadRequest), (401, Unauthorized), (403, Forbidden), (410, APIError), (422, Unprocessable)],
)
async def test_a_refusal_that_no_later_poll_can_mend_ends_it(status, kind):
    missive_ = FakeReports(instead=[None, status])
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK, first_poll=1)
        with pytest.raises(kind):
            await report
        assert report.polls == 2
        await asyncio.sleep(100)
        assert len(missive_.polls()) == 2


@virtual_time
async def test_a_result_that_cannot_be_read_three_times_in_a_row_ends_it_as_that():
    odd = httpx.Response(200, json={"reports": {"selected_period": "none"}})
    missive_ = FakeReports(instead=[odd, odd, 404, odd, odd, odd])
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(DecodeError) as caught:
            await report
        assert caught.value.paths == ("$.reports.selected_period",)
        assert caught.value.body == odd.content
        assert len(missive_.polls()) == 6


@virtual_time
async def test_something_wrong_on_our_own_side_ends_it():
    async with FakeReports(instead=[ZeroDivisionError("a bug")]).client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(ZeroDivisionError):
            await report


@virtual_time
async def test_it_ends_when_its_time_is_over_with_a_last_poll():
    missive_ = FakeReports(delay=NEVER)
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(ReportTimedOut, match=r"report r1 was not ready within 300 s \(60 polls\)") as caught:
            await report
        assert now() == 300.0
        assert missive_.polls() == [5.0 * number for number in range(1, 61)]
        assert (caught.value.id, caught.value.created_at) == ("r1", report.created_at)


@virtual_time
async def test_a_timeout_between_two_polls_has_a_poll_of_its_own():
    missive_ = FakeReports(delay=11)
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK, timeout=12)
        assert (await report).metric("reply_count") == 7
        assert missive_.polls() == [5.0, 10.0, 12.0]


@virtual_time
async def test_a_timeout_before_the_first_poll_has_one_too():
    missive_ = FakeReports(delay=NEVER)
    async with missive_.client() as missive:
        with pytest.raises(ReportTimedOut):
            await (await missive.analytics.create_report(**ASK, timeout=3))
        assert missive_.polls() == [3.0]


@virtual_time
async def test_an_id_that_never_existed_cannot_be_told_from_one_that_is_not_ready():
    missive_ = FakeReports()
    async with missive_.client() as missive:
        with pytest.raises(ReportTimedOut):
            await missive.analytics.watch_report("nobody-knows-me", timeout=60)
        assert missive_.unknown == [5.0 * number for number in range(13)]


@virtual_time
async def test_a_pause_of_the_budget_in_which_it_comes_and_goes_makes_it_expired():
    missive_ = FakeReports(delay=10, instead=[refused(90)])
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(ReportExpired, match="may have come and gone"):
            await report
        assert missive_.polls()[:2] == [5.0, 95.0]
        assert now() == 300.0


@virtual_time
async def test_a_pause_that_a_result_survives_is_only_a_delay():
    missive_ = FakeReports(delay=40, instead=[refused(90)])
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        await report
        assert missive_.polls() == [5.0, 95.0]


@virtual_time
async def test_a_short_pause_makes_it_no_more_than_late():
    missive_ = FakeReports(delay=NEVER, instead=[refused(50)])
    async with missive_.client() as missive:
        with pytest.raises(ReportTimedOut):
            await (await missive.analytics.create_report(**ASK))


@virtual_time
async def test_a_pause_beyond_its_time_ends_it_in_time():
    missive_ = FakeReports(delay=10, instead=[refused(600)])
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK, timeout=100)
        with pytest.raises(ReportExpired):
            await report
        assert now() == 100.0
        assert (missive_.polls(), report.polls) == ([5.0], 1)


@virtual_time
async def test_reports_that_find_no_place_are_given_up_in_time():
    missive_ = FakeReports(delay=NEVER, latency=400.0)
    async with missive_.client(timeout=1000.0, limits=RateLimits(concurrency=1, windows=())) as missive:
        reports = [missive.analytics.watch_report(f"w{number}", timeout=100) for number in range(3)]
        await asyncio.wait(reports)
        assert [type(report.exception()) for report in reports] == [ReportExpired] * 3
        assert now() <= 105.0


@virtual_time
async def test_a_poll_that_hangs_is_not_waited_for_long():
    missive_ = FakeReports(delay=2, latency=0.0)
    async with missive_.client(timeout=600.0) as missive:
        report = await missive.analytics.create_report(**ASK)
        missive_.latency = 100.0
        await asyncio.sleep(6)
        missive_.latency = 0.0
        await report
        assert now() == 27.5


@virtual_time
async def test_a_slow_answer_does_not_make_the_next_poll_come_at_once():
    missive_ = FakeReports(delay=NEVER, latency=6.0)
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        await asyncio.sleep(30)
        assert missive_.polls() == [17.0, 25.5, 34.0]
        report.cancel()


@virtual_time
async def test_polls_go_before_bulk_work_that_has_spent_the_budget():
    missive_ = FakeReports(delay=2)
    limits = RateLimits(concurrency=5, windows=(Window(300, 60), Window(900, 900)))
    async with missive_.client(limits=limits) as missive:
        await busy(missive, 1, Lane.INTERACTIVE)
        bulk = asyncio.create_task(busy(missive, 2_000))
        await asyncio.sleep(125)
        report = await missive.analytics.create_report(**ASK)
        await report
        assert now() == pytest.approx(130, abs=1)
        bulk.cancel()


@virtual_time
async def test_few_tokens_are_made_to_last():
    missive_ = FakeReports(delay=290)
    limits = RateLimits(concurrency=5, windows=(Window(12, 900),))
    async with missive_.client(limits=limits) as missive:
        report = await missive.analytics.create_report(**ASK)
        await report
        assert missive_.polls() == [5.0, 10.0, 15.0, 20.0, 65.0, 110.0, 155.0, 200.0, 245.0, 290.0]


@virtual_time
async def test_a_report_made_elsewhere_is_polled_by_its_own_age():
    missive_ = FakeReports(delay=12)
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        await asyncio.sleep(2)
        report.cancel()
        again = missive.analytics.watch_report("r1", report.created_at)
        assert again.created_at == report.created_at
        await again
        assert missive_.polls() == [5.0, 10.0, 15.0]


@virtual_time
@pytest.mark.parametrize("created_at", [None, datetime.fromtimestamp(EPOCH + 70, UTC), int(EPOCH) + 70])
async def test_one_that_is_old_enough_or_of_unknown_age_is_polled_at_once(created_at):
    missive_ = FakeReports(delay=75)
    async with missive_.client() as missive:
        await missive.analytics.create_report(**ASK, timeout=1)
        await asyncio.sleep(77)
        await missive.analytics.watch_report("r1", created_at)
        assert now() == 77.0


@virtual_time
async def test_an_old_one_gets_one_poll_and_has_expired():
    missive_ = FakeReports()
    async with missive_.client() as missive:
        with pytest.raises(ReportExpired):
            await missive.analytics.watch_report("r1", int(EPOCH) - 1_000)
        assert (now(), missive_.unknown) == (0.0, [0.0])


@virtual_time
async def test_a_time_of_creation_in_the_future_is_now():
    missive_ = FakeReports()
    async with missive_.client() as missive:
        report = missive.analytics.watch_report("r1", int(EPOCH) + 1_000, timeout=20)
        with pytest.raises(ReportTimedOut):
            await report
        assert missive_.unknown == [5.0, 10.0, 15.0, 20.0]


@virtual_time
async def test_who_listens_hears_what_becomes_of_it():
    heard = []

    def hear(event):
        if isinstance(event, ReportChanged):
            heard.append((event.id, event.state, event.polls, event.elapsed))
            raise ZeroDivisionError("a listener's own fault")

    async with FakeReports(delay=12, instead=[503]).client(on_event=hear) as missive:
        await (await missive.analytics.create_report(**ASK))
        (await missive.analytics.create_report(**ASK)).cancel()
        missive.analytics.watch_report("r1", timeout=1)
        await asyncio.sleep(0.5)
    assert heard == [
        ("r1", "created", 0, 0.0),
        ("r1", "unanswered", 1, 5.0),
        ("r1", "pending", 2, 10.0),
        ("r1", "ready", 3, 15.0),
        ("r2", "created", 0, 0.0),
        ("r2", "cancelled", 0, 0.0),
        ("r1", "watched", 0, 0.0),
        ("r1", "ready", 1, 0.0),
    ]


@virtual_time
async def test_no_poll_logs_what_it_is_answered(caplog):
    caplog.set_level(logging.DEBUG, "missive_async")
    missive_ = FakeReports(instead=[503, httpx.Response(200, text="a secret body"), None])
    async with missive_.client() as missive:
        await (await missive.analytics.create_report(**ASK))
    ours = [record.getMessage() for record in caplog.records if record.name == "missive_async"]
    assert [message.partition(":")[0] for message in ours if message.startswith("report")] == ["report r1"] * 2
    assert not [message for message in ours if "secret" in message or "made-up-token" in message]


@virtual_time
async def test_get_report_is_one_request():
    missive_ = FakeReports()
    async with missive_.client() as missive:
        report = await missive.analytics.create_report(**ASK)
        with pytest.raises(NotFound):
            await missive.analytics.get_report(report.id)
        await asyncio.sleep(3)
        assert (await missive.analytics.get_report(report.id)).raw == RESULT
        assert missive_.polls() == [0.0, 3.0]
        report.cancel()


@virtual_time
@pytest.mark.parametrize("answer", [202, 204, 200])
async def test_get_report_finds_none_in_an_empty_answer(answer):
    async with FakeReports(instead=[answer]).client() as missive:
        with pytest.raises(NotFound):
            await missive.analytics.get_report("r1")
