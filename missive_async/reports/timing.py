"""When to ask for a report."""

import math
from collections.abc import Iterator

import attrs

LIFE = 60.0
"""Seconds for which a report is there once it is ready."""

_SAFE, _SAFE_TIMES = 45.0, 9
_SHARED, _SHARED_TIMES = 25.0, 5


@attrs.frozen(kw_only=True)
class Timing:
    """Seconds from a report's creation to the first poll, from each poll to the next, and from creation to the end."""

    first_poll: float = 5.0
    poll_every: float = 5.0
    timeout: float = 300.0

    @property
    def safe(self) -> float:
        """The longest interval at which no result is missed: it leaves time for a wait and a slow answer."""
        return max(self.poll_every, min(_SAFE, _SAFE_TIMES * self.poll_every))

    @property
    def shared(self) -> float:
        """The longest interval to plan with when many reports are open: it leaves time for a poll that fails."""
        return max(self.poll_every, min(_SHARED, _SHARED_TIMES * self.poll_every))

    def problems(self) -> Iterator[str]:
        """What makes no sense about it."""
        for name in ("first_poll", "poll_every", "timeout"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                yield f"{name} is a number of seconds, not {value!r}"
            elif value < 0 or (value == 0 and name != "first_poll"):
                yield f"{name} must be above zero, not {value!r}"
            elif name != "timeout" and value >= LIFE:
                yield f"{name} must be under {LIFE:g} s, for which a finished report is there, not {value!r}"


def polls_within(seconds: float, interval: float) -> float:
    """How many polls one report may want in that time: the first may come at any moment, even at once."""
    return seconds / interval + (seconds >= interval)
