"""Virtual time: an event loop on which ninety minutes of waiting take a second, for code that only waits for timers."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from missive_async._clock import SystemClock

T = TypeVar("T")

EPOCH = 1_790_000_000.0
"""Unix time at virtual time zero."""

_ROUND = 1e-6
"""Seconds that a round of the loop takes where it waits for nothing: no clock stands still."""


class _Jump(selectors.DefaultSelector):
    """Where a loop would sleep, time jumps to the next timer."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everybody waits, and no timer is set")
        self.now += max(timeout, _ROUND)
        return []


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        return self._jump.now


class VirtualClock(SystemClock):
    """The package's clock, with a wall clock to match the loop's time."""

    def time(self) -> float:
        """Unix seconds."""
        return EPOCH + self.monotonic()


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, as `asyncio.run`."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    """Virtual seconds."""
    return asyncio.get_running_loop().time()
