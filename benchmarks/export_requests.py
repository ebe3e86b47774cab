"""How many requests an export spends on each message with its body, beside a list and one get for each message.

python benchmarks/export_requests.py [--conversations 40]

The real export, through the real client, of an account in the simulator on loopback, which counts what it is asked for
and admits everything. Requests for messages are those for the lists of a conversation's messages and for messages by
their ids; what conversations cost is beside it. Threads of 100 show what lists of ten and batches can do at best; short
threads cost a list each, however few messages they have.
"""

import argparse
import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

from _report import finish, value_line

from missive_async import AsyncMissive, RateLimits
from missive_async.events import Sent
from missive_async.export import export_account
from missive_async.simulator import Account, Simulator, make_account, serve

_WINDOWS = RateLimits.parse("5,100000000/60,300000000/900")
_FOR_MESSAGES = re.compile(r"/messages/[^/]+|/conversations/[^/]+/messages")
_TOKEN = "missive_pat-simulated"
_LONG = 100


class Spent(NamedTuple):
    """Requests, and the messages that they brought."""

    for_messages: int
    others: int
    messages: int

    @property
    def each(self) -> float:
        """Requests for a message."""
        return self.for_messages / self.messages


async def _export(missive: AsyncMissive) -> int:
    with tempfile.TemporaryDirectory() as folder:
        manifest = await export_account(missive, Path(folder) / "out", streams=["messages"])
    return int(manifest.streams["messages"]["records"])


async def _one_by_one(missive: AsyncMissive) -> int:
    """The conversations' lists, then each message by its id, as one would begin."""
    found: set[str] = set()
    lists = missive.conversations.list
    for mailbox in (lists(all=True), lists(trashed=True), lists(junked=True)):
        async with aclosing(mailbox.pages()) as pages:
            async for page in pages:
                for conversation in page:
                    for message in await missive.conversations.messages(conversation.id).collect():
                        if message.id not in found:
                            found.add((await missive.messages.get(message.id)).id)
    return len(found)


async def _spend(url: str, read: Callable[[AsyncMissive], Awaitable[int]]) -> Spent:
    paths: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Sent):
            paths.append(event.request.path)

    async with AsyncMissive(_TOKEN, base_url=url, limits=_WINDOWS, on_event=listen) as missive:
        messages = await read(missive)
    for_messages = sum(_FOR_MESSAGES.fullmatch(path) is not None for path in paths)
    return Spent(for_messages, len(paths) - for_messages, messages)


def _compare(what: str, account: Account) -> Spent:
    with serve(Simulator(account, limits=None)) as url:
        ours = asyncio.run(_spend(url, _export))
        theirs = asyncio.run(_spend(url, _one_by_one))
    row = f"{what:<26}{ours.messages:10d}"
    for spent in (ours, theirs):
        row += f"{spent.for_messages:10d}{spent.each:10.3f}{spent.others:10d}"
    print(row)
    return ours


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--conversations", type=int, default=40)
    arguments = parser.parse_args()
    print(f"{'':<26}{'':>10}" + "".join(f"{side + ': requests':>30}" for side in ("ours", "list and get")))
    print(f"{'':<26}{'messages':>10}" + 2 * f"{'for them':>10}{'for each':>10}{'beside':>10}")
    number = arguments.conversations
    for length in (3, 10, 25):
        _compare(f"threads of {length}", make_account(conversations=number, messages_per_conversation=length))
    _compare("threads of all lengths", make_account(conversations=number))
    account = make_account(conversations=-(-number // 4), messages_per_conversation=_LONG)
    long = _compare(f"threads of {_LONG}", account)
    finish([value_line(f"requests for a message with its body, threads of {_LONG}", long.each, 0.13, unit="")])


if __name__ == "__main__":
    main()
