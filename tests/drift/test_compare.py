import copy
import enum
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from missive_async.drift import Difference, differences, merged
from missive_async.drift.known import _KNOWN, known_values
from missive_async.drift.probe import STAGES
from missive_async.webhooks import WebhookRule

MODELS = sorted({look.model for stage in STAGES for look in stage} | {WebhookRule}, key=lambda model: model.__name__)
Cents = NewType("Cents", int)


class Mood(enum.Enum):
    CALM = "calm"
    CROSS = "cross"


@attrs.frozen(kw_only=True)
class Leaf:
    id: str
    at: datetime | None = None


@attrs.frozen(kw_only=True)
class Other:
    code: str
    weight: float | None = None


@attrs.frozen(kw_only=True)
class Tree:
    """Every kind of attribute that a model may have."""

    id: str
    from_field: str | None = attrs.field(default=None, alias="sender")
    flag: bool | None = None
    count: int | None = None
    share: float | None = None
    price: Cents | None = None
    leaf: Leaf | None = None
    leaves: tuple[Leaf, ...] | None = None
    several: Sequence[Leaf] | None = None
    either: str | Leaf | None = None
    eithers: tuple[str | Leaf, ...] | None = None
    both: Leaf | Other | None = None
    span: tuple[int, str] | None = None
    named: Mapping[str, Leaf] | None = None
    by_name: dict[str, tuple[int, ...]] | None = None
    state: Literal["open", "shut"] | None = None
    states: tuple[Literal["open", "shut"], ...] | None = None
    level: Literal[1, 2] | None = None
    mood: Mood | None = None
    noted: Annotated[str, "a note"] | None = None
    anything: Any = None
    old: "Union[Leaf, None]" = None  # noqa: UP007 - as older models are written


def found(record, model=Tree, path=""):
    return [str(one) for one in differences(model, record, path)]


def values_of(kind, known=None):
    """JSON of a type, by its annotation."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return values_of(args[0])
    if origin is Literal:
        return st.sampled_from(args)
    if attrs.has(kind):
        return records_of(kind)
    if origin in {tuple, Sequence} or (isinstance(origin, type) and issubclass(origin, Sequence)):
        if args[-1] is not ... and origin is tuple:
            return st.tuples(*map(values_of, args)).map(list)
        return st.lists(values_of(args[0], known), max_size=2)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(st.sampled_from(["one", "two"]), values_of(args[1]), max_size=2)
    if args:
        return st.one_of([values_of(each, known) for each in args])
    return plain_values(kind, known)


def plain_values(kind, known):
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return st.sampled_from([member.value for member in kind])
    times = st.integers(0, 2**33)
    plain = {
        str: st.sampled_from(sorted(known)) if known else st.text(max_size=5),
        bool: st.booleans(),
        int: st.integers(),
        float: st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
        datetime: times | times.map(float),
        type(None): st.none(),
        Cents: st.integers(),
        Any: st.none(),
    }
    return plain[kind]


def records_of(model):
    kinds = get_type_hints(model, include_extras=True)
    fields = {
        field.alias: values_of(kinds[field.name], known_values(model, field.name)) for field in attrs.fields(model)
    }
    required = {field.alias for field in attrs.fields(model) if field.default is attrs.NOTHING}
    return st.fixed_dictionaries(
        {name: values for name, values in fields.items() if name in required},
        optional={name: values for name, values in fields.items() if name not in required},
    )


def objects_in(value, path):
    """Every object of a JSON value with the path to it."""
    if isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from objects_in(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            yield from objects_in(item, f"{path}[]")


@pytest.mark.parametrize("model", [*MODELS, Tree], ids=lambda model: model.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_a_record_of_the_models_own_fields_differs_in_nothing(model, data):
    assert found(data.draw(records_of(model)), model) == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_a_field_added_anywhere_is_the_one_difference(model, data):
    record = data.draw(records_of(model))
    path, place = data.draw(st.sampled_from(list(objects_in(record, "things[]"))))
    place["novelty"] = data.draw(st.sampled_from(["x", 1, True, None, {}, []]))
    assert [(one.path, one.what) for one in differences(tuple[model, ...], [record], "things")] == [
        (f"{path}.novelty", "field")
    ]


@given(record=records_of(Tree))
def test_comparing_changes_no_record(record):
    before = copy.deepcopy(record)
    differences(Tree, record)
    assert record == before


@pytest.mark.parametrize(
    ("value", "example"),
    [
        ("secret", "str"),
        (7, "int"),
        (0.5, "float"),
        (True, "bool"),
        (None, "null"),
        ({"secret": 1}, "object"),
        ([], "array"),
        (["secret"], "array of str"),
        ([1, "secret"], "array"),
        ([[1]], "array of array"),
    ],
    ids=repr,
)
def test_a_new_field_is_told_by_its_type_and_never_by_its_value(value, example):
    assert found({"id": "t", "novelty": value}) == [f"novelty  field  {example}"]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({"leaf": {"id": "l", "new": 1}}, "leaf.new  field  int"),
        ({"leaves": [{"id": "l"}, {"id": "m", "new": 1}]}, "leaves[].new  field  int"),
        ({"several": [{"id": "l", "new": 1}]}, "several[].new  field  int"),
        ({"either": {"id": "l", "new": 1}}, "either.new  field  int"),
        ({"eithers": ["l", {"id": "l", "new": 1}]}, "eithers[].new  field  int"),
        ({"both": {"code": "c", "new": 1}}, "both.new  field  int"),
        ({"named": {"casey@example.com": {"id": "l", "new": 1}}}, "named.*.new  field  int"),
        ({"old": {"id": "l", "new": 1}}, "old.new  field  int"),
    ],
    ids=str,
)
def test_a_new_field_is_found_below_every_kind_of_attribute(record, line):
    assert found({"id": "t", **record}) == [line]


@pytest.mark.parametrize("name", ["casey@example.com", "0b1c", "+15550100001", "", "a b", "x" * 65, "naïve", "a-b"])
def test_a_name_that_looks_like_data_is_not_shown(name):
    assert found({"id": "t", "leaf": {"id": "l", name: 1}}) == ["leaf.*  field  int"]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({"state": "ajar"}, "state  value  ajar"),
        ({"states": ["open", "ajar"]}, "states[]  value  ajar"),
        ({"mood": "over_joyed"}, "mood  value  over_joyed"),
        ({"state": "Casey Moor"}, "state  value  str"),
        ({"state": "a" * 41}, "state  value  str"),
        ({"state": ""}, "state  value  str"),
        ({"state": "open\n"}, "state  value  str"),
    ],
    ids=str,
)
def test_a_new_value_of_an_enumeration_is_told_when_it_looks_like_one(record, line):
    assert found({"id": "t", **record}) == [line]


@pytest.mark.parametrize(
    ("record", "line"),
    [
        ({"id": 5}, "id  type  int"),
        ({"id": None}, "id  type  null"),
        ({"flag": 1}, "flag  type  int"),
        ({"count": True}, "count  type  bool"),
        ({"count": 1.5}, "count  type  float"),
        ({"price": "1"}, "price  type  str"),
        ({"leaf": "l"}, "leaf  type  str"),
        ({"leaf": []}, "leaf  type  array"),
        ({"leaf": {"id": "l", "at": "2026-01-01"}}, "leaf.at  type  str"),
        ({"leaves": {}}, "leaves  type  object"),
        ({"leaves": "l"}, "leaves  type  str"),
        ({"leaves": [None]}, "leaves[]  type  null"),
        ({"eithers": [3]}, "eithers[]  type  int"),
        ({"span": [1, 2]}, "span[]  type  int"),
        ({"by_name": {"one": [1, "2"]}}, "by_name.*[]  type  str"),
        ({"mood": 3}, "mood  type  int"),
        ({"level": "1"}, "level  type  str"),
    ],
    ids=str,
)
def test_a_field_of_another_type_is_a_difference(record, line):
    assert found({"id": "t", **record}) == [line]


def test_a_field_that_each_record_should_have_is_missed():
    assert found({"leaf": {}}) == ["id  missing  absent", "leaf.id  missing  absent"]


def test_an_attribute_goes_by_its_name_in_the_api():
    assert found({"id": "t", "sender": "x", "from_field": "y"}) == ["from_field  field  str"]


@pytest.mark.parametrize("value", [None, 3, "x", []])
def test_what_is_no_record_at_all_is_a_difference_of_the_whole(value):
    assert [(one.path, one.what) for one in differences(Tree, value)] == [("$", "type")]


@pytest.mark.parametrize("value", [{"deep": [{"er": 1}]}, "text", [1], None])
def test_what_may_be_anything_differs_in_nothing(value):
    assert found({"id": "t", "anything": value}) == []


def test_the_same_difference_of_many_records_is_told_once_with_all_its_types():
    records = [{"id": "a", "new": 1}, {"id": "b", "new": None}, {"id": "c", "new": 2}, {"id": "d"}]
    assert found(records, tuple[Tree, ...], "trees") == ["trees[].new  field  int | null"]


def test_each_new_value_is_told_by_itself():
    records = [{"id": "a", "state": value} for value in ("ajar", "open", "stuck", "ajar")]
    assert found(records, tuple[Tree, ...], "trees") == ["trees[].state  value  ajar", "trees[].state  value  stuck"]


def test_differences_of_several_answers_become_one_list():
    first = Difference(path="a", what="field", example="str")
    second = Difference(path="a", what="field", example="null")
    third = Difference(path="a", what="type", example="null")
    once = merged([second, first, second])
    assert merged([*once, third, first]) == (
        Difference(path="a", what="field", example="null | str"),
        Difference(path="a", what="type", example="null"),
    )


@pytest.mark.parametrize(("model", "attribute"), [(model, name) for model, names in _KNOWN.items() for name in names])
def test_known_values_are_of_attributes_that_models_have(model, attribute):
    assert attribute in {field.name for field in attrs.fields(model)}


def test_records_of_the_models_may_hold_times_as_the_api_has_them():
    assert found({"id": "l", "at": datetime(2026, 1, 1, tzinfo=UTC).timestamp()}, Leaf) == []
