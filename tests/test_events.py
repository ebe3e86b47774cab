"""What a listener is told, call by call."""

import asyncio

import attrs
import httpx
import pytest

from missive_async import (
    AsyncMissive,
    BudgetExceeded,
    ClientClosed,
    InvalidRequest,
    Lane,
    NotFound,
    OutcomeUnknown,
    RateLimits,
    RetryPolicy,
    events,
)
from virtual import VirtualClock, now, virtual_time

STEADY = RetryPolicy(first_delay=1.0, jitter=lambda: 1.0)


class Listener:
    """Keeps every event as its name and what it says beside the request."""

    def __init__(self):
        self.events = []

    def __call__(self, event):
        self.events.append(event)

    @property
    def names(self):
        return [type(event).__name__ for event in self.events]

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]


def client(listener, *answers, seconds=0.5, **options):
    """A client whose server gives these answers in turn, the last for ever, after half a second each."""
    left = list(answers)

    async def answer(_):
        await asyncio.sleep(seconds)
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return httpx.Response(found, json={}) if isinstance(found, int) else found

    options = {"retry": STEADY, "clock": VirtualClock()} | options
    transport = httpx.MockTransport(answer)
    return AsyncMissive("t", base_url="https://example.com/v1", transport=transport, on_event=listener, **options)


@virtual_time
async def test_a_call_that_succeeds():
    listener = Listener()
    async with client(listener, 200) as missive:
        await missive.request("GET", "/teams")
    assert listener.names == ["Waited", "Sent", "Answered", "Succeeded"]
    waited, sent, answered, succeeded = listener.events
    assert (waited.seconds, waited.lane, sent.attempt) == (0.0, "INTERACTIVE", 1)
    assert (answered.attempt, answered.status, answered.seconds, succeeded.elapsed) == (1, 200, 0.5, 0.5)
    assert {str(event.request) for event in listener.events} == {"GET /teams"}


@virtual_time
async def test_a_call_that_waits_says_for_how_long_and_in_which_lane():
    listener = Listener()
    async with client(listener, 200, limits=RateLimits.parse("1,1/60")) as missive:
        await missive.request("GET", "/teams")
        await missive.with_options(lane=Lane.REPORT).request("GET", "/users")
    assert [(event.seconds, event.lane) for event in listener.of(events.Waited)] == [
        (0.0, "INTERACTIVE"),
        (60.0, "REPORT"),
    ]


@virtual_time
async def test_a_call_that_is_repeated():
    listener = Listener()
    async with client(listener, 503, httpx.ReadError("reset"), 200) as missive:
        await missive.request("GET", "/teams")
    attempt = ["Waited", "Sent"]
    assert listener.names == [*attempt, "Answered", "Retrying", *attempt, "Retrying", *attempt, "Answered", "Succeeded"]
    assert [event.attempt for event in listener.of(events.Sent)] == [1, 2, 3]
    assert [(event.attempt, event.delay) for event in listener.of(events.Retrying)] == [(1, 1.0), (2, 2.0)]
    assert [event.elapsed for event in listener.of(events.Sent)] == [0.0, 1.5, 4.0]


@virtual_time
async def test_a_call_that_is_refused_says_how_long_everything_pauses():
    listener = Listener()
    async with client(listener, httpx.Response(429, headers={"retry-after": "720"}), 200) as missive:
        await missive.request("GET", "/teams")
    assert [event.pause for event in listener.of(events.Refused)] == [720.0]
    assert now() == 721.0


@pytest.mark.parametrize(
    ("method", "answer", "error"),
    [
        ("GET", 404, NotFound),
        ("POST", 503, OutcomeUnknown),
        ("POST", httpx.ReadError("reset"), OutcomeUnknown),
        ("GET", ZeroDivisionError("a bug"), ZeroDivisionError),
    ],
)
@virtual_time
async def test_a_call_that_fails_says_so_last_and_once(method, answer, error):
    listener = Listener()
    async with client(listener, answer) as missive:
        with pytest.raises(error) as caught:
            await missive.request(method, "/teams", json={} if method == "POST" else None)
    assert (listener.names[-1], len(listener.of(events.Failed))) == ("Failed", 1)
    assert listener.events[-1].error is caught.value


@virtual_time
async def test_a_call_that_finds_no_room_says_so():
    listener = Listener()
    async with client(listener, 200, limits=RateLimits.parse("1,1/60")) as missive:
        await missive.request("GET", "/teams")
        listener.events.clear()
        with pytest.raises(BudgetExceeded):
            await missive.with_options(deadline=5.0).request("GET", "/teams")
    assert listener.names == ["Failed"]


@virtual_time
async def test_a_call_that_is_cancelled_or_left_by_a_closing_client_says_so():
    listener = Listener()
    missive = client(listener, 200, seconds=60.0)
    calls = [asyncio.create_task(missive.request("GET", "/teams")) for _ in range(2)]
    await asyncio.sleep(1)
    calls[0].cancel()
    await asyncio.sleep(1)
    await missive.aclose()
    await asyncio.gather(*calls, return_exceptions=True)
    assert [type(event.error) for event in listener.of(events.Failed)] == [asyncio.CancelledError, ClientClosed]


@virtual_time
async def test_nobody_is_told_of_a_call_that_was_refused_locally():
    listener = Listener()
    async with client(listener, 200) as missive:
        with pytest.raises(InvalidRequest):
            await missive.with_options(read_only=True).request("POST", "/posts", json={})
    assert listener.of(events.Sent) == []


def test_events_cannot_be_changed():
    event = events.Sent(request=None, elapsed=0.0, attempt=1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        event.attempt = 2
