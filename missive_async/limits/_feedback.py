"""What the server says about the budget, taken so that it only ever tightens what we allow ourselves."""

from collections.abc import Sequence
from typing import Protocol

from missive_async.limits._bucket import Bucket
from missive_async.limits._phase import Phase
from missive_async.limits.model import Feedback

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds to pause for after a 429 without any advice: doubled for each further one in a row."""

_SANE = 86_400.0
"""No server means a longer wait than a day; such a header is taken for a day."""


class Granted(Protocol):
    """What is asked of a permit here."""

    granted_at: float
    marks: tuple[int, ...]


class Listener:
    """Pauses after a 429, a single probe after the pause, other users' spending, and the phase of fixed windows."""

    __slots__ = ("_buckets", "_longest", "_phases", "_run", "heard", "paused_until", "probing", "refused")

    def __init__(self, buckets: Sequence[Bucket], longest_window: float) -> None:
        self._buckets = buckets
        self._longest = longest_window
        self._phases = [Phase(bucket) for bucket in buckets]
        self._run = 0
        self.heard = False
        self.paused_until = float("-inf")
        self.probing = False
        self.refused = 0

    def stops(self, now: float, in_flight: int) -> bool:
        """Whether nothing may go now, whatever tokens there are; asked only while `probing`.

        After a pause one request goes alone: if the budget is still spent by somebody, that is one 429 and not five.
        """
        return now < self.paused_until or (self.probing and in_flight > 0)

    def hear(self, feedback: Feedback | None, permit: Granted, now: float, in_flight: int) -> None:
        """Take in one answer; `in_flight` counts its own request too."""
        if feedback is not None and feedback.refused:
            self._pause(feedback, now, again=permit.granted_at >= self.paused_until)
        elif self.probing and permit.granted_at >= self.paused_until:
            self.probing = False
            self._run = 0
        if feedback is not None and feedback.limit is not None:
            self._compare(feedback, permit, now, in_flight)

    def burn(self, now: float) -> None:
        """The tokens of a refused request come back after the pause, for the server need not have counted it."""
        for bucket in self._buckets:
            when = min(now + bucket.seconds, self.paused_until)
            bucket.insert(when)
            bucket.doubt(when, now)

    def doubt(self, now: float) -> None:
        """A request ended of which a server with sliding windows may know less than we do: it was lost, or slow."""
        for bucket in self._buckets:
            bucket.doubt(now + bucket.seconds, now)

    def _pause(self, feedback: Feedback, now: float, *, again: bool) -> None:
        """Pause for as long as is asked; `again` when the request was sent after the last pause, not before it."""
        self.refused += 1
        self._run += again
        advice = feedback.retry_after if feedback.retry_after is not None else feedback.reset_in
        if feedback.retry_after is None and advice is not None:
            advice = min(advice, self._longest)
        patience = min(_FIRST_PAUSE * 2 ** min(self._run - 1, 10), _LONGEST_PAUSE)
        if advice is None:
            advice = patience
        elif advice < 1.0 and self._run > 1:
            advice = max(advice, patience)
        self.paused_until = max(self.paused_until, now + min(advice, _SANE))
        self.probing = True

    def _compare(self, feedback: Feedback, permit: Granted, now: float, in_flight: int) -> None:
        for index, bucket in enumerate(self._buckets):
            if bucket.requests != feedback.limit:
                continue
            if feedback.refused:
                self._phases[index].refute()
            elif feedback.remaining is not None and feedback.remaining <= bucket.requests and permit.marks:
                used = bucket.requests - max(0, feedback.remaining)
                self._phases[index].observe(feedback, used, permit.granted_at, now)
                self._tighten(bucket, used, feedback, now, ours=in_flight, since=permit.marks[index])
        self.heard = self.heard or not feedback.refused

    def _tighten(self, bucket: Bucket, used: int, feedback: Feedback, now: float, *, ours: int, since: int) -> None:
        """Give up tokens that the server counts as used and we do not: somebody else has them.

        The answer is some time old, so what has come back to us since the request was granted may still be in it.
        """
        known = ours + len(bucket.due) + bucket.returned - since
        if used > known:
            wait = bucket.seconds if feedback.reset_in is None else min(feedback.reset_in, bucket.seconds)
            bucket.foreign(used - known, now + wait)
