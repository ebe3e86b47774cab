"""Delivering webhooks: signed, within 15 seconds, tried six times, to loopback only."""

import asyncio
import hmac
import ipaddress
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

from missive_async.simulator.wire import Sleep

T = TypeVar("T")

TIMEOUT = 15.0
RETRIES = (15.0, 30.0, 60.0, 125.0, 250.0)  # seconds after each failure, 8 minutes in all
MAX_FAILURES = 50  # with more in a row a rule is switched off
_LEAST_TIMEOUT = 0.25  # however fast the time runs, a local server needs a moment


@dataclass(slots=True)
class Delivery:
    """A webhook that was sent: `attempts` are the statuses that came back, 0 when none came."""

    rule: str
    url: str
    body: bytes
    attempts: list[int] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Whether the receiver answered with success in the end."""
        return bool(self.attempts) and 200 <= self.attempts[-1] < 300


@dataclass(slots=True)
class Rule:
    """What sends webhooks: which events, and where to."""

    id: str
    type: str
    url: str
    description: str
    filters: dict[str, Any]
    enabled: bool = True
    failures: int = 0

    def shown(self) -> dict[str, str]:
        """Return the rule as payloads have it."""
        return {"id": self.id, "description": self.description, "type": self.type}

    def tried(self, *, accepted: bool) -> None:
        """Count failures in a row, and switch the rule off after too many."""
        self.failures = 0 if accepted else self.failures + 1
        self.enabled = self.failures <= MAX_FAILURES


def signature(secret: str, body: bytes) -> str:
    """Return the value of X-Hook-Signature."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def on_loopback(url: str) -> bool:
    """Say whether a URL is plain HTTP to this machine, the only place to which the simulator delivers."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False


class Courier:
    """Posts webhooks from an event loop that it is told of, and keeps what came of them in `deliveries`."""

    def __init__(self, sleep: Sleep, scale: float, secret: str | None) -> None:
        self.secret = secret
        self.deliveries: list[Delivery] = []
        self._sleep = sleep
        self._scale = scale
        self._timeout = max(TIMEOUT / scale, _LEAST_TIMEOUT)
        self._home: asyncio.AbstractEventLoop | None = None
        self._working: set[asyncio.Task[None]] = set()
        self._waiting: list[Callable[[], Coroutine[Any, Any, None]]] = []

    def settle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver from this loop from now on; what had no loop so far starts."""
        self._home = loop
        while self._waiting:
            self._spawn(self._waiting.pop(0))

    def send(self, rule: Rule, body: bytes, *, retry: bool = True) -> Delivery:
        """Start a delivery. Without an event loop so far, it waits for the first request to the simulator."""
        delivery = Delivery(rule.id, rule.url, body)
        self.deliveries.append(delivery)

        def work() -> Coroutine[Any, Any, None]:
            return self._deliver(rule, delivery, RETRIES if retry else ())

        home = self._home
        if home is None or home.is_closed():
            self._waiting.append(work)
        elif home is _running():
            self._spawn(work)
        else:
            home.call_soon_threadsafe(self._spawn, work)
        return delivery

    def call(self, work: Callable[[], T]) -> T:
        """Do something on the loop of the deliveries, which is the server's, and wait for it."""
        home = self._home
        if home is None or home is _running() or not home.is_running():
            return work()
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except Exception as error:  # noqa: BLE001  # it is raised where the work was asked for
                done.set_exception(error)

        home.call_soon_threadsafe(run)
        return done.result()

    async def drain(self) -> None:
        """Wait until every delivery has been accepted or given up, from whichever loop."""
        home = self._home
        if home is None or home is _running():
            await self._drained()
        else:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._drained(), home))

    async def aclose(self) -> None:
        """Give up all deliveries."""
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)

    async def _drained(self) -> None:
        while self._working:
            await asyncio.gather(*self._working, return_exceptions=True)

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        task = asyncio.get_running_loop().create_task(work())
        self._working.add(task)
        task.add_done_callback(self._working.discard)

    async def _deliver(self, rule: Rule, delivery: Delivery, pauses: tuple[float, ...]) -> None:
        for pause in (*pauses, None):
            delivery.attempts.append(await self._attempt(delivery))
            rule.tried(accepted=delivery.accepted)
            if delivery.accepted or pause is None or not rule.enabled:
                return
            await self._sleep(pause / self._scale)

    async def _attempt(self, delivery: Delivery) -> int:
        try:
            async with asyncio.timeout(self._timeout):
                return await post(delivery.url, delivery.body, self.secret)
        except (OSError, TimeoutError, ValueError, EOFError):
            return 0


async def post(url: str, body: bytes, secret: str | None) -> int:
    """Post JSON and return the status of the answer."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = [
        f"POST {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "User-Agent: Missive (simulated)",
        "Connection: close",
    ]
    if secret is not None:
        head.append(f"X-Hook-Signature: {signature(secret, body)}")
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        writer.write("\r\n".join((*head, "", "")).encode() + body)
        await writer.drain()
        line = await reader.readline()
        status = int(line.split()[1]) if line.startswith(b"HTTP/") else 0
        await reader.read()  # to the end, so that the receiver can finish its answer
        return status
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
