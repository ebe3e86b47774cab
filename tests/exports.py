"""Exports of simulated accounts, in virtual time and without sockets, and what must be in them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from missive_async import AsyncMissive, RetryPolicy
from missive_async.export import Manifest, export_account
from missive_async.simulator import Account, Simulator
from missive_async.simulator.views import conversation, full_message
from virtual import VirtualClock

MAILBOXES = ("all", "drafts", "trashed", "junked")


def simulator(account: Account | None = None, **options: Any) -> Simulator:
    """A simulator on virtual time."""
    return Simulator(account, clock=VirtualClock().time, **options)


async def export(simulator: "Simulator | Watched", out: Path, **options: Any) -> Manifest:
    """Export a simulated account over no network at all."""
    retry = options.pop("retry", RetryPolicy(jitter=lambda: 1.0))
    transport = httpx.ASGITransport(simulator)
    client = AsyncMissive(
        options.pop("token", simulator.token),
        base_url="http://missive.example.com/v1",
        transport=transport,
        retry=retry,
        clock=VirtualClock(),
    )
    async with client as missive:
        return await export_account(missive, out, **options)


class Watched:
    """A simulator of which each request is told to `act`, with its number and path, before it is answered."""

    def __init__(self, simulator: Simulator, act: Callable[[int, str], None]) -> None:
        self.simulator = simulator
        self.token = simulator.token
        self._act = act
        self._count = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        self._count += 1
        self._act(self._count, scope["path"])
        await self.simulator(scope, receive, send)


def files(out: Path) -> dict[str, bytes]:
    """What was written, but for the manifest."""
    return {path.name: path.read_bytes() for path in sorted(out.iterdir()) if path.name != "manifest.json"}


def records(out: Path, stream: str) -> list[Any]:
    """The records of a stream."""
    return [json.loads(line) for line in (out / f"{stream}.jsonl").read_bytes().splitlines()]


def everything(account: Account) -> dict[str, dict[str, Any]]:
    """All that an export has to hold, by stream and id."""
    seen = [one for one in account.conversations if _is_listed(account, one)]
    keys = ("id", "name", "organization", "active_members", "observers")
    found: dict[str, dict[str, Any]] = {
        "organizations": {row.id: row.data for row in account.organizations},
        "users": {row.id: row.data for row in account.users},
        "teams": {row.id: {key: row.data[key] for key in keys} for row in account.teams},
        "contact_books": {row.id: row.data for row in account.books},
        "contact_groups": {row.id: row.data for row in account.groups},
        "shared_labels": {row.id: row.data for row in account.labels},
        "responses": {row.id: row.data for row in account.responses},
        "tasks": {row.id: row.data for row in account.tasks},
        "conversations": {one.id: conversation(account, one) for one in seen},
    }
    children = [account.children(one) for one in seen]
    found["messages"] = {row.id: full_message(account, row) for one in children for row in one.messages}
    for stream in ("comments", "drafts", "posts"):
        found[stream] = {row.id: row.data for one in children for row in getattr(one, stream)}
    return found


def _is_listed(account: Account, one: Any) -> bool:
    return any(account.in_mailbox(one, box) for box in MAILBOXES) or bool(one.team or one.labels)
