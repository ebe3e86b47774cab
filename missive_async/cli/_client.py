"""The client that a command works with: from the environment, or a simulated one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

from cyclopts import Parameter

from missive_async.client import AsyncMissive
from missive_async.errors import ConfigurationError

BaseUrl = Annotated[str | None, Parameter(help="Where the API is; MISSIVE_BASE_URL or Missive's own if not given.")]


def client(base_url: str | None = None) -> AsyncMissive:
    """A client for MISSIVE_API_TOKEN within MISSIVE_LIMITS; raises `ConfigurationError` when they are unusable."""
    return AsyncMissive(base_url=base_url)


@contextmanager
def simulated(seed: int, size: str, speed: float) -> Iterator[tuple[AsyncMissive, str]]:
    """A client of a Missive simulated in this process, and that one's URL; both keep time `speed` times as fast."""
    from missive_async.limits import RateLimits
    from missive_async.simulator import Simulator, make_account, serve

    simulator = Simulator(make_account(seed, size=size), seed=seed, time_scale=speed)
    with ExitStack() as stack:
        try:
            url = stack.enter_context(serve(simulator))
        except ImportError as error:
            raise ImportError("the simulator needs its extra: pip install 'missive-async[simulator]'") from error
        limits = RateLimits.default().faster(speed)
        yield AsyncMissive(simulator.token, base_url=url, limits=limits), url


@contextmanager
def source(base_url: str | None, *, simulate: bool, speed: float = 1.0) -> Iterator[AsyncMissive]:
    """A client of the real account, or of a simulated one."""
    if not simulate:
        yield client(base_url)
        return
    if base_url is not None:
        raise ConfigurationError("--simulate has a URL of its own: leave --base-url away")
    with simulated(1, "small", speed) as (missive, _):
        yield missive
