"""`missive-async api`: any path of the API."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from cyclopts import Parameter

from missive_async.cli._client import BaseUrl, client
from missive_async.cli._lists import COLUMNS, CONVERSATIONS_OWN, pager, pair
from missive_async.cli._output import Output
from missive_async.cli._running import run
from missive_async.client import AsyncMissive
from missive_async.errors import ConfigurationError

STANDARD_INPUT = Path("-")


def api(
    method: Annotated[str, Parameter(help="GET, POST, PATCH or DELETE.")],
    path: Annotated[str, Parameter(help="Below the base URL, as /contacts?limit=50.")],
    /,
    *,
    field: Annotated[
        tuple[str, ...],
        Parameter(
            name=("--field", "-F"),
            negative=(),
            show_default=False,
            help="A parameter of a GET, or an attribute of what is sent: name=value; may be repeated. "
            "A dot goes down (posts.text=Hello); true, false, null and numbers are sent as such.",
        ),
    ] = (),
    input: Annotated[
        Path | None, Parameter(help="The file with the JSON to send; - is standard input.", allow_leading_hyphen=True)
    ] = None,
    paginate: Annotated[
        bool, Parameter(negative=(), help="Ask for all pages of a list, and print its records.")
    ] = False,
    output: Output | None = None,
    base_url: BaseUrl = None,
) -> None:
    """Ask for any path of the API, or send something to it, and print the JSON that comes back.

    A write whose answer is lost is not sent again.

    Example: missive-async api GET /conversations --field inbox=true --paginate --columns id,subject

    Example: missive-async api POST /posts --input post.json

    Example: missive-async api PATCH /tasks/4a2cb5ac --field tasks.state=closed
    """
    path, query = _parts(path)
    method, body, params = _request(method, field, input)
    params = {**query, **params}
    form = output or Output()
    form.form  # noqa: B018 - refuse a wrong choice before anything is asked
    if paginate:
        if method != "GET":
            raise ConfigurationError("--paginate is for GET")
        resource, filters = _list_at(path, params)
        run(_print_all(client(base_url), resource, filters, form))
        return
    if form.csv or form.table or form.columns:
        raise ConfigurationError("--csv, --table and --columns are for --paginate")
    answer = run(_answer(client(base_url), method, path, params, body))
    if answer is not None:
        text = msgspec.json.encode(answer)
        sys.stdout.write((text if form.jsonl else msgspec.json.format(text, indent=2)).decode() + "\n")


def _request(method: str, fields: tuple[str, ...], file: Path | None) -> tuple[str, Any, dict[str, str]]:
    """The method in capitals, the body and the parameters."""
    method, pairs = method.upper(), [pair(text) for text in fields]
    if method == "GET":
        if file is not None:
            raise ConfigurationError("--input is for what is sent, and a GET sends nothing")
        return method, None, dict(pairs)
    if file is not None and fields:
        raise ConfigurationError("give --input or --field, not both")
    return method, _read(file) if file is not None else _nested(pairs) or None, {}


def _read(file: Path) -> Any:
    text = sys.stdin.buffer.read() if file == STANDARD_INPUT else file.read_bytes()
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not JSON: {error}") from None


def _nested(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for name, text in pairs:
        *parents, last = name.split(".")
        inner = body
        for parent in parents:
            inner = inner.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise ConfigurationError(f"{parent} in {name} has a value already")
        inner[last] = _value(text)
    return body


def _value(text: str) -> Any:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text
    return text if isinstance(value, str | dict | list) else value


async def _answer(missive: AsyncMissive, method: str, path: str, params: Mapping[str, str], body: Any) -> Any:
    async with missive:
        return await missive.request(method, path, params=params or None, json=body)


async def _print_all(missive: AsyncMissive, resource: str, filters: Mapping[str, str], form: Output) -> None:
    async with missive:
        rows = pager(missive, resource, [f"{name}={value}" for name, value in filters.items()]).raw()
        await form.write(aiter(rows), COLUMNS[resource])


def _list_at(path: str, params: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """The list that a path is, and its filters; how much a page has and where it starts is not theirs to say."""
    steps = path.strip("/").split("/")
    filters = {name: value for name, value in params.items() if name not in {"limit", "offset", "until"}}
    if len(steps) == 1 and steps[0] in COLUMNS:
        return steps[0], filters
    if len(steps) == 3 and steps[0] == "conversations" and steps[2] in CONVERSATIONS_OWN:
        return steps[2], {**filters, "conversation": steps[1]}
    raise ConfigurationError(f"{path} is no list that can be paged")


def _parts(path: str) -> tuple[str, dict[str, str]]:
    """A path and its parameters."""
    parts = urlsplit(path)
    if parts.scheme or parts.netloc:
        raise ConfigurationError(f"a path below the base URL is needed, not {path!r}")
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))
