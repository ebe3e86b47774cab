"""Virtual time: an event loop on which hours take microseconds, and that never waits for nothing.

    @virtual_time
    async def test_a_token_comes_back_after_a_minute(): ...

or, inside a plain function, as a hypothesis test needs it: `run_virtual(coroutine)`. Code under test sees virtual time
through `asyncio.sleep`, timeouts and `loop.time()`; `VirtualClock` is the package's clock with a wall clock to match.
Nothing may come from outside: no sockets of other processes or threads. Work in an executor takes no virtual time.
"""

import asyncio
import functools
import selectors
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from missive_async._clock import SystemClock

T = TypeVar("T")
P = ParamSpec("P")

EPOCH = 1_790_000_000.0
"""Unix time at virtual time zero, as `VirtualClock` has it."""

_ROUNDS = 100_000
"""Rounds of the loop in which no time passes, before that is called a livelock."""

_PATIENCE = 10.0
"""Seconds of real time that work in a thread may take."""


class Deadlock(Exception):
    """Nothing is ready, no timer is set, and somebody still waits."""


class Livelock(Exception):
    """The loop goes round and round while no time passes."""


class Unhandled(Exception):
    """A callback failed, or a task whose failure nobody looked at."""


class VirtualClock(SystemClock):
    """The running loop's time, and a wall clock that goes with it."""

    def __init__(self, epoch: float = EPOCH) -> None:
        self.epoch = epoch

    def time(self) -> float:
        """Unix seconds: virtual time since `epoch`."""
        return self.epoch + self.monotonic()


class _Jump(selectors.DefaultSelector):
    """Where a real loop would sleep, this one moves its clock to the next timer."""

    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if ready or timeout == 0:
            self.loop.went_round()
            return ready
        if self.loop.threads or self.loop._executor_shutdown_called:
            return self._really(timeout)
        if timeout is None:
            raise Deadlock(self.loop.who_waits())
        self.loop.jump()
        return ready

    def _really(self, timeout: float | None) -> Any:
        ready = super().select(_PATIENCE)
        if not ready and timeout is None:
            raise Deadlock(self.loop.who_waits())
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time starts at `start` and passes only when there is nothing left to do."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._rounds = 0
        self.threads = 0
        self.unhandled: list[dict[str, Any]] = []
        selector = _Jump()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = 1e-9
        self.set_exception_handler(lambda _, context: self.unhandled.append(context))

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def jump(self) -> None:
        """Go to the next timer."""
        when = self._scheduled[0]._when
        if when > self._now:
            self._now = when
            self._rounds = 0

    def went_round(self) -> None:
        """Count the rounds in which no time passed."""
        self._rounds += 1
        if self._rounds > _ROUNDS:
            raise Livelock(self.who_waits())

    def who_waits(self) -> str:
        """The tasks that hang, one a line."""
        tasks = sorted(map(repr, asyncio.all_tasks(self)))
        return "\n".join([f"at {self._now:.6f} s nothing more can happen; waiting:", *tasks])

    def timers(self) -> int:
        """How many timers are set and not called off."""
        return sum(not handle._cancelled for handle in self._scheduled)

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """As ever; time stands still meanwhile."""
        future = super().run_in_executor(executor, func, *args)
        self.threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: object) -> None:
        self.threads -= 1


def run_virtual(main: Coroutine[Any, Any, T], *, start: float = 0.0) -> T:
    """Run to the end in virtual time, as `asyncio.run`; raises `Unhandled` for failures that went unnoticed."""
    loops: list[VirtualLoop] = []

    def factory() -> VirtualLoop:
        loops.append(VirtualLoop(start))
        return loops[-1]

    with asyncio.Runner(loop_factory=factory) as runner:
        result = runner.run(main)
    for loop in loops:
        if loop.unhandled:
            context = loop.unhandled[0]
            raise Unhandled(context["message"]) from context.get("exception")
    return result


def virtual_time(test: Callable[P, Awaitable[T]]) -> Callable[P, T]:
    """Make an async test a plain one that runs in virtual time; its fixtures must be plain ones."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return run_virtual(test(*args, **kwargs))  # type: ignore[arg-type]

    return run


def now() -> float:
    """Virtual seconds of the running loop."""
    return asyncio.get_running_loop().time()


def others() -> list["asyncio.Task[Any]"]:
    """The tasks that are alive beside the running one."""
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def timers() -> int:
    """How many timers are set on the running (virtual) loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.timers()


async def settle(rounds: int = 10) -> None:
    """Let everything that is ready run; no time passes."""
    for _ in range(rounds):
        await asyncio.sleep(0)
