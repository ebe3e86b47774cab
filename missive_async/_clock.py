"""The only source of time: one clock, injected, so that no test has to wait."""

import asyncio
import time
from asyncio import get_running_loop
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable


class Timer(Protocol):
    """A call that is due later and can be called off."""

    def cancel(self) -> None:
        """Call it off; harmless when it has run."""


@runtime_checkable
class Clock(Protocol):
    """What the package asks of time."""

    def monotonic(self) -> float:
        """Seconds that never go back, for measuring and waiting."""

    def time(self) -> float:
        """Unix seconds of the wall clock, for reset times and records."""

    def call_at(self, when: float, callback: Callable[..., object], *args: Any) -> Timer:
        """Call `callback(*args)` on the running loop once `monotonic()` has reached `when`."""

    async def sleep(self, seconds: float) -> None:
        """Wait that long, or until cancelled."""


class SystemClock:
    """The running event loop's clock, so that a loop with time of its own needs nothing else."""

    def monotonic(self) -> float:
        """Seconds of the running loop; of `time.monotonic`, which loops use, where none runs."""
        try:
            return get_running_loop().time()
        except RuntimeError:
            return time.monotonic()

    def time(self) -> float:
        """Unix seconds."""
        return time.time()

    def call_at(self, when: float, callback: Callable[..., object], *args: Any) -> Timer:
        """A timer of the running loop."""
        return get_running_loop().call_at(when, callback, *args)

    async def sleep(self, seconds: float) -> None:
        """`asyncio.sleep`."""
        await asyncio.sleep(seconds)
