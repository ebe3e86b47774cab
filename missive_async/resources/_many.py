"""Many records by few requests: batches of ids, and what to do when a batch does not bring all of them."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from missive_async._pipeline import Pipeline
from missive_async.errors import APIError, BadRequest, NotFound, PayloadTooLarge, RequestInfo, TimedOut
from missive_async.resources._rules import segments

T = TypeVar("T")

BATCH = 50
"""Ids in one request; what Missive takes at most is not documented."""

MAX_PATH = 4_000
"""Characters of ids in one path; servers and what stands before them take 8,000 at least, some not much more."""

_TOO_MUCH_OR_WRONG = frozenset({414, 431, 500, 504})


class Many(Generic[T]):
    """One reading of many records: asks for them in batches, and halves a batch that is refused to find the culprit.

    A server may answer less than it was asked for: it may leave out what it does not know, cut the batch short, or give
    a record another id. What did not come is asked for again until that brings nothing new.
    """

    def __init__(
        self, pipeline: Pipeline, path: str, decode: Callable[[bytes], list[T]], name: Callable[[T], str]
    ) -> None:
        self._pipeline = pipeline
        self._path = path
        self._decode = decode
        self._name = name
        self._batches: deque[Sequence[str]] = deque()
        self.found: dict[str, T] = {}
        self.missing: dict[str, Exception | None] = {}

    async def read(self, ids: Sequence[str], size: int) -> None:
        """Fill `found` and `missing`, with as many requests at once as the budget has places."""
        self._batches.extend(batches(tuple(dict.fromkeys(ids)), size))
        places = self._pipeline.core.config.limits.concurrency
        workers = [asyncio.create_task(self._work()) for _ in range(min(places, len(self._batches)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def not_found(self) -> NotFound:
        """An error that names what is missing, from the answer that said so if one did."""
        cause = next(filter(None, self.missing.values()), None)
        message = f"{len(self.missing)} not found: {', '.join(self.missing)}"
        error = NotFound(message, status=404, request=RequestInfo(method="GET", path=self._path))
        error.__cause__ = cause
        return error

    async def _work(self) -> None:
        while self._batches:
            batch = self._batches.popleft()
            try:
                answer = await self._pipeline.call("GET", f"{self._path}/{segments(batch)}", self._decode)
            except (APIError, TimedOut) as error:
                self._refused(batch, error)
            else:
                self._took(batch, answer)

    def _took(self, batch: Sequence[str], answer: Sequence[T]) -> None:
        asked = set(batch)
        records = {self._name(record): record for record in answer}
        if len(batch) == 1:
            self._took_one(batch[0], records)
            return
        self.found.update((id, record) for id, record in records.items() if id in asked)
        absent = [id for id in batch if id not in records]
        if not absent:
            return
        if not records:
            self.missing.update(dict.fromkeys(absent))
        elif records.keys() - asked or len(absent) == len(batch):
            self._batches.extend([id] for id in absent)
        else:
            self._batches.append(absent)

    def _took_one(self, id: str, records: Mapping[str, T]) -> None:
        """A record alone is the one that was asked for, whatever its id is now."""
        record = next(iter(records.values())) if len(records) == 1 else records.get(id)
        if record is None:
            self.missing[id] = None
        else:
            self.found[id] = record

    def _refused(self, batch: Sequence[str], error: APIError | TimedOut) -> None:
        if not _may_be_one_of_them(error):
            raise error
        if len(batch) > 1:
            middle = len(batch) // 2
            self._batches.extend((batch[:middle], batch[middle:]))
        elif _unknown(error):
            self.missing[batch[0]] = error
        else:
            raise error


def batches(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """Ids in groups of at most `size` that fit into a path."""
    groups: list[Sequence[str]] = []
    start = length = 0
    for index, id in enumerate(ids):
        more = len(segments([id])) + 1
        if index > start and (index - start == size or length + more > MAX_PATH):
            groups.append(ids[start:index])
            start, length = index, 0
        length += more
    return [*groups, ids[start:]] if ids else groups


def _may_be_one_of_them(error: APIError | TimedOut) -> bool:
    """Whether a smaller batch may fare better."""
    kinds = (NotFound, BadRequest, PayloadTooLarge, TimedOut)
    return isinstance(error, kinds) or error.status in _TOO_MUCH_OR_WRONG


def _unknown(error: APIError | TimedOut) -> bool:
    """Whether the server says that it does not know the id: by 404, or by a 400 that says so."""
    return isinstance(error, NotFound) or (isinstance(error, BadRequest) and "resource id" in error.message.lower())
