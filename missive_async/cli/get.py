"""`missive-async get`: one record."""

from typing import Annotated, Any

from cyclopts import Parameter

from missive_async.cli._client import BaseUrl, client
from missive_async.cli._output import Output
from missive_async.cli._running import run
from missive_async.client import AsyncMissive
from missive_async.errors import ConfigurationError, DecodeError
from missive_async.resources._rules import segment

RESOURCES = ("contacts", "conversations", "messages", "responses", "tasks")


def get(
    resource: Annotated[str, Parameter(help=f"What it is: one of {', '.join(RESOURCES)}.")],
    id: Annotated[str, Parameter(help="Its id.")],
    /,
    *,
    output: Output | None = None,
    base_url: BaseUrl = None,
) -> None:
    """Print one record, with every attribute that Missive sends.

    Example: missive-async get messages 86ef8bb8-269c-4959-a4f0-213db4e67844 --json

    Example: missive-async get conversations 47a57b76-df42-4d8f-927e-80dbe5d87191 --columns id,subject,team.name
    """
    if resource not in RESOURCES:
        raise ConfigurationError(f"no single {resource!r} can be asked for: choose from {', '.join(RESOURCES)}")
    form = output or Output()
    form.form  # noqa: B018 - refuse a wrong choice before anything is asked
    form.write_one(run(_record(client(base_url), resource, id)))


async def _record(missive: AsyncMissive, resource: str, id: str) -> dict[str, Any]:
    async with missive:
        path = f"/{resource}/{segment(id)}"
        answer = await missive.request("GET", path)
    found = answer.get(resource) if isinstance(answer, dict) else None
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise DecodeError(f"the answer to GET {path} has no record under {resource!r}")
    return found
