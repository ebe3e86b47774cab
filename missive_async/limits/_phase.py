"""Finding out that the server's windows are fixed, and where they end."""

from bisect import bisect_right
from collections import deque

from missive_async.limits._bucket import Bucket
from missive_async.limits.model import Feedback

_SLACK = 1.0
"""Seconds by which a request may be older than its answer, and still counted by a sliding window for certain."""

_DRIFT = 5e-4
"""How fast two clocks may part, in seconds a second."""

_PROOF = 2
"""Requests that a sliding window would have to count and the server does not, before that proves anything."""


class Phase:
    """Watches one window's reset times; aligns its bucket once they prove that windows are fixed.

    The proof has two parts. The reset times seen are whole windows apart; and the server has forgotten requests of ours
    that a sliding window would still count. Either alone can be chance: a sliding window whose requests come in bursts
    resets at regular times too.
    """

    __slots__ = ("_bucket", "_offset", "_offset_at", "_refuted", "_reset", "_span")

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._reset: float | None = None
        self._span = 0
        self._offset: float | None = None
        self._offset_at = 0.0
        self._refuted = False

    def refute(self) -> None:
        """The server refused a request that fixed windows would have let in."""
        self._refuted = self._refuted or self._bucket.boundary is not None
        self._bucket.unalign()

    def observe(self, feedback: Feedback, used: int, granted_at: float, now: float) -> None:
        """Take in what one answer says of the window: `used` requests until `reset`, by the server's clock."""
        if self._refuted or feedback.reset is None or feedback.server_time is None:
            return
        self._learn_offset(feedback.server_time, now)
        if not self._regular(feedback.reset):
            self._bucket.unalign()
            return
        if self._bucket.boundary is None and self._span and self._forgotten(used, granted_at, now):
            self._redate(self._boundary(feedback.reset, now))
        elif self._bucket.boundary is not None:
            self._bucket.align(self._boundary(feedback.reset, now))

    def _learn_offset(self, server_time: float, now: float) -> None:
        """The server's clock was at least `server_time` before now: the best lower bound of its lead over ours."""
        bound = server_time - now
        if self._offset is not None:
            bound = max(bound, self._offset - _DRIFT * (now - self._offset_at))
        self._offset, self._offset_at = bound, now

    def _regular(self, reset: float) -> bool:
        if self._reset is None:
            self._reset = reset
            return True
        windows, rest = divmod(reset - self._reset, self._bucket.seconds)
        if rest:
            self._reset, self._span = reset, 0
            return False
        self._span = max(self._span, int(abs(windows)))
        return True

    def _forgotten(self, used: int, granted_at: float, now: float) -> bool:
        """Whether the server counts fewer requests than we certainly made within the last `seconds`."""
        due = self._bucket.due
        if used + _PROOF >= len(due):
            return False
        age = now + _SLACK + (now - granted_at)
        return len(due) - bisect_right(due, age) > used + _PROOF

    def _boundary(self, reset: float, now: float) -> float:
        """The end of the server's window on our clock, late rather than early."""
        assert self._offset is not None  # noqa: S101 - learnt from every observation
        whole = reset % self._bucket.seconds == 0
        end = reset - self._offset + (0.0 if whole else 1.0)
        if end <= now:
            end += ((now - end) // self._bucket.seconds + 1) * self._bucket.seconds
        return end

    def _redate(self, boundary: float) -> None:
        """Tokens already on their way come back at the end of the window that their answer arrived in."""
        bucket = self._bucket
        seconds = bucket.seconds
        first = boundary - seconds
        bucket.align(boundary)
        bucket.due = deque(sorted(min(due, first if due - seconds < first else boundary) for due in bucket.due))
