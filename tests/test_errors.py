import inspect
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import missive_async
from missive_async import errors
from missive_async.errors import (
    APIError,
    BadRequest,
    BudgetExceeded,
    ConfigurationError,
    DecodeError,
    Forbidden,
    InvalidPayload,
    InvalidRequest,
    MissiveError,
    NotFound,
    OutcomeUnknown,
    PartiallyApplied,
    PayloadTooLarge,
    RateLimited,
    ReportExpired,
    ReportTimedOut,
    RequestInfo,
    ServerError,
    TimedOut,
    TransportFailed,
    Unauthorized,
    Unprocessable,
    error_for,
)

ASKED = RequestInfo(method="GET", path="/contacts", params={"limit": 1})
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (402, APIError),
        (403, Forbidden),
        (404, NotFound),
        (409, APIError),
        (413, PayloadTooLarge),
        (422, Unprocessable),
        (429, RateLimited),
        (500, ServerError),
        (503, ServerError),
        (599, ServerError),
    ],
)
def test_each_status_has_its_class(status, kind):
    assert type(error_for(status, {}, b"")) is kind


def test_the_tree_is_as_it_is_drawn():
    names = [name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, MissiveError)]
    assert all(name in errors.__doc__ for name in names)
    assert all(getattr(missive_async, name) is getattr(errors, name) for name in names)
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(InvalidRequest, ValueError)
    assert issubclass(TimedOut, TransportFailed)
    assert issubclass(TimedOut, TimeoutError)
    assert issubclass(Unprocessable, BadRequest)


@given(
    st.integers(100, 999),
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda values: (
            st.lists(values) | st.dictionaries(st.sampled_from(["error", "errors", "message", "code"]), values)
        ),
    ).map(lambda value: repr(value).replace("'", '"').encode()),
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-limit", "x-ratelimit-reset", "x-ratelimit-remaining", "date"]),
        st.text(),
    ),
)
def test_whatever_an_answer_is_its_status_is_told_on_one_line(status, body, headers):
    error = error_for(status, headers, body, ASKED, now=0.0)
    assert error.status == status
    assert error.message
    assert "\n" not in str(error)
    assert len(str(error)) < 600


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "Thu, 01 Jan 2026 00:02:00 GMT", "date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 120.0),
        ({"retry-after": "Thu, 01 Jan 2026 00:02:00 GMT"}, 60.0),
        ({"retry-after": "Thu, 01 Jan 2020 00:02:00 GMT"}, 0.0),
        ({"x-ratelimit-reset": "1767225690"}, 30.0),
        ({"x-ratelimit-reset": "1767225690", "date": "Thu, 01 Jan 2026 00:01:00 GMT"}, 30.0),
        ({"x-ratelimit-reset": "1767225690", "retry-after": "7"}, 7.0),
        ({"x-ratelimit-reset": "yesterday"}, None),
    ],
)
def test_the_wait_is_read_from_either_header_by_the_servers_own_clock(headers, wait):
    now = MOMENT.timestamp() + 60
    assert error_for(429, headers, b"", now=now).retry_after == wait


def test_what_a_429_says_of_the_limits_is_kept():
    headers = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225600"}
    error = error_for(429, headers, b"")
    assert (error.limit, error.remaining, error.reset) == (300, 0, MOMENT)


def test_code_and_body_are_kept_as_sent():
    body = b'{"error": {"message": "no", "code": "E7", "more": [1]}}'
    error = error_for(400, {}, body)
    assert (error.message, error.code, error.body) == (
        "no",
        "E7",
        {"error": {"message": "no", "code": "E7", "more": [1]}},
    )


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequest(["a", "b"]),
        BudgetExceeded("no", retry_after=2.0),
        TimedOut("no", request=ASKED),
        OutcomeUnknown("no", request=ASKED),
        PartiallyApplied("no", done=[1], failed=[{"a": 2}]),
        error_for(429, {"retry-after": "3"}, b"{}", ASKED),
        error_for(503, {}, b"<html>", None),
        DecodeError("no", paths=["$.a"], body=b"x", request=ASKED),
        ReportTimedOut("no", id="r", created_at=MOMENT),
        ReportExpired("no", id="r", created_at=MOMENT),
        InvalidPayload("no", paths=["$"]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_cross_process_borders_whole(error):
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert copy.__dict__ == error.__dict__


def test_what_was_sent_is_in_no_repr():
    request = RequestInfo(method="POST", path="/drafts", json={"drafts": {"body": "private"}})
    assert "private" not in repr(request)
    assert "private" not in str(OutcomeUnknown("lost", request=request))
    assert str(request) == "POST /drafts"


def test_every_broken_rule_is_named():
    assert InvalidRequest(["a", "b"]).problems == ("a", "b")
    assert str(InvalidRequest(["a", "b"])) == "a; b"
    assert InvalidRequest("only one").problems == ("only one",)
