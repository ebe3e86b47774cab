"""AsyncMissive, the object that users hold: the pool, the budget, and one attribute per resource."""

import sys
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from types import TracebackType
from typing import Any, Self

import attrs

from missive_async import _codec
from missive_async._clock import Clock, SystemClock
from missive_async._pipeline import Core, Options, Pipeline, Pool, Single, Transport
from missive_async._retry import RetryPolicy
from missive_async.config import Config, seconds
from missive_async.errors import ConfigurationError
from missive_async.limits import BudgetSnapshot, Lane, Limiter, LocalLimiter, RateLimits
from missive_async.resources._registry import Resources
from missive_async.resources._rules import api_path


class AsyncMissive(Resources):
    """A client of the Missive API for one token, within its rate limits.

    `token` comes from the argument or `MISSIVE_API_TOKEN`, `base_url` from the argument or `MISSIVE_BASE_URL`, `limits`
    from the argument or `MISSIVE_LIMITS`. `timeout` is for one exchange and `deadline` for a whole call, waiting and
    retries included, both in seconds. Several clients with one token need one `limiter` between them. `http_client` is
    a pool of the caller's, never closed by us; `transport` one to make the pool with. `on_event` is called with every
    event of `missive_async.events`.

    Use it as `async with AsyncMissive() as missive`, or call `aclose()`. It belongs to the event loop that it is first
    used in. Raises `ConfigurationError` for settings that make no sense; spends no request.
    """

    def __init__(
        self,
        token: str | None = None,
        *,
        base_url: str | None = None,
        limits: RateLimits | None = None,
        limiter: Limiter | None = None,
        retry: RetryPolicy | None = None,
        timeout: float = 30.0,
        deadline: float | None = None,
        http_client: Any = None,
        transport: Any = None,
        clock: Clock | None = None,
        on_event: Callable[[object], object] | None = None,
    ) -> None:
        config = Config.from_environment(
            token=token, base_url=base_url, limits=limits, timeout=timeout, deadline=deadline, retry=retry
        )
        clock = clock or SystemClock()
        self._limiter = limiter or LocalLimiter(clock=clock)
        self._owns_limiter = limiter is None
        self._owns_pool = True
        self._open(config, _pool(config, transport, http_client), clock, on_event)

    def _open(
        self, config: Config, pool: Pool | Single, clock: Clock, on_event: Callable[[object], object] | None
    ) -> None:
        budget = self._limiter.budget(config.account, config.limits)
        core = Core(config, budget, clock, on_event)
        transport = Transport(pool, config.base_url, config.token, _agent())
        options = Options(deadline=config.deadline, timeout=config.timeout, retry=config.retry)
        super().__init__(Pipeline(core, transport, options))
        self._view = False

    async def __aenter__(self) -> Self:
        self._pipeline.core.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End background work and close what the client opened itself; may be called again.

        Calls that wait raise `ClientClosed`; of a write that is on its way, `OutcomeUnknown`. A view only forgets
        itself: the client that it views stays open.
        """
        core = self._pipeline.core
        if self._view or core.closed:
            return
        core.closed = True
        core.evict()
        await core.end_tasks()
        if self._owns_pool:
            await self._pipeline.transport.pool.aclose()
        if self._owns_limiter:
            await self._limiter.aclose()

    def __del__(self) -> None:
        pipeline = getattr(self, "_pipeline", None)
        if pipeline is not None and self._owns_pool and not self._view and not pipeline.core.closed:
            warnings.warn(f"unclosed client {self!r}", ResourceWarning, source=self, stacklevel=2)

    def __repr__(self) -> str:
        config = self._pipeline.core.config
        state = "closed" if self._pipeline.core.closed else "open"
        return f"<AsyncMissive {config.base_url} limits={config.limits} {state}>"

    def with_options(
        self,
        *,
        lane: Lane | None = None,
        deadline: float | None = None,
        timeout: float | None = None,
        retry: RetryPolicy | None = None,
        read_only: bool | None = None,
    ) -> "AsyncMissive":
        """A view of this client with other options for its calls; shares its pool and its budget.

        `lane` says whom the calls stand behind, `deadline` and `timeout` are in seconds, `read_only=True` refuses every
        write locally with `InvalidRequest`. What is not given stays as it is.
        """
        seconds("deadline", deadline)
        seconds("timeout", timeout)
        given = {"lane": lane, "deadline": deadline, "timeout": timeout, "retry": retry, "read_only": read_only}
        view = object.__new__(AsyncMissive)
        view.__dict__.update(self.__dict__)
        changes = {name: value for name, value in given.items() if value is not None}
        Resources.__init__(view, self._pipeline.with_options(**changes))
        view._view = True
        return view

    def for_token(self, token: str) -> "AsyncMissive":
        """A client of another account, on the same pool and limiter, with its own budget.

        Close it when its account is done with; the pool stays with this client, which must outlive it.
        """
        core = self._pipeline.core
        other = object.__new__(AsyncMissive)
        other.__dict__.update(self.__dict__)
        other._owns_pool = other._owns_limiter = False
        config = attrs.evolve(core.config, token=token)
        other._open(config, self._pipeline.transport.pool, core.clock, core.on_event)
        other._pipeline.options = self._pipeline.options
        return other

    async def request(
        self, method: str, path: str, *, params: Mapping[str, Any] | None = None, json: Any = None
    ) -> Any:
        """The decoded JSON of any endpoint, with the same budget, retries and errors as everything else.

        `path` is below the base URL, as `/contacts`. Gives `None` for an empty answer. Spends one request; raises
        `InvalidRequest` for a path that leaves the API, otherwise `APIError` and its like.
        """
        method = str(method).upper()
        return await self._pipeline.call(method, api_path(method, path), _codec.anything, params=params, json=json)

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return self._pipeline.core.config.base_url

    @property
    def limits(self) -> RateLimits:
        """The rate limits that are kept."""
        return self._pipeline.core.budget.limits

    def budget(self) -> BudgetSnapshot:
        """The budget now: places and tokens free, who waits, what was spent and refused. Spends nothing."""
        return self._pipeline.core.budget.snapshot()


def _pool(config: Config, transport: Any, http_client: Any) -> Pool | Single:
    if transport is not None and http_client is not None:
        raise ConfigurationError("give http_client or transport, not both")
    if http_client is not None:
        return Single(http_client, foreign=True)
    return Single.over(transport) if transport is not None else Pool(secure=config.base_url.startswith("https:"))


@cache
def _agent() -> str:
    from importlib.metadata import version  # costs as much as many of our modules, so only when there is a client

    return f"missive-async/{version('missive-async')} Python/{sys.version_info.major}.{sys.version_info.minor}"
