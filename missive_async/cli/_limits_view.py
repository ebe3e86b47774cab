"""The budget as a person sees it: bars on a terminal, lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

import attrs
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from missive_async.cli._words import clock, span
from missive_async.limits import BudgetSnapshot, Lane


@attrs.frozen
class Shown:
    """What there is to show: the budget, and what the server said last."""

    budget: BudgetSnapshot
    answer: str

    def text(self) -> str:
        """All of it as plain lines."""
        budget = self.budget
        lines = [f"server      {self.answer}", f"places      {budget.places_free} of {budget.places} free"]
        lines += [f"{'windows' if not index else '':<12}{text}" for index, text in enumerate(_windows(budget))]
        lines += [f"{'a call now' if not lane else '':<12}{text}" for lane, text in enumerate(self._lanes())]
        lines.append(f"so far      {self.so_far()}")
        return "\n".join(lines)

    def line(self) -> str:
        """All of it on one line."""
        budget = self.budget
        return "; ".join(
            [
                f"server {self.answer}",
                f"{budget.places_free} of {budget.places} places",
                ", ".join(_windows(budget)),
                ", ".join(self._lanes()),
                self.so_far(),
            ]
        )

    def so_far(self) -> str:
        """What was spent, refused and waited, and a pause that is on."""
        budget = self.budget
        paused = f", paused for {clock(budget.paused_for)}" if budget.paused_for else ""
        return f"{budget.spent:,} requests, {budget.refused:,} refused (429), {clock(budget.waited)} waited{paused}"

    def table(self) -> Group:
        """All of it with bars."""
        budget = self.budget
        table = Table(box=None, padding=(0, 1), show_header=False)
        table.add_row("server", "", Text(self.answer))
        table.add_row(
            "places", _bar(budget.places_free, budget.places), f"{budget.places_free} of {budget.places} free"
        )
        for window, text in zip(budget.windows, _windows(budget), strict=True):
            table.add_row(f"in {span(window.seconds)}", _bar(window.free, window.requests), text)
        for lane, text in zip(Lane, self._lanes(), strict=True):
            table.add_row(lane.name.lower(), "", text.partition(" ")[2])
        return Group(table, Text(f" {self.so_far()}", "dim"))

    def _lanes(self) -> list[str]:
        texts = []
        for lane in Lane:
            wait = self.budget.waits[lane]
            when = "at once" if wait < 0.05 else f"in {clock(wait)}"
            queue = self.budget.waiting[lane]
            texts.append(f"{lane.name.lower()} {when}" + (f" ({queue:,} waiting)" if queue else ""))
        return texts


class View(Protocol):
    """Something that shows the budget again when told to, `every` so many seconds."""

    every: float

    def tick(self) -> None:
        """Show it as it is now."""


@contextmanager
def view(look: Callable[[], Shown]) -> Iterator[View]:
    """A view on standard output for as long as the context lasts."""
    console = Console()
    if not console.is_terminal:
        yield _Lines(look)
        return
    with Live(console=console, auto_refresh=False, get_renderable=lambda: look().table()) as live:
        yield _Bars(live)


class _Bars:
    every = 0.25

    def __init__(self, live: Live) -> None:
        self._live = live

    def tick(self) -> None:
        self._live.refresh()


class _Lines:
    every = 5.0

    def __init__(self, look: Callable[[], Shown]) -> None:
        self._look = look

    def tick(self) -> None:
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        sys.stdout.write(f"{at} {self._look().line()}\n")
        sys.stdout.flush()


def _bar(free: int, total: int) -> ProgressBar:
    return ProgressBar(total=total, completed=free, width=30)


def _windows(budget: BudgetSnapshot) -> list[str]:
    texts = []
    for window in budget.windows:
        back = "" if window.next_free_in is None else f", next back in {clock(window.next_free_in)}"
        texts.append(f"{window.free:,} of {window.requests:,} free in {span(window.seconds)}{back}")
    return texts
