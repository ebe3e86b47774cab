"""`missive-async whoami`: whose token it is."""

from typing import Any

from missive_async.cli._client import BaseUrl, client
from missive_async.cli._output import Output
from missive_async.cli._running import run
from missive_async.client import AsyncMissive


def whoami(*, output: Output | None = None, base_url: BaseUrl = None) -> None:
    """Show whose token it is, and the organizations that it opens. Spends two requests.

    Example: missive-async whoami

    Example: missive-async whoami --json --columns email
    """
    form = output or Output()
    form.form  # noqa: B018 - refuse a wrong choice before anything is asked
    form.write_one(run(_who(client(base_url))))


async def _who(missive: AsyncMissive) -> dict[str, Any]:
    async with missive:
        organizations = await missive.organizations.list().raw().collect()
        me: dict[str, Any] = {}
        async for user in missive.users.list().raw():
            if user.get("me") is True:
                me = user
                break
    shown = {name: me.get(name) for name in ("id", "name", "email")}
    return {**shown, "organizations": organizations, "base_url": missive.base_url}
