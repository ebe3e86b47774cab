"""When to ask again, and after how long."""

import enum
import random
from collections.abc import Callable
from typing import Any

import attrs

from missive_async.errors import ConfigurationError

_LONGEST_ASKED = 900.0
"""Seconds; a server that is away for longer is better left to whoever calls."""

_DOUBLINGS = 64
"""More than any delay bears, and few enough for a float."""


class Failure(enum.Enum):
    """How an attempt failed, as far as asking again is concerned."""

    REFUSED = "refused"  # 429: certainly not processed
    NEVER_LEFT = "never left"  # no connection, so certainly not processed
    LOST = "lost"  # sent, and no whole answer came
    UNAVAILABLE = "unavailable"  # 502, 503, 504
    FINAL = "final"  # an answer that asking again would not change


def _not_negative(_: object, attribute: "attrs.Attribute[Any]", value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        raise ConfigurationError(f"{attribute.name} must be a number of zero or more, not {value!r}")


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """How often and how soon to ask again; a callable, so that any function of its shape can stand in.

    A read is repeated after anything that may pass. A write is repeated only when it certainly was not processed:
    refused with 429, or never sent. `attempts` counts all tries of one call but those refused with 429, of which
    `refusals` in a row are borne, each after the wait that the server asked for. Delays are in seconds.
    """

    attempts: int = attrs.field(default=4, validator=_not_negative)
    refusals: int = attrs.field(default=10, validator=_not_negative)
    first_delay: float = attrs.field(default=0.5, validator=_not_negative)
    longest_delay: float = attrs.field(default=30.0, validator=_not_negative)
    jitter: Callable[[], float] = attrs.field(default=random.random, repr=False)

    @classmethod
    def never(cls) -> "RetryPolicy":
        """No second try of anything."""
        return cls(attempts=1, refusals=0)

    def __call__(self, attempt: int, failure: Failure, *, write: bool, asked: float | None = None) -> float | None:
        """Seconds to wait before the next try, `None` to give up.

        `attempt` counts from 1, refusals on their own; `asked` is what the server asked for. A refused call gets 0: the
        limiter is what makes it wait.
        """
        if failure is Failure.REFUSED:
            return 0.0 if attempt <= self.refusals else None
        if failure is Failure.FINAL or attempt >= self.attempts or (asked or 0.0) > _LONGEST_ASKED:
            return None
        if write and failure is not Failure.NEVER_LEFT:
            return None
        delay = min(self.first_delay * 2.0 ** min(attempt - 1, _DOUBLINGS), self.longest_delay)
        return max(delay * (0.5 + self.jitter() / 2), asked or 0.0)
