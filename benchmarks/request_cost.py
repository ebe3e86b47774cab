"""What a call costs the client's CPU, beside raw httpx: same server, same page, interleaved in one process.

python benchmarks/request_cost.py [--rounds 15] [--calls 400]
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import httpx
from _loopback import answering
from _pages import conversations_page
from _report import finish, ratio_line

from missive_async import AsyncMissive, RateLimits

_WINDOWS = RateLimits.parse("5,100000000/60,300000000/900")
_NO_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=100)


async def _spread(call: Callable[[int], Awaitable[object]], calls: int, tasks: int) -> float:
    """CPU seconds of this process per call, with so many tasks calling one after another."""
    numbers = iter(range(calls))

    async def work() -> None:
        for number in numbers:
            await call(number)

    start = time.process_time()
    await asyncio.gather(*[work() for _ in range(tasks)])
    return (time.process_time() - start) / calls


Line = tuple[str, Callable[[int], Awaitable[object]], int, float]


async def _compare(url: str, calls: int, rounds: int, *, models_only: bool) -> list[bool]:
    async with (
        httpx.AsyncClient(base_url=url, limits=_NO_LIMITS) as raw,
        AsyncMissive("benchmark", base_url=url, limits=_WINDOWS) as missive,
    ):

        async def theirs(number: int) -> object:
            return await raw.get("/conversations", params={"limit": 50, "until": 1_700_000_000 + number, "all": "true"})

        async def ours(number: int) -> object:
            params = {"limit": 50, "until": 1_700_000_000 + number, "all": True}
            return await missive._pipeline.call("GET", "/conversations", len, params=params)  # noqa: SLF001 - undecoded

        async def typed(_: int) -> object:
            return await missive.conversations.list(all=True).first()

        lines: list[Line] = [
            ("a call, 1 task", ours, 1, 0.95),
            ("a call, 5 tasks", ours, 5, 0.95),
            ("a call, 50 tasks", ours, 50, 0.60),
            ("a call, 200 tasks", ours, 200, 0.60),
            ("a call and 50 conversations as models, 1 task", typed, 1, 1.25),
            ("a call and 50 conversations as models, 5 tasks", typed, 5, 1.25),
        ]
        return [await _line(line, theirs, calls, rounds) for line in lines if line[1] is typed or not models_only]


async def _line(line: Line, theirs: Callable[[int], Awaitable[object]], calls: int, rounds: int) -> bool:
    what, ours, tasks, target = line
    pairs = []
    for round_ in range(rounds + 1):
        pair = [await _spread(ours, calls, tasks), await _spread(theirs, calls, tasks)]
        if round_:  # the first one warms up
            pairs.append(pair)
    mine, other = zip(*pairs, strict=True)
    return ratio_line(what, mine, other, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--calls", type=int, default=400)
    arguments = parser.parse_args()
    print("CPU of the client per call; 'other' is raw httpx with the same server and page")
    results = []
    for kind in ("documented", "busy"):
        page = json.dumps({"conversations": conversations_page(50, kind)}, separators=(",", ":")).encode()
        print(f"\n50 conversations, {kind}: {len(page) / 1000:.0f} kB")
        with answering(page) as url:
            compared = _compare(url, arguments.calls, arguments.rounds, models_only=kind == "busy")
            results += asyncio.run(compared)
    finish(results)


if __name__ == "__main__":
    main()
