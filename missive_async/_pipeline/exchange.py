"""One request and its answer over the pool: the only place, with the client, where the HTTP library is met."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import attrs
import httpx

from missive_async._pipeline.core import Core
from missive_async._pipeline.pool import Pool, Single
from missive_async._retry import Failure
from missive_async.errors import (
    ClientClosed,
    MissiveError,
    TimedOut,
    TransportFailed,
    header_int,
    http_date,
    retry_after,
    seconds_to_reset,
)
from missive_async.limits import Feedback, Permit

_NEVER_LEFT = frozenset(
    {"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol", "ProxyError", "InvalidURL"}
)
_TELLING = 8
"""Letters from which on a token is one, and not a word of the answer: real ones have 36 and more."""

_IN_POOL = 0.9
"""The part of a timeout that a request may wait for a connection of the pool: then it is known not to have left."""

_OVERTIME = 30.0
"""Seconds, or another timeout if that is longer, that an exchange may go on for when nobody waits for it any more.

A server does not stop working on a request because its connection was closed, so its place is freed by an answer, or
when there can hardly come one."""


@attrs.frozen
class Answer:
    """An answer as it came: `cut` says how the end of its body was lost, if it was."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float
    cut: TransportFailed | None = None


class Transport:
    """Builds and sends requests for one token; the pool may be shared with other tokens."""

    __slots__ = ("_base_url", "_headers", "_secret", "pool")

    def __init__(self, pool: Pool | Single, base_url: str, token: str, agent: str) -> None:
        self.pool: Pool | Single = pool
        self._base_url = base_url
        self._secret = token.encode()
        self._headers = httpx.Headers(
            {
                "accept": "application/json",
                "accept-encoding": "gzip, deflate",
                "authorization": f"Bearer {token}",
                "user-agent": agent,
            }
        )

    def build(self, method: str, target: str, content: bytes | None) -> Any:
        """A request of the pool's own kind; content is JSON."""
        headers = self._headers
        if content is not None or method in {"POST", "PATCH"}:
            headers = httpx.Headers(headers)
            headers["content-type"] = "application/json"
        if self.pool.foreign:  # it may be another library's, and may have headers of its caller's
            url = self._base_url + target
            request = self.pool.take().build_request(method, url, headers=headers.raw, content=content)
            request.headers.pop("cookie", None)  # which may have been set for another token
            return request
        return httpx.Request(method, self._base_url + target, headers=headers, content=content)

    def redacted(self, body: bytes) -> bytes:
        """The body without the token, should the server have repeated it."""
        known = len(self._secret) >= _TELLING and self._secret in body
        return body.replace(self._secret, b"[token]") if known else body

    def failed(self, problem: Exception, what: str) -> TransportFailed:
        """What a caller is told of a failure; without its cause, should a server's babble have brought the token in."""
        chain: list[BaseException] = []
        link: BaseException | None = problem
        while link is not None and link not in chain:
            chain.append(link)
            link = link.__cause__ or link.__context__
        told = "\n".join(map(repr, chain)).encode(errors="replace")
        return failed(problem, what, whole=self.redacted(told) == told)


class Exchange:
    """One attempt: runs to its end in a task of its own, whatever becomes of the caller.

    So a place stays taken as long as the server may be at work on the request, and a caller that is cancelled or out
    of patience leaves neither a torn connection nor a place behind.
    """

    __slots__ = ("_abandoned", "_left", "_permit", "_request", "_transport", "_write", "failure")

    def __init__(self, transport: Transport, request: Any, permit: Permit, *, write: bool) -> None:
        self._transport = transport
        self._request = request
        self._permit = permit
        self._write = write
        self._left: bool | None = None
        self._abandoned = False
        self.failure = Failure.LOST

    async def run(self, core: Core, loop: asyncio.AbstractEventLoop, timeout: float) -> Answer:
        """The answer, whole or cut; raises `TransportFailed` or `TimedOut`, `failure` says how it failed."""
        if core.closed:
            core.budget.release(self._permit, spent=False)
            self.failure = Failure.NEVER_LEFT
            raise ClientClosed("the client is closed")
        # a mapping of its own: an earlier attempt may be under way still, and trace its steps through the one it has
        self._request.extensions = {**self._request.extensions, **self._extensions(timeout)}
        future: asyncio.Future[Answer] = loop.create_future()
        task = core.spawn(self._work(core, future))
        clock = core.clock
        alarm = clock.call_at(clock.monotonic() + timeout, self._out_of_time, future, timeout)
        try:
            return await future
        finally:
            alarm.cancel()
            if not task.done():
                late = clock.call_at(clock.monotonic() + max(timeout, _OVERTIME), task.cancel)
                task.add_done_callback(lambda _: late.cancel())

    def _extensions(self, timeout: float) -> dict[str, Any]:
        limits = {"connect": timeout, "pool": timeout * _IN_POOL, "read": None, "write": None}
        if self._write:
            return {"timeout": limits, "trace": self._trace}
        return {"timeout": limits}

    async def _trace(self, name: str, _: Mapping[str, Any]) -> None:
        """Notes whether any part of a write can have reached the server; stops one that was taken for not sent."""
        if name.endswith("send_request_headers.started"):
            if self._abandoned:
                raise TimedOut("connected too late")
            self._left = True
        elif self._left is None:
            self._left = False

    def _out_of_time(self, future: "asyncio.Future[Answer]", timeout: float) -> None:
        if not future.done():
            if self._left is False:
                self._abandoned = True
                self.failure = Failure.NEVER_LEFT
            future.set_exception(TimedOut(f"no answer within {timeout:.3g} s"))

    async def _work(self, core: Core, future: "asyncio.Future[Answer]") -> None:
        clock = core.clock
        start = clock.monotonic()
        answer: Answer | None = None
        error: BaseException | None = None
        try:
            answer = await self._send(clock.monotonic, start)
        except asyncio.CancelledError:
            error = ClientClosed("the client was closed during the call") if core.closed else TimedOut("gave up")
            if self._left is False:
                self.failure = Failure.NEVER_LEFT
        except Exception as problem:  # noqa: BLE001 - judged below; what is no transport's fault goes to the caller
            error = self._judge(problem)
        except BaseException as problem:  # noqa: BLE001 - the caller's too, or it would wait for nothing
            error = problem
        finally:
            spent = self.failure is not Failure.NEVER_LEFT or answer is not None
            feedback = None if answer is None else _feedback(answer, clock.time)
            core.budget.release(self._permit, spent=spent, feedback=feedback)
        if future.done():
            return
        if answer is not None:
            future.set_result(answer)
        elif error is not None:
            future.set_exception(error)

    async def _send(self, monotonic: Any, start: float) -> Answer:
        pool = self._transport.pool
        client = pool.take()
        try:
            return await self._receive(client, monotonic, start)
        finally:
            surplus = pool.give(client)
            if surplus is not None:
                await surplus

    async def _receive(self, client: Any, monotonic: Any, start: float) -> Answer:
        response = await client.send(self._request, stream=True, auth=None, follow_redirects=False)
        cut: TransportFailed | None = None
        body = b""
        try:
            body = await response.aread()
        except Exception as problem:
            if not is_transport_fault(problem):
                raise
            cut = self._transport.failed(problem, "the answer was cut short")
        finally:
            if not response.is_closed:
                with contextlib.suppress(Exception):
                    await response.aclose()
        status = response.status_code
        if not 200 <= status < 300:
            body = self._transport.redacted(body)
        return Answer(status, response.headers, body, monotonic() - start, cut)

    def _judge(self, problem: Exception) -> Exception:
        """What the caller is told of a failure to get any answer."""
        names = _names(problem)
        if names & _NEVER_LEFT or self._left is False:
            self.failure = Failure.NEVER_LEFT
        if isinstance(problem, ClientClosed):
            self.failure = Failure.NEVER_LEFT
        if isinstance(problem, MissiveError):
            return problem
        if isinstance(problem, RuntimeError) and "closed" in str(problem):
            self.failure = Failure.NEVER_LEFT
            return ClientClosed("the HTTP client was closed")
        if not is_transport_fault(problem):
            return problem
        what = "could not connect" if self.failure is Failure.NEVER_LEFT else "no answer came"
        return self._transport.failed(problem, what)


def _names(problem: Exception) -> set[str]:
    """The names of an error's classes: pools of other libraries have the same ones in modules of their own."""
    return {kind.__name__ for kind in type(problem).__mro__}


def is_transport_fault(problem: Exception) -> bool:
    """Whether an error is the network's or the peer's doing."""
    return isinstance(problem, OSError) or bool(_names(problem) & {"RequestError", "StreamError", "InvalidURL"})


def failed(problem: Exception, what: str, *, whole: bool = True) -> TransportFailed:
    """The error that a caller is told of it: the whole of it, or its kind only."""
    timed_out = "TimeoutException" in _names(problem)
    detail = (whole and str(problem)) or type(problem).__name__
    error = (TimedOut if timed_out else TransportFailed)(f"{what}: {detail}")
    error.__cause__ = problem if whole else None
    return error


def _feedback(answer: Answer, time: Any) -> Feedback | None:
    """What the answer says about the budget; `None`, as nearly always, when it says nothing."""
    headers = answer.headers
    refused = answer.status == 429
    if not refused and "x-ratelimit-limit" not in headers:
        return None
    now = time()
    reset = header_int(headers, "x-ratelimit-reset")
    return Feedback(
        refused=refused,
        retry_after=retry_after(headers, now) if refused else None,
        limit=header_int(headers, "x-ratelimit-limit"),
        remaining=header_int(headers, "x-ratelimit-remaining"),
        reset_in=seconds_to_reset(headers, now),
        reset=None if reset is None else float(reset),
        server_time=http_date(headers.get("date", "")),
    )
