"""Arbitrary JSON of the shape of a model, for properties that hold whatever Missive sends."""

import json
import types
import typing
from datetime import datetime
from pathlib import Path
from typing import Any

import attrs
from hypothesis import strategies as st

SAMPLES = Path(__file__).parent / "samples"

anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
_SIMPLE = {
    str: st.text(max_size=8),
    bool: st.booleans(),
    int: st.integers(-(2**31), 2**31),
    datetime: st.integers(0, 4_000_000_000),
    Any: anything.filter(lambda value: value is not None),
}


def sample(name: str) -> Any:
    """The payload of a sample."""
    return json.loads((SAMPLES / f"{name}.json").read_text())["payload"]


@st.composite
def records(draw: st.DrawFn, model: type[Any]) -> dict[str, Any]:
    """A record of which any part but required ones may be absent or null, with fields that the model does not know."""
    hints = typing.get_type_hints(model)
    record = {}
    for field in attrs.fields(model):
        required = field.default is attrs.NOTHING
        if required or draw(st.booleans()):
            record[field.alias] = draw(_value(hints[field.name], required=required))
    unknown = draw(st.dictionaries(st.text(max_size=8), anything, max_size=2))
    return {key: value for key, value in unknown.items() if key not in hints} | record


def known(record: dict[str, Any], model: type[Any]) -> dict[str, Any]:
    """What a model keeps of a record: neither nulls nor fields that it does not know."""
    hints = typing.get_type_hints(model)
    return {key: _known(value, hints[key]) for key, value in record.items() if key in hints and value is not None}


def _value(hint: Any, *, required: bool) -> st.SearchStrategy[Any]:
    kinds = _kinds(hint)
    if len(kinds) > 1:
        return st.one_of(*(_value(kind, required=required) for kind in kinds))
    (kind,) = kinds
    if attrs.has(kind):
        value: st.SearchStrategy[Any] = records(kind)
    elif typing.get_origin(kind) is tuple:
        value = st.lists(_value(typing.get_args(kind)[0], required=True), max_size=3)
    else:
        value = _SIMPLE[kind]
    return value if required else st.none() | value


def _known(value: Any, hint: Any) -> Any:
    kind = next((kind for kind in _kinds(hint) if attrs.has(kind) == isinstance(value, dict)), hint)
    if attrs.has(kind):
        return known(value, kind)
    if typing.get_origin(kind) is tuple:
        return [_known(item, typing.get_args(kind)[0]) for item in value]
    return value


def _kinds(hint: Any) -> list[Any]:
    if isinstance(hint, types.UnionType):
        return [part for part in typing.get_args(hint) if part is not types.NoneType]
    return [hint]
