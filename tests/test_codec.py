import contextlib
import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import cattrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from missive_async import UNSET
from missive_async import _codec as codec
from missive_async.errors import DecodeError, InvalidRequest


@attrs.frozen(kw_only=True)
class Part:
    id: str
    size: int | None = None


@attrs.frozen(kw_only=True)
class Thing:
    """One of everything that the models have."""

    id: str
    name: str | None = None
    count: int | None = None
    share: float | None = None
    open: bool | None = None
    at: datetime | None = None
    part: Part | None = None
    parts: tuple[Part, ...] | None = None
    extra: dict[str, Any] | None = None


NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
FULL = Thing(
    id="1",
    name="n",
    count=2,
    share=0.5,
    open=False,
    at=NOW,
    part=Part(id="p"),
    parts=(Part(id="q", size=3),),
    extra={"a": [1, None]},
)
FULL_JSON = {
    "id": "1",
    "name": "n",
    "count": 2,
    "share": 0.5,
    "open": False,
    "at": 1_772_600_767,
    "part": {"id": "p"},
    "parts": [{"id": "q", "size": 3}],
    "extra": {"a": [1, None]},
}

things = st.builds(
    Thing,
    id=st.text(max_size=5),
    name=st.none() | st.text(),
    count=st.none() | st.integers(-(2**53), 2**53),
    share=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    open=st.none() | st.booleans(),
    at=st.none() | st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    part=st.none() | st.builds(Part, id=st.text(max_size=5), size=st.none() | st.integers(0, 99)),
    parts=st.none() | st.lists(st.builds(Part, id=st.text(max_size=5)), max_size=3).map(tuple),
    extra=st.none() | st.dictionaries(st.text(max_size=3), st.none() | st.integers(-9, 9), max_size=3),
)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | finite | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def body(value):
    return json.dumps(value).encode()


def failure(decode, content):
    """How decoding failed, if it did; nothing but a `DecodeError` is expected."""
    try:
        decode(content)
    except DecodeError as error:
        return error
    return None


# Answers to models


@given(things)
def test_what_a_model_says_in_json_is_read_back_as_the_same_model(thing):
    assert codec.one("things", Thing)(codec.encode({"things": thing})) == thing
    assert codec.from_dict(codec.to_dict(thing), Thing) == thing


def test_a_whole_record_is_read():
    assert codec.one("things", Thing)(body({"things": FULL_JSON})) == FULL


@given(st.dictionaries(st.text(max_size=8).filter(lambda name: name not in FULL_JSON), json_values))
def test_fields_that_nobody_knows_never_fail_a_call(unknown):
    assert codec.many("things", Thing)(body({"things": [{**unknown, **FULL_JSON}], "x": unknown})) == [FULL]


def test_null_and_absent_are_both_none():
    names = [name for name in FULL_JSON if name != "id"]
    assert codec.one("things", Thing)(body({"things": {"id": "1", **dict.fromkeys(names)}})) == Thing(id="1")
    assert codec.one("things", Thing)(body({"things": {"id": "1"}})) == Thing(id="1")


@pytest.mark.parametrize("text", ["null", "true", "1", "1.5", "", "2026-01-01", "NaN"])
def test_a_text_that_looks_like_something_else_stays_a_text(text):
    assert codec.one("things", Thing)(body({"things": {"id": text, "name": text}})) == Thing(id=text, name=text)


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1_772_600_767, NOW),
        (1_772_600_767.25, NOW.replace(microsecond=250_000)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_unix_times_become_aware(sent, moment):
    assert codec.one("things", Thing)(body({"things": {"id": "1", "at": sent}})).at == moment


def test_one_record_may_come_alone_or_in_an_array_of_one():
    one = codec.one("things", Thing)
    assert one(body({"things": [{"id": "1"}]})) == one(body({"things": {"id": "1"}})) == Thing(id="1")


@pytest.mark.parametrize("count", [0, 2, 3])
def test_one_record_is_not_none_or_several(count):
    with pytest.raises(DecodeError, match=f"expected one record, got {count}") as caught:
        codec.one("things", Thing)(body({"things": [{"id": "1"}] * count}))
    assert caught.value.paths == ("$.things",)


def test_some_records_may_come_alone_or_in_an_array_of_any_length():
    some = codec.some("things", Thing)
    assert [len(some(body({"things": value}))) for value in ([], {"id": "1"}, [{"id": "1"}] * 3)] == [0, 1, 3]


@pytest.mark.parametrize("empty", [b"", b" ", b"\n\t "])
def test_a_successful_write_may_answer_nothing(empty):
    assert codec.optional(codec.one("things", Thing))(empty) is None
    assert codec.several("things", Thing)(empty) == []
    assert codec.anything(empty) is None
    assert codec.nothing(empty) is None


@given(json_values)
def test_any_json_is_given_as_it_is(value):
    assert codec.anything(body(value)) == value


def test_raw_records_are_the_text_that_came():
    some = codec.some_raw("things")
    assert [bytes(row) for row in some(b'{"things": [ {"a": 1.0} , {"b":2} ]}')] == [b'{"a": 1.0}', b'{"b":2}']
    assert [bytes(row) for row in some(b'{"things": {"a": 1.0} }')] == [b'{"a": 1.0}']


# Answers that are not what they should be


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (b"", "$"),
        (b"  ", "$"),
        (b"{", "$"),
        (b"<html>", "$"),
        (b"\xff", "$"),
        (b"[]", "$"),
        (b"null", "$"),
        (b"{}", "$"),
        (b'{"other": 1}', "$"),
        (b'{"things": null}', "$.things"),
        (b'{"things": "x"}', "$.things"),
        (b'{"things": [{}]}', "$.things[0]"),
        (b'{"things": [{"id": "1"}, {"id": 2}]}', "$.things[1].id"),
        (b'{"things": [{"id": "1", "count": "many"}]}', "$.things[0].count"),
        (b'{"things": [{"id": "1", "at": "soon"}]}', "$.things[0].at"),
        (b'{"things": [{"id": "1", "at": 1e300}]}', "$.things[0].at"),
        (b'{"things": [{"id": "1", "part": []}]}', "$.things[0].part"),
        (b'{"things": [{"id": "1", "parts": [{"id": "2"}, {}]}]}', "$.things[0].parts[1]"),
    ],
)
def test_a_fault_is_told_with_its_place_and_the_body(content, path):
    with pytest.raises(DecodeError) as caught:
        codec.many("things", Thing)(content)
    assert (caught.value.paths, caught.value.body) == ((path,), content)
    assert str(caught.value).endswith(f" @ {path}")


@pytest.mark.parametrize("depth", [100, 2_000, 100_000])
def test_a_body_nested_however_deep_is_at_worst_a_decode_error(depth):
    for content in (b"[" * depth + b"]" * depth, b'{"things":' * depth + b"1" + b"}" * depth):
        with contextlib.suppress(DecodeError):
            codec.anything(content)
        with pytest.raises(DecodeError):
            codec.many("things", Thing)(content)


@given(st.binary(max_size=60) | json_values.map(body) | json_values.map(lambda value: body({"things": value})))
def test_no_body_raises_anything_else(content):
    decoders = [
        codec.many("things", Thing),
        codec.one("things", Thing),
        codec.some("things", Thing),
        codec.several("things", Thing),
        codec.some_raw("things"),
        codec.many("things", dict),
        codec.many("things", msgspec.Raw),
        codec.anything,
    ]
    for decode in decoders:
        error = failure(decode, content)
        assert error is None or (error.body in content and len(str(error).splitlines()) == 1)


# Models and mappings to JSON


def test_a_model_is_sent_without_what_it_does_not_carry():
    assert codec.to_dict(FULL) == FULL_JSON
    assert codec.to_dict(Thing(id="1")) == {"id": "1"}


def test_only_models_have_a_json_shape_of_their_own():
    for value in ({"id": "1"}, "x", None, 3):
        with pytest.raises(TypeError, match="a model"):
            codec.to_dict(value)


@pytest.mark.parametrize(
    ("payload", "sent"),
    [
        ({"a": UNSET, "b": None, "c": 0}, {"b": None, "c": 0}),
        ({"a": {"b": UNSET}}, {"a": {}}),
        ({"a": [{"b": UNSET, "c": 1}]}, {"a": [{"c": 1}]}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({"a": Thing(id="1")}, {"a": {"id": "1"}}),
        ({"a": [Thing(id="1", at=NOW)]}, {"a": [{"id": "1", "at": 1_772_600_767}]}),
        ({"at": NOW}, {"at": 1_772_600_767}),
        ({"at": [NOW]}, {"at": [1_772_600_767]}),
        ([], []),
        ("text", "text"),
    ],
)
def test_payloads_are_sent_in_the_apis_shape(payload, sent):
    assert json.loads(codec.encode(payload)) == sent


def test_json_is_sent_compact_and_in_utf_8():
    assert codec.encode({"a": ["é", 1]}) == '{"a":["é",1]}'.encode()


@pytest.mark.parametrize(
    "payload",
    [
        {"a": object()},
        {"a": {1, object()}},
        {"a": "\ud800"},
        {"a": datetime(2026, 1, 1)},  # noqa: DTZ001 - what is refused
        {"a": [UNSET]},
        {("a", "b"): 1},
    ],
)
def test_what_json_cannot_say_is_refused(payload):
    with pytest.raises(InvalidRequest):
        codec.encode(payload)


def test_what_contains_itself_is_refused():
    circle = {}
    circle["a"] = [circle]
    for act in (codec.encode, codec.plain):
        with pytest.raises(InvalidRequest):
            act(circle)


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_a_time_is_sent_as_its_whole_second_whatever_its_zone(moment):
    assert codec.unix(moment) == math.floor(moment.timestamp())


def test_a_time_without_a_zone_names_no_moment():
    with pytest.raises(InvalidRequest, match="without a zone"):
        codec.unix(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_unset_is_falsy_and_reads_as_it_is_written():
    assert (bool(UNSET), repr(UNSET)) == (False, "UNSET")


# Mappings given by callers


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": 5}, "$.id"),
        ({"id": None}, "$.id"),
        ({"count": "2"}, "$.count"),
        ({"count": True}, "$.count"),
        ({"open": "yes"}, "$.open"),
        ({"share": "0.5"}, "$.share"),
        ({"at": "now"}, "$.at"),
        ({"at": True}, "$.at"),
        ({"at": 1e300}, "$.at"),
        ({"part": {"id": "p", "size": 1.5}}, "$.part.size"),
        ({"parts": [{"id": "p"}, {"id": 7}]}, "$.parts[1].id"),
    ],
)
def test_a_mapping_of_the_wrong_shape_is_told_with_the_place_and_without_the_value(change, fault):
    with pytest.raises(cattrs.BaseValidationError) as caught:
        codec.from_dict({**FULL_JSON, **change}, Thing)
    found = codec.problems(caught.value)
    assert [problem.rpartition(" @ ")[2] for problem in found] == [fault]


def test_every_fault_of_a_mapping_is_told():
    with pytest.raises(cattrs.BaseValidationError) as caught:
        codec.from_dict({"id": 1, "count": "x", "part": {}}, Thing)
    assert len(codec.problems(caught.value)) == 3


def test_times_in_mappings_may_be_times_already():
    assert codec.from_dict({"id": "1", "at": NOW}, Thing).at == NOW
