import copy
import inspect
import json
import pickle
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import missive_async
from missive_async import errors
from missive_async.errors import (
    APIError,
    BadRequest,
    BudgetExceeded,
    ClientClosed,
    ConfigurationError,
    DecodeError,
    Forbidden,
    InvalidPayload,
    InvalidRequest,
    InvalidSignature,
    MissiveError,
    NotFound,
    OutcomeUnknown,
    PartiallyApplied,
    PayloadTooLarge,
    RateLimited,
    ReportExpired,
    ReportFailed,
    ReportTimedOut,
    RequestInfo,
    ServerError,
    TimedOut,
    TransportFailed,
    Unauthorized,
    Unprocessable,
    WebhookError,
    error_for,
    header_int,
    http_date,
    retry_after,
    seconds_to_reset,
)

ASKED = RequestInfo(method="GET", path="/contacts", params={"limit": 5}, json={"secret": 1})
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)

EXAMPLES = [
    MissiveError("m"),
    ConfigurationError("m"),
    InvalidRequest(["a", "b"]),
    InvalidRequest("only"),
    BudgetExceeded("m", retry_after=3.5),
    ClientClosed("m"),
    TransportFailed("m", request=ASKED),
    TimedOut("m", request=ASKED),
    OutcomeUnknown("m", request=ASKED),
    PartiallyApplied("m", done=[1, 2], failed=[{"id": "3"}]),
    APIError("m", status=418, code="c", body={"a": [1]}, headers={"x-a": "b"}, request=ASKED),
    *(
        kind("m", status=400, code="c", body={"a": [1]}, headers={"x-a": "b"}, request=ASKED)
        for kind in (BadRequest, Unprocessable, Unauthorized, Forbidden, NotFound, PayloadTooLarge, ServerError)
    ),
    error_for(429, {"retry-after": "3", "x-ratelimit-reset": "1790000000"}, b"", ASKED),
    DecodeError("m @ $.a", paths=["$.a"], body=b"{}", request=ASKED),
    ReportFailed("m", id="r", created_at=MOMENT),
    ReportTimedOut("m", id="r", created_at=MOMENT),
    ReportExpired("m", id="r", created_at=MOMENT),
    WebhookError("m"),
    InvalidSignature("m"),
    InvalidPayload("m", paths=["$.rule"]),
]
each = pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)


# The tree

TREE = {
    MissiveError: (Exception,),
    ConfigurationError: (MissiveError, ValueError),
    InvalidRequest: (MissiveError, ValueError),
    BudgetExceeded: (MissiveError,),
    ClientClosed: (MissiveError,),
    TransportFailed: (MissiveError,),
    TimedOut: (TransportFailed, TimeoutError),
    OutcomeUnknown: (MissiveError,),
    PartiallyApplied: (MissiveError,),
    APIError: (MissiveError,),
    BadRequest: (APIError,),
    Unprocessable: (BadRequest,),
    Unauthorized: (APIError,),
    Forbidden: (APIError,),
    NotFound: (APIError,),
    PayloadTooLarge: (APIError,),
    RateLimited: (APIError,),
    ServerError: (APIError,),
    DecodeError: (MissiveError,),
    ReportFailed: (MissiveError,),
    ReportTimedOut: (ReportFailed,),
    ReportExpired: (ReportFailed,),
    WebhookError: (MissiveError,),
    InvalidSignature: (WebhookError,),
    InvalidPayload: (WebhookError,),
}


def test_the_tree_is_what_is_promised():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, MissiveError)]
    assert {kind: kind.__bases__ for kind in kinds} == TREE


def test_the_tree_is_as_it_is_drawn():
    assert [kind.__name__ for kind in TREE if kind.__name__ not in errors.__doc__] == []


@pytest.mark.parametrize("kind", TREE)
def test_every_error_is_public(kind):
    assert getattr(missive_async, kind.__name__) is kind


def test_every_error_has_an_example_here():
    assert {type(example) for example in EXAMPLES} == set(TREE)


# Across process borders


def same(left, right):
    return (type(left), left.args, str(left), vars(left)) == (type(right), right.args, str(right), vars(right))


@each
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_cross_process_borders_whole(error, protocol):
    assert same(pickle.loads(pickle.dumps(error, protocol)), error)  # noqa: S301 - our own


@each
def test_errors_can_be_copied(error):
    assert same(copy.copy(error), error)
    assert same(copy.deepcopy(error), error)


# Messages


@each
def test_every_message_is_one_line(error):
    assert len(str(error).splitlines()) == 1


def test_an_answer_is_told_with_its_status_its_request_and_the_reason():
    assert str(error_for(404, {}, b"", ASKED)) == "404 for GET /contacts: Not Found"
    assert str(error_for(404, {}, b"")) == "404: Not Found"


def test_what_was_sent_is_in_no_repr():
    request = RequestInfo(method="POST", path="/drafts", json={"drafts": {"body": "private"}})
    seen = [repr(request), str(OutcomeUnknown("lost", request=request)), repr(error_for(400, {}, b"", request))]
    assert not any("private" in text for text in seen)
    assert str(request) == "POST /drafts"


def test_a_path_of_many_ids_is_cut():
    request = RequestInfo(method="GET", path="/messages/" + ",".join(map(str, range(500))))
    assert len(str(request)) < 130


def test_every_broken_rule_is_named():
    error = InvalidRequest(problem for problem in ("one", "two"))
    assert (error.problems, str(error)) == (("one", "two"), "one; two")
    assert InvalidRequest("only one").problems == ("only one",)


# Answers


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (402, APIError),
        (403, Forbidden),
        (404, NotFound),
        (405, APIError),
        (409, APIError),
        (413, PayloadTooLarge),
        (422, Unprocessable),
        (429, RateLimited),
        (500, ServerError),
        (502, ServerError),
        (503, ServerError),
        (504, ServerError),
        (599, ServerError),
        (302, APIError),
        (100, APIError),
    ],
)
def test_each_status_has_its_class(status, kind):
    error = error_for(status, {}, b"")
    assert (type(error), error.status) == (kind, status)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "nested"}}, "nested"),
        ({"error": {"message": "nested", "code": 7}, "message": "outer"}, "nested"),
        ({"error": "plain"}, "plain"),
        ({"errors": "several"}, "several"),
        ({"errors": ["one", "two"]}, "one, two"),
        ({"errors": {"name": ["is short", "is bad"]}}, "name: is short, is bad"),
        ({"errors": [{"message": "deep"}]}, "message: deep"),
        ({"message": "flat"}, "flat"),
        ({"error": {"message": ""}, "message": "flat"}, "flat"),
        ({"error": {"message": None}, "message": "flat"}, "flat"),
        ({"error": {"reason": "odd"}}, "reason: odd"),
        ({"error": True, "message": "flat"}, "flat"),
        ({"error": False}, "Bad Request"),
        ({"odd": {"deep": 7}}, "odd: deep: 7"),
        ({}, "Bad Request"),
        ([], "Bad Request"),
        (None, "Bad Request"),
        (True, "Bad Request"),
        ("just text", "just text"),
        (["a", {"b": "c"}], "a, b: c"),
        (7, "7"),
        ({"error": {"message": "two\nlines\tand   spaces\r\n"}}, "two lines and spaces"),
    ],
)
def test_the_best_text_of_a_json_body_is_the_message(body, message):
    error = error_for(400, {}, json.dumps(body).encode())
    assert (error.message, error.body) == (message, body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Bad Gateway"),
        (b"  \n ", "Bad Gateway"),
        (b"<html><head><TITLE lang=en>502 &amp; all\n that</TITLE></head></html>", "502 & all that"),
        (b"<!doctype html><p>no title</p>", "Bad Gateway"),
        (b"<html><title>never closed", "Bad Gateway"),
        (b"upstream down", "upstream down"),
        (b'{"error": {"mess', '{"error": {"mess'),
        (b"\xff\xfe\x00", "\ufffd\ufffd"),
    ],
)
def test_the_best_text_of_any_other_body_is_the_message(body, message):
    assert error_for(502, {}, body).message == message


def test_an_unknown_status_without_a_body_has_a_message_too():
    assert error_for(599, {}, b"").message == "no reason given"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_says_that_it_is_not_followed_whatever_its_body(status):
    error = error_for(status, {"location": "https://elsewhere.example/?token"}, b"<title>Moved</title>")
    assert "redirect" in str(error)
    assert "elsewhere" not in str(error)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"error": {"message": "m", "code": "too_long"}}, "too_long"),
        ({"error": {"message": "m", "type": "too_long"}}, "too_long"),
        ({"error": {"message": "m", "code": 17}}, "17"),
        ({"code": "outer", "message": "m"}, "outer"),
        ({"error": {"code": ["odd"]}}, None),
        ({"error": "m"}, None),
        ([], None),
    ],
)
def test_the_code_is_the_machine_readable_name_if_there_is_one(body, code):
    assert error_for(400, {}, json.dumps(body).encode()).code == code


def test_a_very_long_message_is_cut():
    error = error_for(400, {}, b'{"message": "' + b"x" * 100_000 + b'"}')
    assert (len(error.message), error.message[-1]) == (500, "…")


def test_control_characters_do_not_reach_the_terminal():
    body = {"message": "a\x00b\x1b[31mc\x7fd\x9be\u2028f\u202eg"}
    assert error_for(400, {}, json.dumps(body).encode()).message.isprintable()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=20,
)
error_shapes = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("error", "errors", "message", "code", "type", "error_description"), json_values)
)
header_values = st.one_of(
    st.text(max_size=30),
    st.integers().map(str),
    st.floats().map(str),
    st.datetimes().map(format_datetime),
    st.from_regex(
        r"[A-Z][a-z]{2}, \d{1,3} [A-Z][a-z]{2} \d{1,6} \d{1,3}:\d{1,3}(:\d{1,3})? [-+A-Z0-9]{0,6}", fullmatch=True
    ),
)
some_headers = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-reset", "x-ratelimit-limit", "x-ratelimit-remaining", "date"]),
    header_values,
)


@given(st.integers(100, 999), some_headers, st.binary() | (json_values | error_shapes).map(json.dumps).map(str.encode))
def test_whatever_an_answer_is_its_status_is_told_on_one_line(status, headers, body):
    error = error_for(status, headers, body, ASKED, now=1e9)
    assert isinstance(error, APIError)
    assert error.status == status
    assert error.message
    assert len(str(error).splitlines()) == 1
    assert str(error).encode()
    assert same(pickle.loads(pickle.dumps(error)), error)  # noqa: S301 - our own


HOSTILE = [
    b"[" * 5_000 + b"]" * 5_000,
    b"[" * 300 + b"]" * 300,
    b'{"error":' * 300 + b"1" + b"}" * 300,
    b'{"a":' * 60 + b'"deep"' + b"}" * 60,
    b'{"message":' * 900 + b'"deep"' + b"}" * 900,
    b"<title>" * 100_000,
    b"<title" * 100_000,
    b"x" * 5_000_000,
    b"[" + b"1," * 500_000 + b"1]",
    b"\x00" * 1_000_000,
    b'{"message": ' + b"9" * 10_000 + b"}",
    b'{"message": "\\ud800"}',
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_no_body_however_hostile_makes_it_fail_or_takes_long(body):
    started = time.perf_counter()
    error = error_for(500, {}, body, ASKED)
    assert (type(error), len(str(error)) < 600) == (ServerError, True)
    assert time.perf_counter() - started < 2


# Headers

NOW = MOMENT.timestamp()


def dated(offset):
    return format_datetime(datetime.fromtimestamp(NOW + offset, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 30}, None),
        ({"retry-after": dated(30)}, 30.0),
        ({"retry-after": dated(-30)}, 0.0),
        ({"retry-after": dated(30), "date": dated(-600)}, 630.0),
        ({"retry-after": dated(30), "date": "nonsense"}, 30.0),
    ],
)
def test_retry_after_is_a_number_or_a_date(headers, seconds):
    assert retry_after(headers, NOW) == seconds


def test_a_date_to_retry_after_needs_another_to_measure_it_by():
    assert retry_after({"retry-after": dated(30)}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"x-ratelimit-reset": str(int(NOW) + 40)}, 40.0),
        ({"x-ratelimit-reset": str(int(NOW) - 40)}, 0.0),
        ({"x-ratelimit-reset": str(int(NOW) + 40), "date": dated(-60)}, 100.0),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"x-ratelimit-reset": "-5"}, None),
    ],
)
def test_seconds_to_the_reset_go_by_the_servers_own_clock(headers, seconds):
    assert seconds_to_reset(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "number"), [("5", 5), (" 5 ", 5), ("-5", -5), ("", None), ("5.0", None), ("x", None), ("9" * 40, None)]
)
def test_a_number_in_a_header_is_whole_or_none(text, number):
    assert header_int({"name": text}, "name") == number


def test_what_a_429_says_of_the_limits_is_kept():
    headers = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1767225600"}
    error = error_for(429, headers, b"")
    assert (error.limit, error.remaining, error.reset) == (300, 0, MOMENT)


def test_a_429_without_retry_after_goes_by_the_reset():
    reset = {"x-ratelimit-reset": str(int(NOW) + 40)}
    assert error_for(429, reset, b"", now=NOW).retry_after == 40.0
    assert error_for(429, {**reset, "retry-after": "7"}, b"", now=NOW).retry_after == 7.0


def test_a_429_that_says_nothing_says_so():
    error = error_for(429, {}, b"")
    assert (error.retry_after, error.limit, error.remaining, error.reset) == (None, None, None, None)


@pytest.mark.parametrize("reset", ["99999999999999", "-1", "x"])
def test_a_reset_out_of_range_is_none(reset):
    assert error_for(429, {"x-ratelimit-reset": reset}, b"").reset is None


@given(header_values)
def test_no_date_makes_it_fail(text):
    moment = http_date(text)
    assert moment is None or isinstance(moment, float)
