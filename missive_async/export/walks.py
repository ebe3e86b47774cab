"""Reading the lists of a stream, page by page, and what to do with one that Missive does not give."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing

import attrs

from missive_async.client import AsyncMissive
from missive_async.errors import APIError, DecodeError, Forbidden, InvalidRequest, NotFound, ServerError
from missive_async.export.checkpoint import Note, Position
from missive_async.export.order import Give
from missive_async.export.plan import MOVING, Step, activity
from missive_async.pagination import Page, Pager

_TRIES = 4
_FIRST_DELAY = 1.0  # seconds
_TOO_MANY = 3
_UNAVAILABLE = frozenset({502, 503, 504})


@attrs.frozen(kw_only=True)
class Leaf:
    """A page of a list, and where the stream goes on behind it."""

    step: Step
    lines: tuple[bytes, ...] = ()
    next: Position
    note: Note | None = None

    @property
    def last(self) -> bool:
        """Whether it ends its list."""
        return self.next.step > self.step.number


def is_unavailable(error: ServerError) -> bool:
    """Whether the server as a whole is out of reach, rather than failing on what it was asked for."""
    return error.status in _UNAVAILABLE


async def bear(error: ServerError | DecodeError, tries: int) -> None:
    """Wait before the next try of what failed, or was answered with no JSON; raises the error when it is of no use."""
    unavailable = isinstance(error, ServerError) and is_unavailable(error)  # asked for often enough already
    if unavailable or tries >= _TRIES:
        raise error
    await asyncio.sleep(_FIRST_DELAY * 2 ** (tries - 1))


class Reader:
    """Reads the lists of one stream.

    A list that Missive refuses (403) or does not know (404) is noted and left out. So is one that the server fails on
    (500 and its like, but not 502 to 504) however often it is asked, unless that befalls several on end.
    """

    def __init__(self, missive: AsyncMissive, stream: str, first: Page[bytes] | None = None) -> None:
        self.missive = missive
        self.stream = stream
        self.first = first
        self._failed = 0

    async def read(self, step: Step, start: Position, give: Give[Leaf]) -> None:
        """Give the pages of a list from a position in it on; raises what ends the whole export."""
        walk = _Walk(self, step, start, give)
        try:
            await walk.run()
        except (Forbidden, NotFound) as error:
            await walk.leave_out(error.message, error.status)
        except ServerError as error:
            self._failed += 1
            if is_unavailable(error) or self._failed >= _TOO_MANY:
                raise
            await walk.leave_out(error.message, error.status)
        else:
            self._failed = 0


class _Walk:
    """The way through one list."""

    def __init__(self, reader: Reader, step: Step, start: Position, give: Give[Leaf]) -> None:
        self._reader = reader
        self._step = step
        self._here = start
        self._give = give
        self._behind = Position(step=step.number + 1)
        self._moving = reader.stream in MOVING

    async def run(self) -> None:
        try:
            pager: Pager[bytes] = self._step.open(self._reader.missive).lines()
        except InvalidRequest as error:
            await self.leave_out(str(error), None)
            return
        if self._reader.first is not None and self._here == Position(step=self._step.number):
            await self._hand(self._reader.first)
        tries = 0
        while self._here != self._behind:
            before = self._here
            try:
                await self._pages(pager)
            except (ServerError, DecodeError) as error:
                tries = tries + 1 if self._here == before else 1
                await bear(error, tries)

    async def leave_out(self, message: str, status: int | None) -> None:
        """Note why what is left of the list is not read, and go on behind it."""
        note = Note(stream=self._reader.stream, parent=self._step.parent, status=status, message=message)
        await self._give(Leaf(step=self._step, next=self._behind, note=note))

    async def _pages(self, pager: Pager[bytes]) -> None:
        if self._here.cursor is None and self._here.since is not None:
            await self._head(pager, self._here.since)
            return
        async with aclosing(pager.resume(self._here.cursor).pages()) as pages:
            async for page in pages:
                await self._hand(page)

    async def _hand(self, page: Page[bytes]) -> None:
        """Give a page; once the last of several has been given, the head of a moving list is to be read again."""
        since = self._here.since
        if self._moving and self._here.cursor is None:
            since = _newest(page)
        if page.cursor is not None or (since is not None and self._here.cursor is not None):
            await self._go(page, attrs.evolve(self._here, cursor=page.cursor, since=since))
        else:
            await self._go(page, self._behind)

    async def _head(self, pager: Pager[bytes], since: int) -> None:
        """Read what has moved to the head of the list since, until that takes one page or brings nothing new."""
        newest: int | None = None
        async with aclosing(pager.resume(None).pages()) as pages:
            async for page in pages:
                short = newest is None
                newest = _newest(page) if newest is None else newest
                oldest = _oldest(page)
                if page.cursor is not None and oldest is not None and oldest >= since:
                    await self._go(page, self._here)
                    continue
                over = short or newest is None or newest <= since
                await self._go(page, self._behind if over else attrs.evolve(self._here, since=newest))
                return

    async def _go(self, page: Page[bytes], to: Position) -> None:
        self._here = to
        await self._give(Leaf(step=self._step, lines=page.items, next=to))


def _newest(page: Page[bytes]) -> int | None:
    return max(_times(page), default=None)


def _oldest(page: Page[bytes]) -> int | None:
    return min(_times(page), default=None)


def _times(page: Page[bytes]) -> Iterator[int]:
    return (at for at in map(activity, page.items) if at is not None)


def refused(error: APIError, stream: str, **parent: str) -> Note:
    """What Missive said instead of giving a record."""
    return Note(stream=stream, parent=parent, status=error.status, message=error.message)
