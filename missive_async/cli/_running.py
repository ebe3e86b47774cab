"""Running a command's work on a loop, until it is done or somebody asks it to stop."""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

from missive_async.cli._failures import Interrupted

T = TypeVar("T")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run(work: Coroutine[Any, Any, T], *, interrupted: str = "interrupted") -> T:
    """Do the work. Ctrl-C and SIGTERM end it in good order, then raise `Interrupted`; a second one ends it at once."""
    return asyncio.run(_until_stopped(work, interrupted))


async def _until_stopped(work: Coroutine[Any, Any, T], interrupted: str) -> T:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    caught: list[int] = []

    def stop(number: int) -> None:
        caught.append(number)
        _default(loop)
        task.cancel()

    with contextlib.suppress(NotImplementedError):  # where loops know no signals, Ctrl-C cancels this coroutine
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if caught:
            raise Interrupted(caught[0], interrupted) from None
        raise
    finally:
        _default(loop)


def _default(loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(NotImplementedError):
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
