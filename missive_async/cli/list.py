"""`missive-async list`: the records of a list."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from cyclopts import Parameter

from missive_async.cli._client import BaseUrl, client
from missive_async.cli._lists import COLUMNS, pager
from missive_async.cli._output import Output
from missive_async.cli._running import run
from missive_async.client import AsyncMissive
from missive_async.errors import ConfigurationError
from missive_async.pagination import Pager


def list(
    resource: Annotated[str, Parameter(help=f"Which list: {', '.join(COLUMNS)}.")],
    /,
    *,
    param: Annotated[
        tuple[str, ...],
        Parameter(
            name=("--param", "-p"),
            negative=(),
            show_default=False,
            help="A filter of that list, as name=value; may be repeated.",
        ),
    ] = (),
    max: Annotated[int | None, Parameter(help="How many at most; all if not given.")] = None,
    output: Output | None = None,
    base_url: BaseUrl = None,
) -> None:
    """Print the records of a list, all or the first, with every attribute that Missive sends.

    Comments, drafts, posts and messages are those of a conversation.

    Example: missive-async list users --table

    Example: missive-async list conversations --param inbox=true --max 20

    Example: missive-async list messages --param conversation=47a57b76-df42-4d8f-927e-80dbe5d87191 --jsonl

    Example: missive-async list contacts --param contact_book=0a1b2c3d --param search=acme --csv --columns id,last_name
    """
    if max is not None and max < 0:
        raise ConfigurationError(f"--max must be zero or more, not {max}")
    form = output or Output()
    form.form  # noqa: B018 - refuse a wrong choice before anything is asked
    run(_print(client(base_url), resource, param, max, form))


async def _print(missive: AsyncMissive, resource: str, params: tuple[str, ...], most: int | None, form: Output) -> None:
    async with missive, aclosing(_first(pager(missive, resource, params).raw(), most)) as rows:
        await form.write(rows, COLUMNS[resource])


async def _first(found: Pager[dict[str, Any]], most: int | None) -> AsyncGenerator[dict[str, Any], None]:
    left = most
    if left == 0:
        return
    async with aclosing(found.pages()) as pages:
        async for page in pages:
            for row in page.items[:left]:
                yield row
            if left is not None and (left := left - len(page.items)) <= 0:
                return
