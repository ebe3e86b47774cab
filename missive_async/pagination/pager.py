"""Pager, the list that reads its pages as they are wanted."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import attrs

from missive_async._pipeline import Params, Pipeline
from missive_async.errors import ClientClosed, InvalidRequest
from missive_async.pagination.cursors import OffsetWalk, OnceWalk, Ties, UntilWalk, Walk
from missive_async.pagination.records import Kind, exact, plain, typed

T = TypeVar("T")

OFFSET_LIMIT = 200
"""The largest page of every offset list."""


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """Records of one page in Missive's order, without those that an earlier page had.

    `cursor` is where the next page starts: text to be kept and given to `pager.resume`, `None` on the last page.
    """

    items: tuple[T, ...]
    cursor: str | None

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@attrs.frozen(kw_only=True)
class Listing:
    """What to ask of a list, whatever its records are to become."""

    pipeline: Pipeline
    path: str
    key: str
    limit: int | None
    params: Mapping[str, Any]
    times: tuple[str, ...]
    walk: Callable[[str | None], Walk]
    prefetch: int = attrs.field(default=0)

    @prefetch.validator
    def _a_number_of_pages(self, _: object, value: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise InvalidRequest(f"prefetch must be a whole number of pages, zero or more, not {value!r}")


class Pager(Generic[T]):
    """A list that reads its pages as they are wanted; the same pager can be read again from its start.

    `async for item in pager` gives every record once. Nothing is sent before the first record is asked for, and nothing
    is held between pages: leaving the loop early is free. With `prefetch=n` on the list, up to `n` pages are read ahead
    in the background. A page spends one request, and errors are those of a read. A list that broke off can be gone on
    with from the cursor of the last page that came: `pager.resume(cursor)`.
    """

    __slots__ = ("_kind", "_listing", "_start")

    def __init__(self, listing: Listing, kind: Kind[T], start: str | None = None) -> None:
        self._listing = listing
        self._kind = kind
        self._start = start

    def __repr__(self) -> str:
        start = f" from {self._start}" if self._start else ""
        return f"<Pager {self._listing.path}{start}>"

    def __aiter__(self) -> AsyncIterator[T]:
        return self._items()

    async def _items(self) -> AsyncGenerator[T, None]:
        pages = self.pages()
        try:
            async for page in pages:
                for item in page.items:
                    yield item
        finally:
            await pages.aclose()

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """The pages, one request each; a page is empty when all its records have been given out before."""
        walk = self._listing.walk(self._start)
        if not self._listing.prefetch:
            while not walk.done:
                yield await self._read(walk)
            return
        ahead: _Ahead[T] = _Ahead(self._read, walk, self._listing)
        try:
            while (page := await ahead.next()) is not None:
                yield page
        finally:
            ahead.close()

    async def first(self) -> T | None:
        """The first record, `None` when there is none. Spends one request, unless the first pages are empty."""
        pages = self.pages()
        try:
            async for page in pages:
                if page.items:
                    return page.items[0]
        finally:
            await pages.aclose()
        return None

    async def collect(self, max_items: int | None = None) -> list[T]:
        """All records, or the first `max_items`, as a list; asks for no page beyond those needed."""
        if max_items is not None and (isinstance(max_items, bool) or not isinstance(max_items, int) or max_items < 0):
            raise InvalidRequest(f"max_items must be a whole number, zero or more, not {max_items!r}")
        found: list[T] = []
        pages = self.pages()
        try:
            while max_items is None or len(found) < max_items:
                page = await anext(pages, None)
                if page is None:
                    break
                found.extend(page.items)
        finally:
            await pages.aclose()
        return found[:max_items]

    def resume(self, cursor: str | None) -> "Pager[T]":
        """The same list from a page's cursor on; `None` is its start. Raises `InvalidRequest` for any other text."""
        self._listing.walk(cursor)
        return Pager(self._listing, self._kind, cursor)

    def raw(self) -> "Pager[dict[str, Any]]":
        """The same records as plain mappings, exactly as received: unknown fields and Unix times included."""
        return Pager(self._listing, plain(self._listing.key, self._listing.times), self._start)

    def lines(self) -> "Pager[bytes]":
        """The same records as JSON text, one line each, byte for byte as received."""
        return Pager(self._listing, exact(self._listing.key, self._listing.times), self._start)

    async def _read(self, walk: Walk) -> Page[T]:
        """One page; more than one request only where the list's way with ties has to be found out."""
        listing, kind = self._listing, self._kind
        while True:
            params = {**listing.params, "limit": listing.limit, **walk.ask()}
            rows, marks = await listing.pipeline.call("GET", listing.path, kind.decode, params=params)
            fresh = walk.take(marks)
            if fresh is not None:
                break
        found = rows if len(fresh) == len(rows) else [rows[index] for index in fresh]
        items = tuple(found) if kind.item is None else tuple(map(kind.item, found))
        return Page(items=items, cursor=walk.cursor())


class _Ahead(Generic[T]):
    """Reads pages in the background, a bounded number of them ahead, until it is closed or the client is."""

    def __init__(self, read: Callable[[Walk], Any], walk: Walk, listing: Listing) -> None:
        self._read = read
        self._walk = walk
        self._room = asyncio.Semaphore(listing.prefetch)
        self._queue: asyncio.Queue[Page[T] | Exception | None] = asyncio.Queue()
        listing.pipeline.core.enter()
        self._task = listing.pipeline.core.spawn(self._work())

    async def next(self) -> Page[T] | None:
        """The next page, `None` after the last; raises what reading it raised."""
        found = await self._queue.get()
        self._room.release()
        if isinstance(found, Exception):
            raise found
        return found

    def close(self) -> None:
        """Read no further; an exchange that is on its way ends on its own."""
        self._task.cancel()

    async def _work(self) -> None:
        try:
            while not self._walk.done:
                await self._room.acquire()
                self._queue.put_nowait(await self._read(self._walk))
            self._queue.put_nowait(None)
        except asyncio.CancelledError:
            self._queue.put_nowait(ClientClosed("the client was closed while pages were read ahead"))
            raise
        except Exception as error:  # noqa: BLE001 - raised where the page is asked for
            self._queue.put_nowait(error)


def offset_pager(
    pipeline: Pipeline, path: str, key: str, model: type[T], *, params: Params | None = None, prefetch: int = 0
) -> Pager[T]:
    """A list paged by `offset`, 200 records a page."""
    listing = Listing(
        pipeline=pipeline,
        path=path,
        key=key,
        limit=OFFSET_LIMIT,
        params=params or {},
        times=(),
        walk=lambda cursor: OffsetWalk(OFFSET_LIMIT, cursor),
        prefetch=prefetch,
    )
    return Pager(listing, typed(key, model, ()))


def until_pager(
    pipeline: Pipeline,
    path: str,
    key: str,
    model: type[T],
    *,
    limit: int,
    times: tuple[str, ...],
    params: Params | None = None,
    prefetch: int = 0,
    lenient: bool = False,
) -> Pager[T]:
    """A list paged by `until`, newest first; `times` names the field that it is ordered by, then what stands in for it.

    `lenient` ends a list that does not heed `until` where others raise `DecodeError`.
    """
    ties = pipeline.core.ties.setdefault(key, Ties())
    listing = Listing(
        pipeline=pipeline,
        path=path,
        key=key,
        limit=limit,
        params=params or {},
        times=times,
        walk=lambda cursor: UntilWalk(limit, cursor, ties, lenient=lenient),
        prefetch=prefetch,
    )
    return Pager(listing, typed(key, model, times))


def once_pager(pipeline: Pipeline, path: str, key: str, model: type[T], *, params: Params | None = None) -> Pager[T]:
    """A list that is not paged: one request has all of it."""
    listing = Listing(pipeline=pipeline, path=path, key=key, limit=None, params=params or {}, times=(), walk=OnceWalk)
    return Pager(listing, typed(key, model, ()))
