"""What a network and a server can do to a request, over a real socket."""

import asyncio
import gzip
import logging
import socket
import time

import pytest

from missive_async import (
    APIError,
    AsyncMissive,
    DecodeError,
    Lane,
    MissiveError,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    RetryPolicy,
    ServerError,
    TimedOut,
    TransportFailed,
    Unauthorized,
)
from raw_server import RawServer

TOKEN = "missive_pat-0123456789abcdef"
SOON = RetryPolicy(first_delay=0.001)
ONCE = RetryPolicy.never()


def client(server, **options):
    return AsyncMissive(TOKEN, base_url=server.url, **({"retry": SOON} | options))


async def read(missive):
    return await missive.request("GET", "/organizations")


async def write(missive):
    return await missive.request("POST", "/drafts", json={"drafts": {"subject": "once"}})


async def ended(call, act, **options):
    """The error that a call ends in, the requests that arrived, and the budget then."""
    async with RawServer(act) as server, client(server, **options) as missive:
        with pytest.raises(Exception) as caught:
            await call(missive)
        return caught.value, server.requests, missive.budget()


def closes(exchange):
    exchange.abort()


async def closes_within_the_head(exchange):
    exchange.writer.write(b"HTTP/1.1 200 OK\r\ncontent-le")
    await exchange.writer.drain()
    exchange.abort()


async def cuts(exchange):
    exchange.answer(200, b'{"organ', length=100)
    await exchange.writer.drain()
    exchange.abort()


async def cuts_a_chunk(exchange):
    exchange.writer.write(b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7\r\n{"organ\r\n')
    await exchange.writer.drain()
    exchange.abort()


def babbles(exchange):
    exchange.writer.write(b"\x00\xff what\r\n\r\n")


def garbles(exchange):
    exchange.answer(200, b"this was never compressed", content_encoding="gzip")


LOST = [closes, closes_within_the_head, cuts, cuts_a_chunk, babbles, garbles]


@pytest.mark.parametrize("act", LOST)
async def test_a_read_whose_answer_is_lost_is_asked_again_then_fails(act):
    error, requests, budget = await ended(read, act)
    assert type(error) is TransportFailed
    assert error.__cause__ is not None
    assert str(error.request) == "GET /organizations"
    assert len(requests) == SOON.attempts
    assert (budget.places_free, budget.windows[0].free) == (5, 300 - SOON.attempts)


@pytest.mark.parametrize("act", LOST)
async def test_a_read_succeeds_once_the_fault_has_passed(act):
    async def passing(exchange):
        if exchange.number > 2:
            exchange.answer(200, b'{"fine": true}')
        elif (acting := act(exchange)) is not None:
            await acting

    async with RawServer(passing) as server, client(server) as missive:
        assert await read(missive) == {"fine": True}


@pytest.mark.parametrize("act", LOST)
async def test_a_write_whose_answer_is_lost_is_never_sent_again(act):
    error, requests, budget = await ended(write, act)
    assert type(error) is OutcomeUnknown
    assert isinstance(error.__cause__, TransportFailed)
    assert error.request.json == {"drafts": {"subject": "once"}}
    assert [request.body for request in requests] == [b'{"drafts":{"subject":"once"}}']
    assert budget.places_free == 5


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_a_write_that_a_failing_server_answers_is_never_sent_again(status):
    error, requests, _ = await ended(write, lambda exchange: exchange.answer(status, b"<html>oh</html>"))
    assert type(error) is OutcomeUnknown
    assert isinstance(error.__cause__, ServerError)
    assert error.__cause__.status == status
    assert len(requests) == 1


@pytest.mark.parametrize(("status", "times"), [(500, 1), (501, 1), (502, 4), (503, 4), (504, 4), (404, 1), (418, 1)])
async def test_a_read_is_asked_again_only_where_that_may_help(status, times):
    error, requests, _ = await ended(read, lambda exchange: exchange.answer(status, b""))
    assert isinstance(error, APIError)
    assert error.status == status
    assert len(requests) == times


@pytest.mark.parametrize("call", [read, write])
async def test_a_refused_connection_gives_its_token_back_and_is_tried_again(call, caplog):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        async with AsyncMissive(TOKEN, base_url=url, retry=SOON) as missive:
            with caplog.at_level(logging.INFO, "missive_async"), pytest.raises(TransportFailed, match="connect"):
                await call(missive)
            assert missive.budget().windows[0].free == 300
    assert len([record for record in caplog.records if "next attempt" in record.message]) == SOON.attempts - 1


@pytest.mark.parametrize("call", [read, write])
async def test_a_refused_call_waits_as_long_as_it_is_told_and_is_sent_again(call):
    def twice(exchange):
        if exchange.number < 3:
            exchange.answer(429, b"", retry_after="0")
        else:
            exchange.answer(200, b'{"fine": true}')

    async with RawServer(twice) as server, client(server) as missive:
        assert await call(missive) == {"fine": True}
        assert (len(server.requests), missive.budget().refused) == (3, 2)


async def test_a_server_that_refuses_for_ever_is_given_up():
    policy = RetryPolicy(refusals=2, first_delay=0.001)
    error, requests, _ = await ended(
        read, lambda exchange: exchange.answer(429, b"", retry_after="0", x_ratelimit_limit="300"), retry=policy
    )
    assert type(error) is RateLimited
    assert (error.retry_after, error.limit, error.remaining) == (0.0, 300, None)
    assert len(requests) == 3


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no such thing"}}', "no such thing"),
        (b'{"error": "no such thing"}', "no such thing"),
        (b'{"errors": ["a", {"b": "c"}]}', "a, b: c"),
        (b'{"message": "no such thing"}', "no such thing"),
        (b"no such thing", "no such thing"),
        (b"<html><head><title>Lost &amp; found</title></head></html>", "Lost & found"),
        (b"<html>no title", "Not Found"),
        (b"", "Not Found"),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
        (b'{"error": ', '{"error":'),
        (b"[]", "Not Found"),
        (b"null", "Not Found"),
    ],
)
async def test_no_body_masks_the_status(body, message):
    error, *_ = await ended(read, lambda exchange: exchange.answer(404, body))
    assert type(error) is NotFound
    assert error.message.startswith(message)
    assert "\n" not in str(error)


async def test_a_body_cut_short_does_not_mask_the_status():
    async def act(exchange):
        exchange.answer(404, b'{"error": {"mess', length=200)
        await exchange.writer.drain()
        exchange.abort()

    error, requests, _ = await ended(write, act)
    assert type(error) is NotFound
    assert len(requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_redirects_are_not_followed(status):
    async with RawServer(lambda exchange: exchange.answer(200)) as elsewhere:
        error, *_ = await ended(read, lambda exchange: exchange.answer(status, b"", location=elsewhere.url))
        assert (type(error), error.status) == (APIError, status)
        assert elsewhere.requests == []


@pytest.mark.parametrize("body", [b"<html>maintenance</html>", b"{", b'"\xff"'])
async def test_a_2xx_that_is_no_json_is_a_decode_error_and_is_not_repeated(body):
    error, requests, _ = await ended(write, lambda exchange: exchange.answer(200, body))
    assert type(error) is DecodeError
    assert (error.paths, error.body) == (("$",), body)
    assert len(requests) == 1


async def test_a_2xx_of_another_shape_says_where():
    async def list_(missive):
        await missive.organizations.list().collect()

    error, *_ = await ended(list_, lambda exchange: exchange.answer(200, b'{"organizations": [{"id": 7}]}'))
    assert error.paths == ("$.organizations[0].id",)
    assert "GET /organizations" in str(error)


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_an_empty_success_is_none(status):
    def act(exchange):
        exchange.writer.write(f"HTTP/1.1 {status} OK\r\ncontent-length: 0\r\n\r\n".encode())

    async with RawServer(act) as server, client(server) as missive:
        assert await write(missive) is None


async def test_compressed_answers_are_read():
    def act(exchange):
        assert "gzip" in exchange.headers["accept-encoding"]
        exchange.answer(200, gzip.compress(b'{"fine": true}'), content_encoding="gzip")

    async with RawServer(act) as server, client(server) as missive:
        assert await read(missive) == {"fine": True}


async def hangs(_):
    await asyncio.sleep(60)


async def drips(exchange):
    exchange.answer(200, b"", length=10_000)
    for _ in range(600):
        exchange.writer.write(b" ")
        await exchange.writer.drain()
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("act", [hangs, drips])
async def test_an_exchange_that_takes_too_long_is_a_timeout(act):
    error, requests, _ = await ended(read, act, timeout=0.05, retry=RetryPolicy(attempts=2, first_delay=0))
    assert type(error) is TimedOut
    assert isinstance(error, TimeoutError)
    assert len(requests) == 2


@pytest.mark.parametrize("act", [hangs, drips])
async def test_a_write_that_takes_too_long_may_have_been_applied(act):
    error, requests, _ = await ended(write, act, timeout=0.05)
    assert type(error) is OutcomeUnknown
    assert len(requests) == 1


async def test_a_deadline_ends_an_exchange_and_its_retries():
    start = time.monotonic()
    error, requests, _ = await ended(
        lambda missive: read(missive.with_options(deadline=0.1)), hangs, timeout=30.0, retry=SOON
    )
    assert isinstance(error, TimedOut)
    assert len(requests) == 1
    assert time.monotonic() - start < 5


async def test_a_retry_that_the_deadline_does_not_leave_time_for_is_not_waited_for():
    patient = RetryPolicy(first_delay=100.0, longest_delay=100.0)
    start = time.monotonic()
    error, requests, _ = await ended(
        lambda missive: read(missive.with_options(deadline=5.0)), lambda exchange: exchange.answer(503), retry=patient
    )
    assert isinstance(error, ServerError)
    assert len(requests) == 1
    assert time.monotonic() - start < 3


async def test_a_place_is_held_while_the_server_may_be_at_work_though_callers_ran_out_of_time():
    async def slow(exchange):
        await asyncio.sleep(0.15)
        exchange.answer()

    async with RawServer(slow) as server, client(server, timeout=0.02, retry=ONCE) as missive:
        results = await asyncio.gather(*[read(missive) for _ in range(20)], return_exceptions=True)
        assert {type(result) for result in results} == {TimedOut}
        assert (len(server.requests), server.most) == (20, 5)


async def echo(exchange):
    exchange.answer(401, b'{"error": {"message": "you sent ' + exchange.authorization + b'"}}')


@pytest.mark.parametrize("call", [read, write])
async def test_the_token_is_in_nothing_that_can_be_seen(call, caplog):
    with caplog.at_level(logging.DEBUG):
        error, requests, _ = await ended(call, echo)
    assert requests[0].authorization.decode() == f"Bearer {TOKEN}"
    assert type(error) is Unauthorized
    assert error.message == "you sent Bearer [token]"
    seen = [str(error), repr(error), repr(error.body), repr(error.__dict__), caplog.text]
    assert not any(TOKEN in text for text in seen)


async def test_the_token_is_in_no_repr():
    async with RawServer(echo) as server, client(server) as missive:
        view = missive.with_options(lane=Lane.BULK)
        seen = [repr(missive), repr(view), repr(missive.budget()), repr(missive._pipeline.core.config)]
        assert not any(TOKEN in text for text in seen)


@pytest.mark.parametrize("call", [read, write])
async def test_every_failure_is_one_of_ours(call):
    for act in [*LOST, echo, lambda exchange: exchange.answer(599)]:
        error, *_ = await ended(call, act)
        assert isinstance(error, MissiveError)
