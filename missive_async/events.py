"""What a client tells whoever listens: `AsyncMissive(on_event=...)` is called with each of these, on the loop."""

from typing import Literal

import attrs

from missive_async.errors import RequestInfo


@attrs.frozen(kw_only=True)
class Event:
    """Something that happened to one request; `elapsed` is seconds since its call began."""

    request: RequestInfo
    elapsed: float


@attrs.frozen(kw_only=True)
class Waited(Event):
    """A place and tokens were granted after `seconds` in `lane`."""

    seconds: float
    lane: str


@attrs.frozen(kw_only=True)
class Sent(Event):
    """An attempt is on its way."""

    attempt: int


@attrs.frozen(kw_only=True)
class Answered(Event):
    """An answer came, whole, `seconds` after it was asked for."""

    attempt: int
    status: int
    seconds: float


@attrs.frozen(kw_only=True)
class Retrying(Event):
    """An attempt failed and another one follows after `delay` seconds."""

    attempt: int
    delay: float
    error: Exception


@attrs.frozen(kw_only=True)
class Refused(Event):
    """A 429: the whole budget pauses for `pause` seconds."""

    pause: float


@attrs.frozen(kw_only=True)
class Succeeded(Event):
    """The call gave its result."""


@attrs.frozen(kw_only=True)
class Failed(Event):
    """The call ends in this error, be it a cancellation."""

    error: BaseException


ReportState = Literal["created", "watched", "pending", "unanswered", "ready", "failed", "cancelled"]


@attrs.frozen(kw_only=True)
class ReportChanged:
    """What became of an analytics report: `elapsed` is seconds since it was created, `polls` counts the polls so far.

    `state`: "created" here or "watched" from here on, then after each poll "pending" or, when the poll itself failed,
    "unanswered"; in the end "ready", "failed" or "cancelled". `error` says why, for "unanswered" and "failed".
    """

    id: str
    state: ReportState
    polls: int
    elapsed: float
    error: BaseException | None = None
