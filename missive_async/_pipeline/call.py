"""The life of one request: build, take a place, send and read the body, judge, decode or retry."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote
from uuid import UUID

import attrs

from missive_async import _codec
from missive_async._pipeline.core import Core
from missive_async._pipeline.exchange import Answer, Exchange, Transport
from missive_async._retry import Failure, RetryPolicy
from missive_async.errors import (
    APIError,
    BudgetExceeded,
    ClientClosed,
    DecodeError,
    InvalidRequest,
    MissiveError,
    OutcomeUnknown,
    RateLimited,
    RequestInfo,
    ServerError,
    TransportFailed,
    error_for,
    retry_after,
)
from missive_async.limits import Lane, Permit

T = TypeVar("T")
Params = Mapping[str, Any]

MAX_BODY = 10 * 1000 * 1000
"""Bytes of JSON that Missive takes in one request."""

_UNAVAILABLE = frozenset({502, 503, 504})
_log = logging.getLogger("missive_async")


@attrs.frozen(kw_only=True)
class Options:
    """What a view of the client changes: `None` leaves it to the method or the client."""

    lane: Lane | None = None
    deadline: float | None = None
    timeout: float = 30.0
    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    read_only: bool = False


class Pipeline:
    """Carries requests to Missive and answers back, within the budget."""

    __slots__ = ("core", "options", "transport")

    def __init__(self, core: Core, transport: Transport, options: Options) -> None:
        self.core: Core = core
        self.transport: Transport = transport
        self.options: Options = options

    def with_options(self, **changes: Any) -> "Pipeline":
        """The same pipeline with other options; shares everything else."""
        return Pipeline(self.core, self.transport, attrs.evolve(self.options, **changes))

    async def call(
        self,
        method: str,
        path: str,
        decode: Callable[[bytes], T],
        *,
        params: Params | None = None,
        json: Any = None,
        lane: Lane = Lane.INTERACTIVE,
    ) -> T:
        """One call, with all its waiting and retries; `decode` turns the body of a 2xx answer into the result."""
        core = self.core
        loop = core.enter()
        call = _Call(self, RequestInfo(method=method, path=path, params=params, json=json), lane)
        if call.write:
            call.check()
        try:
            result = decode(await call.answer(loop))
        except DecodeError as error:
            undecodable = _undecodable(error, call.info, self.transport.redacted(error.body))
            call.tell("Failed", error=undecodable)
            raise undecodable from error.__cause__
        except BaseException as error:
            call.tell("Failed", error=error)
            raise
        call.tell("Succeeded")
        return result


def query(params: Params | None) -> str:
    """Parameters as a query string: `None` and `UNSET` left out, flags as `true`, times as Unix seconds."""
    if not params:
        return ""
    given = {name: value for name, value in params.items() if value is not None and value is not _codec.UNSET}
    try:
        parts = [f"{quote(name, safe='')}={quote(_text(value), safe='')}" for name, value in given.items()]
    except (TypeError, ValueError) as error:
        raise InvalidRequest(f"a parameter that cannot be sent: {error}") from error
    return "?" + "&".join(parts) if parts else ""


def _target(info: RequestInfo) -> str:
    """Path and query; a path that a caller wrote may have a query of its own."""
    path, _, own = info.path.partition("?")
    asked = "&".join(filter(None, [own, query(info.params)[1:]]))
    return f"{path}?{asked}" if asked else path


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(_text, value))
    if hasattr(value, "timestamp"):
        return str(_codec.unix(value))
    if not isinstance(value, int | float | Decimal | UUID | date) or value != value:  # noqa: PLR0124 - NaN
        raise TypeError(f"{value!r:.60} is no text, number or time")
    return str(value)


class _Call:
    """One call on its way through as many attempts as it takes."""

    __slots__ = ("content", "deadline", "info", "lane", "options", "pipeline", "refusals", "start", "tries", "write")

    def __init__(self, pipeline: Pipeline, info: RequestInfo, lane: Lane) -> None:
        options = self.options = pipeline.options
        self.pipeline = pipeline
        self.info = info
        self.write = info.method not in {"GET", "HEAD"}
        self.content = None if info.json is None else _json(info)
        self.lane = lane if options.lane is None else options.lane
        self.start = pipeline.core.clock.monotonic()
        self.deadline = None if options.deadline is None else self.start + options.deadline
        self.tries = 0
        self.refusals = 0

    def check(self) -> None:
        """Refuse a write that must not be sent at all."""
        if self.options.read_only:
            raise InvalidRequest(f"{self.info} is a write, and this client is read-only")
        if self.content is not None and len(self.content) > MAX_BODY:
            size = len(self.content) / 1e6
            raise InvalidRequest(f"the request has {size:.1f} MB of JSON, more than the 10 MB that Missive takes")

    async def answer(self, loop: asyncio.AbstractEventLoop) -> bytes:
        """The body of the first 2xx answer; raises what the last attempt ended in."""
        transport = self.pipeline.transport
        request = transport.build(self.info.method, _target(self.info), self.content)
        while True:
            permit = await self._acquire()
            self.tell("Sent", attempt=self.tries + self.refusals + 1)
            exchange = Exchange(transport, request, permit, write=self.write)
            try:
                answer = await exchange.run(self.pipeline.core, loop, self._time_left())
            except MissiveError as error:
                await self._again(error, exchange.failure)
                continue
            if 200 <= answer.status < 300:
                if self.pipeline.core.on_event is not None:
                    self._answered(answer)
                if answer.cut is None:  # a read's 202 says that nothing is there yet, whatever stands in its body
                    return b"" if answer.status == 202 and not self.write else answer.body
                await self._again(answer.cut, Failure.LOST)
                continue
            self._answered(answer)
            asked = retry_after(answer.headers, self.pipeline.core.clock.time())
            await self._again(self._error(answer), _failure(answer.status), asked)

    async def _acquire(self) -> Permit:
        core = self.pipeline.core
        permit = await self._until_closed(core.budget.acquire(self.lane, deadline=self.deadline), "the budget")
        if self.deadline is not None and self.deadline <= core.clock.monotonic():
            core.budget.release(permit, spent=False)
            raise BudgetExceeded("the deadline passed", retry_after=core.budget.estimate(self.lane))
        if core.on_event is not None:
            self.tell("Waited", seconds=permit.waited, lane=permit.lane.name)
        return permit

    def _time_left(self) -> float:
        if self.deadline is None:
            return self.options.timeout
        return min(self.options.timeout, self.deadline - self.pipeline.core.clock.monotonic())

    def _error(self, answer: Answer) -> APIError:
        clock = self.pipeline.core.clock
        return error_for(answer.status, answer.headers, answer.body, self.info, now=clock.time())

    async def _again(self, error: MissiveError, failure: Failure, asked: float | None = None) -> None:
        """Wait for the next attempt, or raise what this one ended in."""
        if isinstance(error, TransportFailed):
            error.request = self.info
        if failure is Failure.REFUSED:
            self.refusals += 1
        else:
            self.tries += 1
            self.refusals = 0
        number = self.refusals if failure is Failure.REFUSED else self.tries
        closing = isinstance(error, ClientClosed) or self.pipeline.core.closed
        delay = None if closing else self.options.retry(number, failure, write=self.write, asked=asked)
        if delay is None or self._too_late(delay):
            self._give_up(error, failure)
        _log.info("%s failed (%s), next attempt in %.1f s", self.info, _brief(error), delay)
        self.tell("Retrying", attempt=number, delay=delay, error=error)
        if delay:
            await self._until_closed(self.pipeline.core.clock.sleep(delay), "another attempt")

    def _too_late(self, delay: float) -> bool:
        return self.deadline is not None and self.pipeline.core.clock.monotonic() + delay >= self.deadline

    async def _until_closed(self, waiting: Awaitable[T], awaited: str) -> T:
        """What is waited for; raises `ClientClosed` as soon as the client closes."""
        core = self.pipeline.core
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine of asyncio runs in a task
        core.waiting.add(task)
        try:
            return await waiting
        except asyncio.CancelledError:
            if core.departed(task):
                raise ClientClosed(f"the client was closed while the call waited for {awaited}") from None
            raise
        finally:
            core.waiting.discard(task)

    def _give_up(self, error: MissiveError, failure: Failure) -> NoReturn:
        unknown = failure in {Failure.LOST, Failure.UNAVAILABLE} or isinstance(error, ServerError)
        if self.write and unknown:
            lost = OutcomeUnknown(
                f"{self.info} may or may not have been applied, and was not sent again: {_brief(error)}",
                request=self.info,
            )
            raise lost from error
        raise error

    def _answered(self, answer: Answer) -> None:
        if answer.status == 429:
            pause = self.pipeline.core.budget.snapshot().paused_for
            _log.warning("%s was refused (429): nothing is sent for %.1f s", self.info, pause)
            self.tell("Refused", pause=pause)
        attempt = self.tries + self.refusals + 1
        self.tell("Answered", attempt=attempt, status=answer.status, seconds=answer.seconds)

    def tell(self, event: str, **details: Any) -> None:
        """Say to whoever listens that something happened to this call."""
        listener = self.pipeline.core.on_event
        if listener is None:
            return
        from missive_async import events  # a fifth of what the package takes to import, and few listen

        elapsed = self.pipeline.core.clock.monotonic() - self.start
        try:
            listener(getattr(events, event)(request=self.info, elapsed=elapsed, **details))
        except Exception:  # noqa: BLE001 - a listener's fault must not become the call's
            _log.exception("the event listener failed")


def _json(info: RequestInfo) -> bytes:
    try:
        return _codec.encode(info.json)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidRequest(f"what {info} is to send is not JSON: {error}") from error


def _failure(status: int) -> Failure:
    if status == 429:
        return Failure.REFUSED
    return Failure.UNAVAILABLE if status in _UNAVAILABLE else Failure.FINAL


def _brief(error: Exception) -> str:
    return str(error) if not isinstance(error, RateLimited) else "429"


def _undecodable(error: DecodeError, info: RequestInfo, body: bytes) -> DecodeError:
    return DecodeError(
        f"the answer to {info} is not what the reference says: {error}",
        paths=error.paths,
        body=body,
        request=info,
    )
