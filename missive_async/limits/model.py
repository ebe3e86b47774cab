"""The words of the budget: lanes, windows, limits, permits, and what every limiter must be able to do."""

import enum
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import attrs

from missive_async.errors import ConfigurationError

_TOKENS_PER_RESERVED = 75  # 4 of 300, 12 of 900
_PLACES_PER_RESERVED = 5
_TEXT = re.compile(r"\s*([0-9]{1,9})((?:\s*,\s*[0-9]{1,9}/[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)*)\s*")


class Lane(enum.IntEnum):
    """Who is served first when the budget is short; first come first served within a lane."""

    INTERACTIVE = 0
    REPORT = 1
    BULK = 2


def _positive(_: object, attribute: "attrs.Attribute[float]", value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise ConfigurationError(f"{attribute.name} must be a number above zero, not {value!r}")


def _whole(_: object, attribute: "attrs.Attribute[int]", value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"{attribute.name} must be a whole number above zero, not {value!r}")


def _listed(value: Any) -> Any:
    """A sequence as a tuple; anything else as it is, for the validator to refuse."""
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


@attrs.frozen
class Window:
    """At most `requests` in any `seconds`."""

    requests: int = attrs.field(validator=_whole)
    seconds: float = attrs.field(validator=_positive)

    @property
    def reserve(self) -> int:
        """The tokens that bulk work leaves to the other lanes."""
        return round(self.requests / _TOKENS_PER_RESERVED)

    def __str__(self) -> str:
        """As in `MISSIVE_LIMITS`: `300/60`."""
        return f"{self.requests}/{str(self.seconds).removesuffix('.0')}"


@attrs.frozen(kw_only=True)
class RateLimits:
    """Everything that the server enforces on one account: requests at once, and requests per window of time.

    Reference: section 4.3 of the 2026 page.
    """

    concurrency: int = attrs.field(default=5, validator=_whole)
    windows: tuple[Window, ...] = attrs.field(default=(Window(300, 60), Window(900, 900)), converter=_listed)

    @windows.validator
    def _windows_only(self, _: object, value: object) -> None:
        if not isinstance(value, tuple) or not all(isinstance(window, Window) for window in value):
            raise ConfigurationError(f"windows must be Window objects, not {value!r}")

    @classmethod
    def default(cls) -> "RateLimits":
        """Missive's published limits: 5 at once, 300 a minute, 900 in 15 minutes."""
        return cls()

    @classmethod
    def parse(cls, text: str) -> "RateLimits":
        """Limits from `MISSIVE_LIMITS` text: places, then requests/seconds windows, as `5,300/60,900/900`.

        Raises `ConfigurationError` for any other text.
        """
        match _TEXT.fullmatch(text):
            case None:
                raise ConfigurationError(f"limits must look like 5,300/60,900/900, not {text[:60]!r}")
            case found:
                pairs = (part.split("/") for part in found[2].replace(" ", "").split(",") if part)
                windows = tuple(Window(int(requests), float(seconds)) for requests, seconds in pairs)
                return cls(concurrency=int(found[1]), windows=windows)

    @property
    def reserved_places(self) -> int:
        """The places that bulk work leaves to the other lanes."""
        return round(self.concurrency / _PLACES_PER_RESERVED) if self.concurrency > 1 else 0

    def faster(self, speed: float) -> "RateLimits":
        """The same limits against a clock that runs `speed` times as fast, as a simulator's may."""
        windows = tuple(Window(window.requests, window.seconds / speed) for window in self.windows)
        return attrs.evolve(self, windows=windows)

    def __str__(self) -> str:
        """As in `MISSIVE_LIMITS`: `5,300/60,900/900`."""
        return ",".join([str(self.concurrency), *map(str, self.windows)])


@attrs.frozen(kw_only=True)
class Feedback:
    """What the server said about the budget in one answer; every part may be missing, stale or wrong.

    `retry_after` and `reset_in` are seconds from the answer's arrival; `server_time` is the answer's `Date` in Unix
    seconds and `reset` the absolute reset time on the same clock.
    """

    refused: bool = False
    retry_after: float | None = None
    limit: int | None = None
    remaining: int | None = None
    reset_in: float | None = None
    reset: float | None = None
    server_time: float | None = None


@attrs.frozen(kw_only=True)
class WindowSnapshot:
    """One window now: tokens `free` of `requests` per `seconds`, and seconds until the next token comes back."""

    requests: int
    seconds: float
    free: int
    next_free_in: float | None


@attrs.frozen(kw_only=True)
class BudgetSnapshot:
    """The budget at one moment; all times in seconds.

    `waits` is what a call asked now would wait in each lane (estimated), `next_free_in` that of an interactive one,
    `waited` the sum of all waits so far, `refused` the 429s seen, `paused_for` what is left of a pause that the server
    asked for.
    """

    places: int
    places_free: int
    windows: tuple[WindowSnapshot, ...]
    next_free_in: float
    waits: Mapping[Lane, float]
    waiting: Mapping[Lane, int]
    spent: int
    refused: int
    waited: float
    paused_for: float


class Permit:
    """The right to one exchange: a place, and a token of every window, held until `Budget.release`.

    `since` is when it was asked for and `granted_at` when it was given, on the clock's monotonic scale.
    """

    __slots__ = ("granted_at", "lane", "marks", "released", "since")

    def __init__(self, lane: Lane, granted_at: float, since: float) -> None:
        self.lane: Lane = lane
        self.granted_at: float = granted_at
        self.since: float = since
        self.marks: tuple[int, ...] = ()
        self.released: bool = False

    @property
    def waited(self) -> float:
        """Seconds from the asking to the grant."""
        return self.granted_at - self.since


@runtime_checkable
class Budget(Protocol):
    """What one account may spend."""

    @property
    def limits(self) -> RateLimits:
        """The limits that are kept."""

    async def acquire(self, lane: Lane = Lane.INTERACTIVE, *, deadline: float | None = None) -> Permit:
        """Wait for a place and a token of every window.

        `deadline` is on the clock's monotonic scale. Raises `BudgetExceeded` at once when it cannot be met.
        """

    def release(self, permit: Permit, *, spent: bool = True, feedback: Feedback | None = None) -> None:
        """The exchange is over: free the place; the tokens come back after each window's seconds.

        With `spent=False`, for a request that certainly never left, they come back at once.
        """

    def snapshot(self) -> BudgetSnapshot:
        """The budget as it is now."""

    def estimate(self, lane: Lane = Lane.INTERACTIVE) -> float:
        """Seconds that a call asked now in this lane would wait."""


@runtime_checkable
class Limiter(Protocol):
    """Keeps the budgets of many accounts."""

    def budget(self, account: str, limits: RateLimits) -> Budget:
        """The budget of an account, the same object each time; `account` names it without giving its token away."""

    async def aclose(self) -> None:
        """Let go of what the limiter holds outside of the process."""
