"""Ordered views of records: a page costs a bisection and a slice, never a sort."""

import json
from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Generic, Protocol, TypeVar

type_key = Any  # a sortable value; within one index all keys are of one type


def encode(data: Any) -> bytes:
    """Return compact UTF-8 JSON."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()


class Identified(Protocol):
    """Anything with an id."""

    @property
    def id(self) -> str:
        """The record's id."""


R = TypeVar("R", bound=Identified)


class Index:
    """Ids in the order of their keys."""

    __slots__ = ("_keys", "_where")

    def __init__(self, pairs: Iterable[tuple[Any, str]]) -> None:
        self._keys = sorted(pairs)
        self._where = {id: key for key, id in self._keys}

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return (id for _, id in self._keys)

    def put(self, id: str, key: Any | None) -> None:
        """Move an id to a new key; None takes it out."""
        old = self._where.pop(id, None)
        if old is not None:
            del self._keys[bisect_left(self._keys, (old, id))]
        if key is not None:
            insort(self._keys, (key, id))
            self._where[id] = key

    def slice(self, offset: int, limit: int) -> list[str]:
        """Return `limit` ids from a position on."""
        return [id for _, id in self._keys[offset : offset + limit]]

    def since(self, bound: tuple[Any, ...], limit: int, *, extend: bool) -> list[str]:
        """Return `limit` ids from a key on, and with `extend` all that share the key of the last."""
        start = bisect_left(self._keys, bound) if bound else 0
        end = start + limit
        rows = self._keys
        if extend and 0 < end < len(rows):
            last = rows[end - 1][0]
            while end < len(rows) and rows[end][0] == last:
                end += 1
        return [id for _, id in rows[start:end]]


class Shelf(Generic[R]):
    """Records by id, with indexes that are built when first asked for and kept in order by every change."""

    _most = 256  # indexes kept; a search for every word must not keep an index of each

    def __init__(self) -> None:
        self.records: dict[str, R] = {}
        self._indexes: dict[Hashable, tuple[Callable[[R], Any | None], Index]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[R]:
        return iter(self.records.values())

    def get(self, id: object) -> R | None:
        """Return a record, None when there is none of that id."""
        return self.records.get(id) if isinstance(id, str) else None

    def put(self, record: R) -> None:
        """Add a record, or tell that it changed."""
        self.records[record.id] = record
        for key, index in self._indexes.values():
            index.put(record.id, key(record))

    def drop(self, id: str) -> None:
        """Take a record out."""
        self.records.pop(id, None)
        for _, index in self._indexes.values():
            index.put(id, None)

    def index(self, name: Hashable, key: Callable[[R], Any | None]) -> Index:
        """Return the index of a name; `key` gives a record's place in it, None when it has none."""
        found = self._indexes.get(name)
        if found is None:
            if len(self._indexes) >= self._most:
                del self._indexes[next(iter(self._indexes))]
            pairs = ((place, record.id) for record in self if (place := key(record)) is not None)
            found = self._indexes[name] = (key, Index(pairs))
        return found[1]
