"""A bulk job, a web handler and reports on one token: who waits how long, and what it costs the bulk job.

python benchmarks/fairness.py [--requests 5400] [--seeds 3]

In virtual time, against the server model of `limiter.py`, sliding and fixed windows, a calm and a rough network. All
requests of the bulk job are queued at once, at some moment of the first quarter of an hour. Once a minute comes an
interactive call, and every five minutes a report is asked for: a POST, then a poll every 5 s. Missive has it ready
after 2 to 30 s, and drops it 60 s later: it is lost when no poll came in between. The same plans are run with our
lanes, with lanes of which bulk leaves nothing to the others, and with everything in one line. At last, what a bulk job
pays that is alone all the time: most where its last requests would just fit into a window.
"""

import argparse
import asyncio
import random
import statistics
from collections.abc import Callable, Coroutine, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any, NamedTuple

from _model import Server, Way, calm, rough
from _report import finish, value_line
from _strategies import feedback
from _virtual import VirtualClock, now, run_virtual

from missive_async.limits import Lane, RateLimits
from missive_async.limits.local import LocalBudget

_POLL_EVERY = 5.0
_KEPT = 60.0
_HOURS = 4
_WORKERS = 50


class _Unreserved(LocalBudget):
    """Lanes, but bulk leaves nothing."""

    def _held(self, *_: object) -> int:
        return 0

    def _held_places(self, *_: object) -> int:
        return 0


_LANES, _NO_RESERVE, _FIFO, _QUEUED = "lanes with reserve", "lanes without reserve", "one line", "one line, all queued"
_MODES = (_LANES, _NO_RESERVE, _FIFO, _QUEUED)


class Plan(NamedTuple):
    """What is asked for and when, in seconds; of a report also after how long it is ready."""

    bulk_at: float
    calls: Sequence[float]
    reports: Sequence[tuple[float, float]]


def plan(seed: int, *, together: bool = False) -> Plan:
    """A plan for some hours; with `together` the bulk job begins at time zero, as everything does."""
    noise = random.Random(seed)
    calls = [60 * minute + noise.uniform(0, 60) for minute in range(60 * _HOURS)]
    reports = [(300 * turn + noise.uniform(0, 300), noise.uniform(2, 30)) for turn in range(12 * _HOURS)]
    return Plan(0.0 if together else noise.uniform(0, 900), calls, reports)


class World:
    """One run of a plan."""

    def __init__(self, mode: str, server: Server, ways: Iterator[Way]) -> None:
        self._mode = mode
        self._server = server
        self._ways = ways
        self._clock = VirtualClock()
        self._budget = (_Unreserved if mode == _NO_RESERVE else LocalBudget)(RateLimits.default(), self._clock)
        self.waits: dict[Lane, list[float]] = {lane: [] for lane in Lane}
        self.reports: list[bool] = []
        self.took = 0.0

    async def run(self, plan: Plan, requests: int) -> None:
        """Until the bulk job is done, and what was asked for meanwhile."""
        beside: list[asyncio.Task[None]] = []
        users = asyncio.create_task(self._users(plan, beside))
        await asyncio.sleep(plan.bulk_at)
        left = iter(range(requests))
        workers = _WORKERS if self._mode == _FIFO else requests
        await asyncio.gather(*(self._bulk(left) for _ in range(workers)))
        self.took = now() - plan.bulk_at
        users.cancel()
        await asyncio.gather(*beside)

    async def _bulk(self, left: Iterator[int]) -> None:
        for _ in left:
            await self._call(Lane.BULK)

    async def _users(self, plan: Plan, beside: list["asyncio.Task[None]"]) -> None:
        async def interactive() -> None:
            await self._call(Lane.INTERACTIVE)

        asked: list[tuple[float, Callable[[], Coroutine[Any, Any, None]]]] = [(at, interactive) for at in plan.calls]
        asked += [(at, partial(self._report, ready)) for at, ready in plan.reports]
        for at, ask in sorted(asked, key=lambda each: each[0]):
            await asyncio.sleep(at - now())
            beside.append(asyncio.create_task(ask()))

    async def _report(self, ready: float) -> None:
        done = await self._call(Lane.INTERACTIVE) + ready
        asked = now()
        while asked <= done + _KEPT:
            await asyncio.sleep(asked + _POLL_EVERY - now())
            asked = now()
            if done <= await self._call(Lane.REPORT) <= done + _KEPT:
                self.reports.append(True)
                return
        self.reports.append(False)

    async def _call(self, lane: Lane) -> float:
        """One request until it is not refused; when the server dated it."""
        waited = 0.0
        while True:
            permit = await self._budget.acquire(Lane.BULK if self._mode in {_FIFO, _QUEUED} else lane)
            waited += permit.waited
            way = next(self._ways)
            answer = await self._server.answer(way)
            dated = now() - way.down
            self._budget.release(permit, feedback=feedback(answer, self._clock.time()))
            if answer.status != 429:
                self.waits[lane].append(waited)
                return dated


def simulate(mode: str, server: Server, plan: Plan, requests: int, *, bad: bool = False, seed: int = 0) -> World:
    """Run a plan to its end."""

    async def main() -> World:
        world = World(mode, server, iter((rough if bad else calm)(requests + 4_000, seed)))
        await world.run(plan, requests)
        return world

    return run_virtual(main())


def _part(values: Sequence[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else 0.0


def _servers() -> list[Callable[[], Server]]:
    return [Server, lambda: Server("fixed", 600.0, told=True)]


def _compare(requests: int, seeds: int, *, together: bool) -> dict[str, list[World]]:
    worlds: dict[str, list[World]] = {}
    for mode, server, bad, seed in product(_MODES, _servers(), (False, True), range(seeds)):
        world = simulate(mode, server(), plan(seed, together=together), requests, bad=bad, seed=seed)
        worlds.setdefault(mode, []).append(world)
    return worlds


def _print(worlds: dict[str, list[World]]) -> None:
    print(f"{'':<24}{'interactive waits, s':>30}{'polls wait, s':>20}{'reports':>12}{'bulk job':>12}")
    print(f"{'':<24}{'median':>10}{'p99':>10}{'max':>10}{'p99':>10}{'max':>10}{'lost':>12}{'s':>12}")
    for mode, runs in worlds.items():
        calls = [wait for run in runs for wait in run.waits[Lane.INTERACTIVE]]
        polls = [wait for run in runs for wait in run.waits[Lane.REPORT]]
        reports = [kept for run in runs for kept in run.reports]
        figures = [_part(calls, 0.5), _part(calls, 0.99), _part(calls, 1), _part(polls, 0.99), _part(polls, 1)]
        took = statistics.fmean(run.took for run in runs)
        print(f"{mode:<24}" + "".join(f"{figure:10.2f}" for figure in figures), end="")
        print(f"{f'{reports.count(False)}/{len(reports)}':>12}{took:12.0f}")
    print()


def _targets(worlds: dict[str, list[World]]) -> list[bool]:
    ours = worlds[_LANES]
    calls = [wait for run in ours for wait in run.waits[Lane.INTERACTIVE]]
    longer = [mine.took / line.took for mine, line in zip(ours, worlds[_FIFO], strict=True)]
    print(f"bulk job, ours / one line, each world: {min(longer):.4f} to {max(longer):.4f}")
    return [
        value_line("interactive call's wait for the budget, p99", _part(calls, 0.99), 0.5, unit="s"),
        value_line("reports lost", sum(run.reports.count(False) for run in ours), 0, unit=""),
        value_line("bulk job, ours / one line, mean", statistics.fmean(longer), 1.02, unit="x"),
    ]


def _alone(requests: int) -> None:
    print("bulk jobs with nobody else there, seconds with and without reserve:")
    for size in (requests // 9, requests // 6 - 20, requests // 6, requests - 100, requests):
        ours, free = (simulate(mode, Server(), Plan(0.0, [], []), size).took for mode in (_LANES, _NO_RESERVE))
        print(f"  {size:6d} requests {ours:12.0f} {free:10.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--requests", type=int, default=5_400)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    results = []
    for together in (False, True):
        print(
            f"{arguments.requests} bulk requests, "
            + ("all begins at once" if together else "begun while others are at work")
        )
        worlds = _compare(arguments.requests, arguments.seeds, together=together)
        _print(worlds)
        results += _targets(worlds)
        print()
    _alone(arguments.requests)
    finish(results)


if __name__ == "__main__":
    main()
