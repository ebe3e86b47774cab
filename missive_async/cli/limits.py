"""`missive-async limits`: the rate limits, and what is left of them."""

import asyncio
import math
import random
import sys
from typing import Annotated

from cyclopts import Parameter

from missive_async.cli._client import BaseUrl, source
from missive_async.cli._limits_view import Shown, view
from missive_async.cli._running import run
from missive_async.client import AsyncMissive
from missive_async.errors import BudgetExceeded, ConfigurationError, MissiveError, Unauthorized
from missive_async.limits import Lane

_PATIENCE = 10.0
"""Seconds that a question to the server may take before it is said to be unanswered."""


def limits(
    *,
    watch: Annotated[bool, Parameter(negative=(), help="Go on, and show the budget live until interrupted.")] = False,
    every: Annotated[float, Parameter(help="Seconds between two questions to the server, when watching.")] = 15.0,
    simulate: Annotated[
        bool, Parameter(negative=(), help="Watch bulk work and calls in all lanes share a simulated Missive's limits.")
    ] = False,
    speed: Annotated[float, Parameter(help="How many times faster than real time the simulated Missive runs.")] = 1.0,
    base_url: BaseUrl = None,
) -> None:
    """Show the rate limits in force, what is free of them, and how long a call would wait in each lane.

    Asks the server for one page (a request), so that a budget that another program has spent is seen.

    Example: missive-async limits

    Example: missive-async limits --watch

    Example: missive-async limits --watch --simulate --speed 20
    """
    for name, value in (("--every", every), ("--speed", speed)):
        if not (math.isfinite(value) and value > 0):
            raise ConfigurationError(f"{name} must be a number above zero, not {value:g}")
    if speed != 1.0 and not simulate:
        raise ConfigurationError("--speed is for --simulate")
    with source(base_url, simulate=simulate, speed=speed) as missive:
        if watch:
            run(_watch(missive, every / speed, busy=simulate), interrupted="stopped watching")
        else:
            sys.stdout.write(run(_once(missive)) + "\n")


async def _once(missive: AsyncMissive) -> str:
    async with missive:
        answer = await _ask(missive)
        return Shown(missive.budget(), answer).text()


async def _ask(missive: AsyncMissive) -> str:
    """What the server says to one read; a refusal pauses the budget, which then shows."""
    try:
        await missive.with_options(deadline=_PATIENCE).organizations.list().first()
    except Unauthorized:
        raise
    except BudgetExceeded as error:
        return f"spent: no room for {math.ceil(error.retry_after)} s"
    except MissiveError as error:
        return f"did not answer: {error}"
    return "answers"


async def _watch(missive: AsyncMissive, every: float, *, busy: bool) -> None:
    answer = "not asked yet"
    async with missive:
        work = asyncio.create_task(_busy(missive) if busy else asyncio.sleep(0))
        try:
            with view(lambda: Shown(missive.budget(), answer)) as shown:
                while not (busy and work.done()):
                    answer = "is simulated" if busy else await _ask(missive)
                    end = asyncio.get_running_loop().time() + every
                    while asyncio.get_running_loop().time() < end:
                        shown.tick()
                        await asyncio.sleep(shown.every)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


async def _busy(missive: AsyncMissive) -> None:
    """Bulk work without end, and a call at a time in between."""
    bulk = missive.with_options(lane=Lane.BULK)

    async def lists() -> None:
        while True:
            await bulk.users.list().collect()

    async def calls() -> None:
        while True:
            await missive.teams.list().first()
            await asyncio.sleep(random.uniform(1.0, 5.0))  # noqa: S311 - pace, not secrecy

    await asyncio.gather(*[lists() for _ in range(20)], calls())
