"""The simulator: an ASGI application that answers as Missive's REST API does."""

import asyncio
import time
from collections.abc import Callable, Collection
from random import Random
from typing import Literal

from missive_async.simulator.events import Events
from missive_async.simulator.exchange import Exchange
from missive_async.simulator.faults import Fault, Faults
from missive_async.simulator.hooks import Hooks
from missive_async.simulator.limits import Meter, ServerLimits
from missive_async.simulator.reports import Reports
from missive_async.simulator.seed import make_account
from missive_async.simulator.state import Account
from missive_async.simulator.stats import Stats
from missive_async.simulator.webhooks import Courier
from missive_async.simulator.wire import Message, Receive, Send, Sleep

Until = Literal["inclusive", "exclusive"]


class Simulator:
    """A Missive account behind HTTP: an ASGI application, whose base path is /v1.

    Without a socket, as under httpx.ASGITransport, faults that break the connection raise ConnectionResetError.

    Args:
        account: Whose records it serves and changes; the small one of the seed by default.
        seed: Of the account, the latencies and the report delays.
        token: The token that is let in.
        more_tokens: Others that are let in to the same account; each token has limits of its own.
        limits: What it admits; None admits everything.
        latency: Seconds that each answer takes, or the range of them. A client that leaves does not shorten it.
        faults: What goes wrong, and when.
        until: Whether a page that is read from `until` on starts with the records of that second or after them.
        tasks_until: The same for tasks, of which the reference says "inclusive".
        extend_ties: Whether a page grows beyond its limit to hold all records of its last second.
        rate_headers: Whether every answer has the X-RateLimit headers (of the window with least room), not only 429s.
        empty_created: Whether created drafts and messages are answered by a 201 without a body.
        delete_status: The status of a DELETE, 200 or 204.
        hook_secret: Signs the webhooks.
        report_delay: Seconds until a report is ready, or the range of them; by default mostly 2-3, sometimes 30.
        report_lifetime: Seconds for which a report is there once it is ready.
        time_scale: How many times faster the limits' windows, reports and webhook retries run.
        clock: The time in Unix seconds, as the limits and all records see it.
        sleep: Waits; with `clock` it lets tests rule the time.

    Attributes:
        stats: What it saw.
        meters: How the limits of each token stand.
        events: Makes mails come in and colleagues comment, which the API cannot.
        hooks: The rules with webhooks, and what was delivered.
        reports: The analytics reports.
    """

    def __init__(
        self,
        account: Account | None = None,
        *,
        seed: int = 1,
        token: str = "missive_pat-simulated",  # noqa: S107  # made up
        more_tokens: Collection[str] = (),
        limits: ServerLimits | None = ServerLimits(),  # noqa: B008  # frozen
        latency: float | tuple[float, float] = 0.0,
        faults: Faults | None = None,
        until: Until = "inclusive",
        tasks_until: Until = "inclusive",
        extend_ties: bool = True,
        rate_headers: bool = False,
        empty_created: bool = False,
        delete_status: int = 200,
        hook_secret: str | None = None,
        report_delay: float | tuple[float, float] | None = None,
        report_lifetime: float = 60.0,
        time_scale: float = 1.0,
        clock: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.account: Account = make_account(seed) if account is None else account
        self.stats: Stats = Stats()
        self.faults: Faults = faults or Faults()
        self.until: Until = until
        self.tasks_until: Until = tasks_until
        self.extend_ties: bool = extend_ties
        self.rate_headers = rate_headers
        self.clock = clock
        self.sleep = sleep
        self.latency = latency
        self.meters: dict[str, Meter] = {name: Meter(limits, time_scale) for name in (token, *more_tokens)}
        self.empty_created: bool = empty_created
        self.delete_status: int = delete_status
        self.reports: Reports = Reports(clock, report_delay, report_lifetime, time_scale, seed=seed)
        self.hooks: Hooks = Hooks(self.account, Courier(sleep, time_scale, hook_secret))
        self._rng = Random(seed)
        self._working: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            self.hooks.courier.settle(asyncio.get_running_loop())
            await Exchange(self, scope, receive, send).run()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            phase = (await receive())["type"]
            await send({"type": f"{phase}.complete"})
            if phase == "lifespan.shutdown":
                await self.aclose()
                return

    @property
    def token(self) -> str:
        """The token that is let in, the first of several; setting another revokes it."""
        return next(iter(self.meters))

    @token.setter
    def token(self, token: str) -> None:
        first = self.token
        self.meters = {token if name == first else name: meter for name, meter in self.meters.items()}

    @property
    def events(self) -> Events:
        """What can be made to happen in the account."""
        return Events(self.account, self.hooks, self.clock)

    @property
    def meter(self) -> Meter:
        """The limits of the first token."""
        return self.meters[self.token]

    def delay(self, fault: Fault | None) -> float:
        """Return how long an answer takes."""
        wait = self.latency if isinstance(self.latency, (int, float)) else self._rng.uniform(*self.latency)
        if fault is not None and fault.kind == "slow":
            wait += 5.0 if fault.seconds is None else fault.seconds
        return wait

    async def aclose(self) -> None:
        """Give up requests in progress and webhook deliveries."""
        for task in self._working:
            task.cancel()
        await asyncio.gather(*self._working, return_exceptions=True)
        await self.hooks.courier.aclose()

    def keep(self, task: "asyncio.Task[None]") -> None:
        """Hold on to a task until it is done."""
        self._working.add(task)
        task.add_done_callback(self._working.discard)
