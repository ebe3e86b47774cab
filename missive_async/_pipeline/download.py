"""Files behind signed URLs: over the pool of the client, without its token, its headers and its budget."""

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterator
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import httpx

from missive_async._pipeline.call import Pipeline
from missive_async._pipeline.core import Core
from missive_async._pipeline.exchange import failed, is_transport_fault
from missive_async._pipeline.pool import Pool, Single
from missive_async._retry import Failure
from missive_async.errors import (
    APIError,
    ClientClosed,
    InvalidRequest,
    MissiveError,
    RequestInfo,
    TimedOut,
    TransportFailed,
    error_for,
    retry_after,
)

_HEADERS = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "missive-async"}
_UNAVAILABLE = frozenset({429, 502, 503, 504})
_ERROR_BODY = 64_000
_NOT_AN_ADDRESS = "the attachment's url is not a web address (http or https)"
_log = logging.getLogger("missive_async")


class Sink(Protocol):
    """Where what comes is put."""

    async def start(self) -> None:
        """Begin, or begin again."""

    async def write(self, data: bytes) -> None:
        """Put the next piece."""

    async def finish(self) -> None:
        """All has come; raises `TransportFailed` when it cannot be all."""


async def download(pipeline: Pipeline, url: str, sink: Sink) -> None:
    """Put what is behind a URL into `sink`, with the retries of a read; redirects are not followed.

    Raises `InvalidRequest` for what is no web address, `APIError` for an answer outside 2xx, `TransportFailed`,
    `TimedOut`, `ClientClosed`; none of them holds the signature of the URL. Spends no request.
    """
    core, options = pipeline.core, pipeline.options
    core.enter()
    work = _with_retries(pipeline, url, _info(url), sink)
    try:
        async with asyncio.timeout(options.deadline):
            await work
    except TimeoutError as error:
        if isinstance(error, MissiveError):
            raise
        raise TimedOut("the deadline passed during a download", request=_info(url)) from None


async def _with_retries(pipeline: Pipeline, url: str, info: RequestInfo, sink: Sink) -> None:
    core, options = pipeline.core, pipeline.options
    attempt = 1
    async with core.downloads:
        while True:
            core.enter()
            try:
                await _once(pipeline, url, info, sink)
            except (TransportFailed, APIError) as error:
                error.request = info
                failure, asked = _judged(error)
                delay = options.retry(attempt, failure, write=False, asked=asked)
                if delay is None:
                    raise
                _log.info("%s failed (%s), next attempt in %.1f s", info, error, delay)
                attempt += 1
            else:
                return
            await core.clock.sleep(delay)


def _judged(error: TransportFailed | APIError) -> tuple[Failure, float | None]:
    """How it failed, and for how long the server wants to be left alone: here no limiter waits for a 429."""
    if isinstance(error, TransportFailed):
        return Failure.LOST, None
    failure = Failure.UNAVAILABLE if error.status in _UNAVAILABLE else Failure.FINAL
    return failure, retry_after(error.headers)


async def _once(pipeline: Pipeline, url: str, info: RequestInfo, sink: Sink) -> None:
    core, transport = pipeline.core, pipeline.transport
    request = _request(transport.pool, url, pipeline.options.timeout)
    with _faults(core, info):
        exchange = await _begin(core, _Exchange(transport.pool, secure=url.startswith("https:")), request)
    try:
        response = exchange.response
        if not 200 <= response.status_code < 300:
            raise await _refusal(core, response, info)
        await sink.start()
        pieces = response.aiter_bytes()
        while True:
            with _faults(core, info):
                data = await anext(pieces, None)
            if data is None:
                break
            await sink.write(data)
        await sink.finish()
    finally:
        await exchange.close()


@contextlib.contextmanager
def _faults(core: Core, info: RequestInfo) -> Iterator[None]:
    """What is the network's fault, as errors of ours; a disk that is full is not."""
    try:
        yield
    except Exception as problem:
        if isinstance(problem, MissiveError) or not is_transport_fault(problem):
            raise
        if core.closed:
            raise ClientClosed("the client was closed during a download") from problem
        error = failed(problem, "the download failed")
        error.request = info
        raise error from problem


class _Exchange:
    """A client of the pool while it is used for one answer."""

    def __init__(self, pool: Pool | Single, *, secure: bool) -> None:
        self.response: Any = None
        self._pool = pool
        self._own = secure and isinstance(pool, Pool) and not pool.secure
        # A pool for plain HTTP checks no certificates, and a signed URL is a secret.
        self._client = httpx.AsyncClient(timeout=None) if self._own else pool.take()  # noqa: S113 - each request has its own

    async def begin(self, request: Any) -> "_Exchange":
        """Send, and wait for the answer without its body."""
        try:
            self.response = await self._client.send(request, stream=True, auth=None, follow_redirects=False)
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Give everything back; what is left of the body is not read."""
        if self.response is not None:
            with contextlib.suppress(Exception):
                await self.response.aclose()
        surplus = self._client.aclose() if self._own else self._pool.give(self._client)
        if surplus is not None:
            await surplus


async def _begin(core: Core, exchange: _Exchange, request: Any) -> _Exchange:
    """Begin in a task of its own: a request that is cancelled while it connects may jam a pool for good."""
    task = core.spawn(exchange.begin(request))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled() and core.closed:
            raise ClientClosed("the client was closed during a download") from None
        task.add_done_callback(lambda _: _discard(core, task))
        raise


def _discard(core: Core, task: "asyncio.Task[_Exchange]") -> None:
    if not task.cancelled() and task.exception() is None:
        core.spawn(task.result().close())


async def _refusal(core: Core, response: Any, info: RequestInfo) -> APIError:
    body = b""
    with contextlib.suppress(Exception):
        async for data in response.aiter_bytes():
            body += data
            if len(body) >= _ERROR_BODY:
                break
    if 300 <= response.status_code < 400:
        return APIError("a redirect, which is not followed", status=response.status_code, request=info)
    return error_for(response.status_code, response.headers, body[:_ERROR_BODY], info, now=core.clock.time())


def _request(pool: Pool | Single, url: str, timeout: float) -> Any:
    """A request of the pool's own kind that has nothing of what a pool adds to others: headers, cookies, parameters."""
    try:
        kind = type(pool.take().build_request("GET", url)) if pool.foreign else httpx.Request
        request = kind("GET", url, headers=_HEADERS)
    except Exception as error:
        if type(error).__name__ not in {"InvalidURL", "UnicodeError", "ValueError"}:
            raise
        raise InvalidRequest(_NOT_AN_ADDRESS) from None
    request.extensions["timeout"] = {"connect": timeout, "pool": timeout, "read": timeout, "write": timeout}
    return request


def _info(url: object) -> RequestInfo:
    """What may be told of a signed URL: all but its query, which lets anybody in who has it."""
    parts = _web_address(url)
    if parts is None:
        raise InvalidRequest(_NOT_AN_ADDRESS)
    return RequestInfo(method="GET", path=f"{parts.scheme}://{parts.netloc}{parts.path}")


def _web_address(url: object) -> SplitResult | None:
    if not isinstance(url, str) or re.search(r"[\s\x00-\x1f\x7f\\]", url):
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if usable and "@" not in parts.netloc else None
