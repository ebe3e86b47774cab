"""How many 429s a way of keeping the limits gets, how long it takes, and what the limiter itself costs.

python benchmarks/limiter.py [--scale 1.0] [--phases 4] [--rounds 7] [--tasks 10000]

Virtual time, against a model of a server that keeps 5 at once, 300 in 60 s and 900 in 900 s, and dates a request
anywhere between its sending and its answer. "Share" is the time in which the best client could do it, as part of the
time taken: one that knows the server's counters and every latency beforehand, keeps five places busy, and lets each
request arrive the moment there is room for it (`_model.optimum`). For fixed windows 429s are sums, and times and shares
means, over phases that are spread evenly. The costs that come first are CPU time, interleaved rounds in this process.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from _model import Server, Way, calm, evenly, optimum, rough
from _report import finish, value_line
from _strategies import OTHERS, LoneFirst, Ours, Strategy, Unlimited, WholeClient
from _virtual import now, run_virtual
from aiolimiter import AsyncLimiter

from missive_async.limits import Lane, LocalLimiter, RateLimits

_WORKERS = 50
_NETWORKS = {"calm": calm, "rough": rough}


class Sizes(NamedTuple):
    """How many requests: in a short, a usual and a long job, and before one that is measured."""

    short: int
    usual: int
    long: int
    before: int

    @classmethod
    def scaled(cls, scale: float) -> "Sizes":
        """An hour, an hour and a half, and two and a half of them, or part of that."""
        return cls(*(max(1, round(size * scale)) for size in (3_000, 5_400, 9_000, 1_800)))


class Run(NamedTuple):
    """How one job went."""

    refused: int
    took: float
    share: float


async def job(strategy: Strategy, server: Server, ways: Sequence[Way]) -> float:
    """Send requests from fifty tasks until all have their answers; how long that took."""
    left = iter(ways)
    start = now()

    async def work() -> None:
        for way in left:
            await strategy.call(partial(server.answer, way))

    await asyncio.gather(*(work() for _ in range(_WORKERS)))
    await strategy.end()
    return now() - start


def single(kind: type[Strategy], server: Server, ways: Sequence[Way]) -> Run:
    """One job from a fresh start."""
    return restarted(kind, server, ways, lives=1)


def restarted(kind: type[Strategy], server: Server, ways: Sequence[Way], *, lives: int = 3) -> Run:
    """A job whose client dies and begins anew at once, knowing nothing."""
    part = -(-len(ways) // lives)

    async def lead() -> float:
        return sum([await job(kind(), server, ways[begin : begin + part]) for begin in range(0, len(ways), part)])

    took = run_virtual(lead())
    return Run(server.refused, took, optimum(ways, server) / took)


def acquainted(server: Server, ways: Sequence[Way], before: int) -> Run:
    """A job after another one, from which the limiter could learn the phase of the server's windows."""

    async def lead() -> Run:
        ours = Ours()
        await job(ours, server, ways[:before])
        start, dated = now(), tuple(server.dated)
        took = await job(ours, server, ways[before:])
        return Run(server.refused, took, optimum(ways[before:], server, start=start, dated=dated) / took)

    return run_virtual(lead())


def _mean(runs: Sequence[Run]) -> Run:
    refused, took, share = zip(*runs, strict=True)
    return Run(sum(refused), statistics.fmean(took), statistics.fmean(share))


def _row(name: str, cells: Sequence[Run]) -> None:
    print(f"{name:<32}" + "".join(f"{run.refused:14d}{run.took:10.0f}{100 * run.share:10.2f}%" for run in cells))


def _header(title: str) -> None:
    print(f"\n{title}")
    print(f"{'':<32}" + "".join(f"{f'{name}: 429s':>14}{'seconds':>10}{'share':>11}" for name in _NETWORKS))


def _servers(kind: str, phases: int, *, told: bool = False) -> list[Server]:
    if kind == "sliding":
        return [Server(told=told)]
    return [Server("fixed", boundary, told=told) for boundary in evenly(phases)]


def _everyone(sizes: Sizes, phases: int) -> list[bool]:
    results = []
    strategies: dict[str, type[Strategy]] = {"ours": Ours, **OTHERS}
    for kind in ("sliding", "fixed"):
        for size in sizes[:2]:
            _header(f"{size} requests, {kind} windows")
            ours: list[Run] = []
            for name, strategy in strategies.items():
                cells = [
                    _mean([single(strategy, server, network(size)) for server in _servers(kind, phases)])
                    for network in _NETWORKS.values()
                ]
                ours = ours or cells
                _row(name, cells)
            results.append(value_line("  ours: 429s", sum(run.refused for run in ours), 0, unit=""))
            if kind == "sliding":
                share = 100 * min(run.share for run in ours)
                results.append(value_line("  ours: share of the optimum", share, 99.5, unit="%", at_least=True))
    return results


def _unknown(sizes: Sizes, phases: int) -> list[bool]:
    """Fixed windows of which no answer says how they lie."""
    results = []
    for size in (sizes.usual, sizes.long):
        ways = calm(size)
        best = optimum(ways, Server())
        bound = statistics.fmean(optimum(ways, server) / best for server in _servers("fixed", phases))
        print(f"\n{size} requests, fixed windows, phase unknown, so that they might as well slide:")
        print(f"  nobody who must not be refused can do better than {100 * bound:.2f} % in the mean of {phases} phases")
        share = _mean([single(Ours, server, ways) for server in _servers("fixed", phases)]).share
        results.append(value_line("  ours: share", 100 * share, 94, unit="%", at_least=True))
    return results


def _known(sizes: Sizes, phases: int) -> list[bool]:
    """Fixed windows of which the answers' headers have told how they lie."""
    results = []
    for name, network in _NETWORKS.items():
        ways = network(sizes.before + sizes.usual)
        runs = [acquainted(server, ways, sizes.before) for server in _servers("fixed", phases, told=True)]
        print(f"\n{sizes.usual} requests after {sizes.before} whose answers had reset times, {name}", end=": ")
        print(" ".join(f"{100 * run.share:.2f} %" for run in runs))
        results += [
            value_line("  ours: 429s", _mean(runs).refused, 0, unit=""),
            value_line("  ours: share", 100 * _mean(runs).share, 99, unit="%", at_least=True),
        ]
    return results


def _restarts(sizes: Sizes, phases: int) -> list[bool]:
    """`LocalLimiter` remembers nothing over a restart; does it pay to send the first request alone?"""
    strategies = {"ours": Ours, "ours, first request alone": LoneFirst, "no limiter, obeys Retry-After": Unlimited}
    refused = 0
    for kind, told in (("sliding", False), ("fixed", False), ("fixed", True)):
        _header(f"{sizes.usual} requests, two restarts, {kind} windows" + (", told" if told else ""))
        for name, strategy in strategies.items():
            cells = []
            for network in _NETWORKS.values():
                ways = network(sizes.usual)
                cells.append(_mean([restarted(strategy, server, ways) for server in _servers(kind, phases, told=told)]))
            _row(name, cells)
            refused += sum(run.refused for run in cells) if strategy is Ours else 0
    print("\nthe first five calls of an unused budget, seconds:")
    for name, strategy in list(strategies.items())[:2]:
        print(f"  {name:<56}{single(strategy, Server(), calm(5)).took:12.3f}")
    print("429s of all restarts above; a limiter without a memory cannot do with less than one each:")
    return [value_line("  ours", refused, 0, unit="")]


def _whole_client(sizes: Sizes) -> list[bool]:
    _header(f"{sizes.usual} requests through the whole client, sliding windows")
    cells = [single(WholeClient, Server(), network(sizes.usual)) for network in _NETWORKS.values()]
    _row("AsyncMissive", cells)
    return [value_line("  the whole client: 429s", sum(run.refused for run in cells), 0, unit="")]


class _Gate(NamedTuple):
    """A way in, and the way out, which is given what the way in gave."""

    enter: Callable[[], Awaitable[Any]]
    leave: Callable[[Any], object]


async def _gates() -> dict[str, _Gate]:
    """A place of five and a token of each window, of which there are plenty."""
    plenty = RateLimits.parse("5,100000000/60,300000000/900")
    alone, shared = (LocalLimiter().budget("account", plenty) for _ in range(2))
    shared.release(await shared.acquire())  # so that bulk has somebody to leave a reserve for
    semaphore, places = asyncio.Semaphore(5), asyncio.Semaphore(5)
    minute, quarter = AsyncLimiter(10**8, 60), AsyncLimiter(3 * 10**8, 900)

    async def both() -> None:
        await places.acquire()
        await minute.acquire()
        await quarter.acquire()

    return {
        "ours": _Gate(alone.acquire, alone.release),
        "ours, in lane BULK": _Gate(partial(shared.acquire, Lane.BULK), shared.release),
        "two aiolimiters": _Gate(both, lambda _: places.release()),
        "asyncio.Semaphore": _Gate(semaphore.acquire, lambda _: semaphore.release()),
    }


async def _one_by_one(gate: _Gate, tasks: int) -> None:
    enter, leave = gate
    for _ in range(tasks):
        leave(await enter())


async def _crowd(gate: _Gate, tasks: int) -> None:
    async def call() -> None:
        permit = await gate.enter()
        await asyncio.sleep(0)
        gate.leave(permit)

    await asyncio.gather(*(call() for _ in range(tasks)))


async def _cost(rounds: int, tasks: int) -> list[bool]:
    """CPU time of one way in and out: the least of some interleaved rounds, for what else runs can only add to it."""
    results = []
    for what, run, target in [("uncontended", _one_by_one, 2.0), (f"{tasks} waiting", _crowd, 30.0)]:
        gates = await _gates()
        costs: dict[str, list[float]] = {name: [] for name in gates}
        for _ in range(rounds):
            for name, gate in gates.items():
                start = time.process_time()
                await run(gate, tasks)
                costs[name].append((time.process_time() - start) / tasks * 1e6)
        print(f"\nthe limiter's own cost, {what}")
        for name in ("asyncio.Semaphore", "two aiolimiters"):
            print(f"  {name:<58} {min(costs[name]):10.3f} µs")
        results += [
            value_line(f"  {name}", min(costs[name]), target, unit="µs") for name in ("ours", "ours, in lane BULK")
        ]
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of the jobs")
    parser.add_argument("--phases", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tasks", type=int, default=10_000)
    arguments = parser.parse_args()
    sizes, phases = Sizes.scaled(arguments.scale), arguments.phases
    results = asyncio.run(_cost(arguments.rounds, arguments.tasks))  # first, while the heap is small
    results += _everyone(sizes, phases)
    results += _unknown(sizes, 3 * phases)
    results += _known(sizes, phases)
    results += _restarts(sizes, phases)
    results += _whole_client(sizes)
    finish(results)


if __name__ == "__main__":
    main()
