"""Finding out that the server's windows are fixed, and where they end."""

from bisect import bisect_right
from collections import deque

from missive_async.limits._bucket import Bucket
from missive_async.limits.model import Feedback

SLACK = 1.0
"""Seconds by which a request may be older than its answer, and still counted by a sliding window for certain."""

_STALE = 2.0
"""Seconds by which a server's clock is at most ahead of its `Date`: cut to the second, and cached for another."""

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

    __slots__ = ("_bucket", "_lead", "_lead_at", "_refuted", "_reset", "_since", "_span")

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._reset: float | None = None
        self._since = 0.0
        self._span = 0
        self._lead = (float("-inf"), float("inf"))
        self._lead_at = 0.0
        self._refuted = False

    def refute(self) -> None:
        """The server refused a request that fixed windows would have let in."""
        self._refuted = self._refuted or self._bucket.boundary is not None
        self._bucket.unalign()

    def observe(self, feedback: Feedback, used: int, granted_at: float, now: float) -> None:
        """Take in what one answer says of the window: `used` requests until `reset`, by the server's clock."""
        if self._refuted or feedback.reset is None or feedback.server_time is None:
            return
        if not (self._learn_lead(feedback.server_time, granted_at, now) and self._regular(feedback.reset, now)):
            self._bucket.unalign()
        elif self._bucket.boundary is not None:
            self._bucket.align(*self._boundary(feedback.reset, now))
        elif self._span and self._forgotten(used, granted_at, now):
            self._redate(*self._boundary(feedback.reset, now))

    def _learn_lead(self, server_time: float, granted_at: float, now: float) -> bool:
        """Narrow the bounds of the lead of the server's clock over ours; false when answers contradict each other."""
        drift = _DRIFT * (now - self._lead_at)
        least = max(self._lead[0] - drift, server_time - now)
        most = min(self._lead[1] + drift, server_time + _STALE - granted_at)
        agree = least <= most
        self._lead = (least, most) if agree else (server_time - now, server_time + _STALE - granted_at)
        self._lead_at = now
        return agree

    def _regular(self, reset: float, now: float) -> bool:
        """Whether all reset times so far are whole windows apart."""
        windows, rest = divmod(reset - (reset if self._reset is None else self._reset), self._bucket.seconds)
        if self._reset is None or rest:
            self._reset, self._since, self._span = reset, now, 0
        else:
            self._span = max(self._span, int(abs(windows)))
        return not rest

    def _forgotten(self, used: int, granted_at: float, now: float) -> bool:
        """Whether the server counts fewer requests than we certainly made within the last `seconds`."""
        bucket = self._bucket
        if used + _PROOF >= len(bucket.due):
            return False
        age = max(now + SLACK + (now - granted_at), self._since + bucket.seconds)
        certain = len(bucket.due) - bisect_right(bucket.due, age) - sum(when > age for when in bucket.doubts)
        return certain > used + _PROOF

    def _boundary(self, reset: float, now: float) -> tuple[float, float]:
        """The end of the server's window on our clock at the latest, and by how much it may be earlier."""
        seconds = self._bucket.seconds
        least, most = self._lead
        rounding = 0.0 if reset % seconds == 0 else 1.0
        end = reset - least + rounding
        if end <= now:
            end += ((now - end) // seconds + 1) * seconds
        return end, most - least + 2 * rounding

    def _redate(self, boundary: float, blur: float) -> None:
        """Tokens already on their way come back at the end of the window that their answer arrived in."""
        bucket = self._bucket
        seconds = bucket.seconds
        bucket.align(boundary, blur)
        ends = (boundary - seconds, boundary)
        bucket.due = deque(
            sorted(min([due, *(end for end in ends if due - seconds < end - blur)]) for due in bucket.due)
        )
