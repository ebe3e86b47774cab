"""A whole account to files: every stream side by side, each record once, killed and gone on with at will."""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from missive_async._retry import RetryPolicy
from missive_async.client import AsyncMissive
from missive_async.export.account import Account, Identity, identify
from missive_async.export.bodies import Bodies
from missive_async.export.checkpoint import Position
from missive_async.export.manifest import Manifest
from missive_async.export.order import Give, Job, in_order
from missive_async.export.plan import NEEDS, OTHER_WIDTH, WIDTH, Plan, id_of, steps
from missive_async.export.progress import Listener, Tracker
from missive_async.export.store import Piece, Store
from missive_async.export.walks import Leaf, Reader
from missive_async.export.writer import Writer
from missive_async.limits import Lane
from missive_async.pagination import Page


async def export_account(
    missive: AsyncMissive,
    out: str | os.PathLike[str],
    *,
    streams: Iterable[str] | None = None,
    bodies: bool = True,
    restart: bool = False,
    retry: RetryPolicy | None = None,
    progress: Listener | None = None,
) -> Manifest:
    """Write everything that the token's owner sees into a folder: `STREAM.jsonl` for each stream, and `manifest.json`.

    Records are written byte for byte as Missive sends them, one a line, each once; messages as they are read one by one
    with their bodies, or with `bodies=False` as lists have them, for a sixth fewer requests. `streams` chooses some of
    `STREAMS` (what they need comes with them). The calls stand in `Lane.BULK`; `retry` says how they are repeated once
    the account is known, as by the client if not given. `progress` is called with a `Progress` when a stream gets on.

    An export that broke off, however it did, goes on when it is called again with the same arguments; `restart=True`
    discards what is in the folder and begins anew. What Missive does not give (403, 404) is in the manifest's `notes`.

    Raises `ConfigurationError` for a folder that is another account's, another export's or no folder, and for unknown
    streams; otherwise the errors of reading, and `OSError` when writing fails. What was written then stays.
    """
    plan = Plan.of(streams, bodies=bodies)
    run = _Run(missive.with_options(lane=Lane.BULK), plan, retry, progress)
    try:
        return await run.whole(Path(out), restart=restart)
    except BaseExceptionGroup as group:
        error = _first(group)
        raise error from error.__cause__
    finally:
        await asyncio.shield(run.end())


class _Run:
    """One run of an export, from the lock on its folder to its manifest."""

    def __init__(self, missive: AsyncMissive, plan: Plan, retry: RetryPolicy | None, listener: Listener | None) -> None:
        self._missive = missive
        self._retry = retry
        self._plan = plan
        self._tracker = Tracker(plan, missive.budget, time.monotonic, listener)
        self._writer = Writer(self._facts, self._tracker.written)
        self._read = {stream: asyncio.Event() for stream in plan.streams}
        self._pages: Mapping[str, Page[bytes]] = {}
        self._before: Mapping[str, Any] = {}
        self._finished = False

    async def whole(self, out: Path, *, restart: bool) -> Manifest:
        """Do it all."""
        store = await self._open(out, restart=restart)
        if store.folder.finished and store.folder.manifest is not None and not restart:
            self._finished = True
            return Manifest.read(store.folder.manifest)
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(self._writer.run())
            async with asyncio.TaskGroup() as reading:
                for stream in self._plan.streams:
                    reading.create_task(self._stream(stream, store))
            writing.cancel()
        await self._writer.flush()
        manifest = await self._writer.do(self._save_manifest, store, True)
        self._finished = True
        return manifest

    async def end(self) -> None:
        """Keep what was read, and let the folder go."""
        try:
            await self._writer.do(self._close)
        finally:
            self._writer.close()

    def _close(self) -> None:
        store = self._writer.store
        if store is None:
            return
        try:
            if self._before and not self._finished:
                self._writer.write_rest()
                self._save_manifest(store, False)
        finally:
            store.close(finished=self._finished)

    async def _open(self, out: Path, *, restart: bool) -> Store:
        """Take the folder, see whose account this is, and go on or begin."""
        store = await self._writer.open(out, self._plan, restart=restart)
        identity: Identity = await identify(self._missive)
        self._missive = self._missive.with_options(retry=self._retry)
        self._pages = identity.pages
        facts = {"started_at": _now(), "requests": 0, "refused": 0, "seconds": 0.0, "runs": 0}
        await self._writer.do(partial(store.admit, identity.account, facts, restart=restart))
        self._before = store.facts
        self._tracker.resumed(store.saved)
        return store

    async def _stream(self, stream: str, store: Store) -> None:
        """Read one stream, once those that it needs have been read."""
        for need in NEEDS.get(stream, ()):
            await self._read[need].wait()
        position = store.saved[stream].position
        if not position.done:
            extent = await self._writer.do(store.extent, stream, position.step)
            self._tracker.started(stream, extent)
            if stream == "messages" and self._plan.bodies:
                await self._messages(store, position)
            else:
                await self._lists(stream, store, position, partial(self._leaf, stream))
            await self._writer.take(Piece(stream=stream, position=Position(done=True)))
            await self._writer.flush()
        self._read[stream].set()

    async def _lists(self, stream: str, store: Store, start: Position, take: Give[Leaf]) -> None:
        reader = Reader(self._missive, stream, self._pages.get(stream))

        def jobs() -> Iterator[Job[Leaf]]:
            for step in steps(stream, store.rows, start.step):
                yield partial(reader.read, step, start if step.number == start.step else Position(step=step.number))

        await in_order(jobs(), WIDTH.get(stream, OTHER_WIDTH), take)

    async def _leaf(self, stream: str, leaf: Leaf) -> None:
        self._count(stream, leaf)
        notes = () if leaf.note is None else (leaf.note,)
        piece = Piece(stream=stream, lines=leaf.lines, position=leaf.next, parent=leaf.step.parent, notes=notes)
        await self._writer.take(piece)

    async def _messages(self, store: Store, start: Position) -> None:
        async with asyncio.TaskGroup() as group:
            bodies = Bodies(self._missive, group, self._writer.take)

            async def take(leaf: Leaf) -> None:
                self._count("messages", leaf)
                ids = await self._writer.do(store.lacking, "messages", [id_of(line) for line in leaf.lines])
                await bodies.add(ids, leaf.next, leaf.note)

            await self._lists("messages", store, start, take)
            await bodies.end()

    def _count(self, stream: str, leaf: Leaf) -> None:
        self._tracker.page(stream, last=leaf.last)
        if leaf.note is not None:
            self._tracker.noted(stream)

    def _facts(self) -> dict[str, Any]:
        """What this run and those before it have cost."""
        return {
            "requests": self._before["requests"] + self._tracker.requests,
            "refused": self._before["refused"] + self._tracker.refused,
            "seconds": round(self._before["seconds"] + self._tracker.elapsed, 3),
            "runs": self._before["runs"] + 1,
        }

    def _save_manifest(self, store: Store, complete: bool) -> Manifest:
        manifest = Manifest(
            complete=complete,
            account=Account(**self._before["account"]),
            base_url=self._missive.base_url,
            bodies=self._plan.bodies,
            streams=store.describe(complete=complete),
            parents=store.write_parents() if complete else None,
            limits=str(self._missive.limits),
            started_at=self._before["started_at"],
            finished_at=_now() if complete else None,
            notes=store.notes(),
            library=version("missive-async"),
            **self._facts(),
        )
        store.write_manifest(manifest.to_json())
        return manifest


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
