"""A record beside its model: a pure comparison that never shows what is in the record."""

import enum
import functools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs

from missive_async._codec import json_kind
from missive_async.drift.known import known_values

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_VALUE = re.compile(r"[a-z_]{1,40}")
_PLAIN: Mapping[object, tuple[str, ...]] = {
    str: ("str",),
    bool: ("bool",),
    int: ("int",),
    float: ("float", "int"),
    datetime: ("int", "float"),
    type(None): ("null",),
}
"""The kinds of JSON that are read as each of these."""


@attrs.frozen(kw_only=True, order=True)
class Difference:
    """Something in the answers that the models do not say.

    `path` is where, as `conversations[].users[].nickname`; a name that looks like data rather than like a field's is
    `*` in it. `what` is `field` (one that no model has), `value` (an enumeration has a new one), `type` (a field is of
    another type than the model says) or `missing` (it lacks one that each record should have). `example` is the JSON
    type that was seen, several with a `|` between them; of a new value the value itself, where that looks like one of
    an enumeration.
    """

    path: str
    what: Literal["field", "value", "type", "missing"]
    example: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.path}  {self.what}  {self.example}"


def differences(model: Any, value: object, path: str = "") -> tuple[Difference, ...]:
    """Whatever a decoded JSON value has that a model, or any other type of a model's attributes, does not know.

    `path` stands before all paths. Gives each difference once, by path.
    """
    found: list[Difference] = []
    _compare(model, value, path, found)
    return merged(found)


def merged(found: Iterable[Difference]) -> tuple[Difference, ...]:
    """Differences by path, those of one field in one."""
    kinds: dict[tuple[str, str, str], set[str]] = {}
    for one in found:
        same = (one.path, one.what, one.example if one.what == "value" else "")
        kinds.setdefault(same, set()).update(one.example.split(" | "))
    together = (
        Difference(path=path, what=what, example=" | ".join(sorted(examples)))  # type: ignore[arg-type]
        for (path, what, _), examples in kinds.items()
    )
    return tuple(sorted(together))


def _compare(
    kind: Any, value: object, path: str, found: list[Difference], known: Collection[object] | None = None
) -> None:
    kind = _bare(kind)
    if isinstance(kind, tuple):
        _compare(_closest(kind, value), value, path, found, known)
    elif not _fits(kind, value):
        found.append(Difference(path=path or "$", what="type", example=_example(value)))
    elif attrs.has(kind):
        _compare_model(_fields(kind), value, path, found)
    elif isinstance(value, list | tuple):
        _compare_items(kind, value, path, found, known)
    elif isinstance(value, Mapping):
        _compare_values(kind, value, path, found)
    elif isinstance(value, str):
        _compare_text(_members(kind) if known is None else known, value, path, found)


def _compare_model(fields: Mapping[str, "_Field"], record: Any, path: str, found: list[Difference]) -> None:
    """Each field of a record; those that the model has not are told by their type alone."""
    for name, value in record.items():
        place = _below(path, name)
        if name in fields:
            _compare(fields[name].kind, value, place, found, fields[name].known)
        else:
            found.append(Difference(path=place, what="field", example=_example(value)))
    for name, field in fields.items():
        if field.required and name not in record:
            found.append(Difference(path=_below(path, name), what="missing", example="absent"))


def _compare_items(
    kind: Any, values: Sequence[Any], path: str, found: list[Difference], known: Collection[object] | None
) -> None:
    kinds = get_args(kind) or (Any,)
    fixed = get_origin(kind) is tuple and kinds[-1] is not ...
    for index, value in enumerate(values):
        each = kinds[min(index, len(kinds) - 1)] if fixed else kinds[0]
        _compare(each, value, f"{path}[]", found, known)


def _compare_values(kind: Any, record: Mapping[Any, Any], path: str, found: list[Difference]) -> None:
    """A mapping's names are data."""
    for value in record.values():
        _compare((get_args(kind) or (Any, Any))[1], value, _below(path, "*"), found)


def _compare_text(known: Collection[object] | None, value: str, path: str, found: list[Difference]) -> None:
    if known is not None and value not in known:
        found.append(Difference(path=path, what="value", example=value if _VALUE.fullmatch(value) else "str"))


def _closest(kinds: Sequence[Any], value: object) -> Any:
    """Of several types the one that is least unlike the value."""

    def distance(kind: Any) -> tuple[bool, int]:
        found: list[Difference] = []
        _compare(kind, value, "", found)
        return not _fits(_bare(kind), value), len(found)

    return min(kinds, key=distance)


def _bare(kind: Any) -> Any:
    """A type without what is wrapped around it; a union as the tuple of its types."""
    origin = get_origin(kind)
    if origin is Annotated:
        return _bare(get_args(kind)[0])
    if origin in {Union, UnionType}:
        return get_args(kind)
    if isinstance(kind, TypeVar):
        return _bare(kind.__bound__ or Any)
    return _bare(kind.__supertype__) if hasattr(kind, "__supertype__") else kind


def _fits(kind: Any, value: object) -> bool:
    """Whether a value is of a type as far as can be seen from outside."""
    if isinstance(kind, tuple):
        return any(_fits(_bare(each), value) for each in kind)
    if kind in _PLAIN:
        return json_kind(value) in _PLAIN[kind]
    base = get_origin(kind) or kind
    if attrs.has(base) or (isinstance(base, type) and issubclass(base, Mapping)):
        return isinstance(value, Mapping)
    if isinstance(base, type) and issubclass(base, Sequence | set | frozenset):
        return isinstance(value, list | tuple)
    members = _members(kind)
    return members is None or json_kind(value) in {json_kind(member) for member in members}


def _members(kind: Any) -> Collection[object] | None:
    """The values of an enumeration."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [member.value for member in kind]
    return None


@attrs.frozen
class _Field:
    kind: Any
    required: bool
    known: frozenset[str] | None


@functools.cache
def _fields(model: type[Any]) -> Mapping[str, _Field]:
    """A model's attributes by their names in JSON."""
    kinds = get_type_hints(model, include_extras=True)
    return {
        field.alias: _Field(kinds[field.name], field.default is attrs.NOTHING, known_values(model, field.name))
        for field in attrs.fields(model)
    }


def _below(path: str, name: object) -> str:
    """A field's path; names that no field would have are people's addresses, ids and the like."""
    shown = name if name == "*" or (isinstance(name, str) and _NAME.fullmatch(name)) else "*"
    return f"{path}.{shown}" if path else str(shown)


def _example(value: object) -> str:
    kind = json_kind(value)
    kinds = {json_kind(item) for item in value} if isinstance(value, list | tuple) else set()
    return f"array of {kinds.pop()}" if len(kinds) == 1 else kind
