"""Faults that a real network shows too rarely: a transport that does what it is told, in virtual time."""

import asyncio
import gc
import logging
import traceback
from datetime import UTC, datetime
from email.utils import format_datetime

import httpcore
import httpx
import pytest

from budget_servers import fixed
from missive_async import (
    AsyncMissive,
    BudgetExceeded,
    ClientClosed,
    NotFound,
    OutcomeUnknown,
    RateLimits,
    RetryPolicy,
    ServerError,
    TimedOut,
    TransportFailed,
)
from missive_async._pipeline.exchange import Answer, _feedback
from missive_async.limits import Feedback
from raw_server import RawServer, until
from virtual import EPOCH, VirtualClock, now, others, settle, timers, virtual_time

TOKEN = "missive_pat-0123456789abcdef"
STEADY = RetryPolicy(first_delay=1.0, jitter=lambda: 1.0)


class Scripted(httpx.AsyncBaseTransport):
    """Connects, sends and answers in steps of so many seconds each, and tells its trace as a real one does.

    A script gives for each attempt (seconds to connect, seconds to answer, what comes): a response's status or an
    exception. The last one goes on for ever.
    """

    def __init__(self, *script):
        self.script = list(script)
        self.attempts = 0
        self.arrived = []
        self.running = self.most = 0

    async def handle_async_request(self, request):
        connect, answer, outcome = self.script[min(self.attempts, len(self.script) - 1)]
        self.attempts += 1
        extensions = request.extensions  # a real transport hands the same mapping on
        await self.trace(extensions, "connection.connect_tcp.started")
        await asyncio.sleep(connect)
        if isinstance(outcome, httpx.ConnectError):
            raise outcome
        await self.trace(extensions, "http11.send_request_headers.started")
        self.arrived.append((now(), request.method))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(answer)
        finally:
            self.running -= 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome if isinstance(outcome, httpx.Response) else httpx.Response(outcome, json={"fine": True})

    async def trace(self, extensions, name):
        if "trace" in extensions:
            await extensions["trace"](name, {})


def client(transport, **options):
    options = {"retry": STEADY, "clock": VirtualClock()} | options
    return AsyncMissive(TOKEN, base_url="https://missive.example.com/v1", transport=transport, **options)


async def read(missive):
    return await missive.request("GET", "/organizations")


async def write(missive):
    return await missive.request("POST", "/drafts", json={"drafts": {}})


async def quiet(missive):
    """Wait until nothing runs any more; what is left then."""
    await asyncio.sleep(1_000)
    budget = missive.budget()
    return budget.places_free, [window.requests - window.free for window in budget.windows], others(), timers()


NOTHING_LEFT = (5, [0, 0], [], 0)


# Writes that may or may not have left


@virtual_time
async def test_a_write_that_was_still_connecting_when_time_ran_out_is_repeated_and_arrives_once():
    """The first attempt gets its connection after all, but it must not be used any more."""
    transport = Scripted((8.0, 0.5, 200), (0.1, 0.5, 200))
    async with client(transport, timeout=5.0) as missive:
        assert await write(missive) == {"fine": True}
        assert await quiet(missive) == NOTHING_LEFT
    assert len(transport.arrived) == 1


@virtual_time
async def test_a_write_that_connects_too_slowly_every_time_never_arrives_and_costs_no_token():
    transport = Scripted((8.0, 0.5, 200))
    async with client(transport, timeout=5.0) as missive:
        with pytest.raises(TimedOut):
            await write(missive)
        await asyncio.sleep(100)
        assert missive.budget().windows[0].free == 300
        assert await quiet(missive) == NOTHING_LEFT
    assert (transport.arrived, transport.attempts) == ([], STEADY.attempts)


@virtual_time
async def test_a_write_that_was_sent_when_time_ran_out_is_not_repeated():
    transport = Scripted((1.0, 8.0, 200))
    async with client(transport, timeout=5.0) as missive:
        with pytest.raises(OutcomeUnknown) as caught:
            await write(missive)
        assert (now(), type(caught.value.__cause__)) == (5.0, TimedOut)
        assert await quiet(missive) == NOTHING_LEFT
    assert len(transport.arrived) == 1


@virtual_time
async def test_a_write_whose_caller_is_cancelled_while_it_connects_arrives_at_most_once():
    transport = Scripted((2.0, 0.5, 200))
    async with client(transport) as missive:
        task = asyncio.create_task(write(missive))
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await quiet(missive) == NOTHING_LEFT
    assert len(transport.arrived) <= 1


@virtual_time
async def test_a_write_that_was_still_connecting_when_the_client_closed_certainly_did_not_happen():
    transport = Scripted((8.0, 0.5, 200))
    missive = client(transport)
    task = asyncio.create_task(write(missive))
    await asyncio.sleep(1)
    await missive.aclose()
    with pytest.raises(ClientClosed):
        await task
    assert missive.budget().windows[0].free == 300
    await asyncio.sleep(100)
    assert transport.arrived == []


@virtual_time
async def test_a_write_that_was_on_its_way_when_the_client_closed_may_have_happened():
    missive = client(Scripted((0.1, 8.0, 200)))
    task = asyncio.create_task(write(missive))
    await asyncio.sleep(1)
    await missive.aclose()
    with pytest.raises(OutcomeUnknown) as caught:
        await task
    assert isinstance(caught.value.__cause__, ClientClosed)


@virtual_time
async def test_a_write_that_found_no_server_while_the_client_closed_is_no_mystery():
    refused = httpx.ConnectError("refused")
    missive = client(Scripted((1.0, 0.0, refused)))
    task = asyncio.create_task(write(missive))
    await asyncio.sleep(1.5)
    await missive.aclose()
    with pytest.raises(ClientClosed):
        await task


@virtual_time
async def test_a_read_that_ran_out_of_time_is_repeated_while_the_first_still_holds_its_place():
    transport = Scripted((0.1, 20.0, 200), (0.1, 1.0, 200))
    async with client(transport, timeout=5.0, limits=RateLimits.parse("2,300/60")) as missive:
        assert await read(missive) == {"fine": True}
        assert (missive.budget().places_free, transport.running) == (1, 1)
        await asyncio.sleep(30)
        assert (missive.budget().places_free, transport.running) == (2, 0)


@virtual_time
async def test_an_answer_that_comes_too_late_still_tells_the_budget_what_it_has_to_say():
    late = httpx.Response(429, headers={"retry-after": "600"})
    async with client(Scripted((0.1, 8.0, late), (0.1, 0.1, 200)), timeout=5.0) as missive:
        await read(missive)
        await asyncio.sleep(5)
        assert (missive.budget().refused, missive.budget().paused_for > 500) == (1, True)


@virtual_time
async def test_an_exchange_that_never_ends_gives_its_place_back_in_the_end():
    async with client(Scripted((0.1, 1e9, 200)), timeout=5.0, retry=RetryPolicy.never()) as missive:
        with pytest.raises(TimedOut):
            await read(missive)
        assert await quiet(missive) == NOTHING_LEFT


@virtual_time
async def test_crowds_that_run_out_of_time_never_put_more_on_the_server_than_it_allows():
    transport = Scripted((0.1, 4.0, 200))
    async with client(transport, timeout=1.0, retry=RetryPolicy.never()) as missive:
        calls = [read(missive) if index % 2 else write(missive) for index in range(60)]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(result) for result in results} == {TimedOut, OutcomeUnknown}
        assert transport.most == 5
        assert await quiet(missive) == NOTHING_LEFT


# Deadlines


@virtual_time
async def test_a_deadline_covers_waiting_exchange_and_retries():
    """One second an attempt, one, two and four seconds between them."""
    transport = Scripted((0.0, 1.0, 503))
    for deadline, attempts, ended in ((1.9, 1, 1.0), (4.9, 2, 3.0), (6.5, 3, 6.0), (9.9, 3, 6.0), (30.0, 4, 11.0)):
        transport.attempts = 0
        started = now()
        async with client(transport, deadline=deadline) as missive:
            with pytest.raises(ServerError):
                await read(missive)
        assert (transport.attempts, now() - started) == (attempts, ended)


@virtual_time
async def test_a_deadline_within_the_exchange_ends_it():
    async with client(Scripted((0.1, 10.0, 200)), deadline=3.0) as missive:
        with pytest.raises(TimedOut, match="3 s"):
            await read(missive)
        assert now() == 3.0
        with pytest.raises(OutcomeUnknown):
            await write(missive)
        assert now() == 6.0


@virtual_time
async def test_a_deadline_that_the_budget_cannot_meet_spends_nothing():
    transport = Scripted((0.0, 0.5, 200))
    async with client(transport, limits=RateLimits.parse("5,1/60")) as missive:
        await read(missive)
        with pytest.raises(BudgetExceeded) as caught:
            await read(missive.with_options(deadline=30.0))
        assert (now(), caught.value.retry_after, transport.attempts) == (0.5, 60.0, 1)
        assert await read(missive.with_options(deadline=61.0)) == {"fine": True}


@virtual_time
async def test_a_refusal_within_a_deadline_is_waited_out_only_if_there_is_time():
    refused = httpx.Response(429, headers={"retry-after": "720"})
    for deadline, expected in ((800.0, None), (60.0, BudgetExceeded)):
        async with client(Scripted((0.0, 0.5, refused), (0.0, 0.5, 200)), deadline=deadline) as missive:
            started = now()
            if expected is None:
                assert await write(missive) == {"fine": True}
                assert now() - started == 721.0
            else:
                with pytest.raises(expected) as caught:
                    await write(missive)
                assert (now() - started, caught.value.retry_after) == (0.5, 720.0)


# Retries


@pytest.mark.parametrize("date", [True, False])
@virtual_time
async def test_a_server_that_is_away_until_a_date_is_asked_again_then(date):
    def at(seconds):
        return format_datetime(datetime.fromtimestamp(EPOCH + seconds, UTC), usegmt=True)

    headers = {"retry-after": at(40)} | ({"date": at(0)} if date else {})
    transport = Scripted((0.0, 0.0, httpx.Response(503, headers=headers)), (0.0, 0.0, 200))
    async with client(transport) as missive:
        assert await read(missive) == {"fine": True}
    assert now() == 40.0


@virtual_time
async def test_a_read_waits_longer_from_attempt_to_attempt():
    transport = Scripted((0.0, 0.0, httpx.ReadError("reset")))
    async with client(transport) as missive:
        with pytest.raises(TransportFailed):
            await read(missive)
    assert [when for when, _ in transport.arrived] == [0.0, 1.0, 3.0, 7.0]


@virtual_time
async def test_a_policy_can_be_any_function_of_its_shape():
    asked = []

    def policy(attempt, failure, *, write, asked_for=None, asked=None):
        heard.append((attempt, failure.name, write, asked))
        return 2.5 if attempt < 3 else None

    heard = asked
    transport = Scripted((0.0, 0.0, httpx.Response(503, headers={"retry-after": "9"})))
    async with client(transport, retry=policy) as missive:
        with pytest.raises(ServerError):
            await read(missive)
    assert asked == [(number, "UNAVAILABLE", False, 9.0) for number in (1, 2, 3)]
    assert now() == 5.0


@virtual_time
async def test_refusals_and_failures_are_counted_apart():
    """A call that is refused between its failures keeps the attempts that it has left."""
    refused = (0.0, 0.0, httpx.Response(429, headers={"retry-after": "1"}))
    away = (0.0, 0.0, 503)
    transport = Scripted(away, refused, refused, away, refused, away, (0.0, 0.0, 200))
    async with client(transport) as missive:
        assert await read(missive) == {"fine": True}
    assert transport.attempts == 7


# The token


async def told_by(act, call, caplog):
    """Everything that can be seen of a call that fails."""
    twice = RetryPolicy(attempts=2, refusals=1, first_delay=0)
    with caplog.at_level(logging.DEBUG):
        async with RawServer(act) as server, AsyncMissive(TOKEN, base_url=server.url, retry=twice) as missive:
            with pytest.raises(Exception) as caught:
                await call(missive)
    error = caught.value
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("missive_async"))
    return "\n".join([str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error)), ours])


async def babbles_headers(exchange):
    exchange.writer.write(b"HTTP/1.1 200 OK\r\n" + exchange.authorization + b"\r\n\r\n")


async def babbles_status(exchange):
    exchange.writer.write(b"HTTP/1.1 " + exchange.authorization + b"\r\n\r\n")


async def babbles(exchange):
    exchange.writer.write(exchange.authorization + b"\r\n\r\n")


async def babbles_length(exchange):
    exchange.writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: " + exchange.authorization + b"\r\n\r\n")


async def babbles_chunk(exchange):
    exchange.writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + exchange.authorization + b"\r\n")


@pytest.mark.parametrize("act", [babbles, babbles_status, babbles_headers, babbles_length, babbles_chunk])
@pytest.mark.parametrize("call", [read, write])
async def test_the_token_is_not_in_what_is_told_of_an_answer_that_is_no_http(act, call, caplog):
    assert TOKEN not in await told_by(act, call, caplog)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 302])
async def test_the_token_is_not_in_an_error_whose_body_repeats_it(status, caplog):
    def act(exchange):
        exchange.answer(status, b'{"message": "you sent ' + exchange.authorization + b'"}', retry_after="0")

    assert TOKEN not in await told_by(act, write, caplog)


async def test_the_token_is_not_in_what_is_told_of_a_2xx_that_repeats_it(caplog):
    async def lists(missive):
        await missive.organizations.list().collect()

    def act(exchange):
        exchange.answer(
            200, b'{"organizations": {"' + exchange.authorization + b'": "' + exchange.authorization + b'"}}'
        )

    told = await told_by(act, lists, caplog)
    assert "$.organizations" in told
    assert TOKEN not in told


# What is left behind


@virtual_time
async def test_a_failed_exchange_that_nobody_waits_for_is_no_unretrieved_exception(caplog):
    async with client(Scripted((0.1, 2.0, httpx.ReadError("reset")))) as missive:
        for _ in range(3):
            task = asyncio.create_task(write(missive))
            await asyncio.sleep(1)
            task.cancel()
            await asyncio.wait([task])
        assert await quiet(missive) == NOTHING_LEFT
    gc.collect()
    assert caplog.text == ""


@virtual_time
async def test_what_a_transport_raises_that_is_no_transports_fault_goes_to_the_caller():
    async with client(Scripted((0.1, 0.1, ZeroDivisionError("a bug")))) as missive:
        with pytest.raises(ZeroDivisionError):
            await read(missive)
        assert await quiet(missive) == NOTHING_LEFT


@virtual_time
async def test_a_connection_that_is_refused_costs_no_token():
    async with client(Scripted((0.1, 0.0, httpx.ConnectError("refused")))) as missive:
        for call in (read, write):
            with pytest.raises(TransportFailed, match="could not connect"):
                await call(missive)
        budget = missive.budget()
        assert ([window.free for window in budget.windows], budget.spent) == ([300, 900], 0)


@virtual_time
async def test_a_call_is_served_though_calls_before_it_were_given_up():
    transport = Scripted((0.1, 0.4, 404))
    async with client(transport, limits=RateLimits.parse("1,1000/60")) as missive:
        first = [asyncio.create_task(read(missive)) for _ in range(20)]
        await settle()
        for task in first:
            task.cancel()
        with pytest.raises(NotFound):
            await read(missive)
        assert now() == 1.0


class SlowNetwork(httpcore.AnyIOBackend):
    """Takes its time to connect, however short a timeout it is given, as a name server or a handshake may."""

    def __init__(self, *seconds):
        self.seconds = list(seconds)
        self.streams = []

    async def connect_tcp(self, host, port, **options):
        await asyncio.sleep(self.seconds.pop(0) if self.seconds else 0)
        self.streams.append(await super().connect_tcp(host, port, **options))
        return self.streams[-1]


async def test_over_a_real_connection_too_a_write_that_connects_too_late_is_not_sent():
    transport = httpx.AsyncHTTPTransport()
    transport._pool = httpcore.AsyncConnectionPool(network_backend=SlowNetwork(0.4))
    soon = RetryPolicy(first_delay=0.01)
    async with RawServer(lambda exchange: exchange.answer()) as server:
        missive = AsyncMissive(TOKEN, base_url=server.url, transport=transport, timeout=0.2, retry=soon)
        async with missive:
            assert await write(missive) == {}
            await until(lambda: missive.budget().places_free == 5)
            assert missive.budget().windows[0].free == 299
            await until(lambda: len(transport._pool.connections) == 1)
            assert await write(missive) == {}
        assert len(server.requests) == 2


async def test_a_write_that_got_no_connection_of_a_callers_pool_certainly_did_not_happen():
    async def hangs(_):
        await asyncio.sleep(60)

    one = httpx.Limits(max_connections=1)
    async with RawServer(hangs) as server, httpx.AsyncClient(limits=one) as pool:
        missive = AsyncMissive(TOKEN, base_url=server.url, http_client=pool, timeout=0.2, retry=RetryPolicy.never())
        async with missive:
            busy = asyncio.create_task(write(missive))
            await until(lambda: server.requests)
            with pytest.raises(TimedOut):
                await write(missive)
            with pytest.raises(OutcomeUnknown):
                await busy
        assert len(server.requests) == 1


# What an answer says about the budget

DATE = "Wed, 04 Mar 2026 05:06:07 GMT"
DATED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("status", "headers", "said"),
    [
        (200, {}, None),
        (200, {"retry-after": "5", "date": DATE}, None),
        (200, {"x-ratelimit-remaining": "5"}, None),
        (200, {"x-ratelimit-limit": "many"}, Feedback()),
        (200, {"x-ratelimit-limit": "300"}, Feedback(limit=300)),
        (200, {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "-7"}, Feedback(limit=300, remaining=-7)),
        (
            200,
            {
                "x-ratelimit-limit": "300",
                "x-ratelimit-remaining": "12",
                "x-ratelimit-reset": str(int(DATED) + 30),
                "date": DATE,
            },
            Feedback(limit=300, remaining=12, reset_in=30.0, reset=DATED + 30, server_time=DATED),
        ),
        (429, {}, Feedback(refused=True)),
        (429, {"retry-after": "720"}, Feedback(refused=True, retry_after=720.0)),
        (429, {"retry-after": "soon", "x-ratelimit-limit": ""}, Feedback(refused=True)),
        (
            429,
            {"retry-after": "Wed, 04 Mar 2026 05:08:07 GMT", "date": DATE},
            Feedback(refused=True, retry_after=120.0, server_time=DATED),
        ),
    ],
)
def test_what_an_answer_says_about_the_budget(status, headers, said):
    answer = Answer(status, httpx.Headers(headers), b"", 0.1)
    assert _feedback(answer, lambda: DATED + 1_000) == said


@virtual_time
async def test_headers_on_answers_teach_the_phase_of_fixed_windows_and_nothing_is_refused():
    server = fixed([(60, 20.0)], phase=7.0, skew=3.3)

    async def answer(_):
        date = format_datetime(datetime.fromtimestamp(int(server.time()), UTC), usegmt=True)
        said = await server.answer(0.05, 0.05)
        headers = {"x-ratelimit-limit": said.limit, "x-ratelimit-remaining": said.remaining}
        headers |= {"x-ratelimit-reset": int(said.reset), "date": date}
        named = {name: str(value) for name, value in headers.items()}
        return httpx.Response(429 if said.refused else 200, json={}, headers=named)

    async with client(httpx.MockTransport(answer), limits=RateLimits.parse("5,60/20")) as missive:
        await asyncio.sleep(3.0)
        await asyncio.gather(*(read(missive) for _ in range(600)))
        assert missive._pipeline.core.budget._buckets[0].boundary is not None
        started = now()
        await asyncio.gather(*(read(missive) for _ in range(1_200)))
    assert server.refused == []
    assert now() - started <= 1_200 / 60 * 20.0 * 1.01
