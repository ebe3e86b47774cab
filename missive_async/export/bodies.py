"""Messages with their bodies: what lists name, read in batches that reach over the borders of conversations."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

from missive_async.client import AsyncMissive
from missive_async.errors import DecodeError, ServerError
from missive_async.export.checkpoint import Note, Position
from missive_async.export.store import Piece
from missive_async.export.walks import bear, is_unavailable, refused

_STREAM = "messages"
BATCH = 100
"""Messages of one request: as many ids as a path of 4,000 characters takes. A batch that is too much is halved."""
_AHEAD = 3
_TOO_MANY = 3


class Bodies:
    """Collects the ids of messages, and hands the messages on in the order of the ids.

    `take` gets each batch when all before it were taken; its position is that of the last page of ids that is in it
    whole: a page of which only a part was taken is read again after a break.
    """

    def __init__(
        self, missive: AsyncMissive, group: asyncio.TaskGroup, take: Callable[[Piece], Awaitable[None]]
    ) -> None:
        self._missive = missive
        self._group = group
        self._take = take
        self._ids: deque[str] = deque()
        self._sent = 0
        self._borders: deque[tuple[int, Position]] = deque()
        self._batches: deque[asyncio.Task[None]] = deque()
        self._last: asyncio.Task[None] | None = None

    async def add(self, ids: Sequence[str], behind: Position, note: Note | None) -> None:
        """A page of ids, and where the lists go on behind it."""
        if note is not None:
            await self._take(Piece(stream=_STREAM, notes=(note,)))
        self._ids.extend(ids)
        self._borders.append((self._sent + len(self._ids), behind))
        while len(self._ids) >= BATCH:
            await self._send()

    async def end(self) -> None:
        """Read what is left, and wait until all is taken."""
        while self._ids or self._borders:
            await self._send()
        if self._last is not None:
            await self._last

    async def _send(self) -> None:
        ids = [self._ids.popleft() for _ in range(min(BATCH, len(self._ids)))]
        self._sent += len(ids)
        position = None
        while self._borders and self._borders[0][0] <= self._sent:
            position = self._borders.popleft()[1]
        if len(self._batches) == _AHEAD:
            await self._batches.popleft()
        self._last = self._group.create_task(self._read(ids, position, self._last))
        self._batches.append(self._last)

    async def _read(self, ids: Sequence[str], position: Position | None, before: "asyncio.Task[None] | None") -> None:
        lines, notes = await self._messages(ids) if ids else ({}, [])
        gone = "listed, but not there when it was asked for"
        known = {note.parent["message"] for note in notes}
        for id in ids:
            if id not in lines and id not in known:
                notes.append(Note(stream=_STREAM, parent={"message": id}, status=404, message=gone))
        if before is not None:
            await before
        await self._take(Piece(stream=_STREAM, lines=tuple(lines.values()), position=position, notes=notes))

    async def _messages(self, ids: Sequence[str]) -> tuple[dict[str, bytes], list[Note]]:
        for tries in count(1):
            try:
                return await self._missive.messages.get_many_lines(ids, missing="skip", batch=BATCH), []
            except DecodeError as error:
                await bear(error, tries)
            except ServerError as error:
                if is_unavailable(error):
                    raise
                break
        return await self._one_by_one(ids)

    async def _one_by_one(self, ids: Sequence[str]) -> tuple[dict[str, bytes], list[Note]]:
        """For a batch with a message that the server fails on."""
        found: dict[str, bytes] = {}
        notes: list[Note] = []
        failed = 0
        for id in ids:
            try:
                found |= await self._missive.messages.get_many_lines([id], missing="skip")
                failed = 0
            except ServerError as error:
                failed += 1
                if is_unavailable(error) or failed == _TOO_MANY:
                    raise
                notes.append(refused(error, _STREAM, message=id))
        return found, notes
