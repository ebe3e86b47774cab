"""The border to JSON: answers to models by msgspec, arguments to payloads by the one cattrs converter.

Answers are decoded straight from bytes into attrs classes; that is the hot path. cattrs has what is built by hand:
models, mappings, times and `UNSET` on their way out, and mappings given by callers on their way in.
"""

import enum
import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin

import attrs
import cattrs
import msgspec
from cattrs.cols import list_structure_factory
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.v import format_exception

from missive_async.errors import DecodeError, InvalidRequest

T = TypeVar("T")


class UnsetType(enum.Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __bool__(self) -> Literal[False]:
        """Nothing was given."""
        return False

    def __repr__(self) -> str:
        """As it is written."""
        return "UNSET"


UNSET: Final = UnsetType.UNSET
"""Not given, as opposed to `None`, which is sent as null and empties the attribute."""

_PATH = re.compile(r" - at `(.*)`$", re.DOTALL)
_encoder = msgspec.json.Encoder()


def encode(payload: Any) -> bytes:
    """A payload as compact JSON: models without what they do not carry, times as Unix seconds, `UNSET` left out.

    Raises `InvalidRequest` for what JSON cannot say.
    """
    try:
        return _encoder.encode(_converter.unstructure(payload))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, InvalidRequest):
            raise
        raise InvalidRequest(f"not JSON: {error}") from error


def plain(value: Any) -> Any:
    """A model or a mapping, and all that is in it, in the API's JSON shape; `None` is kept where it was given.

    Raises `InvalidRequest` for times without a zone and for `UNSET` in the midst of values.
    """
    try:
        return _converter.unstructure(value)
    except RecursionError as error:
        raise InvalidRequest("nested too deep, or in itself") from error


def to_dict(model: Any) -> dict[str, Any]:
    """A model in the API's JSON shape: its own attribute names, Unix times, and no attribute that is `None`.

    Raises `TypeError` for anything that is no model. Fields that the models do not know are not in them: read
    `pager.raw()` for records exactly as received. A model that keeps what it was read from, as `raw`, gives that.
    """
    if not attrs.has(type(model)):
        raise TypeError(f"a model, not {type(model).__name__}")
    if isinstance(received := getattr(model, "raw", None), Mapping):
        return dict(received)
    return cast("dict[str, Any]", _converter.unstructure(model))


def from_dict(data: Any, model: type[T]) -> T:
    """A model from a mapping of the API's JSON shape; raises `cattrs.BaseValidationError` with every fault in it."""
    return _converter.structure(data, model)


def problems(error: Exception) -> list[str]:
    """Each fault of a `from_dict` that failed, as `message @ $.path`; no value is in them."""
    return cattrs.transform_error(error, path="$", format_exception=_fault)


def json_kind(value: Any) -> str:
    """What a decoded value is in JSON: `null`, `bool`, `int`, `float`, `str`, `array` or `object`."""
    if value is None or isinstance(value, bool | int | float | str):
        return "null" if value is None else type(value).__name__
    return "object" if isinstance(value, Mapping) else "array" if isinstance(value, list | tuple) else "no JSON"


def many(key: str, model: type[T]) -> Callable[[bytes], list[T]]:
    """A decoder of `{key: [...]}`, as of lists and batches."""
    decode = _envelope(key, list[model])  # type: ignore[valid-type]
    return lambda body: cast("list[T]", decode(body))


def one(key: str, model: type[T]) -> Callable[[bytes], T]:
    """A decoder of one record under `key`, be it the object itself or an array of one.

    Which of the two an endpoint answers is partly undocumented: section 2.1 of the 2026 page.
    """
    decode = _envelope(key, list[model] | model)  # type: ignore[valid-type]

    def record(body: bytes) -> T:
        found = decode(body)
        if not isinstance(found, list):
            return cast("T", found)
        if len(found) != 1:
            raise DecodeError(f"expected one record, got {len(found)} @ $.{key}", paths=[f"$.{key}"], body=body)
        return cast("T", found[0])

    return record


def some(key: str, model: type[T]) -> Callable[[bytes], list[T]]:
    """A decoder of as many records under `key` as there are, be it an object alone or an array."""
    decode = _envelope(key, list[model] | model)  # type: ignore[valid-type]

    def records(body: bytes) -> list[T]:
        found = decode(body)
        return found if isinstance(found, list) else [found]

    return records


def several(key: str, model: type[T]) -> Callable[[bytes], list[T]]:
    """The same, or no records at all for an empty answer, which a successful write may be (201 or 204)."""
    decode = some(key, model)
    return lambda body: decode(body) if body.strip() else []


@functools.cache
def some_raw(key: str) -> Callable[[bytes], list[msgspec.Raw]]:
    """A decoder as `some`, with the records left as the JSON text that they came as."""
    decode = _envelope(key, msgspec.Raw)

    def records(body: bytes) -> list[msgspec.Raw]:
        found: msgspec.Raw = decode(body)
        text = bytes(found)
        return cast("list[msgspec.Raw]", decode_json(text, list[msgspec.Raw])) if text.startswith(b"[") else [found]

    return records


def optional(decode: Callable[[bytes], T]) -> Callable[[bytes], T | None]:
    """The same decoder, or `None` for an empty answer, which a successful write may be (201 or 204)."""
    return lambda body: decode(body) if body.strip() else None


def nothing(_: bytes) -> None:
    """For answers whose body does not matter."""


def anything(body: bytes) -> Any:
    """Whatever JSON the answer is; `None` when it is empty."""
    return decode_json(body, Any) if body.strip() else None


def decode_json(body: bytes, kind: Any) -> Any:
    """JSON as `kind`; raises `DecodeError` that says where and what."""
    return _run(_decoder(kind), body)


@functools.cache
def _decoder(kind: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(kind, strict=False).decode


@functools.cache
def _envelope(key: str, kind: Any) -> Callable[[bytes], Any]:
    fields = [("content", kind, msgspec.field(name=key))]
    decode = msgspec.json.Decoder(msgspec.defstruct("Envelope", fields), strict=False).decode
    return lambda body: _run(decode, body).content


def _run(decode: Callable[[bytes], Any], body: bytes) -> Any:
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        text = str(error)
        found = _PATH.search(text)
        path = found[1] if found else "$"
        raise DecodeError(f"{_PATH.sub('', text)} @ {path}", paths=[path], body=body) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        what = "an empty body" if not body.strip() else f"a body that is not JSON ({str(error) or 'nested too deep'})"
        raise DecodeError(f"{what} @ $", paths=["$"], body=body) from error


def unix(moment: datetime) -> int:
    """Unix seconds of an aware time; raises `InvalidRequest` for one without a zone, which names no moment."""
    if moment.tzinfo is None:
        raise InvalidRequest(f"a time without a zone: {moment.isoformat()} (give it a tzinfo, such as datetime.UTC)")
    return math.floor(moment.timestamp())


def _time(value: Any, _: Any) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"Unix seconds, not {json_kind(value)}")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError("a time out of range") from error


def _exactly(kind: type[Any], *also: type[Any]) -> Callable[[Any, Any], Any]:
    """A hook that takes only values of the type itself, where cattrs would convert anything."""

    def check(value: Any, _: Any) -> Any:
        if not isinstance(value, (kind, *also)) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"{kind.__name__}, not {json_kind(value)}")
        return value

    return check


def _object(kind: type[Any], converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """For cattrs asks `name in value` of whatever it is given: texts and arrays would be models without attributes."""
    structure = make_dict_structure_fn(kind, converter, _cattrs_use_alias=True)

    def check(value: Any, into: Any) -> Any:
        if not isinstance(value, Mapping):
            raise TypeError(f"object, not {json_kind(value)}")
        return structure(value, into)

    return check


def _array(kind: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """For cattrs takes whatever can be iterated over: a text would be an array of its letters."""
    structure = list_structure_factory(cast("type", list[get_args(kind)[0]]), converter)  # type: ignore[misc]

    def check(value: Any, _: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise TypeError(f"array, not {json_kind(value)}")
        return tuple(structure(value, list))

    return check


def _is_array(kind: Any) -> bool:
    return get_origin(kind) is tuple and get_args(kind)[1:] == (...,)


def _either(kind: Any, converter: cattrs.Converter) -> Callable[[Any, Any], Any]:
    """A record or, in its place, something plain, which is its id."""
    union: Any = Union
    models = union[tuple(each for each in get_args(kind) if attrs.has(each))]
    others = union[tuple(each for each in get_args(kind) if not attrs.has(each))]
    return lambda value, _: converter.structure(value, models if isinstance(value, Mapping) else others)


def _is_either(kind: Any) -> bool:
    kinds = set(get_args(kind)) - {type(None)} if get_origin(kind) in {Union, UnionType} else set()
    return len(kinds) > 1 and any(map(attrs.has, kinds)) and not all(map(attrs.has, kinds))


def _fault(error: BaseException, kind: type | None) -> str:
    if isinstance(error, TypeError):
        return f"expected {error}"
    return str(error) if type(error) is ValueError else format_exception(error, kind)


def _sequence(values: Sequence[Any]) -> list[Any]:
    return [_converter.unstructure(value) for value in values]


def _mapping(values: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: _converter.unstructure(value) for key, value in values.items() if value is not UNSET}


def _not_a_value(_: UnsetType) -> None:
    raise InvalidRequest("UNSET where a value is needed")


def _model_to_mapping(kind: type[Any], converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    """Unstructures by what an attribute holds, not by what it is declared to hold: mappings may stand in for models."""
    ways: dict[str, Any] = {
        field.name: override(
            omit_if_default=field.default is None or field.default is UNSET, unstruct_hook=converter.unstructure
        )
        for field in attrs.fields(kind)
    }
    return make_dict_unstructure_fn(kind, converter, _cattrs_use_alias=True, **ways)


def _build() -> cattrs.Converter:
    converter = cattrs.Converter(unstruct_collection_overrides={}, prefer_attrib_converters=False)
    converter.register_unstructure_hook(datetime, unix)
    converter.register_unstructure_hook(UnsetType, _not_a_value)
    converter.register_unstructure_hook_func(
        lambda kind: isinstance(kind, type) and issubclass(kind, Mapping), _mapping
    )
    converter.register_unstructure_hook_func(lambda kind: kind in {list, tuple, set, frozenset}, _sequence)
    converter.register_unstructure_hook_factory(attrs.has, lambda kind: _model_to_mapping(kind, converter))
    converter.register_structure_hook_factory(attrs.has, lambda kind: _object(kind, converter))
    converter.register_structure_hook_factory(_is_array, lambda kind: _array(kind, converter))
    converter.register_structure_hook_factory(_is_either, lambda kind: _either(kind, converter))
    converter.register_structure_hook(datetime, _time)
    for kind in (str, bool, int):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _exactly(float, int))
    return converter


_converter = _build()
