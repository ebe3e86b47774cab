"""Writes of several records: as few requests as their size allows, one after the other, in the order given."""

import itertools
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import attrs

from missive_async import _codec
from missive_async._codec import UNSET
from missive_async._pipeline import MAX_BODY, Pipeline
from missive_async.errors import DecodeError, InvalidRequest, PartiallyApplied
from missive_async.resources._attributes import Attributes
from missive_async.resources._rules import Problems, segments

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item

MAX_URL = 8_000
"""Characters of a URL that servers take by default: nginx and Puma refuse a request line of more than 8 KiB."""


def as_payload(item: object, where: str) -> dict[str, Any]:
    """A model or a mapping in the API's shape: plain values, times as Unix seconds, without what is `UNSET`.

    `where` names the item in the `InvalidRequest` that anything else raises, times without a zone included.
    """
    if not isinstance(item, Mapping) and not _is_model(item):
        hint = " (hand several items over with a *)" if isinstance(item, Iterable) and not isinstance(item, str) else ""
        raise InvalidRequest(f"{where}: a model or a mapping, not {type(item).__name__}{hint}")
    try:
        payload: dict[str, Any] = _codec.plain(item)
    except InvalidRequest as error:
        raise InvalidRequest(f"{where}: {problem}" for problem in error.problems) from None
    return payload


def shallow(item: object, kind: type[Any] | None = None, read_only: Collection[str] = ()) -> object:
    """An item as a mapping of its own that may be changed, values as they are; whatever is no item as it is.

    Of a `kind`, which is what Missive answers with, it has neither `read_only` attributes nor `None`: an answer does
    not tell what is empty from what was left out.
    """
    if isinstance(item, Mapping):
        return dict(item)
    if not _is_model(item):
        return item
    values = {name: value for name, value in _fields(item) if value is not UNSET}
    if kind is None or not isinstance(item, kind):
        return values
    return {name: value for name, value in values.items() if value is not None and name not in read_only}


def checked(
    key: str, items: Sequence[object], check: Callable[[Attributes, int], None], *, with_ids: bool = False
) -> list[dict[str, Any]]:
    """The items as they are to be sent; raises `InvalidRequest` with every rule that any of them breaks.

    `check` notes those of one item, given its position. `with_ids` demands an id in each, and each id once.
    """
    places: dict[str, str] = {}
    payloads = []
    with Problems() as problems:
        for position, item in enumerate(items):
            where = f"{key}[{position}]"
            try:
                payload = as_payload(item, where)
            except InvalidRequest as error:
                problems.found.extend(error.problems)
                continue
            attributes = Attributes(problems, where, payload)
            if with_ids:
                _check_id(attributes, places)
            check(attributes, position)
            payloads.append(payload)
    return payloads


def _check_id(attributes: Attributes, places: dict[str, str]) -> None:
    attributes.required("id")
    if not attributes.given("id"):
        return
    attributes.ids("id")
    id, place = str(attributes.get("id")), attributes.place("id")
    first = places.setdefault(id, place)
    attributes.problems.unless(first == place, f"{place} is also {first}: {id[:60]!r}")


def _is_model(item: object) -> bool:
    return attrs.has(type(item))


def _fields(item: Any) -> Iterator[tuple[str, Any]]:
    for field in attrs.fields(type(item)):
        yield field.alias, getattr(item, field.name)


def below(path: str) -> Callable[[Sequence[dict[str, Any]]], str]:
    """Where an update of items goes: their ids below `path`."""
    return lambda items: f"{path}/{segments(item['id'] for item in items)}"


async def write_in_parts(  # noqa: PLR0917 - what a request is made of, in its order
    pipeline: Pipeline,
    method: str,
    path: Callable[[Sequence[dict[str, Any]]], str],
    key: str,
    items: Sequence[dict[str, Any]],
    model: type[T],
    *,
    max_body: int = MAX_BODY,
    max_url: int = MAX_URL,
) -> tuple[T, ...]:
    """What Missive made of the items, in the order given; nothing for a part whose answer is empty (201 or 204).

    Sends `{key: [...]}` in as many requests as `max_body` (bytes of JSON) and `max_url` (characters) demand, each after
    the answer to the one before; no items spend no request. `path` makes the path of a part from its items.

    Raises `InvalidRequest` before anything is sent when one item alone is too large. When a request fails that others
    were applied before, raises `PartiallyApplied` from that failure; otherwise the failure itself.
    """
    if not items:
        return ()
    decode = _codec.several(key, model)

    async def send(part: Sequence[dict[str, Any]]) -> Sequence[T]:
        made = await pipeline.call(method, path(part), decode, json={key: list(part)})
        return _in_order(part, made)

    around = len(_codec.encode({key: []})) - 1
    body = _sizes(key, items, max_body - around), max_body - around
    return await _one_by_one(list(_parts(items, body, _url_costs(pipeline, path, items, max_url))), send)


async def delete_in_parts(pipeline: Pipeline, path: str, ids: Sequence[str], *, max_url: int = MAX_URL) -> None:
    """Delete the records of these ids below `path`, in as many requests as the length of a URL demands.

    Ids that are given twice are sent once; no ids spend no request. Errors are those of `write_in_parts`; `done` and
    `failed` of `PartiallyApplied` are ids.
    """
    unique = list(dict.fromkeys(ids))
    if not unique:
        return

    def below(part: Sequence[str]) -> str:
        return f"{path}/{segments(part)}"

    async def send(part: Sequence[str]) -> Sequence[str]:
        await pipeline.call("DELETE", below(part), _codec.nothing)
        return part

    await _one_by_one(list(_parts(unique, _url_costs(pipeline, below, unique, max_url))), send)


def split_ids(pipeline: Pipeline, path: str, ids: Sequence[str], *, max_url: int = MAX_URL) -> list[list[str]]:
    """The ids in as few parts as fit into a URL each, in their order."""
    ids = list(ids)
    return list(_parts(ids, _url_costs(pipeline, lambda part: f"{path}/{segments(part)}", ids, max_url))) if ids else []


def _parts(items: Sequence[I], *limits: tuple[Sequence[int], int]) -> Iterator[list[I]]:
    """The items in runs that keep every limit: what each item costs, and the room that a run has for it."""
    part: list[I] = []
    left = [room for _, room in limits]
    for index, item in enumerate(items):
        left = [space - costs[index] for space, (costs, _) in zip(left, limits, strict=True)]
        if part and min(left) < 0:
            yield part
            part = []
            left = [room - costs[index] for costs, room in limits]
        part.append(item)
    yield part


def _sizes(key: str, items: Sequence[dict[str, Any]], room: int) -> list[int]:
    """Bytes of JSON of each item with the comma after it; raises `InvalidRequest` for those that fit nowhere."""
    sizes = []
    with Problems() as problems:
        for position, item in enumerate(items):
            try:
                sizes.append(len(_codec.encode(item)) + 1)
            except InvalidRequest as error:
                problems.add(f"{key}[{position}]: {error}")
                continue
            too_large = (
                f"{key}[{position}] has {sizes[-1] / 1e6:.1f} MB of JSON, more than the 10 MB that Missive takes"
            )
            problems.unless(sizes[-1] <= room, too_large)
    return sizes


def _url_costs(
    pipeline: Pipeline, path: Callable[[Sequence[I]], str], items: Sequence[I], max_url: int
) -> tuple[list[int], int]:
    """What each item adds to the URL, measured beside the first one, and the room for all of a part."""
    first = items[0]
    alone = len(path([first]))
    costs = [len(path([first, item])) - alone for item in items]
    room = max_url - len(pipeline.core.config.base_url) - alone + costs[0]
    return costs, room


async def _one_by_one(
    parts: Sequence[Sequence[I]], send: Callable[[Sequence[I]], Awaitable[Sequence[T]]]
) -> tuple[T, ...]:
    done: list[T] = []
    for number, part in enumerate(parts):
        try:
            done.extend(await send(part))
        except Exception as error:
            # An answer that cannot be read is a success all the same: its items must not be sent again.
            applied = number + 1 if isinstance(error, DecodeError) else number
            failed = list(itertools.chain.from_iterable(parts[applied:]))
            if applied == 0 or not (failed or number):
                raise
            sent = sum(map(len, parts[:applied]))
            total = sum(map(len, parts))
            message = f"{sent} of {total} were applied before this: {error}"
            raise PartiallyApplied(message, done=done, failed=failed) from error
    return tuple(done)


def _in_order(items: Sequence[Mapping[str, Any]], made: Sequence[T]) -> Sequence[T]:
    """Answers in the order of the items with their ids; those of other ids (new or merged) keep the places between."""
    places = {item["id"]: place for place, item in enumerate(items) if isinstance(item.get("id"), str)}
    if not places:
        return made
    slots: list[T | None] = [None] * max(len(items), len(made))
    others = []
    for record in made:
        place = places.pop(getattr(record, "id", ""), None)
        if place is None:
            others.append(record)
        else:
            slots[place] = record
    rest = iter(others)
    filled = [next(rest, None) if slot is None else slot for slot in slots]
    return [record for record in filled if record is not None]
