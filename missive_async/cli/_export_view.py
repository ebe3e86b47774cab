"""What an export shows while it runs: a live table on a terminal, plain lines elsewhere."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from missive_async.cli._words import clock, span
from missive_async.client import AsyncMissive
from missive_async.export import Progress
from missive_async.limits import BudgetSnapshot, Lane


class _View(Protocol):
    every: float

    def tell(self, event: Progress) -> None: ...

    def tick(self) -> None: ...

    def close(self) -> None: ...


@asynccontextmanager
async def view(missive: AsyncMissive, streams: Sequence[str]) -> AsyncIterator[Callable[[Progress], None]]:
    """Show what the listener that it gives is told, on standard error, as long as the context lasts."""
    console = Console(stderr=True)
    shown: _View = _Live(console, missive, streams) if console.is_terminal else _Lines(missive)
    ticking = asyncio.create_task(_tick(shown))
    try:
        yield shown.tell
    finally:
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
        shown.close()


async def _tick(shown: _View) -> None:
    while True:
        await asyncio.sleep(shown.every)
        shown.tick()


class _Lines:
    """One line for each stream that is done, and one every ten seconds."""

    every = 10.0

    def __init__(self, missive: AsyncMissive) -> None:
        self._missive = missive
        self._last: dict[str, Progress] = {}
        self._newest: Progress | None = None
        self._told_at = 0.0
        self._clock = asyncio.get_running_loop().time

    def tell(self, event: Progress) -> None:
        before = self._last.get(event.stream)
        self._last[event.stream] = self._newest = event
        self._told_at = self._clock()
        if event.state == "done" and (before is None or before.state != "done"):
            _log(f"{event.stream}: {_records(event)}{_noted(event)}, done")

    def tick(self) -> None:
        event = self._newest
        if event is None:
            return
        reading = [f"{one.stream} {_records(one)}" for one in self._last.values() if one.state == "reading"]
        budget = _windows(self._missive.budget())
        left = _left(event, self._clock() - self._told_at)
        parts = [", ".join(reading) or "waiting", _spent(event), budget, left]
        _log("; ".join(filter(None, parts)))

    def close(self) -> None:
        pass


class _Live:
    """A row for each stream, and the budget below them."""

    every = 0.25

    def __init__(self, console: Console, missive: AsyncMissive, streams: Sequence[str]) -> None:
        self._missive = missive
        self._last: dict[str, Progress | None] = dict.fromkeys(streams)
        self._first: dict[str, Progress] = {}
        self._newest: Progress | None = None
        self._told_at = 0.0
        self._clock = asyncio.get_running_loop().time
        self._live = Live(console=console, auto_refresh=False, get_renderable=self._render)

    def tell(self, event: Progress) -> None:
        self._live.start()  # not before there is something to show; harmless when started
        self._last[event.stream] = self._newest = event
        self._told_at = self._clock()
        if event.state == "reading":
            self._first.setdefault(event.stream, event)

    def tick(self) -> None:
        if self._newest is not None:
            self._live.refresh()

    def close(self) -> None:
        self.tick()
        self._live.stop()

    def _render(self) -> Group:
        table = Table(box=None, padding=(0, 1), header_style="dim")
        table.add_column("stream")
        table.add_column("lists read", justify="right")
        table.add_column("", width=20)
        table.add_column("records", justify="right")
        table.add_column("a second", justify="right")
        for stream, event in self._last.items():
            table.add_row(*self._row(stream, event))
        return Group(table, Text(), *self._footer())

    def _row(self, stream: str, event: Progress | None) -> tuple[str | Text | ProgressBar, ...]:
        if event is None or event.state == "waiting":
            return Text(stream, "dim"), "", "", Text("waiting", "dim"), ""
        lists = f"{event.lists_done:,}/{event.lists_total:,}" if event.lists_total is not None else ""
        done, total = (event.done, event.total) if event.total else (event.lists_done, event.lists_total or 1)
        bar = ProgressBar(total=1, completed=1 if event.state == "done" else min(done / total, 1), width=20)
        return stream, lists, bar, _records(event) + _noted(event), self._rate(event)

    def _rate(self, event: Progress) -> str:
        first = self._first.get(event.stream)
        if first is None:
            return ""
        seconds = event.elapsed - first.elapsed
        return f"{(event.done - first.done) / seconds:,.1f}" if seconds >= 1 else ""

    def _footer(self) -> list[Text]:
        budget = self._missive.budget()
        event = self._newest
        wait = budget.waits[Lane.BULK]
        held = "" if wait < 1 else f", next in {clock(wait)}"
        left = Text(f" budget: {budget.places_free} of {budget.places} places, {_windows(budget)}{held}")
        if event is None:
            return [left]
        since = self._clock() - self._told_at
        parts = [_spent(event), f"{clock(event.elapsed + since)} so far", _left(event, since)]
        return [left, Text(" " + ", ".join(filter(None, parts)))]


def _log(text: str) -> None:
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    sys.stderr.write(f"{at} {text}\n")
    sys.stderr.flush()


def _records(event: Progress) -> str:
    if event.total is None or event.state == "done":
        return f"{event.done:,}"
    return f"{event.done:,}/{event.total:,}"


def _noted(event: Progress) -> str:
    return f" ({event.notes:,} not readable)" if event.notes else ""


def _spent(event: Progress) -> str:
    return f"{event.requests:,} requests, {event.refused:,} refused"


def _windows(budget: BudgetSnapshot) -> str:
    return ", ".join(f"{window.free:,} of {window.requests:,} in {span(window.seconds)}" for window in budget.windows)


def _left(event: Progress, since: float) -> str:
    if not event.seconds_left:
        return ""
    return f"about {clock(max(0.0, event.seconds_left - since))} left"
